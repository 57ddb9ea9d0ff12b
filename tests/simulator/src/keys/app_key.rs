//! The RSA key of a GitHub App.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256};
use aws_lc_rs::signature::{RsaEncoding, UnparsedPublicKey};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

use super::pem;
use crate::error::Error;
use crate::jose;

/// An RSA key as GitHub makes for an App (2048 bits, PKCS#1). Clones are one key.
#[derive(Clone)]
pub struct AppKey {
    pub(super) pair: Arc<KeyPair>,
    pkcs8: Arc<[u8]>,
}

impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppKey([redacted])")
    }
}

impl AppKey {
    /// A new key of 2048 bits; takes some tens of milliseconds.
    pub fn generate() -> Result<Self, Error> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| Error::Key("RSA generation"))?;
        Self::of(pair)
    }

    /// A key from PEM, `RSA PRIVATE KEY` (PKCS#1) or `PRIVATE KEY` (PKCS#8), 2048 bits at least.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        let der = PrivateKeyDer::from_pem_slice(text.as_bytes())
            .map_err(|_| Error::Key("not a private key in PEM"))?;
        match &der {
            PrivateKeyDer::Pkcs1(der) => Self::from_pkcs1(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => Self::from_pkcs8(der.secret_pkcs8_der()),
            _ => Err(Error::Key("not an RSA key")),
        }
    }

    /// A key from PKCS#8 DER.
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, Error> {
        Self::of(KeyPair::from_pkcs8(der).map_err(|_| Error::Key("not an RSA key in PKCS#8"))?)
    }

    fn from_pkcs1(der: &[u8]) -> Result<Self, Error> {
        Self::of(KeyPair::from_der(der).map_err(|_| Error::Key("not an RSA key in PKCS#1"))?)
    }

    fn of(pair: KeyPair) -> Result<Self, Error> {
        let der = AsDer::<Pkcs8V1Der<'static>>::as_der(&pair)
            .map_err(|_| Error::Key("RSA key cannot be written"))?;
        Ok(Self {
            pkcs8: der.as_ref().into(),
            pair: Arc::new(pair),
        })
    }

    /// The private key as GitHub hands it out: PEM of PKCS#1.
    #[must_use]
    pub fn pem(&self) -> String {
        pem::pkcs1_inside(&self.pkcs8).map_or_else(
            || self.pem_pkcs8(),
            |der| pem::encode("RSA PRIVATE KEY", der),
        )
    }

    /// The private key as PEM of PKCS#8.
    #[must_use]
    pub fn pem_pkcs8(&self) -> String {
        pem::encode("PRIVATE KEY", &self.pkcs8)
    }

    /// The private key as PKCS#8 DER.
    #[must_use]
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The public key as PEM of `SubjectPublicKeyInfo`; what an attacker would use as an HMAC secret.
    #[must_use]
    pub fn public_pem(&self) -> String {
        AsDer::<PublicKeyX509Der<'static>>::as_der(self.pair.public_key())
            .map(|der| pem::encode("PUBLIC KEY", der.as_ref()))
            .unwrap_or_default()
    }

    /// A compact JWS with RS256 over these bytes, whatever they say.
    pub fn sign_jws(&self, header: &[u8], payload: &[u8]) -> Result<String, Error> {
        let input = jose::signing_input(header, payload);
        let signature = self.sign(&RSA_PKCS1_SHA256, input.as_bytes())?;
        Ok(format!("{input}.{}", jose::base64url(signature)))
    }

    /// An App JWT (RS256, `iat`, `exp`, `iss`), as GitHub's page "Generating a JSON Web Token for a GitHub App" asks.
    pub fn app_jwt(&self, app: u64, iat: i64, exp: i64) -> Result<String, Error> {
        let claims = serde_json::json!({"iat": iat, "exp": exp, "iss": app.to_string()});
        self.sign_jws(
            br#"{"alg":"RS256","typ":"JWT"}"#,
            claims.to_string().as_bytes(),
        )
    }

    pub(super) fn sign(
        &self,
        encoding: &'static dyn RsaEncoding,
        message: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let rng = aws_lc_rs::rand::SystemRandom::new();
        self.pair
            .sign(encoding, &rng, message, &mut signature)
            .map_err(|_| Error::Key("RSA signing"))?;
        Ok(signature)
    }

    /// Whether `signature` is this key's RS256 over `message`.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, self.pair.public_key().as_ref())
            .verify(message, signature)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn both_forms_of_pem_are_the_same_key() {
        let key = AppKey::generate().unwrap();
        assert!(key.pem().starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
        for text in [key.pem(), key.pem_pkcs8()] {
            let again = AppKey::from_pem(&text).unwrap();
            let signature = again.sign(&RSA_PKCS1_SHA256, b"message").unwrap();
            assert!(key.verifies(b"message", &signature));
            assert!(!key.verifies(b"other", &signature));
        }
        assert!(key.public_pem().contains("BEGIN PUBLIC KEY"));
        assert!(!format!("{key:?}").contains("MII"));
    }

    #[test]
    fn what_is_no_rsa_key_is_refused() {
        assert!(AppKey::from_pem("nonsense").is_err());
        assert!(AppKey::from_pkcs8(&[0x30, 0]).is_err());
        let public = AppKey::generate().unwrap().public_pem();
        assert!(AppKey::from_pem(&public).is_err());
    }
}
