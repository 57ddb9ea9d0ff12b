//! What an issuer signs with: any algorithm of RFC 7518 section 3.1 that is asymmetric, and Ed25519 (RFC 8037).

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair};
use aws_lc_rs::signature::{KeyPair as _, RsaEncoding};
use serde_json::{Value, json};

use super::AppKey;
use crate::error::Error;
use crate::jose::base64url;
use crate::random;

/// A JWS algorithm, by its name in RFC 7518 and RFC 8037.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of RFC 7518 and RFC 8037")]
pub enum Algorithm {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    EdDsa,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::Es512,
        Self::EdDsa,
    ];

    /// The value of `alg`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::Es512 => "ES512",
            Self::EdDsa => "EdDSA",
        }
    }

    fn rsa(self) -> Option<&'static dyn RsaEncoding> {
        Some(match self {
            Self::Rs256 => &signature::RSA_PKCS1_SHA256,
            Self::Rs384 => &signature::RSA_PKCS1_SHA384,
            Self::Rs512 => &signature::RSA_PKCS1_SHA512,
            Self::Ps256 => &signature::RSA_PSS_SHA256,
            Self::Ps384 => &signature::RSA_PSS_SHA384,
            Self::Ps512 => &signature::RSA_PSS_SHA512,
            _ => return None,
        })
    }

    fn ecdsa(self) -> Option<(&'static EcdsaSigningAlgorithm, &'static str)> {
        Some(match self {
            Self::Es256 => (&signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256"),
            Self::Es384 => (&signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384"),
            Self::Es512 => (&signature::ECDSA_P521_SHA512_FIXED_SIGNING, "P-521"),
            _ => return None,
        })
    }
}

impl FromStr for Algorithm {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or_else(|| Error::Unreadable(format!("no algorithm {name:?}")))
    }
}

#[derive(Clone)]
enum Secret {
    Rsa(AppKey),
    Ecdsa(Arc<EcdsaKeyPair>),
    Ed25519(Arc<Ed25519KeyPair>),
}

/// A private key with its `kid` and the one algorithm that it is published for. Clones are one key.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    algorithm: Algorithm,
    secret: Secret,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({} {:?})", self.algorithm.name(), self.kid)
    }
}

impl SigningKey {
    /// A new key with a random `kid`.
    pub fn generate(algorithm: Algorithm) -> Result<Self, Error> {
        let secret = if let Some((curve, _)) = algorithm.ecdsa() {
            let pair = EcdsaKeyPair::generate(curve).map_err(|_| Error::Key("EC generation"))?;
            Secret::Ecdsa(Arc::new(pair))
        } else if algorithm == Algorithm::EdDsa {
            let pair = Ed25519KeyPair::generate().map_err(|_| Error::Key("Ed25519 generation"))?;
            Secret::Ed25519(Arc::new(pair))
        } else {
            Secret::Rsa(AppKey::generate()?)
        };
        Ok(Self {
            kid: random::id(),
            algorithm,
            secret,
        })
    }

    /// An RSA key that the caller has, published for `algorithm` (one of RS… and PS…).
    pub fn rsa(key: AppKey, algorithm: Algorithm) -> Result<Self, Error> {
        if algorithm.rsa().is_none() {
            return Err(Error::Key("not an RSA algorithm"));
        }
        Ok(Self {
            kid: random::id(),
            algorithm,
            secret: Secret::Rsa(key),
        })
    }

    /// The same key under another `kid`.
    #[must_use]
    pub fn with_kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = kid.into();
        self
    }

    /// The same key and `kid` for another algorithm, if its type has it.
    pub(crate) fn published_for(&self, algorithm: Algorithm) -> Option<Self> {
        let same = matches!(self.secret, Secret::Rsa(_)) && algorithm.rsa().is_some();
        same.then(|| Self {
            algorithm,
            ..self.clone()
        })
    }

    /// The key's `kid`.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The algorithm that it is published for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The public key as PEM where it is RSA; what an attacker would use as an HMAC secret.
    #[must_use]
    pub fn public_pem(&self) -> Option<String> {
        match &self.secret {
            Secret::Rsa(key) => Some(key.public_pem()),
            _ => None,
        }
    }

    /// The signature in the form of RFC 7518 (ECDSA as r || s).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        match &self.secret {
            Secret::Rsa(key) => {
                let encoding = self.algorithm.rsa().ok_or(Error::Key("no RSA algorithm"))?;
                key.sign(encoding, message)
            }
            Secret::Ecdsa(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| Error::Key("EC signing")),
            Secret::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }

    /// The public key as a JWK (RFC 7517, RFC 7518 section 6, RFC 8037 section 2), with `kid`, `alg` and `use`.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.secret {
            Secret::Rsa(key) => {
                let public = key.pair.public_key();
                json!({
                    "kty": "RSA",
                    "n": base64url(public.modulus().big_endian_without_leading_zero()),
                    "e": base64url(public.exponent().big_endian_without_leading_zero()),
                })
            }
            Secret::Ecdsa(pair) => {
                // SEC 1 section 2.3.3: 0x04, x, y.
                let point = pair.public_key().as_ref().get(1..).unwrap_or_default();
                let (x, y) = point.split_at(point.len() / 2);
                let curve = self.algorithm.ecdsa().map_or("", |(_, name)| name);
                json!({"kty": "EC", "crv": curve, "x": base64url(x), "y": base64url(y)})
            }
            Secret::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": base64url(pair.public_key().as_ref())})
            }
        };
        if let Some(jwk) = jwk.as_object_mut() {
            jwk.insert("kid".to_owned(), json!(self.kid));
            jwk.insert("alg".to_owned(), json!(self.algorithm.name()));
            jwk.insert("use".to_owned(), json!("sig"));
        }
        jwk
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        reason = "tests"
    )]
    use super::*;

    #[test]
    fn every_algorithm_signs_with_the_lengths_of_rfc_7518() {
        for (algorithm, length) in [
            (Algorithm::Rs256, 256),
            (Algorithm::Ps512, 256),
            (Algorithm::Es256, 64),
            (Algorithm::Es384, 96),
            (Algorithm::Es512, 132),
            (Algorithm::EdDsa, 64),
        ] {
            let key = SigningKey::generate(algorithm).unwrap();
            assert_eq!(key.sign(b"x").unwrap().len(), length, "{algorithm:?}");
            assert_eq!(key.jwk()["alg"], algorithm.name());
            assert_eq!(algorithm.name().parse::<Algorithm>().unwrap(), algorithm);
        }
    }

    #[test]
    fn coordinates_are_as_long_as_the_field() {
        let jwk = SigningKey::generate(Algorithm::Es512).unwrap().jwk();
        assert_eq!(jwk["x"].as_str().map(str::len), Some(88));
        assert_eq!(jwk["y"].as_str().map(str::len), Some(88));
    }

    #[test]
    fn an_rsa_key_is_not_published_for_a_curve() {
        let key = AppKey::generate().unwrap();
        assert!(SigningKey::rsa(key.clone(), Algorithm::Es256).is_err());
        assert!(SigningKey::rsa(key, Algorithm::Ps256).is_ok());
        assert!("HS256".parse::<Algorithm>().is_err());
    }
}
