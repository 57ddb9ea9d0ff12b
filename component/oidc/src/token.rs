//! A compact JWS whose payload is a set of claims (RFC 7515 section 7.1, RFC 7519), read and not believed.

use crate::claims::{Claims, ClaimsError, text};
use crate::jws::{CompactJws, MAX_TOKEN};
use crate::members::Members;
use std::fmt;
use thiserror::Error;

/// What somebody sent as an ID token.
#[derive(Clone)]
pub struct UnverifiedIdToken {
    pub(crate) jws: CompactJws,
    pub(crate) claims: Result<Claims, ClaimsError>,
    issuer: String,
}

/// Why a text is no ID token at all. What only makes a token unworthy of belief is a [`crate::VerifyError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MalformedToken {
    /// More than [`MAX_TOKEN`] bytes.
    #[error("the token is longer than {MAX_TOKEN} bytes")]
    TooLong,
    /// Not three parts between two dots.
    #[error("the token does not have three parts")]
    Parts,
    /// The header is not a JSON object in base64url without padding.
    #[error("the token's header is not a JSON object")]
    Header,
    /// The payload is not a JSON object in base64url without padding.
    #[error("the token's payload is not a JSON object")]
    Payload,
    /// `iss` or `sub` is no string.
    #[error("the claim {name:?} is not a string")]
    ClaimType {
        /// Which one.
        name: &'static str,
    },
}

impl UnverifiedIdToken {
    /// Reads a token in compact form.
    ///
    /// # Errors
    /// [`MalformedToken`] if it is none. Claims that occur twice, change their case or have a wrong type (but `iss` and
    /// `sub`) are an error of [`crate::verify()`] instead, and so are a header that cannot be accepted and a signature
    /// that cannot be read.
    pub fn parse(compact: &str) -> Result<Self, MalformedToken> {
        let jws = CompactJws::parse(compact)?;
        let payload = Members::parse(jws.unverified_payload()).ok_or(MalformedToken::Payload)?;
        let string = |name| text(&payload, name).map_err(|_| MalformedToken::ClaimType { name });
        string("sub")?;
        Ok(Self {
            jws,
            claims: Claims::from_members(&payload),
            issuer: string("iss")?.unwrap_or_default(),
        })
    }

    /// The `iss` claim as written, empty if absent. [`crate::Issuer::parse`] judges it.
    #[must_use]
    pub fn unverified_issuer(&self) -> &str {
        &self.issuer
    }
}

impl fmt::Debug for UnverifiedIdToken {
    /// Without anything that would let a reader of logs use the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedIdToken")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn compact(header: &str, payload: &str) -> String {
        format!(
            "{}.{}.c2ln",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload)
        )
    }

    fn issuer_of(payload: &str) -> Result<String, MalformedToken> {
        UnverifiedIdToken::parse(&compact("{}", payload))
            .map(|token| token.unverified_issuer().to_owned())
    }

    #[test]
    fn reads_the_issuer_as_written() {
        assert_eq!(
            issuer_of(r#"{"iss":"accounts.google.com"}"#).unwrap(),
            "accounts.google.com"
        );
        assert_eq!(
            issuer_of(r#"{"iss":"not a URL","sub":"s"}"#).unwrap(),
            "not a URL"
        );
        assert_eq!(issuer_of(r#"{"sub":null,"iss":null}"#).unwrap(), "");
        assert_eq!(issuer_of("{}").unwrap(), "");
    }

    #[test]
    fn keeps_what_is_signed_and_the_signature() {
        let token = UnverifiedIdToken::parse("e30.e30.c2ln").unwrap();
        assert_eq!(
            (token.jws.signing_input(), token.jws.signature()),
            ("e30.e30", Some(b"sig".as_slice()))
        );
        for (text, signature) in [
            ("e30.e30.", Some(Vec::new())),
            ("e30.e30.!", None),
            ("e30.e30.c2ln==", None),
            ("e30.e30.c2k=", None),
        ] {
            assert_eq!(
                UnverifiedIdToken::parse(text).unwrap().jws.signature(),
                signature.as_deref(),
                "{text}"
            );
        }
        // The last character has bits that belong to no byte: one signature, one spelling.
        assert_eq!(
            UnverifiedIdToken::parse("e30.e30.c2l")
                .unwrap()
                .jws
                .signature(),
            None
        );
    }

    #[test]
    fn iss_and_sub_are_strings() {
        for name in ["iss", "sub"] {
            for value in ["1", "true", "[]", "{}"] {
                assert_eq!(
                    issuer_of(&format!(r#"{{"{name}":{value}}}"#)),
                    Err(MalformedToken::ClaimType { name })
                );
            }
        }
        // Other types, duplicates and letter case are for `verify` to refuse.
        for payload in [
            r#"{"aud":1}"#,
            r#"{"exp":[]}"#,
            r#"{"sub":"a","sub":"b"}"#,
            r#"{"Sub":"a"}"#,
        ] {
            assert!(
                UnverifiedIdToken::parse(&compact("{}", payload))
                    .unwrap()
                    .claims
                    .is_err(),
                "{payload}"
            );
        }
    }

    #[test]
    fn refuses_what_is_no_token() {
        for (text, error) in [
            ("", MalformedToken::Parts),
            ("abc", MalformedToken::Parts),
            ("e30.e30", MalformedToken::Parts),
            ("e30.e30.c2ln.c2ln", MalformedToken::Parts),
            ("a.b.c.d.e", MalformedToken::Parts),
            (".e30.c2ln", MalformedToken::Header),
            ("e30..c2ln", MalformedToken::Payload),
            ("e30=.e30.c2ln", MalformedToken::Header),
            ("e30.e30=.c2ln", MalformedToken::Payload),
            ("e3+.e30.c2ln", MalformedToken::Header),
            (" e30.e30.c2ln", MalformedToken::Header),
            ("e30.e3 0.c2ln", MalformedToken::Payload),
            ("W10.e30.c2ln", MalformedToken::Header),
            ("e30.W10.c2ln", MalformedToken::Payload),
            ("e30.bnVsbA.c2ln", MalformedToken::Payload),
            ("e30.e317.c2ln", MalformedToken::Payload),
            ("bearer e30.e30.c2ln", MalformedToken::Header),
            ("ghs_123.e30.c2ln", MalformedToken::Header),
        ] {
            assert_eq!(
                UnverifiedIdToken::parse(text).map(|_| ()),
                Err(error),
                "{text}"
            );
        }
    }

    #[test]
    fn has_a_longest_form() {
        let filled = |length: usize| format!("e30.e30.{}", "A".repeat(length - 8));
        assert!(UnverifiedIdToken::parse(&filled(MAX_TOKEN)).is_ok());
        assert_eq!(
            UnverifiedIdToken::parse(&filled(MAX_TOKEN + 1)).map(|_| ()),
            Err(MalformedToken::TooLong)
        );
    }

    #[test]
    fn debug_shows_no_token() {
        let token =
            UnverifiedIdToken::parse(&compact("{}", r#"{"iss":"i","sub":"s3cret"}"#)).unwrap();
        let shown = format!("{token:?}");
        assert!(
            !shown.contains("s3cret") && !shown.contains(token.jws.signing_input()),
            "{shown}"
        );
    }
}
