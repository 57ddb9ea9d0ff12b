//! Signed texts that others made, through the verifier of the platform components.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod rfc;
mod wycheproof;

use oidc::{CompactJws, JwkSet, JwsAlgorithm, PublicKey, VerifySignature};
use portable::signature;
use serde_json::{Value, json};

/// What Spin, wasmCloud and WASI hosts answer with.
pub(crate) struct Portable;

impl VerifySignature for Portable {
    fn verify(
        &self,
        algorithm: JwsAlgorithm,
        key: &PublicKey,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let key = match key.clone() {
            PublicKey::Rsa { modulus, exponent } => signature::PublicKey::Rsa { modulus, exponent },
            PublicKey::Ec { x, y } => signature::PublicKey::Ec { x, y },
            PublicKey::Ed25519(bytes) => signature::PublicKey::Ed25519(bytes.to_vec()),
        };
        signature::verify(algorithm_of(algorithm), &key, message, signature)
    }
}

fn algorithm_of(algorithm: JwsAlgorithm) -> signature::Algorithm {
    use signature::Algorithm;
    match algorithm {
        JwsAlgorithm::Rs256 => Algorithm::Rs256,
        JwsAlgorithm::Rs384 => Algorithm::Rs384,
        JwsAlgorithm::Rs512 => Algorithm::Rs512,
        JwsAlgorithm::Ps256 => Algorithm::Ps256,
        JwsAlgorithm::Ps384 => Algorithm::Ps384,
        JwsAlgorithm::Ps512 => Algorithm::Ps512,
        JwsAlgorithm::Es256 => Algorithm::Es256,
        JwsAlgorithm::Es384 => Algorithm::Es384,
        JwsAlgorithm::Es512 => Algorithm::Es512,
        JwsAlgorithm::EdDsa => Algorithm::Eddsa,
    }
}

/// Whether one of the keys signed it, under any of our algorithms; else why not.
pub(crate) fn check(jws: &str, keys: &[Value]) -> Result<(), String> {
    let keys = JwkSet::parse(json!({ "keys": keys }).to_string().as_bytes()).unwrap();
    let jws = CompactJws::parse(jws).map_err(|error| error.to_string())?;
    jws.verify(&JwsAlgorithm::ALL, &keys, &Portable)
        .map_err(|error| error.to_string())
}
