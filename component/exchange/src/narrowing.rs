//! Asking for less than the policy grants (rule 30 of docs/SECURITY.md). Whoever asks for less must not get more: what is empty,
//! malformed or not granted is refused, never cut to what there is.

use crate::error::ExchangeError;
use github::{Level, Permissions, Reach, RepositoryName};

/// The most permissions that can be named.
const MAX_PERMISSIONS: usize = 100;

/// What the caller wants at most, as sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnverifiedNarrowing {
    /// `permissions`: names and levels.
    pub permissions: Option<Vec<(String, String)>>,
    /// `repositories`: names.
    pub repositories: Option<Vec<String>>,
}

/// The same, well formed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Narrowing {
    permissions: Option<Permissions>,
    repositories: Option<Vec<RepositoryName>>,
}

fn refused(parameter: &'static str, problem: String) -> ExchangeError {
    ExchangeError::Narrowing { parameter, problem }
}

/// What of a caller's text is shown to him.
fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(100).collect();
    format!("{shown:?}")
}

impl Narrowing {
    /// Reads both lists.
    ///
    /// # Errors
    /// The first entry that is empty, malformed or there twice.
    pub(crate) fn parse(asked: &UnverifiedNarrowing) -> Result<Self, ExchangeError> {
        let permissions = asked.permissions.as_deref().map(permissions).transpose()?;
        let repositories = asked.repositories.as_deref().map(repositories);
        Ok(Self {
            permissions,
            repositories: repositories.transpose()?,
        })
    }

    /// The permissions, if the policy grants each at its level or a higher one.
    pub(crate) fn permissions(&self, granted: Permissions) -> Result<Permissions, ExchangeError> {
        let Some(wanted) = &self.permissions else {
            return Ok(granted);
        };
        for (name, level) in wanted {
            if granted.get(name).is_none_or(|most| level > most) {
                let entry = quoted(&format!("{name}:{level}"));
                return Err(refused("permissions", format!("{entry} is not granted")));
            }
        }
        Ok(wanted.clone())
    }

    /// The repositories, if they are among those that the policy reaches. `read` is the one that an id stands for.
    pub(crate) fn reach(
        &self,
        granted: Reach,
        read: &RepositoryName,
    ) -> Result<Reach, ExchangeError> {
        let Some(wanted) = &self.repositories else {
            return Ok(granted);
        };
        let reached = |name: &RepositoryName| match &granted {
            Reach::All => true,
            Reach::Names(names) => names
                .iter()
                .any(|granted| granted.eq_ignore_ascii_case(name.as_str())),
            Reach::Id(_) => name == read,
        };
        if let Some(other) = wanted.iter().find(|name| !reached(name)) {
            let entry = quoted(other.as_str());
            return Err(refused("repositories", format!("{entry} is not granted")));
        }
        Ok(match granted {
            Reach::Id(id) => Reach::Id(id),
            Reach::All | Reach::Names(_) => {
                Reach::Names(wanted.iter().map(|name| name.as_str().to_owned()).collect())
            }
        })
    }
}

fn permissions(entries: &[(String, String)]) -> Result<Permissions, ExchangeError> {
    let refused = |problem| refused("permissions", problem);
    if entries.is_empty() {
        return Err(refused("nothing is asked for".to_owned()));
    }
    if entries.len() > MAX_PERMISSIONS {
        return Err(refused(format!("more than {MAX_PERMISSIONS} entries")));
    }
    let mut wanted = Permissions::new();
    for (name, level) in entries {
        let entry = || quoted(&format!("{name}:{level}"));
        let known = policy::is_permission_name(name);
        let level = Level::parse(level).filter(|_| known);
        let level = level.ok_or_else(|| refused(format!("{} is not NAME:LEVEL", entry())))?;
        if wanted.insert(name.clone(), level).is_some() {
            return Err(refused(format!("{} is there twice", quoted(name))));
        }
    }
    Ok(wanted)
}

fn repositories(entries: &[String]) -> Result<Vec<RepositoryName>, ExchangeError> {
    let refused = |problem| refused("repositories", problem);
    if entries.is_empty() {
        return Err(refused("nothing is asked for".to_owned()));
    }
    if entries.len() > policy::MAX_REPOSITORIES {
        return Err(refused(format!(
            "more than {} entries",
            policy::MAX_REPOSITORIES
        )));
    }
    let mut wanted: Vec<RepositoryName> = Vec::new();
    for entry in entries {
        let name = RepositoryName::parse(entry);
        let name = name.map_err(|_| refused(format!("{} is no repository", quoted(entry))))?;
        if wanted.contains(&name) {
            return Err(refused(format!("{} is there twice", quoted(entry))));
        }
        wanted.push(name);
    }
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn narrowing(
        permissions: Option<&[(&str, &str)]>,
        repositories: Option<&[&str]>,
    ) -> Result<Narrowing, String> {
        let pair = |(name, level): &(&str, &str)| ((*name).to_owned(), (*level).to_owned());
        let asked = UnverifiedNarrowing {
            permissions: permissions.map(|all| all.iter().map(pair).collect()),
            repositories: repositories.map(|all| all.iter().map(ToString::to_string).collect()),
        };
        Narrowing::parse(&asked).map_err(|error| error.to_string())
    }

    fn granted() -> Permissions {
        Permissions::from([
            ("contents".to_owned(), Level::Write),
            ("issues".to_owned(), Level::Read),
        ])
    }

    #[test]
    fn less_is_less_and_more_is_refused() {
        for (asked, wanted) in [
            (&[("contents", "read")][..], Ok(1)),
            (&[("contents", "write"), ("issues", "read")], Ok(2)),
            (
                &[("issues", "write")],
                Err(r#""issues:write" is not granted"#),
            ),
            (
                &[("contents", "admin")],
                Err(r#""contents:admin" is not granted"#),
            ),
            (
                &[("checks", "read")],
                Err(r#""checks:read" is not granted"#),
            ),
            (
                &[("metadata", "read")],
                Err(r#""metadata:read" is not granted"#),
            ),
        ] {
            let narrowed = narrowing(Some(asked), None).unwrap().permissions(granted());
            let narrowed = narrowed
                .map(|all| all.len())
                .map_err(|error| error.to_string());
            let wanted = wanted.map_err(|why| format!("permissions: {why}"));
            assert_eq!(narrowed, wanted, "{asked:?}");
        }
        assert_eq!(
            narrowing(None, None).unwrap().permissions(granted()),
            Ok(granted())
        );
    }

    #[test]
    fn repositories_are_of_those_that_the_policy_reaches() {
        let read = RepositoryName::parse("app").unwrap();
        let names = |all: &[&str]| Reach::Names(all.iter().map(ToString::to_string).collect());
        for (reach, asked, wanted) in [
            (
                Reach::All,
                &["web", "lib"][..],
                Some(names(&["web", "lib"])),
            ),
            (names(&["app", "web"]), &["WEB"], Some(names(&["WEB"]))),
            (names(&["app", "web"]), &["web", "lib"], None),
            (Reach::Id(7), &["App"], Some(Reach::Id(7))),
            (Reach::Id(7), &["app", "web"], None),
            (Reach::Id(7), &["web"], None),
        ] {
            let narrowed = narrowing(None, Some(asked))
                .unwrap()
                .reach(reach.clone(), &read);
            assert_eq!(narrowed.ok(), wanted, "{reach:?} {asked:?}");
        }
    }

    #[test]
    fn what_is_empty_malformed_or_twice_is_named() {
        for (permissions, words) in [
            (&[][..], "permissions: nothing is asked for"),
            (&[("", "")], r#"permissions: ":" is not NAME:LEVEL"#),
            (
                &[("contents", "")],
                r#"permissions: "contents:" is not NAME:LEVEL"#,
            ),
            (
                &[("contents", "Read")],
                r#"permissions: "contents:Read" is not NAME:LEVEL"#,
            ),
            (
                &[("pull-requests", "read")],
                r#"permissions: "pull-requests:read" is not NAME:LEVEL"#,
            ),
            (
                &[("a", "read"), ("a", "read")],
                r#"permissions: "a" is there twice"#,
            ),
        ] {
            assert_eq!(narrowing(Some(permissions), None), Err(words.to_owned()));
        }
        assert_eq!(
            narrowing(Some(&[("a", "read"); 101]), None),
            Err("permissions: more than 100 entries".to_owned())
        );
        for (repositories, words) in [
            (&[][..], "repositories: nothing is asked for"),
            (&[""], r#"repositories: "" is no repository"#),
            (&["o/r"], r#"repositories: "o/r" is no repository"#),
            (&[".."], r#"repositories: ".." is no repository"#),
            (&["app", "APP"], r#"repositories: "APP" is there twice"#),
        ] {
            assert_eq!(narrowing(None, Some(repositories)), Err(words.to_owned()));
        }
    }
}
