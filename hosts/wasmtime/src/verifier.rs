//! Signatures of others: yes or no, never an error (RFC 7518 3, RFC 8037 3.1, GitHub's webhook signatures).
//!
//! The guest's JOSE layer has already compared `kty`, `crv`, `use` and `alg`; the sizes are looked at here once more,
//! since this is the last place that can.

use aws_lc_rs::signature::{
    self as scheme, EcdsaVerificationAlgorithm, RsaParameters, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use aws_lc_rs::{constant_time, hmac};

use crate::bindings::octo_sts::platform::verifier::{Algorithm, PublicKey, Verdict};
use crate::settings::Secret;

/// RSA moduli, in bytes: below 2048 bits a signature can be forged by factoring, above 8192 bits a key is a way to burn
/// the processor.
const RSA_MODULUS_BYTES: std::ops::RangeInclusive<usize> = 256..=1024;

/// Public exponents below 2^33: larger ones make verifying as slow as signing.
const RSA_EXPONENT_BYTES: std::ops::RangeInclusive<usize> = 1..=5;

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
        (Algorithm::Es256 | Algorithm::Es384 | Algorithm::Es512, PublicKey::Ec(point)) => {
            curve(algorithm).is_some_and(|(curve, field)| {
                verify_ec(
                    curve,
                    field,
                    &point.first,
                    &point.second,
                    message,
                    signature,
                )
            })
        }
        (_, PublicKey::Rsa(pair)) => rsa(algorithm).is_some_and(|parameters| {
            verify_rsa(parameters, &pair.first, &pair.second, message, signature)
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

/// Whether a webhook delivery is GitHub's: `header` is `X-Hub-Signature-256` (`sha256=` and 64 hex digits) over `body`.
///
/// An empty secret is none: an HMAC under an empty key is one that anybody can make. Every secret is tried and each is
/// compared in constant time, so the time tells neither which one fits nor how much of it.
#[must_use]
pub(crate) fn verify_delivery(secrets: &[Secret], body: &[u8], header: &str) -> Verdict {
    let mut usable = secrets
        .iter()
        .filter(|secret| !secret.expose().is_empty())
        .peekable();
    if usable.peek().is_none() {
        return Verdict::NoSecret;
    }
    let Some(claimed) = header.strip_prefix("sha256=").and_then(hex_digest) else {
        return Verdict::Forged;
    };
    let mut genuine = false;
    for secret in usable {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose().as_bytes());
        let made = hmac::sign(&key, body);
        genuine |= constant_time::verify_slices_are_equal(made.as_ref(), &claimed).is_ok();
    }
    if genuine {
        Verdict::Genuine
    } else {
        Verdict::Forged
    }
}

/// 64 hex digits as 32 bytes.
fn hex_digest(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 {
        return None;
    }
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        for &digit in pair {
            let value = char::from(digit).to_digit(16)?;
            *byte = *byte << 4 | u8::try_from(value).ok()?;
        }
    }
    Some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The example of GitHub's documentation, "Validating webhook deliveries".
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const SIGNATURE: &str =
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn secrets(texts: &[&str]) -> Vec<Secret> {
        texts.iter().map(|text| Secret::new(*text)).collect()
    }

    #[test]
    fn a_delivery_is_genuine_under_any_configured_secret() {
        for list in [
            &[SECRET][..],
            &["old", SECRET],
            &[SECRET, "new"],
            &["", SECRET],
        ] {
            assert_eq!(
                verify_delivery(&secrets(list), BODY, SIGNATURE),
                Verdict::Genuine,
                "{list:?}"
            );
        }
        let upper = SIGNATURE.replace("757107ea", "757107EA");
        assert_eq!(
            verify_delivery(&secrets(&[SECRET]), BODY, &upper),
            Verdict::Genuine
        );
    }

    #[test]
    fn a_delivery_of_another_body_secret_or_form_is_forged() {
        let known = secrets(&[SECRET]);
        for (body, header) in [
            (&b"Hello, World?"[..], SIGNATURE.to_owned()),
            (BODY, SIGNATURE.replace("17", "18")),
            (BODY, SIGNATURE.replace("sha256=", "sha1=")),
            (BODY, SIGNATURE.replace("sha256=", "")),
            (BODY, "sha256=".to_owned()),
            (BODY, format!("{SIGNATURE}00")),
            (BODY, SIGNATURE.replace("75", "zz")),
            (BODY, String::new()),
        ] {
            assert_eq!(
                verify_delivery(&known, body, &header),
                Verdict::Forged,
                "{header}"
            );
        }
        assert_eq!(
            verify_delivery(&secrets(&["another"]), BODY, SIGNATURE),
            Verdict::Forged
        );
    }

    #[test]
    fn an_empty_secret_makes_nothing_genuine() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, b"");
        let digest: String = hmac::sign(&key, BODY)
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let header = format!("sha256={digest}");
        for list in [&[][..], &[""], &["", ""]] {
            assert_eq!(
                verify_delivery(&secrets(list), BODY, &header),
                Verdict::NoSecret
            );
        }
        assert_eq!(
            verify_delivery(&secrets(&["", SECRET]), BODY, &header),
            Verdict::Forged
        );
    }
}
