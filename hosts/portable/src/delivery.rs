//! GitHub's webhook signatures ("Validating webhook deliveries"): HMAC-SHA256 over the body under a shared secret.

use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::settings::Secret;

/// What a delivery's signature is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is GitHub's.
    Genuine,
    /// It is not.
    Forged,
    /// No secret is configured, or only empty ones: nothing can be genuine.
    NoSecret,
}

/// Whether a webhook delivery is GitHub's: `header` is `X-Hub-Signature-256` (`sha256=` and 64 hex digits) over `body`.
///
/// An empty secret is none: an HMAC under an empty key is one that anybody can make. Every secret is tried and each is
/// compared in constant time, so the time tells neither which one fits nor how much of it.
#[must_use]
pub fn verify_delivery(secrets: &[Secret], body: &[u8], header: &str) -> Verdict {
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
        // HMAC takes keys of any length, and compares in constant time.
        let made = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes());
        genuine |= made.is_ok_and(|mac| mac.chain_update(body).verify_slice(&claimed).is_ok());
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
    #![allow(clippy::expect_used, reason = "tests")]
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
        let mac = Hmac::<Sha256>::new_from_slice(b"").expect("any length");
        let digest: String = mac
            .chain_update(BODY)
            .finalize()
            .into_bytes()
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
