//! An issuer with the keys and algorithms of its tokens: discovered, or told by the operator.

use crate::discovery::ProviderMetadata;
use crate::issuer::{Issuer, IssuerError};
use crate::jose::JwsAlgorithm;
use crate::jwks::{JwkSet, JwkSetError};
use crate::members::Members;
use serde_json::value::RawValue;
use thiserror::Error;

/// The most bytes of `OCTOSTS_STATIC_KEYS`.
pub const MAX_STATIC_KEYS: usize = 1024 * 1024;

/// What [`crate::verify()`] holds a token against.
#[derive(Debug, Clone, Copy)]
pub struct IssuerKeys<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) algorithms: &'a [JwsAlgorithm],
    pub(crate) keys: &'a JwkSet,
}

impl<'a> IssuerKeys<'a> {
    /// What an issuer publishes.
    #[must_use]
    pub fn discovered(metadata: &'a ProviderMetadata, keys: &'a JwkSet) -> Self {
        Self {
            issuer: metadata.issuer(),
            algorithms: metadata.algorithms(),
            keys,
        }
    }
}

/// `OCTOSTS_STATIC_KEYS`: the keys of issuers that are never contacted, because they can't be reached or must not be.
#[derive(Debug, Clone, Default)]
pub struct StaticKeys(Vec<(Issuer, JwkSet)>);

/// What is wrong with `OCTOSTS_STATIC_KEYS`. Entries are numbered from 1, and what they say stays out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StaticKeysError {
    /// More than [`MAX_STATIC_KEYS`] bytes.
    #[error("longer than {MAX_STATIC_KEYS} bytes")]
    TooLong,
    /// Not a JSON object with an issuer or more.
    #[error("must be a JSON object of issuers and their JWK sets")]
    NotAnObject,
    /// Not an issuer.
    #[error("entry {entry}: {because}")]
    Issuer {
        /// Its number.
        entry: usize,
        /// Which rule it breaks.
        because: IssuerError,
    },
    /// The same issuer as another entry: which of the two sets counts?
    #[error("entry {entry}: the issuer occurs more than once")]
    Twice {
        /// The number of the later one.
        entry: usize,
    },
    /// Not a JWK set.
    #[error("entry {entry}: {because}")]
    Keys {
        /// Its number.
        entry: usize,
        /// What is wrong with it.
        because: JwkSetError,
    },
    /// A set that can verify nothing.
    #[error("entry {entry}: the key set has no usable key")]
    NoKeys {
        /// Its number.
        entry: usize,
    },
}

impl StaticKeys {
    /// Reads a JSON object of issuers and their JWK sets (RFC 7517 section 5).
    ///
    /// # Errors
    /// The first entry that could not be used as the operator meant it.
    pub fn parse(text: &str) -> Result<Self, StaticKeysError> {
        if text.len() > MAX_STATIC_KEYS {
            return Err(StaticKeysError::TooLong);
        }
        let entries = Members::<Box<RawValue>>::parse(text.as_bytes())
            .filter(|entries| !entries.0.is_empty());
        let entries = entries.ok_or(StaticKeysError::NotAnObject)?;
        let mut known = Self::default();
        for (entry, (issuer, set)) in (1..).zip(&entries.0) {
            let issuer = Issuer::parse(issuer)
                .map_err(|because| StaticKeysError::Issuer { entry, because })?;
            let keys = JwkSet::parse(set.get().as_bytes())
                .map_err(|because| StaticKeysError::Keys { entry, because })?;
            if keys.is_empty() {
                return Err(StaticKeysError::NoKeys { entry });
            }
            if known.of(&issuer).is_some() {
                return Err(StaticKeysError::Twice { entry });
            }
            known.0.push((issuer, keys));
        }
        Ok(known)
    }

    /// The keys of an issuer, if the operator told them. Nothing limits their algorithms but they themselves.
    #[must_use]
    pub fn of(&self, issuer: &Issuer) -> Option<IssuerKeys<'_>> {
        let (issuer, keys) = self.0.iter().find(|(known, _)| known == issuer)?;
        Some(IssuerKeys {
            issuer,
            algorithms: &JwsAlgorithm::ALL,
            keys,
        })
    }

    /// Whether the operator told no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const KEY: &str =
        r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    fn set() -> String {
        format!(r#"{{"keys":[{KEY}]}}"#)
    }

    fn issuer(text: &str) -> Issuer {
        Issuer::parse(text).unwrap()
    }

    #[test]
    fn keys_are_of_the_issuer_that_is_named() {
        let set = set();
        let text = format!(
            r#"{{"https://a.b:8443/c":{set},"https://10.0.0.1":{set},"accounts.google.com":{set}}}"#
        );
        let keys = StaticKeys::parse(&text).unwrap();
        for known in [
            "https://a.b:8443/c",
            "https://10.0.0.1",
            "https://accounts.google.com",
            "accounts.google.com",
        ] {
            let found = keys.of(&issuer(known)).unwrap();
            assert_eq!(found.issuer, &issuer(known));
            assert_eq!(found.algorithms, JwsAlgorithm::ALL);
            assert!(!found.keys.is_empty());
        }
        for other in ["https://a.b:8443/c/", "https://a.b:8443", "https://a.b/c"] {
            assert!(keys.of(&issuer(other)).is_none(), "{other}");
        }
        assert!(!keys.is_empty() && StaticKeys::default().is_empty());
    }

    #[test]
    fn an_entry_that_could_not_be_used_is_named() {
        let set = set();
        let twice = format!(r#"{{"https://a.b":{set},"https://a.b":{set}}}"#);
        let google =
            format!(r#"{{"https://accounts.google.com":{set},"accounts.google.com":{set}}}"#);
        let no_issuer = format!(r#"{{"https://a.b":{set},"a.b":{set}}}"#);
        let long = " ".repeat(MAX_STATIC_KEYS + 1);
        for (text, words) in [
            ("", "must be a JSON object of issuers and their JWK sets"),
            ("{}", "must be a JSON object of issuers and their JWK sets"),
            ("[]", "must be a JSON object of issuers and their JWK sets"),
            (
                r#"{"https://a.b":"#,
                "must be a JSON object of issuers and their JWK sets",
            ),
            (&long, "longer than 1048576 bytes"),
            (&twice, "entry 2: the issuer occurs more than once"),
            (&google, "entry 2: the issuer occurs more than once"),
            (&no_issuer, "entry 2: the issuer is not an https URL"),
            (r#"{"https://a.b":{}}"#, "entry 1: the key set is not valid"),
            (
                r#"{"https://a.b":"https://a.b/keys"}"#,
                "entry 1: the key set is not valid",
            ),
            (
                r#"{"https://a.b":{"keys":[],"keys":[]}}"#,
                "entry 1: the key set is not valid",
            ),
            (
                r#"{"https://a.b":{"keys":[]}}"#,
                "entry 1: the key set has no usable key",
            ),
            (
                r#"{"https://a.b":{"keys":[{"kty":"oct","k":"AA"}]}}"#,
                "entry 1: the key set has no usable key",
            ),
        ] {
            assert_eq!(StaticKeys::parse(text).unwrap_err().to_string(), words);
        }
    }
}
