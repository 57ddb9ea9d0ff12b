//! The claims of a token as data. They prove nothing by themselves.

use crate::issuer::normalised;
use crate::members::{Members, clipped};
use crate::numeric_date::NumericDate;
use serde_json::{Map, Value};
use thiserror::Error;

/// The claims whose names are compared without case: RFC 7519 section 4.1, and what else octo-sts's decoder has a place for,
/// whatever the case.
const REGISTERED: [&str; 11] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "nbf",
    "iat",
    "jti",
    "nonce",
    "at_hash",
    "_claim_names",
    "_claim_sources",
];

/// The claims of an ID token, typed where a standard types them. Who signed them is another question: only a
/// [`crate::VerifiedIdToken`] answers it.
#[derive(Clone, PartialEq, Eq)]
pub struct Claims {
    /// `iss`, empty if absent; Google's scheme-less form is written with its scheme.
    pub issuer: String,
    /// `sub`, empty if absent.
    pub subject: String,
    /// `aud`, also where it is a single string; empty if absent.
    pub audience: Vec<String>,
    /// `exp`.
    pub expires_at: Option<NumericDate>,
    /// `nbf`.
    pub not_before: Option<NumericDate>,
    /// `iat`. Nothing depends on it.
    pub issued_at: Option<NumericDate>,
    /// `jti`.
    pub jti: Option<String>,
    /// All top-level claims as they came, those above included; but `iss` is as above.
    pub other: Map<String, Value>,
}

/// Why a set of claims is not believed, whoever signed it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClaimsError {
    /// A claim occurs more than once, and readers differ in which one they take.
    #[error("the claim {name:?} occurs more than once")]
    Duplicate {
        /// The claim, cut to 64 characters.
        name: String,
    },
    /// A registered claim in another letter case. A reader that folds case would see another subject than one that
    /// does not.
    #[error("the claim {name:?} is a registered one in another letter case")]
    Case {
        /// The name as written, cut to 64 characters.
        name: String,
    },
    /// A registered claim of a type that it cannot have.
    #[error("the claim {name:?} has the wrong type")]
    Type {
        /// The claim.
        name: &'static str,
    },
    /// A distributed claim (OpenID Connect Core 1.0 section 5.6.2) without a source.
    #[error("the distributed claim {name:?} has no source")]
    DistributedSource {
        /// The claim, cut to 64 characters.
        name: String,
    },
}

impl Claims {
    /// Reads claims that nobody signed, by the same rules as those of a token.
    ///
    /// # Errors
    /// [`ClaimsError`], of which a map cannot have [`ClaimsError::Duplicate`].
    pub fn from_json(claims: Map<String, Value>) -> Result<Self, ClaimsError> {
        Self::from_members(&Members(claims.into_iter().collect()))
    }

    pub(crate) fn from_members(members: &Members) -> Result<Self, ClaimsError> {
        if let Some(name) = members.duplicate() {
            return Err(ClaimsError::Duplicate {
                name: clipped(name),
            });
        }
        if let Some((name, _)) = members
            .0
            .iter()
            .find(|(name, _)| is_registered_in_another_case(name))
        {
            return Err(ClaimsError::Case {
                name: clipped(name),
            });
        }
        let issuer = text(members, "iss")?.unwrap_or_default();
        for name in ["nonce", "at_hash"] {
            text(members, name)?;
        }
        check_distributed(members)?;
        Ok(Self {
            issuer: normalised(&issuer).to_owned(),
            subject: text(members, "sub")?.unwrap_or_default(),
            audience: audience(members.get("aud"))?,
            expires_at: date(members.get("exp"), "exp")?,
            not_before: date(members.get("nbf").filter(|value| !value.is_null()), "nbf")?,
            issued_at: date(members.get("iat"), "iat")?,
            // One of another type identifies nothing, and harms nobody who does not ask for it.
            jti: members
                .get("jti")
                .and_then(Value::as_str)
                .map(str::to_owned),
            other: members.0.iter().map(known_by_one_name).collect(),
        })
    }

    /// A top-level claim by its exact name, as it came.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.other.get(name)
    }
}

impl std::fmt::Debug for Claims {
    /// Names who, and not what else an issuer says of them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Claims")
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// A claim as it came, but for Google's `iss`.
fn known_by_one_name((name, value): &(String, Value)) -> (String, Value) {
    let value = match value {
        Value::String(issuer) if name == "iss" => normalised(issuer).into(),
        value => value.clone(),
    };
    (name.clone(), value)
}

/// Upper case folds more than ASCII: Go's decoder takes `\u{17f}ub` for `sub`.
fn is_registered_in_another_case(name: &str) -> bool {
    REGISTERED.iter().any(|registered| {
        *registered != name
            && name
                .chars()
                .flat_map(char::to_uppercase)
                .eq(registered.chars().flat_map(char::to_uppercase))
    })
}

/// A claim that must be a string where it is present. Null is absence.
pub(crate) fn text(members: &Members, name: &'static str) -> Result<Option<String>, ClaimsError> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ClaimsError::Type { name }),
    }
}

/// One string or several (RFC 7519 section 4.1.3).
fn audience(value: Option<&Value>) -> Result<Vec<String>, ClaimsError> {
    let wrong = || ClaimsError::Type { name: "aud" };
    match value {
        None => Ok(Vec::new()),
        Some(Value::String(one)) => Ok(vec![one.clone()]),
        Some(Value::Array(all)) => all
            .iter()
            .map(|one| one.as_str().map(str::to_owned).ok_or_else(wrong))
            .collect(),
        Some(_) => Err(wrong()),
    }
}

fn date(value: Option<&Value>, name: &'static str) -> Result<Option<NumericDate>, ClaimsError> {
    value
        .map(|value| NumericDate::from_claim(value).ok_or(ClaimsError::Type { name }))
        .transpose()
}

/// A token may say that a claim is to be had elsewhere; then it must say where. Nobody ever goes there.
fn check_distributed(members: &Members) -> Result<(), ClaimsError> {
    let object = |name: &'static str| match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(object)) => Ok(Some(object)),
        Some(_) => Err(ClaimsError::Type { name }),
    };
    let sources = object("_claim_sources")?;
    for source in sources.into_iter().flat_map(Map::values) {
        check_source(source)?;
    }
    for (claim, source) in object("_claim_names")?.into_iter().flatten() {
        let source = source.as_str().ok_or(ClaimsError::Type {
            name: "_claim_names",
        })?;
        let found = !source.is_empty()
            && sources.is_some_and(|sources| sources.get(source).is_some_and(Value::is_object));
        if !found {
            return Err(ClaimsError::DistributedSource {
                name: clipped(claim),
            });
        }
    }
    Ok(())
}

/// Null, or an object whose `endpoint` and `access_token` are texts.
fn check_source(source: &Value) -> Result<(), ClaimsError> {
    let wrong = || ClaimsError::Type {
        name: "_claim_sources",
    };
    let source = match source {
        Value::Null => return Ok(()),
        Value::Object(source) => source,
        _ => return Err(wrong()),
    };
    let mut texts = source.iter().filter(|(name, _)| {
        let name = name.to_lowercase();
        name == "endpoint" || name == "access_token"
    });
    if texts.all(|(_, text)| text.is_string() || text.is_null()) {
        Ok(())
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
