//! The token exchange from request to answer: the order of checks of docs/ARCHITECTURE.md, as one function.

use crate::audit::Record;
use crate::authorize::{Grant, Reading, authorize};
use crate::context::{self, Context};
use crate::detail::{self, Seen};
use crate::error::{ExchangeError, PolicyStage, Refusal};
use crate::installation;
use crate::mint;
use crate::narrowing::Narrowing;
use crate::organisation::{self, Organisation};
use crate::outside::{LogLevel, Outside};
use crate::policy_file::{self, Place, PolicyText};
use crate::provider::{self, Verified};
use crate::recording;
use crate::refusals;
use crate::request::{Incoming, TokenExchangeRequest};
use crate::settings::Settings;
use crate::target::{PolicyName, Target};
use crate::trouble::Trouble;
use github::{AccessToken, Installation, InstallationAccessToken, Reach, RepositoryName};
use oidc::Claims;
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
        let request = TokenExchangeRequest::read(incoming)?;
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
    let no_app = || {
        Refusal::from(ExchangeError::NoApp {
            owner: target.owner.key(),
        })
    };
    let app = context.settings.app_for(&target.owner).ok_or_else(no_app)?;
    record.app(app);
    context.close_gate(refusals::too_many(context, request, verified));
    let mut installation = installation_of(context, app, &target, verified.token.claims()).await?;
    record.installation(&installation);
    let claims = verified.token.claims();
    let organisation = organisation::of(
        context,
        app,
        &target.owner,
        &mut installation,
        claims,
        record,
    )
    .await?;
    let repository = target.policy_repository(&context.settings.policy_repository);
    let place = Place {
        app,
        owner: &target.owner,
        repository: &repository,
        policy: &policy_name,
    };
    let exchange = Asked {
        context,
        verified,
        target: &target,
        place: &place,
        organisation: &organisation,
        narrowing: &narrowing,
    };
    organisation.before_the_policy(exchange.kind(), record)?;
    let text = policy_file::read(context, &place, &mut installation).await?;
    match exchange
        .decide_and_mint_by(text, &mut installation, record)
        .await?
    {
        // The repository may have been recreated since its id was remembered: read once more, decide once more.
        Err(Trouble::StaleRepositoryId) => {
            policy_file::forget(context, &place, &installation);
            let text = policy_file::read(context, &place, &mut installation).await?;
            exchange
                .decide_and_mint_by(text, &mut installation, record)
                .await?
        }
        minted => minted,
    }
    .map_err(|trouble| mint::refused(target.owner.as_str(), policy_name.as_str(), &trouble))
}

/// The owner's installation. A token of this GitHub's own issuer that names the owner with another account id proves that
/// the login has changed hands since the installation was looked up, or since the token was made (rule 1).
async fn installation_of<O: Outside>(
    context: &Context<'_, O>,
    app: u64,
    target: &Target,
    claims: &Claims,
) -> Result<Installation, Refusal> {
    let found = installation::find(context, app, &target.owner).await?;
    let stranger = |installation: &Installation| {
        detail::named_owner(context.settings, claims).is_some_and(|(login, id)| {
            login.eq_ignore_ascii_case(target.owner.as_str())
                && id != installation.account_id.to_string()
        })
    };
    if !stranger(&found) {
        return Ok(found);
    }
    installation::forget(context, app, &target.owner, &found);
    let found = installation::find(context, app, &target.owner).await?;
    if stranger(&found) {
        let owner = target.owner.to_string();
        let because = "the token is of another account that had or has this login";
        return Err(Refusal::new(ExchangeError::NotInstalled { owner }, because));
    }
    Ok(found)
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
        installation: &mut Installation,
        record: &mut Record,
    ) -> Result<Result<AccessToken, Trouble>, Refusal> {
        record.installation(installation);
        record.policy(self.place.path(), &text);
        let grant = self.decide(&text, installation, record)?;
        self.context.close_gate(false);
        let minted = match mint::mint(self.context, self.place.app, installation, &grant).await {
            Err(Trouble::NotFound(_)) => {
                self.mint_after_fresh_lookup(&grant, installation, record)
                    .await?
            }
            other => other,
        };
        match &minted {
            Ok(token) => record.granted(grant.asked(), token),
            Err(Trouble::Unprocessable)
                if text.remembered && grant.asked().reach == Reach::Id(text.repository_id) =>
            {
                return Ok(Err(Trouble::StaleRepositoryId));
            }
            Err(Trouble::OtherOwner) => {
                installation::forget(self.context, self.place.app, self.place.owner, installation);
                policy_file::forget(self.context, self.place, installation);
            }
            Err(_) => {}
        }
        Ok(minted)
    }

    fn decide(
        &self,
        text: &PolicyText,
        installation: &Installation,
        record: &mut Record,
    ) -> Result<Grant, Refusal> {
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
                self.check_app(&policy)?;
                Ok(grant)
            }
            Err(decision) => Err(detail::denied(&seen, &decision)),
        }
    }

    /// A policy may say which Apps may mint. Only ids are known here, so a name matches none.
    fn check_app(&self, policy: &TrustPolicy) -> Result<(), Refusal> {
        let app = self.place.app.to_string();
        match policy.app() {
            Some(wanted) if !wanted.matches(&app) => Err(ExchangeError::NoAppMatches.into()),
            _ => Ok(()),
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

    /// A mint's 404: the installation is gone. It is looked up once more, and must still be the same account's (rule 1).
    async fn mint_after_fresh_lookup(
        &self,
        grant: &Grant,
        installation: &mut Installation,
        record: &mut Record,
    ) -> Result<Result<AccessToken, Trouble>, Refusal> {
        installation::forget(self.context, self.place.app, self.place.owner, installation);
        let fresh = installation::find(self.context, self.place.app, self.place.owner).await?;
        if fresh.account_id != grant.account_id() {
            let owner = self.place.owner.to_string();
            let because = "the login belongs to another account now";
            return Err(Refusal::new(ExchangeError::NotInstalled { owner }, because));
        }
        *installation = fresh;
        record.installation(installation);
        Ok(mint::mint(self.context, self.place.app, installation, grant).await)
    }
}
