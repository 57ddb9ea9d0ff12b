//! The token exchange from request to answer: the order of checks of docs/ARCHITECTURE.md, as one function.

use crate::apps::{Apps, Serving};
use crate::audit::Record;
use crate::authorize::{Grant, Reading, authorize};
use crate::context::{self, Context};
use crate::detail::{self, Seen};
use crate::error::{ExchangeError, PolicyStage, Refusal};
use crate::mint;
use crate::narrowing::Narrowing;
use crate::organisation::{self, Organisation};
use crate::outside::{LogLevel, Outside};
use crate::policy_file::{self, Place, PolicyText};
use crate::provider::{self, Verified};
use crate::recording;
use crate::refusals;
use crate::request::{Incoming, TokenExchangeRequest};
use crate::settings::{App, Settings};
use crate::target::{PolicyName, Target};
use crate::trouble::Trouble;
use github::{
    AccessToken, Installation, InstallationAccessToken, Level, Permissions, Reach, RepositoryName,
};
use policy::{PolicyKind, Served, TrustPolicy};

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

/// Work that must not delay the answer: read tokens that are not needed any more.
#[derive(Debug, Default)]
#[must_use = "tokens stay alive for an hour unless this is run"]
pub struct Afterwards(Vec<InstallationAccessToken>);

impl Afterwards {
    /// Revokes them. A failure is logged; such a token reads one repository's contents for an hour at most.
    pub async fn run<O: Outside>(self, outside: &O, settings: &Settings, decision: &str) {
        for token in self.0 {
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
    }
}

/// Exchanges an OIDC token for an installation access token. Every decision about a verified token is recorded before
/// this returns; what is refused before that is a log line.
pub async fn exchange<O: Outside>(
    outside: &O,
    settings: &Settings,
    decision: &str,
    incoming: &Incoming,
) -> Exchanged {
    let context = Context::new(outside, settings, decision);
    let answer = answer(&context, incoming).await;
    let afterwards = Afterwards(context.take_afterwards());
    if !settings.finish_first {
        return Exchanged { answer, afterwards };
    }
    afterwards.run(outside, settings, decision).await;
    Exchanged {
        answer,
        afterwards: Afterwards::default(),
    }
}

async fn answer<O: Outside>(
    context: &Context<'_, O>,
    incoming: &Incoming,
) -> Result<Granted, Refusal> {
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
    let decided = decide_and_mint(context, &request, &verified, &mut record).await;
    let decided =
        decided.map_err(|refusal| detail::masked(context.settings, &request.identity, refusal));
    recording::recorded(context, &request, &verified, record, decided).await
}

/// From a verified token to a minted one.
async fn decide_and_mint<O: Outside>(
    context: &Context<'_, O>,
    request: &TokenExchangeRequest,
    verified: &Verified,
    record: &mut Record,
) -> Result<AccessToken, Refusal> {
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
    let organisation = organisation::of(&apps, &mut serving, claims, record).await?;
    let repository = target.policy_repository(&context.settings.policy_repository);
    let place = Place {
        owner: &target.owner,
        repository: &repository,
        policy: &policy_name,
    };
    let exchange = Asked {
        context,
        apps: &apps,
        verified,
        target: &target,
        place: &place,
        organisation: &organisation,
        narrowing: &narrowing,
    };
    organisation.before_the_policy(exchange.kind(), record)?;
    let text = policy_file::read(&apps, &place, &mut serving).await?;
    match exchange
        .decide_and_mint_by(text, &mut serving, record)
        .await?
    {
        // The repository may have been recreated since its id was remembered: read once more, decide once more.
        Err(Trouble::StaleRepositoryId) => {
            policy_file::forget(context, &place, &serving.installation);
            let text = policy_file::read(&apps, &place, &mut serving).await?;
            exchange
                .decide_and_mint_by(text, &mut serving, record)
                .await?
        }
        minted => minted,
    }
    .map_err(|trouble| mint::refused(target.owner.as_str(), policy_name.as_str(), &trouble))
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

struct Asked<'a, 'b, O> {
    context: &'a Context<'b, O>,
    apps: &'a Apps<'a, 'b, O>,
    verified: &'a Verified,
    target: &'a Target,
    place: &'a Place<'a>,
    organisation: &'a Organisation<'a, 'b, O>,
    narrowing: &'a Narrowing,
}

impl<O: Outside> Asked<'_, '_, O> {
    /// Lets the policy decide and spends the grant. The inner result is the mint's.
    async fn decide_and_mint_by(
        &self,
        text: PolicyText,
        serving: &mut Serving,
        record: &mut Record,
    ) -> Result<Result<AccessToken, Trouble>, Refusal> {
        record.serving(serving);
        record.policy(self.place.path(), &text);
        let (grant, policy) = self.decide(&text, &serving.installation, record)?;
        self.context.close_gate(false);
        let suits = |app: &App| policy.app().is_none_or(|wanted| app.is_called(wanted));
        self.choose(&grant, serving, &suits).await?;
        let minted = self.mint(&grant, serving, &suits).await?;
        record.serving(serving);
        match &minted {
            Ok(token) => record.granted(grant.asked(), token),
            Err(Trouble::Unprocessable)
                if text.remembered && grant.asked().reach == Reach::Id(text.repository_id) =>
            {
                return Ok(Err(Trouble::StaleRepositoryId));
            }
            Err(Trouble::OtherOwner) => {
                self.apps.forget(serving);
                policy_file::forget(self.context, self.place, &serving.installation);
            }
            Err(_) => {}
        }
        Ok(minted)
    }

    /// Which App mints: the one that read the policy, unless the policy wants another one, or what it grants can write
    /// checks.
    async fn choose(
        &self,
        grant: &Grant,
        serving: &mut Serving,
        suits: &impl Fn(&App) -> bool,
    ) -> Result<(), Refusal> {
        let chosen = if self.is_sticky(grant) {
            let claims = self.verified.token.claims();
            let scope = self.target.key();
            let what = [&scope, self.place.policy.as_str(), claims.subject.as_str()];
            let same = self.apps.always_the_same(grant.account_id(), &what, suits);
            same.await
        } else if self.apps.get(serving.app).is_some_and(suits) {
            return Ok(());
        } else {
            self.apps.instead_of(serving, &[], suits).await
        };
        *serving = chosen.map_err(|refusal| match refusal.error {
            ExchangeError::NotInstalled { .. } => ExchangeError::NoAppMatches.into(),
            _ => refusal,
        })?;
        Ok(())
    }

    /// Only the App that made a check run can change it.
    fn is_sticky(&self, grant: &Grant) -> bool {
        let checks = grant.asked().permissions.get("checks");
        self.apps.several() && checks.is_some_and(|level| *level >= Level::Write)
    }

    /// Mints; by another App that suits while one is limited, unless it must be this one.
    async fn mint(
        &self,
        grant: &Grant,
        serving: &mut Serving,
        suits: &impl Fn(&App) -> bool,
    ) -> Result<Result<AccessToken, Trouble>, Refusal> {
        let sticky = self.is_sticky(grant);
        let mint = async |serving: &Serving| mint::mint(self.context, serving, grant).await;
        let others = |app: &App| !sticky && suits(app);
        match self.apps.while_limited(serving, others, mint).await {
            // The installation is gone. It is looked up once more, and must still be the same account's (rule 1).
            Err(Trouble::NotFound(_)) => {}
            minted => return Ok(minted),
        }
        if sticky {
            self.apps.forget(serving);
            self.choose(grant, serving, suits).await?;
        } else {
            self.apps.look_again(serving, suits).await?;
        }
        if serving.installation.account_id != grant.account_id() {
            let owner = self.place.owner.to_string();
            let because = "the login belongs to another account now";
            return Err(Refusal::new(ExchangeError::NotInstalled { owner }, because));
        }
        Ok(mint::mint(self.context, serving, grant).await)
    }

    fn decide(
        &self,
        text: &PolicyText,
        installation: &Installation,
        record: &mut Record,
    ) -> Result<(Grant, TrustPolicy), Refusal> {
        let settings = self.context.settings;
        let claims = self.verified.token.claims();
        let private = text.private;
        let seen = Seen {
            settings,
            claims,
            installation,
            repository_id: text.repository_id,
            private,
        };
        let audiences = settings.audiences();
        let ours = claims
            .audience
            .iter()
            .any(|own| audiences.contains(&own.as_str()));
        let invalid = |stage, because| {
            detail::invalid(&seen, self.place.policy.as_str(), stage, because, ours)
        };
        let file = text
            .text
            .as_ref()
            .map_err(|why| invalid(PolicyStage::Read, why.clone()))?;
        let served = Served {
            permission: &|name| settings.knows_permission(name) || installation.lists(name),
            apps: true,
            single_use: false,
        };
        let policy = TrustPolicy::parse(file.as_bytes(), self.kind(), &served)
            .map_err(|error| invalid(detail::stage(&error), error.to_string()))?;
        record.compared(claims, policy.compared_claims());
        let reading = Reading {
            owner: &self.target.owner,
            installation,
            repository_id: text.repository_id,
            names_repository: self.target.repository.is_some(),
        };
        match authorize(&self.verified.token, &policy, &audiences, &reading) {
            Ok((grant, _)) => {
                let kind = self.kind();
                let reaches = self.reaches_policy_repository(&grant);
                self.organisation
                    .of_the_policy(&policy, kind, reaches, record)?;
                let grant = grant.narrowed(self.narrowing, self.place.repository)?;
                Ok((grant, policy))
            }
            Err(decision) => Err(detail::denied(&seen, &decision)),
        }
    }

    fn reaches_policy_repository(&self, grant: &Grant) -> bool {
        let repository = &self.context.settings.policy_repository;
        match &grant.asked().reach {
            Reach::All => true,
            Reach::Names(names) => names
                .iter()
                .any(|name| name.eq_ignore_ascii_case(repository.as_str())),
            Reach::Id(_) => self.place.repository == repository,
        }
    }

    /// The policy repository's policies are organisation policies, whatever the scope named.
    fn kind(&self) -> PolicyKind {
        let organisation: &RepositoryName = &self.context.settings.policy_repository;
        if self.place.repository == organisation {
            PolicyKind::Organization
        } else {
            PolicyKind::Repository
        }
    }
}
