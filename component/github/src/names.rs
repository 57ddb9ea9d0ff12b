//! Owner and repository names in GitHub's own alphabet (rule 5 of docs/SECURITY.md).

use std::fmt;
use thiserror::Error;

/// The longest owner or repository name that is taken, in bytes.
const MAX_NAME: usize = 100;

/// A name outside GitHub's alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a name that GitHub gives out")]
pub struct NameError;

/// An account's login: `[A-Za-z0-9_-]{1,100}` (managed users have `_`). Equality ignores case, as GitHub does.
#[derive(Debug, Clone)]
pub struct Owner(String);

/// A repository's name: `[A-Za-z0-9._-]{1,100}` except `.` and `..`. Equality ignores case, as GitHub does.
#[derive(Debug, Clone)]
pub struct RepositoryName(String);

macro_rules! name {
    ($name:ident, $allowed:expr) => {
        impl $name {
            /// Takes a name of GitHub's alphabet.
            ///
            /// # Errors
            /// [`NameError`] for every other text.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                let allowed: fn(u8) -> bool = $allowed;
                let fits = (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(allowed);
                (fits && text != "." && text != "..")
                    .then(|| Self(text.to_owned()))
                    .ok_or(NameError)
            }

            /// As it was written.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Lower case: what names in a cache are made of.
            #[must_use]
            pub fn key(&self) -> String {
                self.0.to_ascii_lowercase()
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.0.eq_ignore_ascii_case(&other.0)
            }
        }

        impl Eq for $name {}

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(Owner, |byte| byte.is_ascii_alphanumeric()
    || matches!(byte, b'-' | b'_'));
name!(RepositoryName, |byte| byte.is_ascii_alphanumeric()
    || matches!(byte, b'-' | b'_' | b'.'));

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn takes_the_alphabet_and_folds_case() {
        assert_eq!(
            Owner::parse("Acme_x-1").unwrap(),
            Owner::parse("aCME_X-1").unwrap()
        );
        assert_eq!(RepositoryName::parse(".GitHub").unwrap().key(), ".github");
        assert!(RepositoryName::parse("...").is_ok());
        assert!(Owner::parse(&"a".repeat(100)).is_ok());
    }

    #[test]
    fn refuses_everything_else() {
        for text in [
            "",
            "a.b",
            "a/b",
            "a b",
            "ä",
            "a\n",
            "a%2fb",
            "a:b",
            &"a".repeat(101),
        ] {
            assert_eq!(Owner::parse(text).err(), Some(NameError), "{text:?}");
        }
        for text in [
            "",
            ".",
            "..",
            "a/b",
            "a\\b",
            "a b",
            "é",
            "a\0",
            &"a".repeat(101),
        ] {
            assert_eq!(
                RepositoryName::parse(text).err(),
                Some(NameError),
                "{text:?}"
            );
        }
    }
}
