//! Writing down what was decided, before the answer leaves (rule 33), and what strangers may cause of it.

use crate::audit::Record;
use crate::context::Context;
use crate::error::{ExchangeError, Refusal};
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
const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(86_400);

/// Writes the record; only then may the answer leave. A token whose record could not be written is revoked.
pub(crate) async fn recorded<O: Outside>(
    context: &Context<'_, O>,
    request: &TokenExchangeRequest,
    verified: &Verified,
    mut record: Record,
    decided: Result<AccessToken, Refusal>,
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
        if verified.proven() || count(context, "refusals", 1, SECOND) <= STRANGERS {
            context.log(LogLevel::Info, &refusal.error.to_string(), &fields);
        }
    } else {
        verified.mark_proven(context);
    }
    let duration_ms = u64::try_from(context.outside.elapsed().as_millis()).unwrap_or(u64::MAX);
    let stranger = decided.is_err() && !verified.proven();
    if stranger && count(context, "records", 1, SECOND) > STRANGERS {
        count(context, "uncounted", 1, DAY);
        return Err(decided
            .err()
            .unwrap_or_else(|| ExchangeError::Internal.into()));
    }
    record.spent(
        duration_ms,
        context.github_calls(),
        take_count(context, "uncounted"),
    );
    let written = match record.line() {
        Ok(line) => context.outside.audit(context.decision, &line),
        Err(_) => Err("the record could not be put together".to_owned()),
    };
    let Err(why) = written else {
        return decided.map(|token| granted(context, request, token));
    };
    let fields = [("because", why)];
    context.log(
        LogLevel::Error,
        "the audit record could not be written",
        &fields,
    );
    if !context.settings.audit_required {
        return decided.map(|token| granted(context, request, token));
    }
    if let Ok(token) = decided {
        context.revoke_now(&token.token).await;
    }
    Err(ExchangeError::NotRecorded { retry_after: 5 }.into())
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
    if count(context, "unverified", 1, SECOND) > STRANGERS {
        count(context, "left-out", 1, DAY);
        return;
    }
    let mut fields = vec![
        ("error", refusal.error.key().to_owned()),
        ("because", refusal.because.clone()),
    ];
    match take_count(context, "left-out") {
        0 => {}
        left_out => fields.push(("left_out", left_out.to_string())),
    }
    context.log(LogLevel::Info, &refusal.error.to_string(), &fields);
}

/// Adds to a count of lines; 0 where the platform cannot count.
fn count<O: Outside>(context: &Context<'_, O>, what: &str, add: u32, window: Duration) -> u32 {
    context
        .outside
        .cache_count(
            &memory::name("log-lines", &[what]),
            Room::Negative,
            add,
            window,
        )
        .unwrap_or(0)
}

fn take_count<O: Outside>(context: &Context<'_, O>, what: &str) -> u32 {
    let counted = count(context, what, 0, DAY);
    if counted > 0 {
        context
            .outside
            .cache_remove(&memory::name("log-lines", &[what]));
    }
    counted
}
