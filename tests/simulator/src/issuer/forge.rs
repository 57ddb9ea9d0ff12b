//! Tokens that an honest issuer would not make, for verifiers to refuse.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use crate::error::Error;
use crate::jose::{base64url, signing_input};
use crate::keys::{Algorithm, SigningKey};

/// Who vouches for a forged token.
#[derive(Clone, Debug)]
enum Signer {
    Key(SigningKey),
    /// HS256 with this secret: the attack on verifiers that take a public key for an HMAC secret.
    Hmac(Vec<u8>),
    Nobody,
    Bytes(Vec<u8>),
}

/// A token in the making. As it comes it is honest: RS256 (or the current key's algorithm), `kid`, `typ: JWT`.
#[derive(Clone, Debug)]
#[must_use]
pub struct Forgery {
    /// The issuer's own key.
    own: Option<SigningKey>,
    signer: Signer,
    header: Value,
    header_bytes: Option<Vec<u8>>,
    payload: Value,
    payload_bytes: Option<Vec<u8>>,
    break_signature: bool,
}

impl Forgery {
    pub(super) fn new(own: Option<SigningKey>, payload: Value) -> Self {
        let header = own
            .as_ref()
            .map_or_else(|| json!({"typ": "JWT"}), honest_header);
        Self {
            signer: own.clone().map_or(Signer::Nobody, Signer::Key),
            own,
            header,
            header_bytes: None,
            payload,
            payload_bytes: None,
            break_signature: false,
        }
    }

    /// Signed by this key, under its `kid` and algorithm.
    pub fn signed_by(mut self, key: &SigningKey) -> Self {
        self.header = honest_header(key);
        self.signer = Signer::Key(key.clone());
        self
    }

    /// Signed by a key of somebody else that claims to be the issuer's: same `kid`, same algorithm.
    pub fn signed_by_stranger(mut self) -> Result<Self, Error> {
        let own = self.own.as_ref().ok_or(Error::NoKey(String::new()))?;
        let stranger = SigningKey::generate(own.algorithm())?.with_kid(own.kid());
        self.signer = Signer::Key(stranger);
        Ok(self)
    }

    /// Signed by a key of somebody else, of another type than the issuer's, under the issuer's `kid`.
    pub fn signed_by_another_kind(self) -> Result<Self, Error> {
        let own = self.own.as_ref().ok_or(Error::NoKey(String::new()))?;
        let algorithm = match own.algorithm() {
            Algorithm::Es256 => Algorithm::EdDsa,
            _ => Algorithm::Es256,
        };
        let stranger = SigningKey::generate(algorithm)?.with_kid(own.kid());
        Ok(self.signed_by(&stranger))
    }

    /// Signed by the issuer's own key with an algorithm that it is not published for; where its type does not have
    /// it, only the header says so.
    pub fn signed_as(mut self, algorithm: Algorithm) -> Result<Self, Error> {
        let own = self.own.as_ref().ok_or(Error::NoKey(String::new()))?;
        if let Some(key) = own.published_for(algorithm) {
            self.signer = Signer::Key(key);
        }
        Ok(self.alg(algorithm.name()))
    }

    /// The public key of who signs; `null` if it is nobody's.
    #[must_use]
    pub fn signer_jwk(&self) -> Value {
        match &self.signer {
            Signer::Key(key) => key.jwk(),
            _ => Value::Null,
        }
    }

    /// The header says this `kid`.
    pub fn kid(self, kid: &str) -> Self {
        self.header_field("kid", json!(kid))
    }

    /// The header has no `kid`.
    pub fn no_kid(self) -> Self {
        self.header_field("kid", Value::Null)
    }

    /// The header says this `alg`; the signature stays what it is.
    pub fn alg(self, alg: &str) -> Self {
        self.header_field("alg", json!(alg))
    }

    /// Sets a field of the header; `null` removes it.
    pub fn header_field(mut self, name: &str, value: Value) -> Self {
        if let Some(header) = self.header.as_object_mut() {
            if value.is_null() {
                header.remove(name);
            } else {
                header.insert(name.to_owned(), value);
            }
        }
        self
    }

    /// These bytes as the header.
    pub fn raw_header(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.header_bytes = Some(bytes.into());
        self
    }

    /// These bytes as the payload, still signed: duplicate claims, nulls, text that is no JSON.
    pub fn raw_payload(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.payload_bytes = Some(bytes.into());
        self
    }

    /// `alg: none` and no signature (RFC 7519 section 6).
    pub fn alg_none(mut self) -> Self {
        self.signer = Signer::Nobody;
        self.alg("none")
    }

    /// HS256 with the PEM of the issuer's public RSA key as the secret.
    pub fn hs256_with_public_key(mut self) -> Result<Self, Error> {
        let pem = self.own.as_ref().and_then(SigningKey::public_pem);
        let pem = pem.ok_or(Error::Key("the issuer's key is no RSA key"))?;
        self.signer = Signer::Hmac(pem.into_bytes());
        Ok(self.alg("HS256"))
    }

    /// These bytes as the signature.
    pub fn raw_signature(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.signer = Signer::Bytes(bytes.into());
        self
    }

    /// One bit of the signature is wrong.
    pub fn broken_signature(mut self) -> Self {
        self.break_signature = true;
        self
    }

    /// The token.
    pub fn build(self) -> Result<String, Error> {
        let header = self
            .header_bytes
            .unwrap_or_else(|| self.header.to_string().into_bytes());
        let payload = self
            .payload_bytes
            .unwrap_or_else(|| self.payload.to_string().into_bytes());
        let input = signing_input(&header, &payload);
        let mut signature = match self.signer {
            Signer::Key(key) => key.sign(input.as_bytes())?,
            Signer::Hmac(secret) => {
                let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
                hmac::sign(&key, input.as_bytes()).as_ref().to_vec()
            }
            Signer::Nobody => Vec::new(),
            Signer::Bytes(bytes) => bytes,
        };
        if let Some(last) = signature.last_mut().filter(|_| self.break_signature) {
            *last ^= 1;
        }
        Ok(format!("{input}.{}", base64url(signature)))
    }
}

fn honest_header(key: &SigningKey) -> Value {
    json!({"alg": key.algorithm().name(), "kid": key.kid(), "typ": "JWT"})
}
