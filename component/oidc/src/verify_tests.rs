#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
use super::*;
use crate::issuer::Issuer;
use crate::jose::PublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::cell::RefCell;

const NOW: NumericDate = NumericDate(1_000_000);
const GOOD: &str = r#"{"iss":"https://a.b","sub":"s","aud":"x","exp":1000300}"#;
const EDDSA: &str = r#"{"alg":"EdDSA","kid":"k1"}"#;

/// A key signs by writing its first byte, and nothing else is genuine. Remembers what it was asked.
#[derive(Default)]
struct Fake(RefCell<Vec<(JwsAlgorithm, u8, Vec<u8>)>>);

impl VerifySignature for Fake {
    fn verify(
        &self,
        algorithm: JwsAlgorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let first = match key {
            PublicKey::Ed25519([first, ..]) => *first,
            PublicKey::Ec { x, .. } => *x.first().unwrap(),
            PublicKey::Rsa { modulus, .. } => *modulus.first().unwrap(),
        };
        self.0
            .borrow_mut()
            .push((algorithm, first, message.to_vec()));
        signature == [first]
    }
}

fn token(header: &str, payload: &str, signature: u8) -> UnverifiedIdToken {
    let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let compact = format!(
        "{}.{}.{}",
        encoded(header.as_bytes()),
        encoded(payload.as_bytes()),
        encoded(&[signature])
    );
    UnverifiedIdToken::parse(&compact).unwrap()
}

fn metadata(issuer: &str) -> ProviderMetadata {
    let algorithms =
        r#""id_token_signing_alg_values_supported":["RS256","ES256","EdDSA","none","HS256"]"#;
    let body = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{issuer}/keys",{algorithms}}}"#);
    ProviderMetadata::parse(body.as_bytes(), &Issuer::parse(issuer).unwrap()).unwrap()
}

fn keys() -> JwkSet {
    let key = |kid: &str, first: u8| {
        format!(
            r#"{{"kty":"OKP","crv":"Ed25519","x":"{}"{kid}}}"#,
            URL_SAFE_NO_PAD.encode([first; 32])
        )
    };
    let point = URL_SAFE_NO_PAD.encode([7; 32]);
    let ec = format!(r#"{{"kty":"EC","crv":"P-256","kid":"ec","x":"{point}","y":"{point}"}}"#);
    let all = [
        key(r#","kid":"k1""#, 1),
        key(r#","kid":"k2""#, 2),
        key(r#","kid":"k1""#, 3),
        ec,
    ]
    .join(",");
    JwkSet::parse(format!(r#"{{"keys":[{all}]}}"#).as_bytes()).unwrap()
}

fn check(header: &str, payload: &str, signature: u8) -> Result<Claims, VerifyError> {
    let token = token(header, payload, signature);
    verify(
        &token,
        &metadata("https://a.b"),
        &keys(),
        NOW,
        &Fake::default(),
    )
    .map(|verified| verified.claims().clone())
}

fn payload(claims: &str) -> String {
    format!(r#"{{"iss":"https://a.b","sub":"s",{claims}}}"#)
}

#[test]
fn a_genuine_token_is_believed() {
    let claims = check(EDDSA, GOOD, 1).unwrap();
    assert_eq!(
        (claims.issuer.as_str(), claims.subject.as_str()),
        ("https://a.b", "s")
    );
    assert!(check(EDDSA, GOOD, 3).is_ok(), "the second key of that kid");
    assert!(check(r#"{"alg":"ES256","kid":"ec"}"#, GOOD, 7).is_ok());
    assert!(check(r#"{"kid":"k2","typ":"JWT","x":1,"alg":"EdDSA"}"#, GOOD, 2).is_ok());
    for header in [r#"{"alg":"EdDSA"}"#, r#"{"alg":"EdDSA","kid":""}"#] {
        for signature in [1, 2, 3] {
            assert!(
                check(header, GOOD, signature).is_ok(),
                "{header} {signature}"
            );
        }
    }
}

#[test]
fn the_verifier_is_asked_about_the_text_as_it_came() {
    let fake = Fake::default();
    let token = token(EDDSA, GOOD, 3);
    verify(&token, &metadata("https://a.b"), &keys(), NOW, &fake).unwrap();
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(EDDSA),
        URL_SAFE_NO_PAD.encode(GOOD)
    )
    .into_bytes();
    let asked = fake.0.into_inner();
    assert_eq!(
        asked,
        [
            (JwsAlgorithm::EdDsa, 1, message.clone()),
            (JwsAlgorithm::EdDsa, 3, message)
        ]
    );
}

#[test]
fn a_token_is_of_the_issuer_that_was_asked() {
    for issuer in [
        "https://a.b/",
        "https://A.b",
        "https://c.d",
        "http://localhost",
        "",
    ] {
        let claims = format!(r#"{{"iss":"{issuer}","exp":1000300}}"#);
        assert_eq!(
            check(EDDSA, &claims, 1),
            Err(VerifyError::IssuerMismatch),
            "{issuer}"
        );
    }
    assert_eq!(
        check(EDDSA, r#"{"exp":1000300}"#, 1),
        Err(VerifyError::IssuerMismatch)
    );
    let google = metadata("https://accounts.google.com");
    for issuer in ["accounts.google.com", "https://accounts.google.com"] {
        let token = token(EDDSA, &format!(r#"{{"iss":"{issuer}","exp":1000300}}"#), 1);
        let verified = verify(&token, &google, &keys(), NOW, &Fake::default()).unwrap();
        assert_eq!(verified.claims().issuer, "https://accounts.google.com");
    }
}

#[test]
fn times_have_edges() {
    for good in [
        "1000000",
        "1000001",
        "1000000.9",
        r#""1000000""#,
        "9223372036854775807",
    ] {
        assert!(
            check(EDDSA, &payload(&format!(r#""exp":{good}"#)), 1).is_ok(),
            "{good}"
        );
    }
    for (bad, at) in [
        ("999999", 999_999),
        ("999999.9", 999_999),
        (r#""999999""#, 999_999),
        ("0", 0),
        ("-1", -1),
    ] {
        let error = VerifyError::Expired {
            at: NumericDate(at),
        };
        assert_eq!(
            check(EDDSA, &payload(&format!(r#""exp":{bad}"#)), 1),
            Err(error),
            "{bad}"
        );
    }
    assert_eq!(
        check(EDDSA, &payload(r#""aud":"x""#), 1),
        Err(VerifyError::MissingExpiry)
    );
    for good in ["0", "1000000", "1000300", "1000300.9", "null"] {
        assert!(
            check(
                EDDSA,
                &payload(&format!(r#""exp":1000000,"nbf":{good}"#)),
                1
            )
            .is_ok(),
            "{good}"
        );
    }
    for (bad, from) in [
        ("1000301", 1_000_301),
        (r#""1000301""#, 1_000_301),
        ("9223372036854775807", i64::MAX),
    ] {
        let error = VerifyError::NotYetValid {
            from: NumericDate(from),
        };
        assert_eq!(
            check(EDDSA, &payload(&format!(r#""exp":1000000,"nbf":{bad}"#)), 1),
            Err(error),
            "{bad}"
        );
    }
    assert!(check(EDDSA, &payload(r#""exp":1000000,"iat":9999999999"#), 1).is_ok());
}

#[test]
fn claims_that_can_be_misread_are_refused_even_if_signed() {
    for bad in [
        r#""exp":1000300,"exp":1000300"#,
        r#""exp":1000300,"sub":"other""#,
        r#""exp":1000300,"Sub":"other""#,
        r#""exp":1000300,"SUB":"s""#,
        r#""exp":1000300,"ISS":"https://a.b""#,
        r#""exp":1000300,"x":1,"x":1"#,
        r#""exp":null"#,
        r#""exp":true"#,
        r#""exp":[1000300]"#,
        r#""exp":1000300,"nbf":"soon""#,
        r#""exp":1000300,"iat":null"#,
        r#""exp":1000300,"aud":5"#,
        r#""exp":1000300,"aud":["x",5]"#,
        r#""exp":1000300,"jti":5"#,
        r#""Exp":1000300"#,
    ] {
        assert!(
            matches!(check(EDDSA, &payload(bad), 1), Err(VerifyError::Claims(_))),
            "{bad}"
        );
    }
}

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
fn without_keys_nothing_is_genuine() {
    let none = JwkSet::parse(br#"{"keys":[]}"#).unwrap();
    let error = verify(
        &token(EDDSA, GOOD, 1),
        &metadata("https://a.b"),
        &none,
        NOW,
        &Fake::default(),
    )
    .unwrap_err();
    assert_eq!(
        (error.wants_fresh_keys(), error),
        (false, VerifyError::NoKeys)
    );
}

#[test]
fn a_signature_that_is_missing_or_unreadable_is_asked_of_nobody() {
    struct Yes;
    impl VerifySignature for Yes {
        fn verify(&self, _: JwsAlgorithm, _: &PublicKey, _: &[u8], _: &[u8]) -> bool {
            panic!("asked")
        }
    }
    for signature in ["", "!", "AA=="] {
        let parts = [EDDSA, GOOD].map(|part| URL_SAFE_NO_PAD.encode(part));
        let token = UnverifiedIdToken::parse(&format!("{}.{signature}", parts.join("."))).unwrap();
        let error = verify(&token, &metadata("https://a.b"), &keys(), NOW, &Yes).unwrap_err();
        assert_eq!(error, VerifyError::BadSignature, "{signature:?}");
    }
}

#[test]
fn a_token_can_be_tried_again_with_other_keys() {
    let token = token(r#"{"alg":"EdDSA","kid":"new"}"#, GOOD, 5);
    let metadata = metadata("https://a.b");
    assert!(
        verify(&token, &metadata, &keys(), NOW, &Fake::default())
            .unwrap_err()
            .wants_fresh_keys()
    );
    let x = URL_SAFE_NO_PAD.encode([5; 32]);
    let fresh = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"new","x":"{x}"}}]}}"#);
    assert!(
        verify(
            &token,
            &metadata,
            &JwkSet::parse(fresh.as_bytes()).unwrap(),
            NOW,
            &Fake::default()
        )
        .is_ok()
    );
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
