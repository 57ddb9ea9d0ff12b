//! What an organisation says before its policies: whose tokens it takes, and what no policy may do. Two files of its policy
//! repository, read with one token (rules 27 and 28 of docs/SECURITY.md).

mod files;

use crate::apps::{Apps, Serving};
use crate::audit::Record;
use crate::claims_for_policy;
use crate::context::Context;
use crate::error::{ExchangeError, Refusal};
use crate::outside::{LogLevel, Outside};
use files::{File, Files, Found};
use oidc::Claims;
use policy::{Breach, GuardRails, Mode, PolicyKind, TrustPolicy, TrustedIssuers};

/// An organisation's rules, as one exchange meets them.
pub(crate) struct Organisation<'a, 'b, O> {
    context: &'a Context<'b, O>,
    account_id: u64,
    claims: &'a Claims,
    issuers: Option<TrustedIssuers>,
    /// `None`: no file. An error: the file cannot be used.
    guard_rails: Option<Result<GuardRails, Refusal>>,
}

/// Reads an organisation's files, and judges who issued the token. The installation may be looked up once more on the
/// way, and is then replaced.
pub(crate) async fn of<'a, 'b, O: Outside>(
    apps: &Apps<'a, 'b, O>,
    serving: &mut Serving,
    claims: &'a Claims,
    record: &mut Record,
) -> Result<Organisation<'a, 'b, O>, Refusal> {
    let context = apps.context;
    let found = files::read(apps, serving).await?;
    let files = match found {
        Found::Files(files) => files,
        Found::NoAccess => Files::absent(),
    };
    if files.all_absent() && context.settings.requires_organisation(apps.owner) {
        let because = "neither organization file can be read";
        return Err(Refusal::new(ExchangeError::OrganisationRequired, because));
    }
    let organisation = Organisation {
        context,
        account_id: serving.installation.account_id,
        claims,
        issuers: issuers(&files.issuers)?,
        guard_rails: guard_rails(apps, &files.guard_rails, serving),
    };
    organisation.judge_issuer(record)?;
    Ok(organisation)
}

fn issuers(file: &File) -> Result<Option<TrustedIssuers>, Refusal> {
    let invalid =
        |because: String| Refusal::new(ExchangeError::OrganisationIssuersInvalid, because);
    match file {
        File::Absent => Ok(None),
        File::Invalid(because) => Err(invalid(because.clone())),
        File::Text(text) => match TrustedIssuers::parse(text.as_bytes()) {
            Ok(list) => Ok(Some(list)),
            Err(error) => Err(invalid(error.to_string())),
        },
    }
}

fn guard_rails<O: Outside>(
    apps: &Apps<'_, '_, O>,
    file: &File,
    serving: &Serving,
) -> Option<Result<GuardRails, Refusal>> {
    let invalid = |because: String| Refusal::new(ExchangeError::GuardRailsInvalid, because);
    match file {
        File::Absent => None,
        File::Invalid(because) => Some(Err(invalid(because.clone()))),
        File::Text(text) => {
            let known = |name: &str| knows(apps, serving, name);
            let parsed = GuardRails::parse(text.as_bytes(), &known);
            Some(parsed.map_err(|error| invalid(error.to_string())))
        }
    }
}

/// A permission that guard-rails may name beside the built-in ones.
fn knows<O: Outside>(apps: &Apps<'_, '_, O>, serving: &Serving, name: &str) -> bool {
    apps.context.settings.knows_permission(name) || apps.lists(serving, name)
}

impl<O: Outside> Organisation<'_, '_, O> {
    /// Whose files these are.
    pub(crate) fn account_id(&self) -> u64 {
        self.account_id
    }

    fn judge_issuer(&self, record: &mut Record) -> Result<(), Refusal> {
        let Some(list) = &self.issuers else {
            return Ok(());
        };
        if list.allow(&self.claims.issuer) {
            return Ok(());
        }
        record.not_listed(list.mode() == Mode::Enforce);
        let because = "the organization does not list the issuer".to_owned();
        self.breached(
            list.mode(),
            ExchangeError::OrganisationIssuer,
            because,
            record,
        )
    }

    /// What the token itself may not, and whose policies count at all.
    pub(crate) fn before_the_policy(
        &self,
        kind: PolicyKind,
        record: &mut Record,
    ) -> Result<(), Refusal> {
        let Some(rails) = self.guard_rails()? else {
            return Ok(());
        };
        let breach = rails.before_the_policy(&claims_for_policy(self.claims), kind);
        self.judge(rails, breach, record)
    }

    /// What a policy that permits may not, as it is written.
    pub(crate) fn of_the_policy(
        &self,
        policy: &TrustPolicy,
        kind: PolicyKind,
        reaches_policy_repository: bool,
        record: &mut Record,
    ) -> Result<(), Refusal> {
        let Some(rails) = self.guard_rails()? else {
            return Ok(());
        };
        let breach = rails.of_the_policy(policy, kind, reaches_policy_repository);
        self.judge(rails, breach, record)
    }

    /// An invalid file refuses in either mode.
    fn guard_rails(&self) -> Result<Option<&GuardRails>, Refusal> {
        match &self.guard_rails {
            None => Ok(None),
            Some(Ok(rails)) => Ok(Some(rails)),
            Some(Err(refusal)) => Err(refusal.clone()),
        }
    }

    fn judge(
        &self,
        rails: &GuardRails,
        breach: Option<Breach>,
        record: &mut Record,
    ) -> Result<(), Refusal> {
        match breach {
            None => Ok(()),
            Some(breach) => self.breached(
                rails.mode(),
                ExchangeError::GuardRail,
                sentence(&breach),
                record,
            ),
        }
    }

    /// Refuses, or says in log and record what would have been refused.
    fn breached(
        &self,
        mode: Mode,
        error: ExchangeError,
        because: String,
        record: &mut Record,
    ) -> Result<(), Refusal> {
        if mode == Mode::Enforce {
            return Err(Refusal::new(error, because));
        }
        let fields = [
            ("error", error.key().to_owned()),
            ("because", because.clone()),
        ];
        let message = "an organization in audit mode would have refused";
        self.context.log(LogLevel::Warn, message, &fields);
        record.would_refuse(&because);
        Ok(())
    }
}

fn sentence(breach: &Breach) -> String {
    match breach {
        Breach::Deny(index) => format!("guard-rails: deny[{index}] matches the token"),
        Breach::RepositoryPolicy => "guard-rails: repository policies do not count".to_owned(),
        Breach::Ceiling(name) => format!("guard-rails: {name} is above its ceiling"),
        Breach::PolicyRepositoryWrite(name) => {
            format!("guard-rails: {name} could write the policy repository")
        }
    }
}
