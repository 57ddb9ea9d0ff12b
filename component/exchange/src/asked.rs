//! What the policy of a target says about a verified token, which App mints what it grants, and the mint.

use crate::apps::{Apps, Serving};
use crate::audit::Record;
use crate::authorize::{Grant, Reading, authorize};
use crate::context::Context;
use crate::detail::{self, Seen};
use crate::error::{ExchangeError, PolicyStage, Refusal};
use crate::events;
use crate::mint;
use crate::narrowing::Narrowing;
use crate::organisation::Organisation;
use crate::outside::Outside;
use crate::policy_file::{self, Place, PolicyText};
use crate::provider::Verified;
use crate::settings::App;
use crate::single_use;
use crate::target::Target;
use crate::trace::{PolicyVerdict, Step};
use crate::trouble::Trouble;
use github::{AccessToken, Level, Reach, RepositoryName};
use policy::{PolicyError, PolicyKind, Served, TrustPolicy};

/// What may be minted, and on what grounds.
pub(crate) struct Permitted {
    pub(crate) grant: Grant,
    policy: TrustPolicy,
    repository_id: u64,
    /// The policy's text, and with it the repository's id, came from memory.
    remembered: bool,
}

/// Which Apps a policy lets mint.
fn suits(policy: &TrustPolicy) -> impl Fn(&App) -> bool {
    |app| policy.app().is_none_or(|wanted| app.is_called(wanted))
}

/// A token that was revoked at once was minted too.
fn was_minted(minted: &Result<Result<AccessToken, Trouble>, Refusal>) -> bool {
    matches!(
        minted,
        Ok(Ok(_) | Err(Trouble::OtherOwner | Trouble::Wider(_)))
    )
}

/// One target's policy, asked about one token.
pub(crate) struct Asked<'a, 'b, O> {
    pub(crate) context: &'a Context<'b, O>,
    pub(crate) apps: &'a Apps<'a, 'b, O>,
    pub(crate) verified: &'a Verified,
    pub(crate) target: &'a Target,
    pub(crate) place: &'a Place<'a>,
    pub(crate) organisation: &'a Organisation<'a, 'b, O>,
    pub(crate) narrowing: &'a Narrowing,
}

impl<O: Outside> Asked<'_, '_, O> {
    /// Lets the policy decide and spends the grant.
    pub(crate) async fn decide_and_mint(
        &self,
        serving: &mut Serving,
        record: &mut Record,
    ) -> Result<AccessToken, Refusal> {
        let permitted = self.permitted(serving, record).await?;
        let minted = match self.spend(&permitted, serving, record).await? {
            // The repository may have been recreated since its id was remembered: read once more, decide once more.
            Err(Trouble::StaleRepositoryId) => {
                policy_file::forget(self.context, self.place, &serving.installation);
                let permitted = self.permitted(serving, record).await?;
                self.spend(&permitted, serving, record).await?
            }
            minted => minted,
        };
        let (owner, policy) = (self.target.owner.as_str(), self.place.policy.as_str());
        minted.map_err(|trouble| mint::refused(owner, policy, &trouble))
    }

    /// Reads the policy, lets it decide, and finds who may mint what it grants.
    pub(crate) async fn permitted(
        &self,
        serving: &mut Serving,
        record: &mut Record,
    ) -> Result<Permitted, Refusal> {
        let text = policy_file::read(self.apps, self.place, serving).await?;
        record.serving(serving);
        if serving.installation.account_id != self.organisation.account_id() {
            return Err(Refusal::another_account(self.place.owner));
        }
        record.policy(self.place.path(), &text);
        let (grant, policy) = self.decide(&text, serving, record).await?;
        self.context.trace.pass(Step::Narrowing);
        self.context.close_gate(false);
        self.choose(&grant, serving, &suits(&policy)).await?;
        record.serving(serving);
        self.context.trace.pass(Step::App);
        let claims = self.verified.token.claims();
        if policy.single_use() {
            single_use::usable(claims, self.context.now())?;
            self.context.trace.pass(Step::SingleUse);
        }
        Ok(Permitted {
            grant,
            policy,
            repository_id: text.repository_id,
            remembered: text.remembered,
        })
    }

    /// Spends the grant. The inner result is the mint's.
    async fn spend(
        &self,
        permitted: &Permitted,
        serving: &mut Serving,
        record: &mut Record,
    ) -> Result<Result<AccessToken, Trouble>, Refusal> {
        let Permitted { grant, policy, .. } = permitted;
        let claims = self.verified.token.claims();
        let taken = match policy.single_use() {
            true => Some(single_use::take(self.context, claims)?),
            false => None,
        };
        let suits = suits(policy);
        let mint = self.mint(grant, serving, &suits);
        let (minted, unsure) = self.context.watched(mint).await;
        if let (Some(taken), false) = (&taken, unsure || was_minted(&minted)) {
            single_use::give_back(self.context, taken);
        }
        let minted = minted?;
        record.serving(serving);
        match &minted {
            Ok(token) => record.granted(grant.asked(), token),
            Err(Trouble::Unprocessable)
                if permitted.remembered
                    && grant.asked().reach == Reach::Id(permitted.repository_id) =>
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

    /// Mints; by another App that suits where this one is limited or may not, unless it must be this one.
    async fn mint(
        &self,
        grant: &Grant,
        serving: &mut Serving,
        suits: &impl Fn(&App) -> bool,
    ) -> Result<Result<AccessToken, Trouble>, Refusal> {
        let sticky = self.is_sticky(grant);
        let mint = async |serving: &Serving| mint::mint(self.context, serving, grant).await;
        let others = |app: &App| !sticky && suits(app);
        match self.apps.by_any(serving, others, mint).await {
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
            return Err(Refusal::another_account(self.place.owner));
        }
        Ok(mint::mint(self.context, serving, grant).await)
    }

    async fn decide(
        &self,
        text: &PolicyText,
        serving: &Serving,
        record: &mut Record,
    ) -> Result<(Grant, TrustPolicy), Refusal> {
        let settings = self.context.settings;
        let installation = &serving.installation;
        let claims = self.verified.token.claims();
        let seen = Seen {
            settings,
            claims,
            installation,
            repository_id: text.repository_id,
            private: text.private,
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
        let policy = self.compiled(file, serving).await;
        let policy = policy.map_err(|error| invalid(detail::stage(&error), error.to_string()))?;
        record.compared(claims, policy.compared_claims());
        let read = self.place.repository.as_str();
        let read = (self.kind() == PolicyKind::Repository).then_some(read);
        record.decided_by(events::policy(&policy, read));
        self.context.trace.pass(Step::Policy);
        let reading = Reading {
            owner: &self.target.owner,
            installation,
            repository_id: text.repository_id,
            names_repository: self.target.repository.is_some(),
        };
        let authorized = authorize(&self.verified.token, &policy, &audiences, &reading);
        let decision = authorized.as_ref().map_or_else(|no| no, |(_, yes)| yes);
        self.context.trace.see(PolicyVerdict {
            decision: decision.clone(),
            sight: seen.sight(),
            subject_hint: self.subject_hint(&policy, &seen),
            policy_sha: text.sha.clone(),
        });
        match authorized {
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

    async fn compiled(&self, file: &str, serving: &Serving) -> Result<TrustPolicy, PolicyError> {
        let settings = self.context.settings;
        let served = Served {
            permission: &|name| settings.knows_permission(name) || self.apps.lists(serving, name),
            apps: true,
            single_use: settings.serves_single_use,
        };
        let compile = || TrustPolicy::parse(file.as_bytes(), self.kind(), &served);
        let compiled = compile();
        if compiled.is_ok() || !self.apps.several() {
            return compiled;
        }
        // A permission may be one that another App's installation lists.
        self.apps.all_others(serving).await;
        compile()
    }

    /// Rule 4: ids come from GitHub's answers alone, and only for the repository that was read, for whom is proven to be of it.
    fn subject_hint(&self, policy: &TrustPolicy, seen: &Seen<'_>) -> Option<String> {
        let subject = &self.verified.token.claims().subject;
        let ids = (seen.installation.account_id, seen.repository_id);
        let ids = seen.is_of_the_repository().then_some(ids);
        policy::immutable_subject_hint(policy.subject(), subject, ids)
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
    pub(crate) fn kind(&self) -> PolicyKind {
        let organisation: &RepositoryName = &self.context.settings.policy_repository;
        if self.place.repository == organisation {
            PolicyKind::Organization
        } else {
            PolicyKind::Repository
        }
    }
}
