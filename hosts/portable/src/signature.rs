//! Signatures of others, checked in pure Rust: yes or no, never an error (RFC 7518 3, RFC 8037 3.1).
//!
//! The guest's JOSE layer has already compared `kty`, `crv`, `use` and `alg`; the sizes are looked at here once more,
//! since this is the last place that can. What this library answers is proven by [`crate::proof`].

use std::ops::RangeInclusive;

use rsa::pkcs1v15::Pkcs1v15Sign;
use rsa::{BigUint, Pss, RsaPublicKey};
use sha2::{Digest as _, Sha256, Sha384, Sha512};

/// RSA moduli, in bytes: below 2048 bits a signature can be forged by factoring, above 8192 bits a key is a way to burn
/// the processor.
pub const RSA_MODULUS_BYTES: RangeInclusive<usize> = 256..=1024;

/// Public exponents below 2^33: larger ones make verifying as slow as signing.
pub const RSA_EXPONENT_BYTES: RangeInclusive<usize> = 1..=5;

/// The library's own limit is 4096 bits.
const RSA_MODULUS_BITS: usize = 8192;

/// The algorithms of `octo-sts:platform/verifier`; a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(
    missing_docs,
    reason = "RFC 7518 3.1 and RFC 8037 3.1 define the names"
)]
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
    /// Ed25519.
    Eddsa,
}

/// A public key. Numbers are big-endian.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PublicKey {
    /// RSA, both numbers without leading zeros.
    Rsa {
        /// The modulus.
        modulus: Vec<u8>,
        /// The public exponent.
        exponent: Vec<u8>,
    },
    /// A point of the curve that the algorithm fixes; both coordinates exactly as long as its field.
    Ec {
        /// The first coordinate.
        x: Vec<u8>,
        /// The second one.
        y: Vec<u8>,
    },
    /// The 32 bytes of RFC 8032.
    Ed25519(Vec<u8>),
}

/// Whether `signature` is `key`'s over `message` under `algorithm`. A key of another type, of a refused size or that is
/// no point of its curve is simply not the signer.
#[must_use]
pub fn verify(algorithm: Algorithm, key: &PublicKey, message: &[u8], signature: &[u8]) -> bool {
    let checked = match (algorithm, key) {
        (Algorithm::Eddsa, PublicKey::Ed25519(public)) => ed25519(public, message, signature),
        (Algorithm::Es256, PublicKey::Ec { x, y }) => p256(x, y, message, signature),
        (Algorithm::Es384, PublicKey::Ec { x, y }) => p384(x, y, message, signature),
        (Algorithm::Es512, PublicKey::Ec { x, y }) => p521(x, y, message, signature),
        (_, PublicKey::Rsa { modulus, exponent }) => {
            rsa(algorithm, modulus, exponent, message, signature)
        }
        _ => None,
    };
    checked.is_some()
}

/// RFC 8032 5.1.7. Keys and points of small order are refused: under one, a signature fits several messages.
fn ed25519(public: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    let key = ed25519_dalek::VerifyingKey::from_bytes(public.try_into().ok()?).ok()?;
    let signature = ed25519_dalek::Signature::from_slice(signature).ok()?;
    key.verify_strict(message, &signature).ok()
}

/// SEC 1 2.3.3: 4 says that both coordinates follow in full.
fn point(field: usize, x: &[u8], y: &[u8]) -> Option<Vec<u8>> {
    (x.len() == field && y.len() == field).then(|| [&[4], x, y].concat())
}

fn p256(x: &[u8], y: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    use p256::ecdsa::signature::Verifier as _;
    let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(&point(32, x, y)?).ok()?;
    let signature = p256::ecdsa::Signature::from_slice(signature).ok()?;
    key.verify(message, &signature).ok()
}

fn p384(x: &[u8], y: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    use p384::ecdsa::signature::Verifier as _;
    let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(&point(48, x, y)?).ok()?;
    let signature = p384::ecdsa::Signature::from_slice(signature).ok()?;
    key.verify(message, &signature).ok()
}

fn p521(x: &[u8], y: &[u8], message: &[u8], signature: &[u8]) -> Option<()> {
    use p521::ecdsa::signature::Verifier as _;
    let key = p521::ecdsa::VerifyingKey::from_sec1_bytes(&point(66, x, y)?).ok()?;
    let signature = p521::ecdsa::Signature::from_slice(signature).ok()?;
    key.verify(message, &signature).ok()
}

fn rsa(
    algorithm: Algorithm,
    modulus: &[u8],
    exponent: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Option<()> {
    let sizes =
        RSA_MODULUS_BYTES.contains(&modulus.len()) && RSA_EXPONENT_BYTES.contains(&exponent.len());
    let leading_zero = modulus.first() == Some(&0) || exponent.first() == Some(&0);
    if !sizes || leading_zero || signature.len() != modulus.len() {
        return None;
    }
    let (n, e) = (
        BigUint::from_bytes_be(modulus),
        BigUint::from_bytes_be(exponent),
    );
    let key = RsaPublicKey::new_with_max_size(n, e, RSA_MODULUS_BITS).ok()?;
    let (s256, s384, s512) = (
        || Sha256::digest(message).to_vec(),
        || Sha384::digest(message).to_vec(),
        || Sha512::digest(message).to_vec(),
    );
    let verified = match algorithm {
        Algorithm::Rs256 => key.verify(Pkcs1v15Sign::new::<Sha256>(), &s256(), signature),
        Algorithm::Rs384 => key.verify(Pkcs1v15Sign::new::<Sha384>(), &s384(), signature),
        Algorithm::Rs512 => key.verify(Pkcs1v15Sign::new::<Sha512>(), &s512(), signature),
        // RFC 7518 3.5: the salt is as long as the hash.
        Algorithm::Ps256 => key.verify(Pss::new_with_salt::<Sha256>(32), &s256(), signature),
        Algorithm::Ps384 => key.verify(Pss::new_with_salt::<Sha384>(48), &s384(), signature),
        Algorithm::Ps512 => key.verify(Pss::new_with_salt::<Sha512>(64), &s512(), signature),
        _ => return None,
    };
    verified.ok()
}
