#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
use super::*;
use crate::JwkSet;
use crate::JwsAlgorithm;
use crate::discovery::ProviderMetadata;
use crate::issuer::Issuer;
use crate::jose::PublicKey;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::cell::RefCell;

pub(super) const NOW: NumericDate = NumericDate(1_000_000);
pub(super) const GOOD: &str = r#"{"iss":"https://a.b","sub":"s","aud":"x","exp":1000300}"#;
pub(super) const EDDSA: &str = r#"{"alg":"EdDSA","kid":"k1"}"#;

/// A key signs by writing its first byte, and nothing else is genuine. Remembers what it was asked.
#[derive(Default)]
pub(super) struct Fake(RefCell<Vec<(JwsAlgorithm, u8, Vec<u8>)>>);

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

pub(super) fn token(header: &str, payload: &str, signature: u8) -> UnverifiedIdToken {
    let encoded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let compact = format!(
        "{}.{}.{}",
        encoded(header.as_bytes()),
        encoded(payload.as_bytes()),
        encoded(&[signature])
    );
    UnverifiedIdToken::parse(&compact).unwrap()
}

pub(super) fn metadata(issuer: &str) -> ProviderMetadata {
    let algorithms =
        r#""id_token_signing_alg_values_supported":["RS256","ES256","EdDSA","none","HS256"]"#;
    let body = format!(r#"{{"issuer":"{issuer}","jwks_uri":"{issuer}/keys",{algorithms}}}"#);
    ProviderMetadata::parse(body.as_bytes(), &Issuer::parse(issuer).unwrap()).unwrap()
}

pub(super) fn keys() -> JwkSet {
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

pub(super) fn check(header: &str, payload: &str, signature: u8) -> Result<Claims, VerifyError> {
    let token = token(header, payload, signature);
    verify(
        &token,
        &IssuerKeys::discovered(&metadata("https://a.b"), &keys()),
        NOW,
        &Fake::default(),
    )
    .map(|verified| verified.claims().clone())
}

pub(super) fn payload(claims: &str) -> String {
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
    verify(
        &token,
        &IssuerKeys::discovered(&metadata("https://a.b"), &keys()),
        NOW,
        &fake,
    )
    .unwrap();
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
        let verified = verify(
            &token,
            &IssuerKeys::discovered(&google, &keys()),
            NOW,
            &Fake::default(),
        )
        .unwrap();
        assert_eq!(verified.claims().issuer, "https://accounts.google.com");
    }
}

#[test]
fn times_have_edges() {
    for good in [
        "1000001",
        "1000001.9",
        r#""1000001""#,
        "9223372036854775807",
    ] {
        assert!(
            check(EDDSA, &payload(&format!(r#""exp":{good}"#)), 1).is_ok(),
            "{good}"
        );
    }
    for (bad, at) in [
        ("1000000", 1_000_000),
        ("1000000.9", 1_000_000),
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
                &payload(&format!(r#""exp":1000001,"nbf":{good}"#)),
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
            check(EDDSA, &payload(&format!(r#""exp":1000001,"nbf":{bad}"#)), 1),
            Err(error),
            "{bad}"
        );
    }
    assert!(check(EDDSA, &payload(r#""exp":1000001,"iat":9999999999"#), 1).is_ok());
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
        r#""exp":1000300,"nonce":5"#,
        r#""Exp":1000300"#,
    ] {
        assert!(
            matches!(check(EDDSA, &payload(bad), 1), Err(VerifyError::Claims(_))),
            "{bad}"
        );
    }
}

#[test]
fn without_keys_nothing_is_genuine() {
    let none = JwkSet::parse(br#"{"keys":[]}"#).unwrap();
    let error = verify(
        &token(EDDSA, GOOD, 1),
        &IssuerKeys::discovered(&metadata("https://a.b"), &none),
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
        let error = verify(
            &token,
            &IssuerKeys::discovered(&metadata("https://a.b"), &keys()),
            NOW,
            &Yes,
        )
        .unwrap_err();
        assert_eq!(error, VerifyError::BadSignature, "{signature:?}");
    }
}

#[test]
fn a_token_can_be_tried_again_with_other_keys() {
    let token = token(r#"{"alg":"EdDSA","kid":"new"}"#, GOOD, 5);
    let metadata = metadata("https://a.b");
    assert!(
        verify(
            &token,
            &IssuerKeys::discovered(&metadata, &keys()),
            NOW,
            &Fake::default()
        )
        .unwrap_err()
        .wants_fresh_keys()
    );
    let x = URL_SAFE_NO_PAD.encode([5; 32]);
    let fresh = format!(r#"{{"keys":[{{"kty":"OKP","crv":"Ed25519","kid":"new","x":"{x}"}}]}}"#);
    assert!(
        verify(
            &token,
            &IssuerKeys::discovered(&metadata, &JwkSet::parse(fresh.as_bytes()).unwrap()),
            NOW,
            &Fake::default()
        )
        .is_ok()
    );
}
