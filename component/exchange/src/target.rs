//! What is asked for: a repository or an owner, and the name of a policy (rule 5 of docs/SECURITY.md).

use github::{Owner, RepositoryName};

/// The longest policy name, in bytes.
const MAX_POLICY_NAME: usize = 200;

/// octo-sts's `scope`: `OWNER` or `OWNER/REPOSITORY`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Whose installation mints.
    pub owner: Owner,
    /// The repository, unless the owner as a whole is meant.
    pub repository: Option<RepositoryName>,
}

impl Target {
    /// Splits a scope. Nothing is trimmed or cleaned: `a/b/c`, `./a`, `a/` and `/a` are refused.
    #[must_use]
    pub fn parse(scope: &str) -> Option<Self> {
        let (owner, repository) = match scope.split_once('/') {
            Some((owner, repository)) => (owner, Some(RepositoryName::parse(repository).ok()?)),
            None => (scope, None),
        };
        Some(Self {
            owner: Owner::parse(owner).ok()?,
            repository,
        })
    }

    /// The scope in lower case.
    pub(crate) fn key(&self) -> String {
        match &self.repository {
            Some(repository) => format!("{}/{}", self.owner.key(), repository.key()),
            None => self.owner.key(),
        }
    }

    /// The repository whose policy decides: the target, or the owner's policy repository.
    #[must_use]
    pub fn policy_repository(&self, organisation: &RepositoryName) -> RepositoryName {
        self.repository
            .clone()
            .unwrap_or_else(|| organisation.clone())
    }
}

/// octo-sts's `identity`: the name of a policy, one path segment of 1 to 200 bytes without control characters. Case
/// counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyName(String);

impl PolicyName {
    /// Takes one path segment.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=MAX_POLICY_NAME).contains(&text.len()) && text != "." && text != "..";
        let clean = !text.contains('/') && !text.contains(char::is_control);
        (fits && clean).then(|| Self(text.to_owned()))
    }

    /// As it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The policy's file name.
    #[must_use]
    pub fn file_name(&self) -> String {
        format!("{}.sts.yaml", self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    const VECTORS: &str = include_str!("../../../tests/vectors/octo-sts.json");

    #[test]
    fn splits_as_octo_sts_does_inside_the_alphabet_and_refuses_the_rest() {
        let vectors: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
        let policy_repository = RepositoryName::parse(".github").unwrap();
        for row in vectors["scope_split"].as_array().unwrap() {
            let scope = row["scope"].as_str().unwrap();
            let plain = scope.split('/').count() <= 2
                && scope.split('/').all(|part| {
                    !matches!(part, "" | "." | "..") && part.is_ascii() && !part.contains(' ')
                })
                && Owner::parse(scope.split('/').next().unwrap()).is_ok();
            let Some(target) = Target::parse(scope) else {
                assert!(!plain, "{scope:?} is refused");
                continue;
            };
            assert!(plain, "{scope:?} is taken");
            assert_eq!(target.owner.as_str(), row["owner"].as_str().unwrap());
            assert_eq!(
                target.policy_repository(&policy_repository).as_str(),
                row["repo"].as_str().unwrap()
            );
            assert_eq!(target.repository.is_none(), row["level"] == "org");
        }
    }

    #[test]
    fn scopes_are_owner_or_owner_and_repository() {
        for scope in ["acme", "acme/app", "Acme_x/.github", "a/b.c"] {
            assert!(Target::parse(scope).is_some(), "{scope}");
        }
        for scope in [
            "", "/", "a/", "/a", "a/b/c", "./a", "a/.", "a/..", "a.b", "a b", "a/b ", "ä", "a%2Fb",
            "a\n",
        ] {
            assert_eq!(Target::parse(scope), None, "{scope:?}");
        }
    }

    #[test]
    fn a_policy_name_is_one_path_segment() {
        for name in ["ci", "self.foo.bar", "a b", "...", "ä", &"x".repeat(200)] {
            assert!(PolicyName::parse(name).is_some(), "{name:?}");
        }
        for name in [
            "",
            ".",
            "..",
            "a/b",
            "/",
            "a\0",
            "a\n",
            "a\u{85}",
            &"x".repeat(201),
        ] {
            assert_eq!(PolicyName::parse(name), None, "{name:?}");
        }
    }
}
