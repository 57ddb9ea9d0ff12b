//! Each setting by its rules; what is wrong is collected.

use super::{MintCheck, Quota, RefusalDetail, Traits};
use crate::duration;
use github::{BaseUrl, Owner, RepositoryName};
use http::Uri;
use oidc::{AllowedIssuers, GitHubActionsIssuers, Issuer, IssuerRules, StaticKeys};
use std::fmt::Display;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Settings by name, and the problems so far.
pub(super) struct Reader<'a> {
    pub(super) get: &'a dyn Fn(&str) -> Option<String>,
    pub(super) problems: Vec<String>,
}

impl Reader<'_> {
    pub(super) fn get(&self, name: &str) -> Option<String> {
        (self.get)(&name.to_ascii_lowercase())
    }

    pub(super) fn check(&mut self, holds: bool, problem: &str) {
        if !holds {
            self.problems.push(problem.to_owned());
        }
    }

    pub(super) fn required(&mut self, name: &str) -> String {
        let value = self.get(name);
        self.check(value.is_some(), &format!("{name}: required"));
        value.unwrap_or_default()
    }

    pub(super) fn base_url(&mut self) -> Option<BaseUrl> {
        let text = self.get("GITHUB_BASE_URL").filter(|text| !text.is_empty());
        match BaseUrl::parse(text.as_deref().unwrap_or(github::base_url::PUBLIC)) {
            Ok(base) => Some(base),
            Err(error) => {
                self.problems.push(format!("GITHUB_BASE_URL: {error}"));
                None
            }
        }
    }

    /// The sink of events, and its `host:port`. https; or http inside the operator's own network, where nobody is on the way:
    /// by address, or by name where the platform looks at the address behind it (rule 34).
    ///
    /// `METRICS` decides whether anything is sent; what is at that place is the operator's own in either case.
    pub(super) fn event_sink(&mut self, traits: Traits) -> Option<(Option<String>, String)> {
        let wanted = self.flag("METRICS", true);
        let text = self.get("EVENT_INGRESS_URI").filter(|t| !t.is_empty())?;
        let sink = sink(&text, traits.vets_addresses);
        let problem = "EVENT_INGRESS_URI: must be an https URL, or http to a private address";
        self.check(sink.is_some(), problem);
        sink.map(|authority| (wanted.then_some(text), authority))
    }

    /// The issuer of RFC 8414: https, no query, no fragment. Never taken from a request (rule 31).
    pub(super) fn public_url(&mut self, domain: &str) -> Option<String> {
        let Some(text) = self.get("OCTOSTS_PUBLIC_URL").filter(|t| !t.is_empty()) else {
            let host = domain.split_once("://").map_or(domain, |(_, host)| host);
            let host = host.trim_end_matches('/');
            return (!host.is_empty()).then(|| format!("https://{host}"));
        };
        // The rules are those of GitHub's address: https, or http to this machine, and nothing after the path.
        let url = BaseUrl::parse(&text).ok();
        let problem = "OCTOSTS_PUBLIC_URL: must be an https URL without query or fragment";
        self.check(url.is_some(), problem);
        url.map(|url| url.as_str().to_owned())
    }

    pub(super) fn policy_repository(&mut self) -> Option<RepositoryName> {
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

    pub(super) fn issuer_rules(
        &mut self,
        base: Option<&BaseUrl>,
        event_authority: Option<String>,
        traits: Traits,
    ) -> Option<IssuerRules> {
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
            event_authority,
            vets_addresses: traits.vets_addresses,
            any_issuer,
        })
    }

    /// Exact issuers and patterns are one list: either makes it, and both together are both.
    pub(super) fn allowed_issuers(&mut self) -> Option<AllowedIssuers> {
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
    pub(super) fn list<T, E: Display>(
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

    pub(super) fn static_keys(&mut self) -> StaticKeys {
        let text = self.get("OCTOSTS_STATIC_KEYS").unwrap_or_default();
        if text.trim().is_empty() {
            return StaticKeys::default();
        }
        StaticKeys::parse(&text).unwrap_or_else(|error| {
            self.problems.push(format!("OCTOSTS_STATIC_KEYS: {error}"));
            StaticKeys::default()
        })
    }

    pub(super) fn detail_for(&mut self) -> (Vec<String>, Vec<Issuer>) {
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

    pub(super) fn refusal_detail(&mut self) -> RefusalDetail {
        use RefusalDetail::{All, None, Owner};
        let words = [("owner", Owner), ("none", None), ("all", All)];
        self.choice("OCTOSTS_REFUSAL_DETAIL", &words, Owner)
    }

    pub(super) fn mint_check(&mut self) -> MintCheck {
        use MintCheck::{Enforce, Warn};
        let words = [("enforce", Enforce), ("warn", Warn)];
        self.choice("OCTOSTS_MINT_CHECK", &words, Enforce)
    }

    pub(super) fn audit_required(&mut self) -> bool {
        let words = [("required", true), ("best-effort", false)];
        self.choice("OCTOSTS_AUDIT", &words, true)
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy, const N: usize>(
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
    pub(super) fn finish_first(&mut self, traits: Traits) -> bool {
        let stopping = ["K_SERVICE", "AWS_LAMBDA_FUNCTION_NAME"];
        let set = |name: &&str| self.get(name).is_some_and(|value| !value.is_empty());
        let stops = stopping.iter().any(set);
        self.flag("OCTOSTS_FINISH_FIRST", stops || !traits.outlives)
    }

    pub(super) fn flag(&mut self, name: &str, default: bool) -> bool {
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

    pub(super) fn number(&mut self, name: &str, default: u32) -> u32 {
        let Some(text) = self.get(name) else {
            return default;
        };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| digits);
        self.check(number.is_some(), &format!("{name}: not a number"));
        number.unwrap_or(default)
    }

    pub(super) fn duration(&mut self, name: &str, default: Duration) -> Duration {
        let Some(text) = self.get(name) else {
            return default;
        };
        duration::parse(&text).unwrap_or_else(|| {
            self.problems
                .push(format!("{name}: not a duration such as 25s or 1h30m"));
            default
        })
    }

    pub(super) fn quota(&mut self) -> Quota {
        let hard_floor = u64::from(self.number("OCTOSTS_QUOTA_FLOOR_HARD", 1500));
        let soft_floor = u64::from(self.number("OCTOSTS_QUOTA_FLOOR_SOFT", 5000));
        self.check(
            soft_floor >= hard_floor,
            "OCTOSTS_QUOTA_FLOOR_SOFT: must be at least OCTOSTS_QUOTA_FLOOR_HARD",
        );
        let stale = self.duration("OCTOSTS_QUOTA_STALE", Duration::from_secs(300));
        self.check(!stale.is_zero(), "OCTOSTS_QUOTA_STALE: must be above 0");
        Quota {
            soft_floor,
            hard_floor,
            stale,
        }
    }

    pub(super) fn extra_audiences(&mut self) -> Vec<String> {
        let text = self.get("OCTOSTS_EXTRA_AUDIENCES").unwrap_or_default();
        entries(&text).map(|(_, entry)| entry.to_owned()).collect()
    }

    pub(super) fn deadline(&mut self) -> Duration {
        let deadline = self.duration("OCTOSTS_DEADLINE", Duration::from_secs(25));
        self.check(
            deadline >= Duration::from_secs(1),
            "OCTOSTS_DEADLINE: must be at least 1s",
        );
        deadline
    }

    pub(super) fn extra_permissions(&mut self) -> Vec<String> {
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

    pub(super) fn required_organisations(&mut self) -> Vec<String> {
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

/// The `host:port` of a sink that events may go to.
fn sink(text: &str, vets_addresses: bool) -> Option<String> {
    let url: Uri = text.parse().ok()?;
    let (scheme, host) = (url.scheme_str()?, url.host()?.to_ascii_lowercase());
    if text.contains(['@', '#']) || host.is_empty() {
        return None;
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let near = match bare.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_private() || address.is_loopback(),
        Ok(IpAddr::V6(address)) => address.is_unique_local() || address.is_loopback(),
        Err(_) => vets_addresses || host == "localhost",
    };
    let default = match scheme {
        "https" => 443,
        "http" if near => 80,
        _ => return None,
    };
    Some(format!("{host}:{}", url.port_u16().unwrap_or(default)))
}

/// What stands between commas or white space, numbered from 1.
fn entries(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let entries = text.split(|c: char| c == ',' || c.is_whitespace());
    (1..).zip(entries.filter(|entry| !entry.is_empty()))
}
