//! Writing down what was decided, before the answer leaves (rule 33), and what strangers may cause of it.

use crate::audit::Record;
use crate::context::Context;
use crate::error::{ExchangeError, Refusal};
use crate::events::Event;
use crate::memory;
use crate::outside::{LogLevel, Outside, Room};
use crate::provider::Verified;
use crate::refusals;
use crate::request::TokenExchangeRequest;
use crate::story::Granted;
use github::AccessToken;
use std::time::Duration;

/// Log lines and audit records that strangers can cause: this many a second, the rest counted (rule 33).
const STRANGERS: u32 = 10;
const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);

/// Writes the record; only then may the answer leave. A token whose record could not be written is revoked. What has a record
/// has an event too, where events are sent.
pub(crate) async fn recorded<O: Outside>(
    context: &Context<'_, O>,
    request: &TokenExchangeRequest,
    verified: &Verified,
    mut record: Record,
    decided: Result<AccessToken, Refusal>,
    rpc_error: fn(&ExchangeError) -> String,
) -> Result<Granted, Refusal> {
    match &decided {
        Err(refusal) if refusal.error.is_failure() => {}
        decided => refusals::count(context, request, verified, decided.is_ok()),
    }
    if let Err(refusal) = &decided {
        record.refused(refusal);
        let fields = [
            ("error", refusal.error.key().to_owned()),
            ("because", refusal.because.clone()),
        ];
        if may_log(context, verified) {
            context.log(LogLevel::Info, &refusal.error.to_string(), &fields);
        }
    } else {
        verified.mark_proven(context);
    }
    let stranger = decided.is_err() && !verified.proven();
    if stranger && count(context.outside, "records", 1, SECOND) > STRANGERS {
        count(context.outside, "uncounted", 1, DAY);
        return decided.map(|token| granted(context, request, token));
    }
    let answer = match write(context, &mut record) {
        Ok(()) => decided.map(|token| granted(context, request, token)),
        Err(_) if !context.settings.audit_required => {
            decided.map(|token| granted(context, request, token))
        }
        Err(unwritten) => {
            if let Ok(token) = decided {
                context.revoke_now(&token.token).await;
            }
            Err(unwritten)
        }
    };
    if context.settings.event_sink.is_some() {
        let error = answer.as_ref().err();
        let error = error.map(|refusal| rpc_error(&refusal.error));
        context.send_later(Event::about(&record, context.decision, error.as_deref()));
    }
    answer
}

/// Whether a line about this caller may be written: of issuers that never led to a grant there are ten a second.
pub(crate) fn may_log<O: Outside>(context: &Context<'_, O>, verified: &Verified) -> bool {
    verified.proven() || count(context.outside, "refusals", 1, SECOND) <= STRANGERS
}

fn write<O: Outside>(context: &Context<'_, O>, record: &mut Record) -> Result<(), Refusal> {
    let duration_ms = u64::try_from(context.outside.elapsed().as_millis()).unwrap_or(u64::MAX);
    let uncounted = take_count(context.outside, "uncounted");
    record.spent(duration_ms, context.github_calls(), uncounted);
    let written = match record.line() {
        Ok(line) => context.outside.audit(context.decision, &line),
        Err(_) => Err("the record could not be put together".to_owned()),
    };
    written.map_err(|why| {
        let fields = [("because", why)];
        let message = "the audit record could not be written";
        context.log(LogLevel::Error, message, &fields);
        ExchangeError::NotRecorded { retry_after: 5 }.into()
    })
}

fn granted<O: Outside>(
    context: &Context<'_, O>,
    request: &TokenExchangeRequest,
    minted: AccessToken,
) -> Granted {
    let expires_in = u64::try_from(minted.expires.saturating_sub(context.now())).unwrap_or(0);
    Granted {
        permissions: minted.permissions().cloned().unwrap_or_default(),
        token: minted.token,
        expiry: minted.expires_at,
        expires_in,
        oauth_names: request.oauth_names,
    }
}

/// One line for what was refused before its signature was verified, at most ten a second; the next line says how many
/// were left out.
pub(crate) fn log_stranger<O: Outside>(context: &Context<'_, O>, refusal: &Refusal) {
    if count(context.outside, "unverified", 1, SECOND) > STRANGERS {
        count(context.outside, "left-out", 1, DAY);
        return;
    }
    let mut fields = vec![
        ("error", refusal.error.key().to_owned()),
        ("because", refusal.because.clone()),
    ];
    match take_count(context.outside, "left-out") {
        0 => {}
        left_out => fields.push(("left_out", left_out.to_string())),
    }
    context.log(LogLevel::Info, &refusal.error.to_string(), &fields);
}

/// For what is logged once a minute: how many were left out since the last time, or nothing if it is not time yet.
pub(crate) fn once_a_minute<O: Outside>(outside: &O, what: &str) -> Option<u32> {
    let left_out = memory::name("log-lines", &[what, "left-out"]);
    let lines = memory::name("log-lines", &[what]);
    if memory::count_roughly(outside, &lines, 1, MINUTE) > 1 {
        memory::count_roughly(outside, &left_out, 1, DAY);
        return None;
    }
    let before = memory::count_roughly(outside, &left_out, 0, DAY);
    outside.cache_remove(&left_out);
    Some(before)
}

/// Adds to a count of lines; 0 where the platform cannot count.
fn count<O: Outside>(outside: &O, what: &str, add: u32, window: Duration) -> u32 {
    let name = memory::name("log-lines", &[what]);
    outside
        .cache_count(&name, Room::Negative, add, window)
        .unwrap_or(0)
}

fn take_count<O: Outside>(outside: &O, what: &str) -> u32 {
    let counted = count(outside, what, 0, DAY);
    if counted > 0 {
        outside.cache_remove(&memory::name("log-lines", &[what]));
    }
    counted
}
