//! A signed text in compact form, whatever it says (RFC 7515 section 7.1), and whether a key of a set signed it.

use crate::jose::{JwsAlgorithm, VerifySignature};
use crate::jwks::JwkSet;
use crate::members::{Members, clipped};
use crate::token::MalformedToken;
use crate::verify::VerifyError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use std::fmt;

/// The most bytes of a token.
pub const MAX_TOKEN: usize = 16 * 1024;

/// A JWS in compact form, read and not believed. An ID token is one whose payload is a set of claims; that its signature
/// is genuine says nothing about them, so this opens no door: only [`crate::verify()`] makes a
/// [`crate::VerifiedIdToken`].
#[derive(Clone)]
pub struct CompactJws {
    header: Members,
    payload: Vec<u8>,
    /// Header and payload as they came, which is what is signed.
    signing_input: String,
    /// `None` if it is not base64url, so that nothing can have signed it.
    signature: Option<Vec<u8>>,
}

/// Who is said to have signed. A key or an address of one in the header (`jwk`, `jku`, `x5c`, `x5u`) does not count: the
/// sender would choose who vouches for him.
pub(crate) struct Signer<'a> {
    algorithm: JwsAlgorithm,
    kid: Option<&'a str>,
}

impl CompactJws {
    /// Reads three parts between two dots, the first of them a JSON object; each part is base64url without padding, as
    /// RFC 7515 section 2 has it, with no second spelling of the same bytes.
    ///
    /// # Errors
    /// [`MalformedToken`] if it is none of at most [`MAX_TOKEN`] bytes. A header that cannot be accepted and a signature
    /// that cannot be read are errors of [`Self::verify`].
    pub fn parse(compact: &str) -> Result<Self, MalformedToken> {
        if compact.len() > MAX_TOKEN {
            return Err(MalformedToken::TooLong);
        }
        let (signing_input, signature) = compact.rsplit_once('.').ok_or(MalformedToken::Parts)?;
        let (header, payload) = signing_input.split_once('.').ok_or(MalformedToken::Parts)?;
        if payload.contains('.') {
            return Err(MalformedToken::Parts);
        }
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).ok();
        let header = decoded(header).and_then(|header| Members::parse(&header));
        Ok(Self {
            header: header.ok_or(MalformedToken::Header)?,
            payload: decoded(payload).ok_or(MalformedToken::Payload)?,
            signing_input: signing_input.to_owned(),
            signature: decoded(signature),
        })
    }

    /// What was signed, if anybody signed it.
    #[must_use]
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Whether a key of the set signed the text with one of the accepted algorithms.
    ///
    /// # Errors
    /// The first rule that the header or the signature breaks.
    pub fn verify(
        &self,
        accepted: &[JwsAlgorithm],
        keys: &JwkSet,
        signatures: &impl VerifySignature,
    ) -> Result<(), VerifyError> {
        self.check_signature(&self.signer(accepted)?, keys, signatures)
    }

    /// Reads the header.
    pub(crate) fn signer(&self, accepted: &[JwsAlgorithm]) -> Result<Signer<'_>, VerifyError> {
        if let Some(name) = self.header.duplicate() {
            return Err(VerifyError::DuplicateHeader {
                name: clipped(name),
            });
        }
        if self.header.get("crit").is_some() {
            return Err(VerifyError::CriticalHeader);
        }
        let alg = self.header_text("alg")?.unwrap_or("");
        let kid = self.header_text("kid")?.filter(|kid| !kid.is_empty());
        let algorithm = alg.parse().ok().filter(|known| accepted.contains(known));
        let algorithm = algorithm.ok_or_else(|| VerifyError::AlgorithmNotAccepted {
            unverified_alg: clipped(alg),
        })?;
        Ok(Signer { algorithm, kid })
    }

    fn header_text(&self, name: &'static str) -> Result<Option<&str>, VerifyError> {
        match self.header.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(VerifyError::HeaderType { name }),
        }
    }

    pub(crate) fn check_signature(
        &self,
        &Signer { algorithm, kid }: &Signer<'_>,
        keys: &JwkSet,
        signatures: &impl VerifySignature,
    ) -> Result<(), VerifyError> {
        if keys.is_empty() {
            return Err(VerifyError::NoKeys);
        }
        let signature = self.signature.as_deref().filter(|bytes| !bytes.is_empty());
        let signature = signature.ok_or(VerifyError::BadSignature)?;
        let unknown = || VerifyError::UnknownKey {
            unverified_kid: kid.map(clipped),
        };
        if kid.is_some_and(|kid| !keys.has_kid(kid)) {
            return Err(unknown());
        }
        let mut candidates = keys.candidates(kid, algorithm).peekable();
        if kid.is_some() && candidates.peek().is_none() {
            return Err(VerifyError::KeyDoesNotFit);
        }
        let message = self.signing_input.as_bytes();
        if candidates.any(|key| signatures.verify(algorithm, key, message, signature)) {
            return Ok(());
        }
        // Without a `kid` nobody can tell a forgery from a key that is new.
        Err(if kid.is_some() {
            VerifyError::BadSignature
        } else {
            unknown()
        })
    }
}

#[cfg(test)]
impl CompactJws {
    pub(crate) fn signing_input(&self) -> &str {
        &self.signing_input
    }

    pub(crate) fn signature(&self) -> Option<&[u8]> {
        self.signature.as_deref()
    }
}

impl fmt::Debug for CompactJws {
    /// Without anything that would let a reader of logs use it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompactJws").finish_non_exhaustive()
    }
}
