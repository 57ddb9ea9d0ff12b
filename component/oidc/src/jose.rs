//! Algorithms and keys (RFC 7518, RFC 8037), and who checks signatures.

use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// The signature algorithms that are accepted at all. `none` and the HMAC family are not among them and cannot be
/// added: with HMAC the issuer's public key would be the secret that forges its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum JwsAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// ECDSA on P-521 with SHA-512.
    Es512,
    /// EdDSA, which means Ed25519 here.
    EdDsa,
}

impl JwsAlgorithm {
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

    /// The value of the `alg` header (RFC 7518 section 3.1, RFC 8037 section 3.1).
    #[must_use]
    pub fn name(self) -> &'static str {
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
}

impl fmt::Display for JwsAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is none of [`JwsAlgorithm::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not an accepted signature algorithm")]
pub struct UnknownAlgorithm;

impl FromStr for JwsAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
            .ok_or(UnknownAlgorithm)
    }
}

/// A public key that passed the checks of rule 9: what is asked of a [`VerifySignature`] is never weaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// An RSA key of 2048 to 8192 bits. Both big-endian, without leading zeros.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The public exponent: odd, from 3 to 2^33 - 1.
        exponent: Vec<u8>,
    },
    /// A point on the curve that the algorithm fixes, coordinates exactly as long as its field (32, 48 or 66 bytes).
    /// That it is on the curve is for the verifier to see.
    Ec {
        /// The x coordinate.
        x: Vec<u8>,
        /// The y coordinate.
        y: Vec<u8>,
    },
    /// An Ed25519 key (RFC 8032 section 5.1.5).
    Ed25519([u8; 32]),
}

/// Checks one signature. It says no to whatever it cannot read, and never fails.
pub trait VerifySignature {
    /// Whether `signature` is `key`'s over `message`. The signature is as RFC 7518 section 3 has it: ECDSA is r and s,
    /// each as long as the field.
    fn verify(
        &self,
        algorithm: JwsAlgorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> bool;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for algorithm in JwsAlgorithm::ALL {
            assert_eq!(algorithm.name().parse(), Ok(algorithm));
        }
        for name in [
            "", "none", "None", "HS256", "HS384", "HS512", "rs256", "RS256 ", "ES256K", "RS1",
            "Ed25519", "EDDSA",
        ] {
            assert_eq!(
                name.parse::<JwsAlgorithm>(),
                Err(UnknownAlgorithm),
                "{name}"
            );
        }
    }
}
