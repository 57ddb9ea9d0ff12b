//! RSA keys whose primes come from Infineon's library of before 2017 (CVE-2017-15361, "The Return of Coppersmith's Attack",
//! Nemec et al., CCS 2017): whoever sees the modulus can factor it.

/// Both primes are powers of 65537 modulo every one of these, and so is their product, the modulus. Keys of 1,984 bits and
/// more have at least the primes up to 701.
const SMALL_PRIMES: std::ops::RangeInclusive<u64> = 3..=701;
const GENERATOR: u64 = 65537;

/// Whether a big-endian modulus looks like one of theirs, as one in 2^167 others does too.
pub(crate) fn made_modulus(modulus: &[u8]) -> bool {
    SMALL_PRIMES
        .filter(is_prime)
        .all(|prime| is_power(remainder(modulus, prime), prime))
}

fn is_prime(number: &u64) -> bool {
    (2..*number)
        .take_while(|divisor| divisor * divisor <= *number)
        .all(|divisor| !number.is_multiple_of(divisor))
}

/// Four bytes at a time: an issuer may publish 256 keys that pass every prime but the last.
fn remainder(number: &[u8], divisor: u64) -> u64 {
    let (head, rest) = number.split_at(number.len() % 4);
    let first = head
        .iter()
        .fold(0, |left, byte| left << 8 | u64::from(*byte));
    let words = rest.chunks_exact(4).map(|word| {
        word.iter()
            .fold(0, |value, byte| value << 8 | u64::from(*byte))
    });
    words.fold(first % divisor, |left, word| (left << 32 | word) % divisor)
}

fn is_power(wanted: u64, prime: u64) -> bool {
    let mut power = 1;
    for _ in 1..prime {
        if power == wanted {
            return true;
        }
        power = power * (GENERATOR % prime) % prime;
    }
    false
}
