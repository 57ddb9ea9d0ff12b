//! Keys for tests, made once for each run.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pkcs8::PrivateKeyInfo;
use rsa::RsaPrivateKey;
use rsa::pkcs1::EncodeRsaPrivateKey as _;

/// PEM, PKCS#1 and PKCS#8.
type Pair = LazyLock<(String, String)>;

static ONE: Pair = LazyLock::new(made);
static ANOTHER: Pair = LazyLock::new(made);

/// A key as GitHub hands it out.
pub(crate) fn pem() -> String {
    ONE.0.clone()
}

/// The same key in PKCS#8.
pub(crate) fn pem_pkcs8() -> String {
    ONE.1.clone()
}

/// Another key.
pub(crate) fn another_pem() -> String {
    ANOTHER.0.clone()
}

/// A key of 1024 bits.
pub(crate) fn short_pem() -> String {
    let key = RsaPrivateKey::new(&mut crate::app_key::Random(&random), 1024).unwrap();
    armoured("RSA PRIVATE KEY", key.to_pkcs1_der().unwrap().as_bytes())
}

/// A key that is not RSA.
pub(crate) fn ec_pem() -> String {
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    armoured("PRIVATE KEY", key.to_pkcs8v1().unwrap().as_ref())
}

pub(crate) fn random(bytes: &mut [u8]) {
    aws_lc_rs::rand::fill(bytes).unwrap();
}

fn made() -> (String, String) {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    let inner = PrivateKeyInfo::try_from(der.as_ref()).unwrap();
    (
        armoured("RSA PRIVATE KEY", inner.private_key),
        armoured("PRIVATE KEY", der.as_ref()),
    )
}

fn armoured(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}
