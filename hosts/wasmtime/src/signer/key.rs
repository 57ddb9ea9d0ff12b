//! The private key of an App: RSA in PEM, PKCS#1 (as GitHub hands it out) or PKCS#8.

use std::io::Read;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

use portable::KeySource;

/// No RSA key in PEM is larger.
const LARGEST_PEM: u64 = 64 * 1024;

/// GitHub's keys have 2048 bits; shorter ones can be factored.
const SMALLEST_MODULUS_BYTES: usize = 256;

/// A key that can sign. It has no `Debug`.
pub(super) struct AppKey {
    pair: RsaKeyPair,
    fingerprint: String,
}

impl AppKey {
    /// Reads and checks a key.
    ///
    /// # Errors
    /// What is wrong, in words that tell nothing of the key.
    pub(super) fn read(source: &KeySource) -> Result<Self, &'static str> {
        match source {
            KeySource::Text(pem) => Self::from_pem(pem.expose().as_bytes()),
            KeySource::File(path) => {
                let mut pem = Vec::new();
                std::fs::File::open(path)
                    .and_then(|file| file.take(LARGEST_PEM + 1).read_to_end(&mut pem))
                    .map_err(|_| "cannot be read")?;
                Self::from_pem(&pem)
            }
        }
    }

    fn from_pem(pem: &[u8]) -> Result<Self, &'static str> {
        const WRONG: &str = "is no RSA private key in PEM (PKCS#1 or PKCS#8) of at least 2048 bits";
        if pem.len() as u64 > LARGEST_PEM {
            return Err(WRONG);
        }
        let pair = match PrivateKeyDer::from_pem_slice(pem).map_err(|_| WRONG)? {
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
            _ => return Err(WRONG),
        };
        let pair = pair.map_err(|_| WRONG)?;
        if pair.public_modulus_len() < SMALLEST_MODULUS_BYTES {
            return Err(WRONG);
        }
        let fingerprint = portable::app_key::fingerprint(pair.public_key().as_ref());
        Ok(Self { pair, fingerprint })
    }

    /// The SHA-256 of the public key (RFC 8017 `RSAPublicKey`), for logs: it tells which key, and is no secret.
    pub(super) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// An RS256 signature. None: the library failed.
    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        let random = SystemRandom::new();
        self.pair
            .sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
            .ok()?;
        Some(signature)
    }

    /// The modulus and exponent, for tests that verify.
    #[cfg(test)]
    pub(super) fn public(&self) -> (Vec<u8>, Vec<u8>) {
        let public = self.pair.public_key();
        (
            public.modulus().big_endian_without_leading_zero().to_vec(),
            public.exponent().big_endian_without_leading_zero().to_vec(),
        )
    }
}
