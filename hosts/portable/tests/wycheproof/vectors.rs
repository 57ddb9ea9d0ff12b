//! Wycheproof's vectors for the ten algorithms, through any verifier. Our own host's tests read this file too.

use portable::signature::{Algorithm, PublicKey, RSA_EXPONENT_BYTES, RSA_MODULUS_BYTES};
use wycheproof::{TestResult, ecdsa, eddsa, rsa_pkcs1_verify, rsa_pss_verify};

/// How many vectors there are, and how many of them are exceptions.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Answered as Wycheproof says.
    pub(crate) agreed: usize,
    /// Where it leaves the answer open, ours is no.
    pub(crate) left_open: usize,
    /// Valid, under a key that is refused for its size.
    pub(crate) keys_refused: usize,
}

/// What every verifier must come to. Left open are twelve PKCS #1 signatures whose hash is named without its NULL
/// (RFC 8017 A.2.4 wants it).
pub(crate) const EXPECTED: Counts = Counts {
    agreed: 4890,
    left_open: 12,
    keys_refused: 0,
};

/// One signature.
struct Vector<'a> {
    name: String,
    algorithm: Algorithm,
    key: &'a PublicKey,
    message: &'a [u8],
    signature: &'a [u8],
    result: TestResult,
}

/// Puts every vector to `verify`.
///
/// # Panics
/// An answer is wrong.
pub(crate) fn put_to(verify: impl Fn(Algorithm, &PublicKey, &[u8], &[u8]) -> bool) -> Counts {
    let mut counts = Counts::default();
    let mut judge = |vector: &Vector<'_>| {
        let Vector {
            key,
            message,
            signature,
            ..
        } = vector;
        let good = verify(vector.algorithm, key, message, signature);
        let name = &vector.name;
        match vector.result {
            TestResult::Invalid => assert!(!good, "{name} is invalid"),
            TestResult::Valid if is_refused(key) => {
                assert!(!good, "{name} has a key that is refused");
                counts.keys_refused += 1;
                return;
            }
            TestResult::Valid => assert!(good, "{name} is valid"),
            TestResult::Acceptable if !good => {
                counts.left_open += 1;
                return;
            }
            TestResult::Acceptable => panic!("{name} is not for sure"),
        }
        counts.agreed += 1;
    };
    pkcs1(&mut judge);
    pss(&mut judge);
    curves(&mut judge);
    edwards(&mut judge);
    counts
}

/// Below 2048 bits, above 8192, or with an exponent from 2^33.
fn is_refused(key: &PublicKey) -> bool {
    let PublicKey::Rsa { modulus, exponent } = key else {
        return false;
    };
    let sizes = RSA_MODULUS_BYTES.contains(&modulus.len());
    !(sizes && RSA_EXPONENT_BYTES.contains(&exponent.len()))
}

fn without_zeros(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number[zeros..].to_vec()
}

fn rsa(modulus: &[u8], exponent: &[u8]) -> PublicKey {
    PublicKey::Rsa {
        modulus: without_zeros(modulus),
        exponent: without_zeros(exponent),
    }
}

/// RFC 7518 3.3 has three hashes; other sets are of no algorithm of ours.
fn pkcs1(judge: &mut impl FnMut(&Vector<'_>)) {
    use rsa_pkcs1_verify::TestName::*;
    let sets = [
        (
            Algorithm::Rs256,
            vec![Rsa2048Sha256, Rsa3072Sha256, Rsa4096Sha256, Rsa8192Sha256],
        ),
        (
            Algorithm::Rs384,
            vec![Rsa2048Sha384, Rsa3072Sha384, Rsa4096Sha384, Rsa8192Sha384],
        ),
        (
            Algorithm::Rs512,
            vec![Rsa2048Sha512, Rsa3072Sha512, Rsa4096Sha512, Rsa8192Sha512],
        ),
    ];
    for (algorithm, names) in sets {
        for name in names {
            let set = rsa_pkcs1_verify::TestSet::load(name).unwrap();
            for group in &set.test_groups {
                let key = rsa(&group.key.n, &group.key.e);
                for test in &group.tests {
                    judge(&Vector {
                        name: format!("{name:?} {}", test.tc_id),
                        algorithm,
                        key: &key,
                        message: &test.msg,
                        signature: &test.sig,
                        result: test.result,
                    });
                }
            }
        }
    }
}

/// RFC 7518 3.5: the mask's hash is the message's, and the salt is as long. Sets with other parameters are of no algorithm of
/// ours.
fn pss(judge: &mut impl FnMut(&Vector<'_>)) {
    use rsa_pss_verify::TestName::*;
    let sets = [
        (
            Algorithm::Ps256,
            vec![
                RsaPss2048Sha256Mgf1SaltLen32,
                RsaPss3072Sha256Mgf1SaltLen32,
                RsaPss4096Sha256Mgf1SaltLen32,
            ],
        ),
        (
            Algorithm::Ps384,
            vec![RsaPss2048Sha384Mgf1SaltLen48, RsaPss4096Sha384Mgf1SaltLen48],
        ),
        (Algorithm::Ps512, vec![RsaPss4096Sha512Mgf1SaltLen64]),
    ];
    for (algorithm, names) in sets {
        for name in names {
            let set = rsa_pss_verify::TestSet::load(name).unwrap();
            for group in &set.test_groups {
                let key = rsa(&group.key.n, &group.key.e);
                for test in &group.tests {
                    judge(&Vector {
                        name: format!("{name:?} {}", test.tc_id),
                        algorithm,
                        key: &key,
                        message: &test.msg,
                        signature: &test.sig,
                        result: test.result,
                    });
                }
            }
        }
    }
}

/// RFC 7518 3.4: both numbers in full, one after the other (IEEE P1363).
fn curves(judge: &mut impl FnMut(&Vector<'_>)) {
    use ecdsa::TestName::*;
    for (algorithm, name) in [
        (Algorithm::Es256, EcdsaSecp256r1Sha256P1363),
        (Algorithm::Es384, EcdsaSecp384r1Sha384P1363),
        (Algorithm::Es512, EcdsaSecp521r1Sha512P1363),
    ] {
        let set = ecdsa::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            // 4, then both coordinates (SEC 1 2.3.3).
            let (x, y) = group.key.key[1..].split_at(group.key.key.len() / 2);
            let key = PublicKey::Ec {
                x: x.to_vec(),
                y: y.to_vec(),
            };
            for test in &group.tests {
                judge(&Vector {
                    name: format!("{name:?} {}", test.tc_id),
                    algorithm,
                    key: &key,
                    message: &test.msg,
                    signature: &test.sig,
                    result: test.result,
                });
            }
        }
    }
}

fn edwards(judge: &mut impl FnMut(&Vector<'_>)) {
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    for group in &set.test_groups {
        let key = PublicKey::Ed25519(group.key.pk.to_vec());
        for test in &group.tests {
            judge(&Vector {
                name: format!("Ed25519 {}", test.tc_id),
                algorithm: Algorithm::Eddsa,
                key: &key,
                message: &test.msg,
                signature: &test.sig,
                result: test.result,
            });
        }
    }
}
