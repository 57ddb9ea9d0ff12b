//! The settings that decide, checked once; every problem is named at once, by setting and never with a value that could
//! be secret.

mod reader;

use github::{BaseUrl, Owner, RepositoryName};
use oidc::{Issuer, IssuerRules};
use reader::Reader;
use std::time::Duration;

/// Who is told why a policy said no (`OCTOSTS_REFUSAL_DETAIL`; rules 2 and 3 of docs/SECURITY.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalDetail {
    /// By who asks.
    Owner,
    /// Nobody: a policy that refuses and one that is not there answer alike.
    None,
    /// Everybody.
    All,
}

/// What happens to a token that is wider than asked (`OCTOSTS_MINT_CHECK`; rule 29).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MintCheck {
    /// It is revoked, and the exchange refused.
    Enforce,
    /// It is logged and given out.
    Warn,
}

/// An App of a pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Its id.
    pub id: u64,
    /// What policies may call it.
    pub name: Option<String>,
}

impl App {
    /// Whether a policy means this one, by its name or its id.
    pub(crate) fn is_called(&self, wanted: &policy::Matcher) -> bool {
        let named = self
            .name
            .as_deref()
            .is_some_and(|name| wanted.matches(name));
        named || wanted.matches(&self.id.to_string())
    }
}

/// How an App is chosen by what is left of its limit (`OCTOSTS_QUOTA_…`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Requests an hour; at least so many are comfortable.
    pub soft_floor: u64,
    /// At least so many are tight; fewer are the last resort.
    pub hard_floor: u64,
    /// How long what GitHub said of it is believed.
    pub stale: Duration,
}

/// The Apps that serve an owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// The owner in lower case, or `*`.
    pub owner: String,
    /// In the order of the configuration; never empty.
    pub apps: Vec<App>,
}

/// What the platform can do, as far as rules depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traits {
    /// Private addresses are refused after resolution (rule 22).
    pub vets_addresses: bool,
    /// Work goes on after the answer has left.
    pub outlives: bool,
    /// A name can be taken once (rule 32).
    pub atomic: bool,
}

/// Checked settings. See the README for what each one means.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `STS_DOMAIN`: the audience of a policy that names none.
    pub default_audience: String,
    /// `OCTOSTS_EXTRA_AUDIENCES`: accepted as the first is, during a move to a new host name.
    pub extra_audiences: Vec<String>,
    /// `OCTOSTS_PUBLIC_URL`: where this server is, without a trailing slash; unknown where neither it nor the domain says so.
    pub public_url: Option<String>,
    /// `EVENT_INGRESS_URI`, unless `METRICS` is off.
    pub event_sink: Option<String>,
    /// `GITHUB_BASE_URL`.
    pub base_url: BaseUrl,
    /// `ORG_POLICY_REPO`.
    pub policy_repository: RepositoryName,
    /// Which issuers may be contacted.
    pub issuers: IssuerRules,
    /// `OCTOSTS_REFUSAL_DETAIL`.
    pub refusal_detail: RefusalDetail,
    /// `OCTOSTS_DETAIL_FOR`: account ids.
    pub detail_for_owners: Vec<String>,
    /// `OCTOSTS_DETAIL_FOR`: issuers.
    pub detail_for_issuers: Vec<Issuer>,
    /// `OCTOSTS_ISSUER_GRACE`.
    pub issuer_grace: Duration,
    /// `OCTOSTS_POLICY_GRACE`.
    pub policy_grace: Duration,
    /// `OCTOSTS_REFUSAL_LIMIT`: refusals a minute for one caller and policy; 0 is off.
    pub refusal_limit: u32,
    /// `OCTOSTS_MINT_CHECK`.
    pub mint_check: MintCheck,
    /// `OCTOSTS_DEADLINE`.
    pub deadline: Duration,
    /// `OCTOSTS_AUDIT`: whether an answer waits for its record.
    pub audit_required: bool,
    /// `OCTOSTS_FINISH_FIRST`: read tokens are revoked before the answer.
    pub finish_first: bool,
    /// `OCTOSTS_REQUIRED_ORGS`: owners in lower case, or `*`.
    pub required_organisations: Vec<String>,
    /// `OCTOSTS_EXTRA_PERMISSIONS`: names beside the built-in ones and the installation's own (rule 25).
    pub extra_permissions: Vec<String>,
    /// Whether policies may say `single_use`.
    pub serves_single_use: bool,
    /// How an App of several is chosen.
    pub quota: Quota,
    /// The Apps by owner.
    pub pools: Vec<Pool>,
}

impl Settings {
    /// Reads every setting through `get`, which takes names in lower case.
    ///
    /// # Errors
    /// All problems, each `SETTING: what`.
    pub fn read(
        get: &dyn Fn(&str) -> Option<String>,
        pools: Vec<Pool>,
        traits: Traits,
    ) -> Result<Self, Vec<String>> {
        let mut reader = Reader {
            get,
            problems: Vec::new(),
        };
        let base_url = reader.base_url();
        let (event_sink, event_authority) = reader.event_sink(traits).unzip();
        let event_sink = event_sink.flatten();
        let issuers = reader.issuer_rules(base_url.as_ref(), event_authority, traits);
        let (detail_for_owners, detail_for_issuers) = reader.detail_for();
        let default_audience = reader.required("STS_DOMAIN");
        let extra_audiences = reader.extra_audiences();
        let public_url = reader.public_url(&default_audience);
        let policy_repository = reader.policy_repository();
        let refusal_detail = reader.refusal_detail();
        let refusal_limit = reader.number("OCTOSTS_REFUSAL_LIMIT", 60);
        let mint_check = reader.mint_check();
        let audit_required = reader.audit_required();
        let finish_first = reader.finish_first(traits);
        let issuer_grace = reader.duration("OCTOSTS_ISSUER_GRACE", Duration::from_secs(6 * 3600));
        let policy_grace = reader.duration("OCTOSTS_POLICY_GRACE", Duration::from_secs(600));
        let deadline = reader.deadline();
        let extra_permissions = reader.extra_permissions();
        let quota = reader.quota();
        let required_organisations = reader.required_organisations();
        reader.check(
            pools.iter().any(|pool| !pool.apps.is_empty()),
            "GITHUB_APP_IDS: no App is configured",
        );
        match (base_url, issuers, policy_repository) {
            (Some(base_url), Some(issuers), Some(policy_repository))
                if reader.problems.is_empty() =>
            {
                Ok(Self {
                    default_audience,
                    extra_audiences,
                    public_url,
                    event_sink,
                    base_url,
                    policy_repository,
                    issuers,
                    refusal_detail,
                    detail_for_owners,
                    detail_for_issuers,
                    issuer_grace,
                    policy_grace,
                    refusal_limit,
                    mint_check,
                    deadline,
                    audit_required,
                    finish_first,
                    required_organisations,
                    extra_permissions,
                    serves_single_use: traits.atomic,
                    quota,
                    pools,
                })
            }
            _ => Err(reader.problems),
        }
    }

    /// This server's audiences; the first is the one that sentences name.
    #[must_use]
    pub fn audiences(&self) -> Vec<&str> {
        let extra = self.extra_audiences.iter().map(String::as_str);
        std::iter::once(self.default_audience.as_str())
            .chain(extra)
            .collect()
    }

    /// Whether policies may grant a permission that is not built in.
    #[must_use]
    pub fn knows_permission(&self, name: &str) -> bool {
        self.extra_permissions.iter().any(|extra| extra == name)
    }

    /// Whether an owner must have an organisation file.
    #[must_use]
    pub fn requires_organisation(&self, owner: &Owner) -> bool {
        let required = &self.required_organisations;
        required
            .iter()
            .any(|name| name == "*" || *name == owner.key())
    }

    /// The Apps that serve an owner: the owner's own pool, else the one for everybody.
    #[must_use]
    pub fn pool_for(&self, owner: &Owner) -> Option<&Pool> {
        let named = |name: &str| self.pools.iter().find(|pool| pool.owner == name);
        let pool = named(&owner.key()).or_else(|| named("*"));
        pool.filter(|pool| !pool.apps.is_empty())
    }

    /// Whether more than one App is configured.
    #[must_use]
    pub fn has_several_apps(&self) -> bool {
        self.pools.iter().map(|pool| pool.apps.len()).sum::<usize>() > 1
    }
}

#[cfg(test)]
mod tests;
