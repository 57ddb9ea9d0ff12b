//! The settings that decide, checked once; every problem is named at once, by setting and never with a value that could
//! be secret.

use crate::duration;
use github::{BaseUrl, Owner, RepositoryName};
use oidc::{AllowedIssuers, GitHubActionsIssuers, Issuer, IssuerRules, StaticKeys};
use std::fmt::Display;
use std::sync::Arc;
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
}

/// Checked settings. See the README for what each one means.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `STS_DOMAIN`: the audience of a policy that names none.
    pub default_audience: String,
    /// `OCTOSTS_EXTRA_AUDIENCES`: accepted as the first is, during a move to a new host name.
    pub extra_audiences: Vec<String>,
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
        let issuers = reader.issuer_rules(base_url.as_ref(), traits);
        let (detail_for_owners, detail_for_issuers) = reader.detail_for();
        let default_audience = reader.required("STS_DOMAIN");
        let extra_audiences = reader.get("OCTOSTS_EXTRA_AUDIENCES").unwrap_or_default();
        let extra_audiences = entries(&extra_audiences).map(|(_, entry)| entry.to_owned());
        let policy_repository = reader.policy_repository();
        let refusal_detail = reader.refusal_detail();
        let mint_check = reader.mint_check();
        let audit_required = reader.audit_required();
        let finish_first = reader.finish_first(traits);
        let issuer_grace = reader.duration("OCTOSTS_ISSUER_GRACE", Duration::from_secs(6 * 3600));
        let policy_grace = reader.duration("OCTOSTS_POLICY_GRACE", Duration::from_secs(600));
        let deadline = reader.duration("OCTOSTS_DEADLINE", Duration::from_secs(25));
        reader.check(
            deadline >= Duration::from_secs(1),
            "OCTOSTS_DEADLINE: must be at least 1s",
        );
        let extra_permissions = reader.extra_permissions();
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
                    extra_audiences: extra_audiences.collect(),
                    base_url,
                    policy_repository,
                    issuers,
                    refusal_detail,
                    detail_for_owners,
                    detail_for_issuers,
                    issuer_grace,
                    policy_grace,
                    mint_check,
                    deadline,
                    audit_required,
                    finish_first,
                    required_organisations,
                    extra_permissions,
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
    pub fn app_for(&self, owner: &Owner) -> Option<u64> {
        let key = owner.key();
        let pool = self
            .pools
            .iter()
            .find(|pool| pool.owner == key)
            .or_else(|| self.pools.iter().find(|p| p.owner == "*"));
        pool.and_then(|pool| pool.apps.first()).map(|app| app.id)
    }
}

struct Reader<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (self.get)(&name.to_ascii_lowercase())
    }

    fn check(&mut self, holds: bool, problem: &str) {
        if !holds {
            self.problems.push(problem.to_owned());
        }
    }

    fn required(&mut self, name: &str) -> String {
        let value = self.get(name);
        self.check(value.is_some(), &format!("{name}: required"));
        value.unwrap_or_default()
    }

    fn base_url(&mut self) -> Option<BaseUrl> {
        let text = self.get("GITHUB_BASE_URL").filter(|text| !text.is_empty());
        match BaseUrl::parse(text.as_deref().unwrap_or(github::base_url::PUBLIC)) {
            Ok(base) => Some(base),
            Err(error) => {
                self.problems.push(format!("GITHUB_BASE_URL: {error}"));
                None
            }
        }
    }

    fn policy_repository(&mut self) -> Option<RepositoryName> {
        let text = self
            .get("ORG_POLICY_REPO")
            .unwrap_or_else(|| ".github".into());
        if text.is_empty() {
            self.problems
                .push("ORG_POLICY_REPO: ORG_POLICY_REPO must not be empty".into());
            return None;
        }
        let name = RepositoryName::parse(&text).ok();
        self.check(name.is_some(), "ORG_POLICY_REPO: not a repository name");
        name
    }

    fn issuer_rules(&mut self, base: Option<&BaseUrl>, traits: Traits) -> Option<IssuerRules> {
        let allowed = self.allowed_issuers();
        let private = self.get("OCTOSTS_PRIVATE_ISSUERS").unwrap_or_default();
        let private = oidc::parse_host_port_list(&private).unwrap_or_else(|error| {
            self.problems
                .push(format!("OCTOSTS_PRIVATE_ISSUERS: {error}"));
            Vec::new()
        });
        let static_keys = self.static_keys();
        let any_issuer = self.flag("OCTOSTS_ANY_ISSUER", false);
        base.map(|base| IssuerRules {
            allowed,
            private,
            static_keys,
            github: GitHubActionsIssuers::of(base.as_str()),
            github_authority: base.authority().to_owned(),
            event_authority: None,
            vets_addresses: traits.vets_addresses,
            any_issuer,
        })
    }

    /// Exact issuers and patterns are one list: either makes it, and both together are both.
    fn allowed_issuers(&mut self) -> Option<AllowedIssuers> {
        let exact = self.list("OCTOSTS_ALLOWED_ISSUERS", oidc::parse_issuer_list);
        let patterns = self.list(
            "OCTOSTS_ALLOWED_ISSUER_PATTERNS",
            policy::parse_issuer_patterns,
        );
        if exact.is_none() && patterns.is_none() {
            return None;
        }
        let patterns = patterns.unwrap_or_default().into_iter();
        Some(AllowedIssuers {
            exact: exact.unwrap_or_default(),
            patterns: patterns.map(|pattern| Arc::new(pattern) as _).collect(),
        })
    }

    /// A list that restricts: an empty one would let nobody in, which nobody means.
    fn list<T, E: Display>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<Vec<T>, E>,
    ) -> Option<Vec<T>> {
        let text = self.get(name)?;
        let problem = match parse(&text) {
            Ok(entries) if !entries.is_empty() => return Some(entries),
            Ok(_) => "names nobody; unset it to allow any issuer".to_owned(),
            Err(error) => error.to_string(),
        };
        self.problems.push(format!("{name}: {problem}"));
        None
    }

    fn static_keys(&mut self) -> StaticKeys {
        let text = self.get("OCTOSTS_STATIC_KEYS").unwrap_or_default();
        if text.trim().is_empty() {
            return StaticKeys::default();
        }
        StaticKeys::parse(&text).unwrap_or_else(|error| {
            self.problems.push(format!("OCTOSTS_STATIC_KEYS: {error}"));
            StaticKeys::default()
        })
    }

    fn detail_for(&mut self) -> (Vec<String>, Vec<Issuer>) {
        let text = self.get("OCTOSTS_DETAIL_FOR").unwrap_or_default();
        let (mut owners, mut issuers) = (Vec::new(), Vec::new());
        let entries = text.split(',').map(str::trim);
        for (index, entry) in entries.enumerate().filter(|(_, entry)| !entry.is_empty()) {
            if entry.bytes().all(|byte| byte.is_ascii_digit()) {
                owners.push(entry.to_owned());
            } else if let Ok(issuer) = Issuer::parse(entry) {
                issuers.push(issuer);
            } else {
                self.problems.push(format!(
                    "OCTOSTS_DETAIL_FOR: entry {} is neither an owner id nor an issuer",
                    index + 1
                ));
            }
        }
        (owners, issuers)
    }

    fn refusal_detail(&mut self) -> RefusalDetail {
        use RefusalDetail::{All, None, Owner};
        let words = [("owner", Owner), ("none", None), ("all", All)];
        self.choice("OCTOSTS_REFUSAL_DETAIL", &words, Owner)
    }

    fn mint_check(&mut self) -> MintCheck {
        use MintCheck::{Enforce, Warn};
        let words = [("enforce", Enforce), ("warn", Warn)];
        self.choice("OCTOSTS_MINT_CHECK", &words, Enforce)
    }

    fn audit_required(&mut self) -> bool {
        let words = [("required", true), ("best-effort", false)];
        self.choice("OCTOSTS_AUDIT", &words, true)
    }

    /// One of a few words.
    fn choice<T: Copy, const N: usize>(
        &mut self,
        name: &str,
        choices: &[(&str, T); N],
        default: T,
    ) -> T {
        let Some(text) = self.get(name) else {
            return default;
        };
        if let Some((_, value)) = choices.iter().find(|(word, _)| *word == text) {
            return *value;
        }
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        self.problems
            .push(format!("{name}: must be one of {}", words.join(", ")));
        default
    }

    /// Google Cloud Run and AWS Lambda, which set these, stop a program's processor once it has answered.
    fn finish_first(&mut self, traits: Traits) -> bool {
        let stopping = ["K_SERVICE", "AWS_LAMBDA_FUNCTION_NAME"];
        let set = |name: &&str| self.get(name).is_some_and(|value| !value.is_empty());
        let stops = stopping.iter().any(set);
        self.flag("OCTOSTS_FINISH_FIRST", stops || !traits.outlives)
    }

    fn flag(&mut self, name: &str, default: bool) -> bool {
        match self.get(name).as_deref() {
            None => default,
            Some("1" | "t" | "T" | "TRUE" | "true" | "True") => true,
            Some("0" | "f" | "F" | "FALSE" | "false" | "False") => false,
            Some(_) => {
                self.problems.push(format!("{name}: must be true or false"));
                default
            }
        }
    }

    fn duration(&mut self, name: &str, default: Duration) -> Duration {
        let Some(text) = self.get(name) else {
            return default;
        };
        duration::parse(&text).unwrap_or_else(|| {
            self.problems
                .push(format!("{name}: not a duration such as 25s or 1h30m"));
            default
        })
    }

    fn extra_permissions(&mut self) -> Vec<String> {
        let text = self.get("OCTOSTS_EXTRA_PERMISSIONS").unwrap_or_default();
        let mut names = Vec::new();
        for (index, entry) in entries(&text) {
            let problem =
                format!("OCTOSTS_EXTRA_PERMISSIONS: entry {index} is no name of a permission");
            self.check(policy::is_permission_name(entry), &problem);
            names.push(entry.to_owned());
        }
        names
    }

    fn required_organisations(&mut self) -> Vec<String> {
        let text = self.get("OCTOSTS_REQUIRED_ORGS").unwrap_or_default();
        let mut owners = Vec::new();
        for (index, entry) in entries(&text) {
            match Owner::parse(entry) {
                Ok(owner) => owners.push(owner.key()),
                Err(_) if entry == "*" => owners.push(entry.to_owned()),
                Err(_) => self.problems.push(format!(
                    "OCTOSTS_REQUIRED_ORGS: entry {index} is neither an owner nor *"
                )),
            }
        }
        owners
    }
}

/// What stands between commas or white space, numbered from 1.
fn entries(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let entries = text.split(|c: char| c == ',' || c.is_whitespace());
    (1..).zip(entries.filter(|entry| !entry.is_empty()))
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
