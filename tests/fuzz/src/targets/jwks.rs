//! A key set, as published and as the operator's.

use oidc::{JwkSet, JwsAlgorithm, MAX_DOCUMENT, MAX_TRIED, PublicKey, StaticKeys};

pub(crate) const PIECES: &[&str] = &[
    "{\"keys\":[",
    "]}",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "null",
    "1",
    "\"kty\":\"RSA\"",
    "\"kty\":\"EC\"",
    "\"kty\":\"OKP\"",
    "\"kty\":\"oct\"",
    "\"crv\":\"P-256\"",
    "\"crv\":\"P-384\"",
    "\"crv\":\"P-521\"",
    "\"crv\":\"Ed25519\"",
    "\"use\":\"sig\"",
    "\"use\":\"enc\"",
    "\"key_ops\":[\"verify\"]",
    "\"alg\":\"RS256\"",
    "\"alg\":\"ES256\"",
    "\"alg\":\"EdDSA\"",
    "\"kid\":\"a\"",
    "\"e\":\"AQAB\"",
    "\"e\":\"AQ\"",
    "\"n\":\"",
    "\"x\":\"",
    "\"y\":\"",
    "AAAA",
    "=",
];

/// Whatever is published, what the verifier is asked with is within the bounds of rule 9.
pub fn jwks(bytes: &[u8]) -> bool {
    let Ok(set) = JwkSet::parse(bytes) else {
        return false;
    };
    assert!(bytes.len() <= MAX_DOCUMENT);
    let mut usable = 0;
    for algorithm in JwsAlgorithm::ALL {
        for kid in [None, Some("a"), Some("")] {
            let candidates: Vec<_> = set.candidates(kid, algorithm).collect();
            assert!(candidates.len() <= MAX_TRIED);
            candidates.iter().for_each(|key| judge(algorithm, key));
            usable += candidates.len();
            assert!(kid.is_none_or(|kid| candidates.is_empty() || set.has_kid(kid)));
        }
    }
    assert_eq!(usable == 0, set.is_empty());
    // The operator's copy of it verifies as much, or is refused.
    let document = String::from_utf8_lossy(bytes);
    let told = StaticKeys::parse(&format!("{{\"https://issuer.example\":{document}}}"));
    assert!(told.is_err() || !set.is_empty());
    !set.is_empty()
}

fn judge(algorithm: JwsAlgorithm, key: &PublicKey) {
    let name = algorithm.name();
    match key {
        PublicKey::Rsa { modulus, exponent } => {
            assert!(name.starts_with("RS") || name.starts_with("PS"));
            assert!((256..=1024).contains(&modulus.len()) && modulus[0] != 0);
            let exponent = exponent
                .iter()
                .fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
            assert!((3..1 << 33).contains(&exponent) && exponent % 2 == 1);
        }
        PublicKey::Ec { x, y } => {
            let length = match name {
                "ES256" => 32,
                "ES384" => 48,
                "ES512" => 66,
                other => unreachable!("{other}"),
            };
            assert_eq!((x.len(), y.len()), (length, length));
        }
        PublicKey::Ed25519(_) => assert_eq!(name, "EdDSA"),
    }
}
