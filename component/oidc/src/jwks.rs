//! The keys of an issuer (RFC 7517 section 5).

use crate::MAX_DOCUMENT;
use crate::jose::{JwsAlgorithm, PublicKey};
use crate::jwk::Jwk;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

/// The most keys of a set, unusable ones included.
pub const MAX_KEYS: usize = 256;
/// The most keys that are tried for one token: without a bound an issuer, or whoever names it, chooses how many
/// signature checks one request costs.
pub const MAX_TRIED: usize = 16;

/// The usable keys of an issuer. It may have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwkSet {
    keys: Vec<Jwk>,
}

/// Why a body is no key set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JwkSetError {
    /// More than [`MAX_DOCUMENT`] bytes.
    #[error("the key set is longer than {MAX_DOCUMENT} bytes")]
    TooLong,
    /// Not a JSON object with an array `keys`.
    #[error("the key set is not valid")]
    NotADocument,
    /// More than [`MAX_KEYS`] keys.
    #[error("the key set has more than {MAX_KEYS} keys")]
    TooMany,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl JwkSet {
    /// Reads the body of a key set. Keys that cannot check ID tokens are left out.
    ///
    /// # Errors
    /// [`JwkSetError`] if the document as a whole is not one.
    pub fn parse(body: &[u8]) -> Result<Self, JwkSetError> {
        if body.len() > MAX_DOCUMENT {
            return Err(JwkSetError::TooLong);
        }
        let document: Document =
            serde_json::from_slice(body).map_err(|_| JwkSetError::NotADocument)?;
        if document.keys.len() > MAX_KEYS {
            return Err(JwkSetError::TooMany);
        }
        Ok(Self {
            keys: document.keys.into_iter().filter_map(Jwk::read).collect(),
        })
    }

    /// Whether there is no usable key.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Whether a usable key has this `kid`.
    #[must_use]
    pub fn has_kid(&self, kid: &str) -> bool {
        self.keys.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    /// The keys that a token's signature may be of, at most [`MAX_TRIED`]: those of its `kid`, or of any if it has
    /// none, that fit its algorithm.
    pub fn candidates(
        &self,
        kid: Option<&str>,
        algorithm: JwsAlgorithm,
    ) -> impl Iterator<Item = &PublicKey> {
        let named = move |key: &&Jwk| kid.is_none() || key.kid.as_deref() == kid;
        let fitting = self
            .keys
            .iter()
            .filter(named)
            .filter(move |key| key.fits(algorithm));
        fitting.map(|key| &key.key).take(MAX_TRIED)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use JwsAlgorithm::{EdDsa, Rs256};

    fn key(kid: &str, first: u8) -> String {
        use base64::Engine as _;
        let x = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode([first; 32]);
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"{kid}}}"#)
    }

    fn set(keys: &[String]) -> JwkSet {
        JwkSet::parse(format!(r#"{{"keys":[{}],"other":1}}"#, keys.join(",")).as_bytes()).unwrap()
    }

    fn tried(set: &JwkSet, kid: Option<&str>) -> Vec<u8> {
        set.candidates(kid, EdDsa)
            .map(|key| {
                if let PublicKey::Ed25519([first, ..]) = key {
                    *first
                } else {
                    0
                }
            })
            .collect()
    }

    #[test]
    fn chooses_by_kid_and_type() {
        let set = set(&[
            key(r#","kid":"a""#, 1),
            key(r#","kid":"b""#, 2),
            key("", 3),
            key(r#","kid":"a""#, 4),
        ]);
        assert_eq!(tried(&set, Some("a")), [1, 4]);
        assert_eq!(tried(&set, Some("b")), [2]);
        assert_eq!(tried(&set, None), [1, 2, 3, 4]);
        for unknown in ["c", "A", "", "a "] {
            assert!(
                tried(&set, Some(unknown)).is_empty() && !set.has_kid(unknown),
                "{unknown}"
            );
        }
        assert!(set.has_kid("a") && set.candidates(Some("a"), Rs256).next().is_none());
        assert_eq!(set.candidates(None, Rs256).count(), 0);
    }

    #[test]
    fn tries_a_bounded_number() {
        let keys: Vec<_> = (0..=MAX_TRIED).map(|_| key(r#","kid":"a""#, 9)).collect();
        assert_eq!(tried(&set(&keys), None).len(), MAX_TRIED);
        assert_eq!(tried(&set(&keys), Some("a")).len(), MAX_TRIED);
    }

    #[test]
    fn a_bad_key_harms_no_other() {
        let bad = [
            r#"{"kty":"oct","kid":"a","k":"AA"}"#,
            "null",
            "[]",
            r#"{"kty":"RSA","kid":"a","n":"AQ","e":"AQAB"}"#,
        ];
        let keys: Vec<_> = bad
            .iter()
            .map(|key| (*key).to_owned())
            .chain([key(r#","kid":"z""#, 5)])
            .collect();
        let set = set(&keys);
        assert_eq!(tried(&set, None), [5]);
        assert!(!set.has_kid("a"));
    }

    #[test]
    fn an_empty_set_is_valid() {
        assert!(set(&[]).is_empty());
        assert!(set(&[r#"{"kty":"oct","k":"AA"}"#.to_owned()]).is_empty());
        assert!(!set(&[key("", 1)]).is_empty());
    }

    #[test]
    fn refuses_what_is_no_set() {
        for body in [
            "",
            "[]",
            "{}",
            "null",
            r#"{"keys":null}"#,
            r#"{"keys":{}}"#,
            r#"{"keys":[]"#,
            r#"{"keys":[],"keys":[]}"#,
            "<html>",
        ] {
            assert_eq!(
                JwkSet::parse(body.as_bytes()),
                Err(JwkSetError::NotADocument),
                "{body}"
            );
        }
    }

    #[test]
    fn has_bounds() {
        let many = |count: usize| format!(r#"{{"keys":[{}]}}"#, vec!["{}"; count].join(","));
        assert!(JwkSet::parse(many(MAX_KEYS).as_bytes()).is_ok());
        assert_eq!(
            JwkSet::parse(many(MAX_KEYS + 1).as_bytes()),
            Err(JwkSetError::TooMany)
        );
        let long = |length: usize| format!(r#"{{"keys":[]}}{}"#, " ".repeat(length - 11));
        assert!(JwkSet::parse(long(MAX_DOCUMENT).as_bytes()).is_ok());
        assert_eq!(
            JwkSet::parse(long(MAX_DOCUMENT + 1).as_bytes()),
            Err(JwkSetError::TooLong)
        );
    }
}
