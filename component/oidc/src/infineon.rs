//! RSA keys whose primes come from Infineon's library of before 2017 (CVE-2017-15361, "The Return of Coppersmith's Attack",
//! Nemec et al., CCS 2017): whoever sees the modulus can factor it.

/// Both primes are powers of 65537 modulo a product of small primes, so the modulus is one modulo each of them. For keys of
/// 1,984 bits and more, the product goes up to 701.
const GENERATOR: u32 = 65537;
const SMALL_PRIMES: std::ops::RangeInclusive<u32> = 3..=701;

/// Whether a modulus, big-endian, is one of theirs. One in 2^167 others is taken for one.
pub(crate) fn made(modulus: &[u8]) -> bool {
    SMALL_PRIMES
        .filter(is_prime)
        .all(|prime| is_power(remainder(modulus, prime), prime))
}

fn is_prime(number: &u32) -> bool {
    (2..*number)
        .take_while(|divisor| divisor * divisor <= *number)
        .all(|divisor| !number.is_multiple_of(divisor))
}

fn remainder(number: &[u8], divisor: u32) -> u32 {
    number
        .iter()
        .fold(0, |left, byte| (left << 8 | u32::from(*byte)) % divisor)
}

fn is_power(wanted: u32, prime: u32) -> bool {
    let mut power = 1;
    for _ in 1..prime {
        if power == wanted {
            return true;
        }
        power = power * (GENERATOR % prime) % prime;
    }
    false
}
