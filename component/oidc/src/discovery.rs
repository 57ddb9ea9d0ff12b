//! What an issuer says of itself (OpenID Connect Discovery 1.0 section 3).

use crate::MAX_DOCUMENT;
use crate::issuer::Issuer;
use crate::jose::JwsAlgorithm;
use crate::members::clipped;
use serde::Deserialize;
use thiserror::Error;

/// The part of a provider's metadata that verification needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderMetadata {
    issuer: Issuer,
    jwks_uri: String,
    algorithms: Vec<JwsAlgorithm>,
}

/// Why a body is not the metadata of the issuer that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MetadataError {
    /// More than [`MAX_DOCUMENT`] bytes.
    #[error("the discovery document is longer than {MAX_DOCUMENT} bytes")]
    TooLong,
    /// Not a JSON object with `issuer` and `jwks_uri`, so that nothing was learnt (rule 17).
    #[error("the discovery document is not valid")]
    NotADocument,
    /// A valid document of somebody else: whoever answers there does not speak for the issuer, which stops it
    /// (rule 17).
    #[error("the discovery document names another issuer: {named:?}")]
    AnotherIssuer {
        /// The issuer that it names, cut to 64 characters.
        named: String,
    },
}

impl MetadataError {
    /// Whether this is a valid document that names another issuer.
    #[must_use]
    pub fn names_another_issuer(&self) -> bool {
        matches!(self, Self::AnotherIssuer { .. })
    }
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    jwks_uri: String,
    id_token_signing_alg_values_supported: Option<Vec<String>>,
}

impl ProviderMetadata {
    /// Reads the body of a discovery answer. Its `issuer` must be the requested one byte for byte, a slash at the end
    /// included. Where it may get its keys is for [`crate::IssuerRules::admit_url`] to say.
    ///
    /// # Errors
    /// [`MetadataError`] tells a document that names somebody else from no document.
    pub fn parse(body: &[u8], requested: &Issuer) -> Result<Self, MetadataError> {
        if body.len() > MAX_DOCUMENT {
            return Err(MetadataError::TooLong);
        }
        let document: Document =
            serde_json::from_slice(body).map_err(|_| MetadataError::NotADocument)?;
        if document.issuer.is_empty() || document.jwks_uri.is_empty() {
            return Err(MetadataError::NotADocument);
        }
        if document.issuer != requested.as_str() {
            return Err(MetadataError::AnotherIssuer {
                named: clipped(&document.issuer),
            });
        }
        let algorithms = accepted(
            &document
                .id_token_signing_alg_values_supported
                .unwrap_or_default(),
        );
        Ok(Self {
            issuer: requested.clone(),
            jwks_uri: document.jwks_uri,
            algorithms,
        })
    }

    /// The issuer, as requested and as the document has it.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Where its keys are. Not yet judged.
    #[must_use]
    pub fn jwks_uri(&self) -> &str {
        &self.jwks_uri
    }

    /// The algorithms that its tokens may be signed with; never empty.
    #[must_use]
    pub fn algorithms(&self) -> &[JwsAlgorithm] {
        &self.algorithms
    }
}

/// Those of ours that the issuer lists. RS256 if it lists none of them: every provider must support it.
fn accepted(listed: &[String]) -> Vec<JwsAlgorithm> {
    let ours = JwsAlgorithm::ALL.into_iter();
    let both: Vec<_> = ours
        .filter(|algorithm| listed.iter().any(|name| name == algorithm.name()))
        .collect();
    if both.is_empty() {
        vec![JwsAlgorithm::Rs256]
    } else {
        both
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use JwsAlgorithm::{EdDsa, Es256, Ps512, Rs256};

    fn parse(body: &str) -> Result<ProviderMetadata, MetadataError> {
        ProviderMetadata::parse(body.as_bytes(), &Issuer::parse("https://a.b").unwrap())
    }

    #[test]
    fn reads_a_document() {
        let body = r#"{"issuer":"https://a.b","jwks_uri":"https://a.b/k?v=1","response_types_supported":["id_token"]}"#;
        let metadata = parse(body).unwrap();
        assert_eq!(
            (metadata.issuer().as_str(), metadata.jwks_uri()),
            ("https://a.b", "https://a.b/k?v=1")
        );
    }

    #[test]
    fn google_writes_its_scheme() {
        let google = Issuer::parse("accounts.google.com").unwrap();
        let body = |issuer: &str| format!(r#"{{"issuer":"{issuer}","jwks_uri":"https://a.b"}}"#);
        assert!(
            ProviderMetadata::parse(body("https://accounts.google.com").as_bytes(), &google)
                .is_ok()
        );
        assert!(ProviderMetadata::parse(body("accounts.google.com").as_bytes(), &google).is_err());
    }

    #[test]
    fn algorithms_are_those_of_both_sides() {
        for (listed, accepted) in [
            ("", vec![Rs256]),
            (
                r#","id_token_signing_alg_values_supported":null"#,
                vec![Rs256],
            ),
            (
                r#","id_token_signing_alg_values_supported":[]"#,
                vec![Rs256],
            ),
            (
                r#","id_token_signing_alg_values_supported":["none","HS256"]"#,
                vec![Rs256],
            ),
            (
                r#","id_token_signing_alg_values_supported":["ES256"]"#,
                vec![Es256],
            ),
            (
                r#","id_token_signing_alg_values_supported":["EdDSA","none","RS256","HS512","PS512","ES256K"]"#,
                vec![Rs256, Ps512, EdDsa],
            ),
        ] {
            let body = format!(r#"{{"issuer":"https://a.b","jwks_uri":"https://a.b/k"{listed}}}"#);
            assert_eq!(parse(&body).unwrap().algorithms(), accepted, "{listed}");
        }
    }

    #[test]
    fn another_issuer_is_told_from_no_document() {
        for named in [
            "https://a.b/",
            "https://A.b",
            "HTTPS://a.b",
            "https://a.b:443",
            "http://a.b",
            "https://evil.example",
            "a.b",
        ] {
            let error = parse(&format!(
                r#"{{"issuer":"{named}","jwks_uri":"https://a.b/k"}}"#
            ))
            .unwrap_err();
            assert_eq!(
                error,
                MetadataError::AnotherIssuer {
                    named: named.into()
                }
            );
            assert!(error.names_another_issuer());
        }
        for body in [
            "",
            "<html>",
            "[]",
            "null",
            "{}",
            r#"{"issuer":"https://a.b"}"#,
            r#"{"jwks_uri":"https://a.b/k"}"#,
            r#"{"issuer":"https://evil.example"}"#,
            r#"{"issuer":1,"jwks_uri":"https://a.b/k"}"#,
            r#"{"issuer":"https://a.b","jwks_uri":null}"#,
            r#"{"issuer":"https://a.b","jwks_uri":""}"#,
            r#"{"issuer":"","jwks_uri":"https://a.b/k"}"#,
            r#"{"issuer":"https://a.b","jwks_uri":"https://a.b/k","id_token_signing_alg_values_supported":"RS256"}"#,
            r#"{"issuer":"https://a.b","jwks_uri":"https://a.b/k","id_token_signing_alg_values_supported":[1]}"#,
            r#"{"issuer":"https://evil.example","issuer":"https://a.b","jwks_uri":"https://a.b/k"}"#,
            r#"{"issuer":"https://a.b","jwks_uri":"https://a.b/k"}{}"#,
        ] {
            let error = parse(body).unwrap_err();
            assert_eq!(error, MetadataError::NotADocument, "{body}");
            assert!(!error.names_another_issuer());
        }
    }

    #[test]
    fn long_documents_are_errors_and_not_cut() {
        let body = |length: usize| {
            let text = r#"{"issuer":"https://a.b","jwks_uri":"https://a.b/k"}"#;
            format!("{text}{}", " ".repeat(length - text.len()))
        };
        assert!(parse(&body(MAX_DOCUMENT)).is_ok());
        assert_eq!(parse(&body(MAX_DOCUMENT + 1)), Err(MetadataError::TooLong));
    }
}
