//! One key of a set (RFC 7517 section 4, RFC 7518 section 6, RFC 8037): usable for one kind of signature, or not at all.

use crate::infineon;
use crate::jose::{JwsAlgorithm, PublicKey};
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde_json::Value;

/// Keys are published by issuers of every quality: padding and loose bits change nothing about a key.
const BASE64URL: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Below this a modulus can be factored (RFC 7518 section 3.3 demands as much); above it one token costs a checker as
/// much as many, and the issuer chooses the key.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// 1 signs nothing, and a long exponent makes a check as slow as a signature.
const RSA_EXPONENTS: std::ops::Range<u64> = 3..1 << 33;

/// A key that can be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Jwk {
    pub(crate) kid: Option<String>,
    pub(crate) key: PublicKey,
    family: Family,
    algorithm: Option<JwsAlgorithm>,
}

/// What the key itself says about how it signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
}

/// The members that are read; private ones are not among them.
#[derive(Deserialize)]
struct Document {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl Jwk {
    /// Reads a key; `None` if it cannot check ID tokens, for whatever reason: it harms no other key (rule 18).
    pub(crate) fn read(value: Value) -> Option<Self> {
        let document: Document = serde_json::from_value(value).ok()?;
        let signs = document
            .purpose
            .as_deref()
            .is_none_or(|purpose| purpose == "sig")
            && document
                .key_ops
                .as_ref()
                .is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !signs {
            return None;
        }
        let algorithm = document.alg.as_deref().map(str::parse).transpose().ok()?;
        let (family, key) = document.key()?;
        let agrees = algorithm.is_none_or(|algorithm| Family::of(algorithm) == family);
        agrees.then_some(Self {
            kid: document.kid,
            key,
            family,
            algorithm,
        })
    }

    /// Whether the key may check a signature of that algorithm: its type allows it, and so does its `alg`, if any.
    pub(crate) fn fits(&self, algorithm: JwsAlgorithm) -> bool {
        Family::of(algorithm) == self.family && self.algorithm.is_none_or(|own| own == algorithm)
    }
}

impl Family {
    fn of(algorithm: JwsAlgorithm) -> Self {
        use JwsAlgorithm as A;
        match algorithm {
            A::Rs256 | A::Rs384 | A::Rs512 | A::Ps256 | A::Ps384 | A::Ps512 => Self::Rsa,
            A::Es256 => Self::P256,
            A::Es384 => Self::P384,
            A::Es512 => Self::P521,
            A::EdDsa => Self::Ed25519,
        }
    }
}

impl Document {
    fn key(&self) -> Option<(Family, PublicKey)> {
        match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", None) => Some((Family::Rsa, rsa(self.n.as_deref()?, self.e.as_deref()?)?)),
            ("EC", Some("P-256")) => Some((Family::P256, self.point(32)?)),
            ("EC", Some("P-384")) => Some((Family::P384, self.point(48)?)),
            ("EC", Some("P-521")) => Some((Family::P521, self.point(66)?)),
            ("OKP", Some("Ed25519")) => {
                let x = bytes(self.x.as_deref()?)?.try_into().ok()?;
                Some((Family::Ed25519, PublicKey::Ed25519(x)))
            }
            _ => None,
        }
    }

    fn point(&self, length: usize) -> Option<PublicKey> {
        let coordinate = |text: Option<&str>| bytes(text?).filter(|bytes| bytes.len() == length);
        Some(PublicKey::Ec {
            x: coordinate(self.x.as_deref())?,
            y: coordinate(self.y.as_deref())?,
        })
    }
}

fn rsa(n: &str, e: &str) -> Option<PublicKey> {
    let (modulus, exponent) = (without_zeros(bytes(n)?), without_zeros(bytes(e)?));
    let bits = modulus.len() * 8 - usize::try_from(modulus.first()?.leading_zeros()).ok()?;
    let odd = modulus.last()? % 2 == 1;
    if exponent.len() > 8 {
        return None;
    }
    let value = exponent
        .iter()
        .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    let sizes = RSA_BITS.contains(&bits) && RSA_EXPONENTS.contains(&value);
    let usable = sizes && odd && value % 2 == 1 && !infineon::made_modulus(&modulus);
    usable.then_some(PublicKey::Rsa { modulus, exponent })
}

fn bytes(text: &str) -> Option<Vec<u8>> {
    BASE64URL.decode(text).ok()
}

fn without_zeros(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

#[cfg(test)]
#[path = "jwk_tests.rs"]
mod tests;
