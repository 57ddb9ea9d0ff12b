#![allow(clippy::unwrap_used, reason = "tests")]
use super::tests::{EDDSA, GOOD, check, payload};
use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

#[test]
fn algorithms_are_those_of_the_issuer_and_ours() {
    for alg in [
        "none", "None", "HS256", "RS384", "PS256", "ES384", "", "eddsa", "EdDSA ", "Ed25519",
    ] {
        let error = VerifyError::AlgorithmNotAccepted {
            unverified_alg: alg.into(),
        };
        assert_eq!(
            check(&format!(r#"{{"alg":"{alg}","kid":"k1"}}"#), GOOD, 1),
            Err(error)
        );
    }
    for header in ["{}", r#"{"kid":"k1"}"#, r#"{"ALG":"EdDSA","kid":"k1"}"#] {
        assert!(
            matches!(
                check(header, GOOD, 1),
                Err(VerifyError::AlgorithmNotAccepted { .. })
            ),
            "{header}"
        );
    }
}

#[test]
fn headers_that_can_be_misread_are_refused() {
    for (header, error) in [
        (
            r#"{"alg":"EdDSA","alg":"EdDSA","kid":"k1"}"#,
            VerifyError::DuplicateHeader { name: "alg".into() },
        ),
        (
            r#"{"alg":"EdDSA","kid":"k1","kid":"k1"}"#,
            VerifyError::DuplicateHeader { name: "kid".into() },
        ),
        (
            r#"{"alg":"EdDSA","kid":"k1","x":1,"x":1}"#,
            VerifyError::DuplicateHeader { name: "x".into() },
        ),
        (
            r#"{"alg":"EdDSA","kid":"k1","crit":["b64"],"b64":false}"#,
            VerifyError::CriticalHeader,
        ),
        (
            r#"{"alg":"EdDSA","kid":"k1","crit":[]}"#,
            VerifyError::CriticalHeader,
        ),
        (
            r#"{"alg":"EdDSA","kid":"k1","crit":null}"#,
            VerifyError::CriticalHeader,
        ),
        (
            r#"{"alg":["EdDSA"],"kid":"k1"}"#,
            VerifyError::HeaderType { name: "alg" },
        ),
        (
            r#"{"alg":null,"kid":"k1"}"#,
            VerifyError::HeaderType { name: "alg" },
        ),
        (
            r#"{"alg":"EdDSA","kid":1}"#,
            VerifyError::HeaderType { name: "kid" },
        ),
        (
            r#"{"alg":"EdDSA","kid":null}"#,
            VerifyError::HeaderType { name: "kid" },
        ),
    ] {
        assert_eq!(check(header, GOOD, 1), Err(error), "{header}");
    }
}

#[test]
fn a_key_in_the_header_vouches_for_nobody() {
    let own = URL_SAFE_NO_PAD.encode([9; 32]);
    let jwk = format!(
        r#"{{"alg":"EdDSA","jwk":{{"kty":"OKP","crv":"Ed25519","x":"{own}"}},"jku":"https://evil.example"}}"#
    );
    assert_eq!(
        check(&jwk, GOOD, 9),
        Err(VerifyError::UnknownKey {
            unverified_kid: None
        })
    );
}

#[test]
fn only_an_unknown_key_wants_fresh_ones() {
    let unknown = |kid: &str| VerifyError::UnknownKey {
        unverified_kid: Some(kid.into()),
    };
    for (header, signature, error, wants) in [
        (r#"{"alg":"EdDSA","kid":"k9"}"#, 1, unknown("k9"), true),
        (r#"{"alg":"EdDSA","kid":"K1"}"#, 1, unknown("K1"), true),
        (
            r#"{"alg":"EdDSA"}"#,
            9,
            VerifyError::UnknownKey {
                unverified_kid: None,
            },
            true,
        ),
        (
            r#"{"alg":"RS256"}"#,
            1,
            VerifyError::UnknownKey {
                unverified_kid: None,
            },
            true,
        ),
        (EDDSA, 2, VerifyError::BadSignature, false),
        (EDDSA, 9, VerifyError::BadSignature, false),
        (
            r#"{"alg":"ES256","kid":"k1"}"#,
            1,
            VerifyError::KeyDoesNotFit,
            false,
        ),
        (
            r#"{"alg":"EdDSA","kid":"ec"}"#,
            7,
            VerifyError::KeyDoesNotFit,
            false,
        ),
    ] {
        let found = check(header, GOOD, signature).unwrap_err();
        assert_eq!(
            (found.wants_fresh_keys(), &found),
            (wants, &error),
            "{header}"
        );
    }
    let expired = check(r#"{"alg":"EdDSA","kid":"k9"}"#, &payload(r#""exp":5"#), 1).unwrap_err();
    assert!(!expired.wants_fresh_keys());
}

#[test]
fn strangers_texts_are_cut_in_errors() {
    let long = "k".repeat(10_000);
    for header in [
        format!(r#"{{"alg":"{long}"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{long}"}}"#),
    ] {
        assert!(check(&header, GOOD, 1).unwrap_err().to_string().len() < 200);
    }
    let kid = check("{\"alg\":\"EdDSA\",\"kid\":\"a\\nb\\u001b\"}", GOOD, 1)
        .unwrap_err()
        .to_string();
    assert!(!kid.contains(['\n', '\u{1b}']), "{kid:?}");
}
