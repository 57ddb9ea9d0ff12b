//! One exchange's surroundings: the world, the settings, its deadline, what it has spent and what is left to tidy up.

use crate::apps;
use crate::error::ExchangeError;
use crate::events::Event;
use crate::outside::{Limits, LogLevel, Outside, SendError};
use crate::read_token::ReadToken;
use crate::settings::{MintCheck, Settings};
use crate::trace::Trace;
use crate::trouble::Trouble;
use github::requests::{BadRequest, Call, Requests};
use github::{AppJwt, Failure, InstallationAccessToken, Owner};
use http::Response;
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// Until a connection to GitHub stands.
const CONNECT: Duration = Duration::from_secs(3);
/// One call to GitHub, from the first byte to the last.
const CALL: Duration = Duration::from_secs(10);
/// One revocation.
const REVOCATION: Duration = Duration::from_secs(3);
/// The pauses before the second and the third try.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];
/// How long a token just minted may be unknown to the rest of GitHub (rule 14).
const SETTLING: Duration = Duration::from_secs(1);

/// How often a call is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tries {
    /// Reads and read tokens: up to three.
    Three,
    /// The mint: two, unless the first may have arrived.
    TwoIfNotArrived,
}

/// One exchange.
pub(crate) struct Context<'a, O> {
    pub(crate) outside: &'a O,
    pub(crate) settings: &'a Settings,
    pub(crate) decision: &'a str,
    github_calls: Cell<u32>,
    afterwards: RefCell<Vec<InstallationAccessToken>>,
    event: RefCell<Option<Event>>,
    read_tokens: RefCell<Vec<ReadToken>>,
    /// GitHub is not asked for this caller (rule 16).
    gate_closed: Cell<bool>,
    /// A call whose answer does not say whether GitHub did it.
    unsure: Cell<bool>,
    pub(crate) trace: Trace,
}

impl<'a, O: Outside> Context<'a, O> {
    pub(crate) fn new(outside: &'a O, settings: &'a Settings, decision: &'a str) -> Self {
        Self {
            outside,
            settings,
            decision,
            github_calls: Cell::new(0),
            afterwards: RefCell::default(),
            event: RefCell::default(),
            read_tokens: RefCell::default(),
            gate_closed: Cell::new(false),
            unsure: Cell::new(false),
            trace: Trace::default(),
        }
    }

    pub(crate) fn now(&self) -> i64 {
        i64::try_from(self.outside.now_ms() / 1000).unwrap_or(i64::MAX)
    }

    pub(crate) fn left(&self) -> Duration {
        self.settings
            .deadline
            .saturating_sub(self.outside.elapsed())
    }

    pub(crate) fn github_calls(&self) -> u32 {
        self.github_calls.get()
    }

    pub(crate) fn log(&self, level: LogLevel, message: &str, fields: &[(&str, String)]) {
        self.outside.log(level, self.decision, message, fields);
    }

    /// A token that is not needed any more: revoked once the answer has left.
    pub(crate) fn revoke_later(&self, token: InstallationAccessToken) {
        self.afterwards.borrow_mut().push(token);
    }

    /// From now on memory alone serves this caller, or from now on GitHub again.
    pub(crate) fn close_gate(&self, closed: bool) {
        self.gate_closed.set(closed);
    }

    /// Does something, and says whether GitHub may have done any of it although it failed.
    pub(crate) async fn watched<T>(&self, act: impl Future<Output = T>) -> (T, bool) {
        self.unsure.set(false);
        let done = act.await;
        (done, self.unsure.get())
    }

    pub(crate) fn remember_read_token(&self, token: ReadToken) {
        self.read_tokens.borrow_mut().push(token);
    }

    /// A read token of this exchange that serves.
    pub(crate) fn read_token(&self, serves: impl Fn(&ReadToken) -> bool) -> Option<ReadToken> {
        let tokens = self.read_tokens.borrow();
        tokens.iter().find(|token| serves(token)).cloned()
    }

    pub(crate) fn take_afterwards(&self) -> Vec<InstallationAccessToken> {
        self.afterwards.take()
    }

    /// To be sent once the answer has left.
    pub(crate) fn send_later(&self, event: Event) {
        *self.event.borrow_mut() = Some(event);
    }

    pub(crate) fn take_event(&self) -> Option<Event> {
        self.event.take()
    }

    /// Revokes a token that must not be used, before the answer. It is good for an hour at most if that fails.
    pub(crate) async fn revoke_now(&self, token: &InstallationAccessToken) {
        if let Err(trouble) = revoke(self.outside, self.settings, token).await {
            let fields = [("because", trouble.to_string())];
            self.log(
                LogLevel::Error,
                "a token that must not be used could not be revoked",
                &fields,
            );
        }
    }

    /// What becomes of a token that is wider than asked (rule 29).
    pub(crate) fn judge_width(&self, width: Result<(), Trouble>) -> Result<(), Trouble> {
        match width {
            Err(trouble) if self.settings.mint_check == MintCheck::Warn => {
                let fields = [("because", trouble.to_string())];
                self.log(
                    LogLevel::Warn,
                    "GitHub's token is wider than asked",
                    &fields,
                );
                Ok(())
            }
            other => other,
        }
    }

    /// A call with the App's JWT. On 401 the platform is asked once for another one; the same one is not sent again
    /// (rule 8).
    pub(crate) async fn as_app<T>(
        &self,
        app: u64,
        tries: Tries,
        build: impl Fn(&Requests<'_>, &AppJwt) -> Result<Call, BadRequest>,
        read: impl Fn(&Response<Vec<u8>>, i64) -> Result<T, Failure>,
    ) -> Result<T, Trouble> {
        let requests = Requests::to(&self.settings.base_url);
        let jwt = self.outside.app_jwt(app, false)?;
        match self.call(tries, || build(&requests, &jwt), &read).await {
            Err(Trouble::TokenRefused) => {}
            other => return other,
        }
        let fresh = self.outside.app_jwt(app, true)?;
        if fresh == jwt {
            let fields = [("app", app.to_string())];
            self.log(
                LogLevel::Error,
                "GitHub refuses this App's key, or the clock is wrong",
                &fields,
            );
            return Err(Trouble::AppRefused);
        }
        match self.call(tries, || build(&requests, &fresh), &read).await {
            Err(Trouble::TokenRefused) => Err(Trouble::AppRefused),
            other => other,
        }
    }

    /// A read with a token just minted: 401 and 403 are asked again after a second (rule 14).
    pub(crate) async fn as_installation<T>(
        &self,
        app: u64,
        owner: &Owner,
        build: impl Fn(&Requests<'_>) -> Result<Call, BadRequest>,
        read: impl Fn(&Response<Vec<u8>>, i64) -> Result<T, Failure>,
    ) -> Result<T, Trouble> {
        let requests = Requests::to(&self.settings.base_url);
        let read = |answer: &Response<Vec<u8>>, now| {
            if self.settings.has_several_apps() {
                apps::note_quota(self, app, owner, answer.headers());
            }
            read(answer, now)
        };
        match self.call(Tries::Three, || build(&requests), &read).await {
            Err(Trouble::TokenRefused | Trouble::Forbidden) if self.left() > SETTLING => {
                self.outside.sleep(SETTLING).await;
                self.call(Tries::Three, || build(&requests), &read).await
            }
            other => other,
        }
    }

    async fn call<T>(
        &self,
        tries: Tries,
        build: impl Fn() -> Result<Call, BadRequest>,
        read: &impl Fn(&Response<Vec<u8>>, i64) -> Result<T, Failure>,
    ) -> Result<T, Trouble> {
        if self.gate_closed.get() {
            return Err(Trouble::TooManyRefusals);
        }
        let pauses: &[Duration] = match tries {
            Tries::Three => &PAUSES,
            Tries::TwoIfNotArrived => PAUSES.get(..1).unwrap_or_default(),
        };
        let mut pauses = pauses.iter();
        loop {
            let trouble = match self
                .once(build().map_err(|_| Trouble::Internal)?, read)
                .await
            {
                Ok(value) => return Ok(value),
                Err(trouble) => trouble,
            };
            if trouble.leaves_unsure() {
                self.unsure.set(true);
            }
            let again = trouble.passing()
                && !(tries == Tries::TwoIfNotArrived && trouble.may_have_arrived());
            match pauses.next() {
                Some(pause) if again && self.left() > *pause => self.outside.sleep(*pause).await,
                _ => return Err(trouble),
            }
        }
    }

    async fn once<T>(
        &self,
        call: Call,
        read: &impl Fn(&Response<Vec<u8>>, i64) -> Result<T, Failure>,
    ) -> Result<T, Trouble> {
        let total = CALL.min(self.left());
        if total.is_zero() {
            return Err(Trouble::Deadline);
        }
        self.github_calls
            .set(self.github_calls.get().saturating_add(1));
        let limits = Limits {
            connect: CONNECT.min(total),
            total,
            max_answer: call.max_answer,
        };
        let unanswered = match self.outside.send(call.request, limits).await {
            Ok(answer) => return Ok(read(&answer, self.now())?),
            Err(unanswered) => unanswered,
        };
        // Whatever else it was, a token in it must not stay alive.
        if let Some(token) = github::access_token::find_token(&unanswered.head) {
            self.revoke_later(token);
        }
        let by_deadline = total < CALL && matches!(unanswered.error, SendError::Timeout { .. });
        if by_deadline || self.left().is_zero() {
            return Err(Trouble::Deadline);
        }
        Err(Trouble::Network(unanswered.error))
    }
}

/// The error for a trouble that means the same wherever it comes from.
pub(crate) fn general(trouble: &Trouble) -> ExchangeError {
    match trouble {
        Trouble::Deadline => ExchangeError::Deadline,
        Trouble::TooManyRefusals => ExchangeError::TooManyRefusals { retry_after: 60 },
        Trouble::AppRefused => ExchangeError::AppRefused,
        Trouble::UnknownApp | Trouble::Internal => ExchangeError::Internal,
        _ => ExchangeError::GitHubUnavailable { retry_after: 5 },
    }
}

/// Revokes one token: up to three tries, since one that was minted a moment ago may be unknown for a second (rule 14).
pub(crate) async fn revoke<O: Outside>(
    outside: &O,
    settings: &Settings,
    token: &InstallationAccessToken,
) -> Result<(), Trouble> {
    let mut pauses = [Duration::from_millis(200), SETTLING].into_iter();
    loop {
        let trouble = match revoke_once(outside, settings, token).await {
            Ok(()) => return Ok(()),
            Err(trouble) => trouble,
        };
        match pauses.next() {
            Some(pause) => outside.sleep(pause).await,
            None => return Err(trouble),
        }
    }
}

/// Revokes one token, with one try.
pub(crate) async fn revoke_once<O: Outside>(
    outside: &O,
    settings: &Settings,
    token: &InstallationAccessToken,
) -> Result<(), Trouble> {
    let requests = Requests::to(&settings.base_url);
    let call = requests.revoke(token).map_err(|_| Trouble::Internal)?;
    let limits = Limits {
        connect: CONNECT,
        total: REVOCATION,
        max_answer: call.max_answer,
    };
    let answer = outside.send(call.request, limits).await;
    let answer = answer.map_err(|unanswered| Trouble::Network(unanswered.error))?;
    let now = i64::try_from(outside.now_ms() / 1000).unwrap_or(i64::MAX);
    github::failure::success(&answer, now)?;
    Ok(())
}
