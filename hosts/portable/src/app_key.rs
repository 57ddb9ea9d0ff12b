//! The private key of an App in pure Rust: RSA in PEM, PKCS#1 (as GitHub hands it out) or PKCS#8.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use pkcs8::PrivateKeyInfo;
use rsa::RsaPrivateKey;
use rsa::pkcs1::der::Encode as _;
use rsa::pkcs1::{self, DecodeRsaPrivateKey as _};
use rsa::pkcs1v15::SigningKey;
use rsa::rand_core::{self, CryptoRng, RngCore};
use rsa::signature::{RandomizedSigner as _, SignatureEncoding as _};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::grid::Step;

/// What a key is that can't be used.
pub const UNUSABLE: &str = "is no RSA private key in PEM (PKCS#1 or PKCS#8) of at least 2048 bits";

/// No RSA key in PEM is larger.
pub const LARGEST_PEM: usize = 64 * 1024;

/// GitHub's keys have 2048 bits; shorter ones can be factored.
pub const SMALLEST_MODULUS_BYTES: usize = 256;

/// A key that can sign. It has no `Debug`.
pub struct AppKey {
    /// RFC 8017 `RSAPrivateKey`.
    der: Zeroizing<Vec<u8>>,
    fingerprint: String,
}

impl AppKey {
    /// Reads a key. This is cheap: what signing needs is computed by the first signature, which most instances never make.
    ///
    /// # Errors
    /// What is wrong, in words that tell nothing of the key.
    pub fn from_pem(pem: &[u8]) -> Result<Self, &'static str> {
        Self::read(pem).ok_or(UNUSABLE)
    }

    fn read(pem: &[u8]) -> Option<Self> {
        if pem.len() > LARGEST_PEM {
            return None;
        }
        let der = match PrivateKeyDer::from_pem_slice(pem).ok()? {
            PrivateKeyDer::Pkcs1(der) => der.secret_pkcs1_der().to_vec(),
            PrivateKeyDer::Pkcs8(der) => {
                let info = PrivateKeyInfo::try_from(der.secret_pkcs8_der()).ok()?;
                info.algorithm
                    .assert_algorithm_oid(pkcs1::ALGORITHM_OID)
                    .ok()?;
                info.private_key.to_vec()
            }
            _ => return None,
        };
        let der = Zeroizing::new(der);
        let key = pkcs1::RsaPrivateKey::try_from(der.as_slice()).ok()?;
        if key.modulus.as_bytes().len() < SMALLEST_MODULUS_BYTES {
            return None;
        }
        let public = key.public_key().to_der().ok()?;
        let fingerprint = fingerprint(&public);
        Some(Self { der, fingerprint })
    }

    /// The SHA-256 of the public key (RFC 8017 `RSAPublicKey`), for logs: it tells which key, and is no secret.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// RFC 8017 `RSAPrivateKey`, for deriving other secrets from it.
    pub(crate) fn der(&self) -> &[u8] {
        &self.der
    }

    /// The App JWT of a step (RFC 7519, RS256), blinded with `random`. None: the key contradicts itself.
    ///
    /// RUSTSEC-2023-0071 says that this library's private-key operation takes a time that depends on the key. Blinding
    /// makes that time useless to whoever can't choose the number that is signed: here it is a hash over claims that no
    /// caller has a word in, at most once in four minutes.
    #[must_use]
    pub fn app_jwt(&self, step: Step, app: u64, random: &dyn Fn(&mut [u8])) -> Option<String> {
        let mut jwt = signing_input(step, app);
        let key = RsaPrivateKey::from_pkcs1_der(&self.der).ok()?;
        let signature = SigningKey::<Sha256>::new(key)
            .try_sign_with_rng(&mut Random(random), jwt.as_bytes())
            .ok()?;
        jwt.push('.');
        URL_SAFE_NO_PAD.encode_string(signature.to_bytes(), &mut jwt);
        Some(jwt)
    }
}

/// `SHA256:` and the digest of an RFC 8017 `RSAPublicKey`, as OpenSSH writes fingerprints.
#[must_use]
pub fn fingerprint(public_der: &[u8]) -> String {
    format!(
        "SHA256:{}",
        STANDARD_NO_PAD.encode(Sha256::digest(public_der))
    )
}

/// What an App JWT's signature is over (RFC 7515 5.1): the header `{"alg":"RS256","typ":"JWT"}` and the step's claims.
#[must_use]
pub fn signing_input(step: Step, app: u64) -> String {
    const HEADER: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9";
    format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(step.claims(app)))
}

/// The platform's randomness in the form that the library wants.
pub(crate) struct Random<'a>(pub(crate) &'a dyn Fn(&mut [u8]));

impl CryptoRng for Random<'_> {}

impl RngCore for Random<'_> {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        (self.0)(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::testing::{another_pem, pem, pem_pkcs8};
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};

    fn zeros(bytes: &mut [u8]) {
        bytes.fill(7);
    }

    #[test]
    fn another_implementation_accepts_the_jwt() {
        let key = AppKey::from_pem(pem().as_bytes()).unwrap();
        let step = Step::at(1_800_000_000, 42);
        let jwt = key.app_jwt(step, 42, &zeros).unwrap();
        let (signed, signature) = jwt.rsplit_once('.').unwrap();
        assert_eq!(signed, signing_input(step, 42));
        let private = pkcs1::RsaPrivateKey::try_from(key.der()).unwrap();
        let public = RsaPublicKeyComponents {
            n: private.modulus.as_bytes(),
            e: private.public_exponent.as_bytes(),
        };
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        let checked = |message: &str| {
            public.verify(&RSA_PKCS1_2048_8192_SHA256, message.as_bytes(), &signature)
        };
        assert!(checked(signed).is_ok());
        assert!(checked("another").is_err());
    }

    #[test]
    fn a_key_has_one_fingerprint_in_either_form_and_signs_the_same() {
        let (one, two) = (
            AppKey::from_pem(pem().as_bytes()).unwrap(),
            AppKey::from_pem(pem_pkcs8().as_bytes()).unwrap(),
        );
        assert_eq!(one.fingerprint(), two.fingerprint());
        assert_eq!(one.der(), two.der());
        let step = Step::at(1_800_000_000, 1);
        let other_random = |bytes: &mut [u8]| bytes.fill(9);
        assert_eq!(
            one.app_jwt(step, 1, &zeros),
            two.app_jwt(step, 1, &other_random)
        );
        let other = AppKey::from_pem(another_pem().as_bytes()).unwrap();
        assert_ne!(one.fingerprint(), other.fingerprint());
    }

    #[test]
    fn what_is_no_usable_key_is_refused_without_a_word_about_it() {
        let whole = pem();
        let cut: String = whole.lines().take(5).collect();
        let padded = format!("{whole}{}", " ".repeat(LARGEST_PEM));
        for text in [
            "",
            "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
            &cut,
            &padded,
            &whole.replace("PRIVATE", "PUBLIC"),
            &crate::testing::short_pem(),
            &crate::testing::ec_pem(),
        ] {
            assert_eq!(AppKey::from_pem(text.as_bytes()).err(), Some(UNUSABLE));
        }
    }
}
