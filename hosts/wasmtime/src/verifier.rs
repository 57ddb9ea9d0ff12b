//! Signatures of others: yes or no, never an error (RFC 7518 3, RFC 8037 3.1).
//!
//! The guest's JOSE layer has already compared `kty`, `crv`, `use` and `alg`; the sizes are looked at here once more,
//! since this is the last place that can.

use aws_lc_rs::signature::{
    self as scheme, EcdsaVerificationAlgorithm, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey,
};

use portable::signature::{Algorithm, PublicKey, RSA_EXPONENT_BYTES, RSA_MODULUS_BYTES};

/// Whether `signature` is `key`'s over `message` under `algorithm`. A key of another type, of a refused size or that is
/// no point of its curve is simply not the signer.
#[must_use]
pub(crate) fn verify(
    algorithm: Algorithm,
    key: &PublicKey,
    message: &[u8],
    signature: &[u8],
) -> bool {
    match (algorithm, key) {
        (Algorithm::Eddsa, PublicKey::Ed25519(public)) => {
            UnparsedPublicKey::new(&scheme::ED25519, public)
                .verify(message, signature)
                .is_ok()
        }
        (Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512, PublicKey::Ec { x, y }) => {
            curve(algorithm)
                .is_some_and(|(curve, field)| verify_ec(curve, field, x, y, message, signature))
        }
        (_, PublicKey::Rsa { modulus, exponent }) => rsa(algorithm).is_some_and(|parameters| {
            verify_rsa(parameters, modulus, exponent, message, signature)
        }),
        _ => false,
    }
}

/// The curve that an ECDSA algorithm fixes, with the bytes of its field (RFC 7518 3.4: r || s, not DER).
fn curve(algorithm: Algorithm) -> Option<(&'static EcdsaVerificationAlgorithm, usize)> {
    match algorithm {
        Algorithm::Es256 => Some((&scheme::ECDSA_P256_SHA256_FIXED, 32)),
        Algorithm::Es384 => Some((&scheme::ECDSA_P384_SHA384_FIXED, 48)),
        Algorithm::Es512 => Some((&scheme::ECDSA_P521_SHA512_FIXED, 66)),
        _ => None,
    }
}

/// The padding and hash of an RSA algorithm.
fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&scheme::RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&scheme::RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&scheme::RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&scheme::RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&scheme::RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&scheme::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}

fn verify_ec(
    curve: &'static EcdsaVerificationAlgorithm,
    field: usize,
    x: &[u8],
    y: &[u8],
    message: &[u8],
    signature: &[u8],
) -> bool {
    if x.len() != field || y.len() != field || signature.len() != 2 * field {
        return false;
    }
    // SEC 1 2.3.3: 4 says that both coordinates follow in full.
    let mut point = Vec::with_capacity(1 + 2 * field);
    point.push(4);
    point.extend_from_slice(x);
    point.extend_from_slice(y);
    UnparsedPublicKey::new(curve, point)
        .verify(message, signature)
        .is_ok()
}

fn verify_rsa(
    parameters: &'static RsaParameters,
    n: &[u8],
    e: &[u8],
    message: &[u8],
    signature: &[u8],
) -> bool {
    let sizes = RSA_MODULUS_BYTES.contains(&n.len()) && RSA_EXPONENT_BYTES.contains(&e.len());
    let leading_zero = n.first() == Some(&0) || e.first() == Some(&0);
    if !sizes || leading_zero || signature.len() != n.len() {
        return false;
    }
    RsaPublicKeyComponents { n, e }
        .verify(parameters, message, signature)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifier_is_proven() {
        assert_eq!(portable::proof::prove(verify), Ok(()));
    }

    #[test]
    fn the_hosts_verifier_answers_wycheproof_rightly() {
        assert_eq!(
            super::vectors::put_to(super::verify),
            super::vectors::EXPECTED
        );
    }
}

#[cfg(test)]
#[path = "../../portable/tests/wycheproof/vectors.rs"]
#[allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
mod vectors;
