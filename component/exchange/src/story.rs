//! The token exchange from request to answer, in the order of checks of docs/ARCHITECTURE.md. What the target's policy says,
//! and the mint, are in `asked`.

use crate::apps::{Apps, Serving};
use crate::asked::Asked;
use crate::audit::Record;
use crate::authorize::Grant;
use crate::context::{self, Context};
use crate::detail;
use crate::error::{ExchangeError, Refusal};
use crate::events::Event;
use crate::explain::{Explanation, explanation};
use crate::narrowing::Narrowing;
use crate::organisation;
use crate::outside::{LogLevel, Outside};
use crate::policy_file::Place;
use crate::provider::{self, Verified};
use crate::recording;
use crate::refusals;
use crate::request::{Incoming, TokenExchangeRequest};
use crate::settings::Settings;
use crate::target::{PolicyName, Target};
use crate::trace::Step;
use github::{InstallationAccessToken, Permissions};

/// A token for the caller.
#[derive(Debug)]
pub struct Granted {
    /// The token itself.
    pub token: InstallationAccessToken,
    /// When it ends (RFC 3339, as GitHub wrote it).
    pub expiry: String,
    /// The same in seconds from now.
    pub expires_in: u64,
    /// What it may do.
    pub permissions: Permissions,
    /// Whether the answer also has OAuth's names.
    pub oauth_names: bool,
}

/// What came of an exchange.
#[derive(Debug)]
pub struct Exchanged {
    /// The token, or why there is none.
    pub answer: Result<Granted, Refusal>,
    /// To be done once the answer has left.
    pub afterwards: Afterwards,
}

/// Work that must not delay the answer: read tokens that are not needed any more, and the event.
#[derive(Debug, Default)]
#[must_use = "tokens stay alive for an hour unless this is run"]
pub struct Afterwards {
    tokens: Vec<InstallationAccessToken>,
    event: Option<Event>,
}

impl Afterwards {
    fn of<O: Outside>(context: &Context<'_, O>) -> Self {
        Self {
            tokens: context.take_afterwards(),
            event: context.take_event(),
        }
    }

    /// Does it. A failure is logged; a token that could not be revoked reads one repository's contents for an hour at most.
    pub async fn run<O: Outside>(self, outside: &O, settings: &Settings, decision: &str) {
        for token in self.tokens {
            if let Err(trouble) = context::revoke(outside, settings, &token).await {
                let fields = [("because", trouble.to_string())];
                outside.log(
                    LogLevel::Warn,
                    decision,
                    "a read token could not be revoked",
                    &fields,
                );
            }
        }
        if let Some(event) = self.event {
            event.send(outside, settings).await;
        }
    }
}

/// Exchanges an OIDC token for an installation access token. Every decision about a verified token is recorded before
/// this returns; what is refused before that is a log line. `rpc_error`: an error in the words of gRPC, for the event.
pub async fn exchange<O: Outside>(
    outside: &O,
    settings: &Settings,
    decision: &str,
    incoming: &Incoming,
    rpc_error: fn(&ExchangeError) -> String,
) -> Exchanged {
    let context = Context::new(outside, settings, decision);
    let answer = answer(&context, incoming, rpc_error).await;
    let afterwards = Afterwards::of(&context);
    if !settings.finish_first {
        return Exchanged { answer, afterwards };
    }
    afterwards.run(outside, settings, decision).await;
    Exchanged {
        answer,
        afterwards: Afterwards::default(),
    }
}

/// What an exchange would answer, and why; nothing is minted.
pub async fn explain<O: Outside>(
    outside: &O,
    settings: &Settings,
    decision: &str,
    incoming: &Incoming,
) -> (Result<Explanation, Refusal>, Afterwards) {
    let context = Context::new(outside, settings, decision);
    let explained = async {
        let (request, verified, mut record) = read_and_verify(&context, incoming).await?;
        let decide =
            async |asked: &Asked<'_, '_, O>, serving: &mut Serving, record: &mut Record| {
                let permitted = asked.permitted(serving, record).await?;
                Ok(Decided {
                    grant: permitted.grant,
                    read: asked.place.repository.to_string(),
                })
            };
        let decided = ask_policy(&context, &request, &verified, &mut record, decide).await;
        let decided =
            decided.map_err(|refusal| detail::masked(context.settings, &request.identity, refusal));
        explanation(&context, &request, &verified, decided)
    };
    let explained = explained.await;
    let mut afterwards = Afterwards::of(&context);
    if settings.finish_first {
        std::mem::take(&mut afterwards)
            .run(outside, settings, decision)
            .await;
    }
    (explained, afterwards)
}

/// The request, the token that was verified, and the record that begins with that.
async fn read_and_verify<O: Outside>(
    context: &Context<'_, O>,
    incoming: &Incoming,
) -> Result<(TokenExchangeRequest, Verified, Record), Refusal> {
    let verified = async {
        let request = TokenExchangeRequest::read(incoming, context.settings.base_url.web())?;
        let verified = provider::verify(context, &request.unverified_token).await?;
        Ok::<_, Refusal>((request, verified))
    };
    let (request, verified) = match verified.await {
        Ok(both) => both,
        Err(refusal) => {
            recording::log_stranger(context, &refusal);
            return Err(refusal);
        }
    };
    let claims = verified.token.claims();
    let mut record = Record::new(
        context.decision,
        context.outside.now_ms(),
        claims,
        request.user_agent.clone(),
    );
    record.asked(&request.scope, &request.identity);
    context.trace.pass(Step::Signature);
    context.trace.pass(Step::OperatorIssuers);
    Ok((request, verified, record))
}

async fn answer<O: Outside>(
    context: &Context<'_, O>,
    incoming: &Incoming,
    rpc_error: fn(&ExchangeError) -> String,
) -> Result<Granted, Refusal> {
    let (request, verified, mut record) = read_and_verify(context, incoming).await?;
    let mint = async |asked: &Asked<'_, '_, O>, serving: &mut Serving, record: &mut Record| {
        asked.decide_and_mint(serving, record).await
    };
    let decided = ask_policy(context, &request, &verified, &mut record, mint).await;
    let decided =
        decided.map_err(|refusal| detail::masked(context.settings, &request.identity, refusal));
    recording::recorded(context, &request, &verified, record, decided, rpc_error).await
}

/// From a verified token to what the target's policy and its organisation's files say, and then on by `then`.
async fn ask_policy<O: Outside, T>(
    context: &Context<'_, O>,
    request: &TokenExchangeRequest,
    verified: &Verified,
    record: &mut Record,
    then: impl AsyncFn(&Asked<'_, '_, O>, &mut Serving, &mut Record) -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    verified.token.claims().check_formats().map_err(|error| {
        let refusal = ExchangeError::ClaimFormat(error.claim());
        Refusal::new(refusal, error)
    })?;
    let (target, policy_name, narrowing) = what_is_asked(request)?;
    let claims = verified.token.claims();
    let apps = Apps::of(context, &target.owner, claims)?;
    context.close_gate(refusals::too_many(context, request, verified));
    let mut serving = apps.first().await?;
    record.serving(&serving);
    context.trace.pass(Step::Installation);
    let repository = target.policy_repository(&context.settings.policy_repository);
    let place = Place {
        owner: &target.owner,
        repository: &repository,
        policy: &policy_name,
    };
    let mut last = false;
    loop {
        let organisation = organisation::of(&apps, &mut serving, claims, record).await?;
        context.trace.pass(Step::OrganizationIssuers);
        let asked = Asked {
            context,
            apps: &apps,
            verified,
            target: &target,
            place: &place,
            organisation: &organisation,
            narrowing: &narrowing,
        };
        organisation.before_the_policy(asked.kind(), record)?;
        context.trace.pass(Step::GuardRails);
        let done = then(&asked, &mut serving, record).await;
        // The login came to another account on the way: its own files bind it (rules 1 and 27).
        let another = serving.installation.account_id != organisation.account_id();
        if done.is_ok() || !another || last {
            return done;
        }
        last = true;
    }
}

/// Scope and identity: presence, then form; and the form of what narrows them.
fn what_is_asked(
    request: &TokenExchangeRequest,
) -> Result<(Target, PolicyName, Narrowing), Refusal> {
    if request.scope.is_empty() {
        return Err(ExchangeError::NoScope.into());
    }
    if request.identity.is_empty() {
        return Err(ExchangeError::NoIdentity.into());
    }
    let target = Target::parse(&request.scope).ok_or(ExchangeError::MalformedScope)?;
    let policy = PolicyName::parse(&request.identity).ok_or(ExchangeError::MalformedIdentity)?;
    Ok((target, policy, Narrowing::parse(&request.narrowing)?))
}

/// What an exchange would mint.
pub(crate) struct Decided {
    pub(crate) grant: Grant,
    /// The repository that the policy was read in.
    pub(crate) read: String,
}
