#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
use super::*;
use JwsAlgorithm::{EdDsa, Es256, Es384, Es512, Ps256, Rs256, Rs512};
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::json;

fn modulus(bits: usize) -> Vec<u8> {
    let mut bytes = vec![0xff; bits.div_ceil(8)];
    bytes[0] = 0xff >> (bytes.len() * 8 - bits);
    bytes
}

fn encoded(bytes: &[u8]) -> Value {
    json!(URL_SAFE_NO_PAD.encode(bytes))
}

fn rsa_key() -> Value {
    json!({"kty": "RSA", "kid": "k", "n": encoded(&modulus(2048)), "e": "AQAB"})
}

fn ec_key(curve: &str, length: usize) -> Value {
    json!({"kty": "EC", "crv": curve, "x": encoded(&vec![0; length]), "y": encoded(&vec![7; length])})
}

fn with(mut key: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        key[name] = value.clone();
    }
    key
}

fn fits(key: &Value) -> Vec<JwsAlgorithm> {
    let key = Jwk::read(key.clone());
    JwsAlgorithm::ALL
        .into_iter()
        .filter(|algorithm| key.as_ref().is_some_and(|key| key.fits(*algorithm)))
        .collect()
}

#[test]
fn each_key_fits_its_own_algorithms() {
    assert_eq!(fits(&rsa_key()), JwsAlgorithm::ALL[..6]);
    assert_eq!(fits(&ec_key("P-256", 32)), [Es256]);
    assert_eq!(fits(&ec_key("P-384", 48)), [Es384]);
    assert_eq!(fits(&ec_key("P-521", 66)), [Es512]);
    assert_eq!(
        fits(&json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(&[1; 32])})),
        [EdDsa]
    );
    assert_eq!(fits(&with(rsa_key(), json!({"alg": "RS256"}))), [Rs256]);
    assert_eq!(
        fits(&with(
            rsa_key(),
            json!({"alg": "PS256", "use": "sig", "key_ops": ["verify"]})
        )),
        [Ps256]
    );
    assert_eq!(
        fits(&with(
            rsa_key(),
            json!({"alg": null, "use": null, "key_ops": null, "crv": null})
        ))
        .len(),
        6
    );
}

#[test]
fn the_bytes_have_one_form() {
    let zeros = [vec![0, 0], modulus(2048)].concat();
    let key = with(
        rsa_key(),
        json!({"n": URL_SAFE.encode(&zeros), "e": encoded(&[0, 1, 0, 1])}),
    );
    let PublicKey::Rsa {
        modulus: n,
        exponent: e,
    } = Jwk::read(key).unwrap().key
    else {
        panic!("not RSA")
    };
    assert_eq!((n, e), (modulus(2048), vec![1, 0, 1]));
    let PublicKey::Ec { x, y } = Jwk::read(ec_key("P-521", 66)).unwrap().key else {
        panic!("not EC")
    };
    assert_eq!((x, y), (vec![0; 66], vec![7; 66]));
}

#[test]
fn private_members_are_not_read() {
    let key = Jwk::read(with(rsa_key(), json!({"d": "c2VjcmV0", "p": 5})));
    assert_eq!(key, Jwk::read(rsa_key()));
}

#[test]
fn rsa_keys_have_bounds() {
    for bits in [2048, 3072, 8191, 8192] {
        assert!(
            Jwk::read(with(rsa_key(), json!({"n": encoded(&modulus(bits))}))).is_some(),
            "{bits}"
        );
    }
    for bits in [8, 512, 1024, 2047, 8193, 16384] {
        assert!(
            Jwk::read(with(rsa_key(), json!({"n": encoded(&modulus(bits))}))).is_none(),
            "{bits}"
        );
    }
    // Zeros in front do not make a short modulus long.
    let padded = [vec![0; 128], modulus(1024)].concat();
    assert!(Jwk::read(with(rsa_key(), json!({"n": encoded(&padded)}))).is_none());
    let mut even = modulus(2048);
    even[255] = 0xfe;
    assert!(Jwk::read(with(rsa_key(), json!({"n": encoded(&even)}))).is_none());
    for exponent in [
        &[3][..],
        &[1, 0, 1],
        &[0, 0, 0, 0, 0, 3],
        &[1, 0xff, 0xff, 0xff, 0xff],
    ] {
        assert!(
            Jwk::read(with(rsa_key(), json!({"e": encoded(exponent)}))).is_some(),
            "{exponent:?}"
        );
    }
    for exponent in [
        &[][..],
        &[0],
        &[1],
        &[2],
        &[4],
        &[1, 0, 0],
        &[2, 0, 0, 0, 1],
        &[1; 9],
    ] {
        assert!(
            Jwk::read(with(rsa_key(), json!({"e": encoded(exponent)}))).is_none(),
            "{exponent:?}"
        );
    }
}

#[test]
fn coordinates_are_exactly_as_long_as_the_field() {
    for (curve, length) in [("P-256", 32), ("P-384", 48), ("P-521", 66)] {
        for wrong in [0, length - 1, length + 1] {
            assert!(Jwk::read(ec_key(curve, wrong)).is_none(), "{curve} {wrong}");
            let short = with(
                ec_key(curve, length),
                json!({"y": encoded(&vec![7; wrong])}),
            );
            assert!(Jwk::read(short).is_none(), "{curve} {wrong}");
        }
    }
    for length in [0, 31, 33] {
        assert!(
            Jwk::read(json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(&vec![1; length])}))
                .is_none()
        );
    }
}

#[test]
fn what_disagrees_with_itself_is_unusable() {
    for members in [
        json!({"use": "enc"}),
        json!({"use": ""}),
        json!({"use": "SIG"}),
        json!({"use": 1}),
        json!({"key_ops": []}),
        json!({"key_ops": ["sign"]}),
        json!({"key_ops": "verify"}),
        json!({"alg": "ES256"}),
        json!({"alg": "HS256"}),
        json!({"alg": "none"}),
        json!({"alg": "RSA-OAEP"}),
        json!({"alg": ""}),
        json!({"alg": 1}),
        json!({"kty": "oct", "k": "c2VjcmV0"}),
        json!({"kty": "EC"}),
        json!({"kty": "rsa"}),
        json!({"kty": null}),
        json!({"crv": "P-256"}),
        json!({"n": null}),
        json!({"n": "!"}),
        json!({"n": ""}),
        json!({"n": 5}),
        json!({"e": null}),
        json!({"kid": 5}),
    ] {
        assert!(
            Jwk::read(with(rsa_key(), members.clone())).is_none(),
            "{members}"
        );
    }
    for members in [
        json!({"crv": "P-384"}),
        json!({"crv": "secp256k1"}),
        json!({"crv": null}),
        json!({"kty": "OKP"}),
        json!({"alg": "ES384"}),
    ] {
        assert!(
            Jwk::read(with(ec_key("P-256", 32), members.clone())).is_none(),
            "{members}"
        );
    }
    let ed448 = json!({"kty": "OKP", "crv": "Ed448", "x": encoded(&[1; 57])});
    for value in [json!(null), json!([]), json!("k"), json!({}), ed448] {
        assert!(Jwk::read(value.clone()).is_none(), "{value}");
    }
    assert!(
        !Jwk::read(with(rsa_key(), json!({"alg": "RS256"})))
            .unwrap()
            .fits(Rs512)
    );
}

/// Wycheproof's (json_web_key_test.json, 7): an RSA key of 2,049 bits that Infineon's library made.
const INFINEON: &str = "AanFpofbj7KjD4Lf-N2hVMKR7yewSyXhhbirIMTGpfYEhZ_lnt5UoK98DnKIgArXGTu3MaW_HhFw16HGaTDUHqPrId7fe4r11CqRw09yBFuW79V8sYIwHdzCaWflUI6auImYbVfoN9_nD5n8N8SY9DwXw7mwZM9wREPXoDPgOoIWl6q_MPsp7n0zs3Z5ZaiQWOOzl1S9OhwAfSiiOwz6efnXEaxuTEtPd7BjSx7NaFka8Dx9U7YqXy2RFj1O9PjyaDGuRh7YXsX3iMUSP_wSyHQg_c_qHRtKUsNSGCT7OZg0hzm2KphtjnayKJvC64vAbROBR4Ubg6Bxg9IQVZ-QYyE";

#[test]
fn a_key_that_can_be_factored_checks_nothing() {
    let key = |n: Value| json!({"kty": "RSA", "n": n, "e": "AQAB"});
    assert!(fits(&key(json!(INFINEON))).is_empty());
    let mut other = bytes(INFINEON).unwrap();
    let last = other.len() - 1;
    other[last] ^= 2;
    assert_eq!(fits(&key(encoded(&other))), JwsAlgorithm::ALL[..6]);
}
