//! The proof that a verifier works (rule 9): every algorithm must accept its good vector and refuse all of its bad ones. A
//! library that was built wrongly, or replaced, would otherwise show as a service that lets everybody in.

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::signature::{Algorithm, PublicKey};

/// Made once with another implementation (OpenSSL), so that the two check each other.
const VECTORS: &str = include_str!("vectors.json");

/// How many algorithms the contract has; each needs a good and a bad vector.
const ALGORITHMS: usize = 10;

#[derive(Deserialize)]
struct Vectors {
    keys: BTreeMap<String, Key>,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Key {
    Rsa(String, String),
    Ec(String, String),
    Ed25519(String),
}

#[derive(Deserialize)]
struct Vector {
    algorithm: String,
    key: String,
    message: String,
    signature: String,
    genuine: bool,
    what: String,
}

/// The signature check under proof.
pub type Verify = fn(Algorithm, &PublicKey, &[u8], &[u8]) -> bool;

/// Proves a verifier against the checked-in vectors.
///
/// # Errors
/// Names the first vector that was answered wrongly, or what the set of vectors lacks.
pub fn prove(verify: Verify) -> Result<(), String> {
    prove_with(verify, VECTORS)
}

fn prove_with(verify: Verify, vectors: &str) -> Result<(), String> {
    let set: Vectors = serde_json::from_str(vectors).map_err(|error| error.to_string())?;
    let (mut accepted, mut refused) = (HashSet::new(), HashSet::new());
    for vector in &set.vectors {
        let named = || format!("{}: {}", vector.algorithm, vector.what);
        let algorithm = algorithm(&vector.algorithm).ok_or_else(named)?;
        let key = set
            .keys
            .get(&vector.key)
            .and_then(public_key)
            .ok_or_else(named)?;
        let signature = decode(&vector.signature).ok_or_else(named)?;
        if verify(algorithm, &key, vector.message.as_bytes(), &signature) != vector.genuine {
            return Err(named());
        }
        if vector.genuine {
            accepted.insert(algorithm);
        } else {
            refused.insert(algorithm);
        }
    }
    if accepted.len() == ALGORITHMS && refused.len() == ALGORITHMS {
        Ok(())
    } else {
        Err("an algorithm has no vector".to_owned())
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

fn public_key(key: &Key) -> Option<PublicKey> {
    Some(match key {
        Key::Rsa(n, e) => PublicKey::Rsa {
            modulus: decode(n)?,
            exponent: decode(e)?,
        },
        Key::Ec(x, y) => PublicKey::Ec {
            x: decode(x)?,
            y: decode(y)?,
        },
        Key::Ed25519(x) => PublicKey::Ed25519(decode(x)?),
    })
}

fn algorithm(name: &str) -> Option<Algorithm> {
    Some(match name {
        "rs256" => Algorithm::Rs256,
        "rs384" => Algorithm::Rs384,
        "rs512" => Algorithm::Rs512,
        "ps256" => Algorithm::Ps256,
        "ps384" => Algorithm::Ps384,
        "ps512" => Algorithm::Ps512,
        "es256" => Algorithm::Es256,
        "es384" => Algorithm::Es384,
        "es512" => Algorithm::Es512,
        "eddsa" => Algorithm::Eddsa,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::verify;

    #[test]
    fn the_verifier_is_proven() {
        assert_eq!(prove(verify), Ok(()));
    }

    #[test]
    fn a_verifier_that_says_yes_or_no_to_everything_is_not_proven() {
        assert!(prove_with(|_, _, _, _| true, VECTORS).is_err());
        assert!(prove_with(|_, _, _, _| false, VECTORS).is_err());
    }

    #[test]
    fn a_verifier_that_is_wrong_about_one_algorithm_is_not_proven() {
        for lenient in [
            (|a, k, m, s| a == Algorithm::Es512 || verify(a, k, m, s)) as Verify,
            |a, k, m, s| a != Algorithm::Eddsa && verify(a, k, m, s),
            |a, k, m, s| {
                verify(a, k, m, s) || (a == Algorithm::Ps256 && verify(Algorithm::Rs256, k, m, s))
            },
            // Takes a signature that was cut short or has bytes after it.
            |a, k, m, s| {
                verify(a, k, m, s) || verify(a, k, m, s.split_last().map_or(s, |(_, head)| head))
            },
        ] {
            assert!(prove_with(lenient, VECTORS).is_err());
        }
    }

    #[test]
    fn a_set_that_leaves_an_algorithm_out_proves_nothing() {
        assert!(prove_with(verify, r#"{"keys": {}, "vectors": []}"#).is_err());
        assert!(prove_with(verify, "").is_err());
    }
}
