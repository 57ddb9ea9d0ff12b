//! From variables to [`Settings`], collecting every problem.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::time::Duration;

use super::address::{BadBaseUrl, HostPort, authority, base_url};
use super::apps::{self, Apps, ReadFile};
use super::names::{NAMES, Name, Reader, State};
use super::{DEFAULT_DEADLINE, LogFormat, LogLevel, Secret, Settings, go_syntax};

/// OCTOSTS_DEADLINE is at most this: a client has long gone then, and a request holds an instance meanwhile.
const LONGEST_DEADLINE: Duration = Duration::from_secs(600);

/// What was found so far.
pub(super) struct Reading {
    /// Known settings that are set, by name; an alias is under its name.
    values: BTreeMap<&'static str, String>,
    problems: Vec<String>,
    notices: Vec<String>,
}

pub(super) fn read(
    vars: impl IntoIterator<Item = (String, String)>,
    file: ReadFile<'_>,
) -> Settings {
    let vars: HashMap<String, String> = vars.into_iter().collect();
    let mut reading = Reading {
        values: BTreeMap::new(),
        problems: Vec::new(),
        notices: Vec::new(),
    };
    for row in NAMES {
        reading.take(row, &vars);
    }
    reading.note_unknown(&vars);
    let apps = apps::read(&mut reading, &vars, file);
    reading.into_settings(apps)
}

impl Reading {
    /// Takes a setting under its name or its alias.
    fn take(&mut self, row: &'static Name, vars: &HashMap<String, String>) {
        let named = vars.get(row.name);
        let aliased = row.alias.and_then(|alias| vars.get(alias));
        if let (Some(named), Some(aliased), Some(alias)) = (named, aliased, row.alias)
            && named != aliased
        {
            self.problem(row.name, &format!("differs from its alias {alias}"));
        }
        let Some(value) = named.or(aliased) else {
            return;
        };
        // Blank says nothing that could be missed.
        if !value.trim().is_empty() {
            match row.state {
                State::Served => {}
                State::Later => self.notices.push(format!("{}: not served yet", row.name)),
                State::Unneeded => {
                    let what = "not needed: which App writes checks is worked out, not stored";
                    self.notices.push(format!("{}: {what}", row.name));
                }
                State::Refused => self.problem(row.name, "not served yet"),
            }
        }
        self.values.insert(row.name, value.clone());
    }

    /// A mistyped restriction would otherwise be one that silently does not hold.
    fn note_unknown(&mut self, vars: &HashMap<String, String>) {
        let mut unknown: Vec<_> = vars
            .keys()
            .filter(|name| name.starts_with("OCTOSTS_"))
            .filter(|name| NAMES.iter().all(|row| row.name != name.as_str()))
            .collect();
        unknown.sort();
        for name in unknown {
            let shown: String = name
                .chars()
                .take(80)
                .flat_map(char::escape_default)
                .collect();
            self.notices.push(format!("{shown}: no such setting"));
        }
    }

    pub(super) fn problem(&mut self, name: &str, what: &str) {
        self.problems.push(format!("{name}: {what}"));
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// The value if it is there and not empty: for settings where octo-sts takes "" for absent.
    pub(super) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Reads a value that is there; a wrong one is a problem.
    fn parsed<T>(
        &mut self,
        name: &str,
        what: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let parsed = parse(self.get(name)?);
        if parsed.is_none() {
            self.problem(name, what);
        }
        parsed
    }

    fn into_settings(mut self, Apps { apps, pools }: Apps) -> Settings {
        if self.get("STS_DOMAIN").is_none() {
            self.problem("STS_DOMAIN", "is required (it may be empty)");
        }
        if self.get("ORG_POLICY_REPO") == Some("") {
            self.problem("ORG_POLICY_REPO", "must not be empty");
        }
        let port = self.parsed("PORT", "must be a port number", |text| {
            go_syntax::integer(text).and_then(|port| u16::try_from(port).ok())
        });
        let deadline = self.parsed(
            "OCTOSTS_DEADLINE",
            "must be a duration above 0 and at most 10m",
            |text| go_syntax::duration(text).filter(|d| !d.is_zero() && *d <= LONGEST_DEADLINE),
        );
        let private_issuers = self.private_issuers();
        let github = self.github();
        // Whether it is a sink that events may go to is the guest's to say.
        let events = self.filled("EVENT_INGRESS_URI").and_then(authority);
        let (log_format, log_level) = self.logging();
        let audit_sync = self.parsed(
            "OCTOSTS_AUDIT_SYNC",
            "must be true or false",
            go_syntax::boolean,
        );
        let path = |name| self.filled(name).map(PathBuf::from);
        Settings {
            port,
            deadline: deadline.unwrap_or(DEFAULT_DEADLINE),
            apps,
            pools,
            webhook_secrets: self
                .filled("GITHUB_WEBHOOK_SECRET")
                .map(Secret::new)
                .into_iter()
                .collect(),
            cache_secret: self.filled("OCTOSTS_CACHE_SECRET").map(Secret::new),
            private_issuers,
            github,
            events,
            ssl_cert_file: path("SSL_CERT_FILE"),
            log_format,
            log_level: log_level.unwrap_or(LogLevel::Info),
            audit_file: path("OCTOSTS_AUDIT_FILE"),
            audit_sync: audit_sync.unwrap_or(false),
            values: self.for_the_guest(),
            problems: self.problems,
            notices: self.notices,
        }
    }

    fn private_issuers(&mut self) -> Vec<HostPort> {
        let list = self.parsed(
            "OCTOSTS_PRIVATE_ISSUERS",
            "must be a list of host:port",
            |text| {
                text.split(|c: char| c == ',' || c.is_whitespace())
                    .filter(|entry| !entry.is_empty())
                    .map(HostPort::parse)
                    .collect::<Option<Vec<_>>>()
            },
        );
        list.unwrap_or_default()
    }

    fn github(&mut self) -> Option<HostPort> {
        const NAME: &str = "GITHUB_BASE_URL";
        match base_url(self.filled(NAME)?) {
            Ok(address) => Some(address),
            Err(BadBaseUrl::Scheme) => {
                self.problem(NAME, "must be an https URL (plain http: loopback only)");
                None
            }
            Err(BadBaseUrl::Form) => {
                self.problem(NAME, "must be scheme, host and path only");
                None
            }
        }
    }

    fn logging(&mut self) -> (Option<LogFormat>, Option<LogLevel>) {
        let format = self.parsed("LOG_FORMAT", "must be text or json", |text| {
            match text.to_ascii_lowercase().as_str() {
                "text" => Some(LogFormat::Text),
                "json" => Some(LogFormat::Json),
                _ => None,
            }
        });
        let level = self.parsed(
            "LOG_LEVEL",
            "must be error, warn, info or debug",
            |text| match text.to_ascii_lowercase().as_str() {
                "error" => Some(LogLevel::Error),
                "warn" | "warning" => Some(LogLevel::Warn),
                "info" => Some(LogLevel::Info),
                "debug" => Some(LogLevel::Debug),
                _ => None,
            },
        );
        (format, level)
    }

    /// The values that the guest may read, by lower-case name. Secrets and what only the host uses stay here.
    fn for_the_guest(&self) -> BTreeMap<&'static str, String> {
        let readable = NAMES.iter().filter(|row| row.reader == Reader::Guest);
        readable
            .filter_map(|row| Some((row.lower, self.values.get(row.name)?.clone())))
            .collect()
    }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
