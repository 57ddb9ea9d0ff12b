//! The name of a decision: the key into log and audit record that every answer carries.

/// RFC 4648's base32 alphabet in lower case.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// 128 random bits as 26 characters of base32 in lower case, without padding.
#[must_use]
pub fn decision_id(random: u128) -> String {
    (0..26)
        .map(|place| {
            // 26 × 5 = 130 bits: the last character carries three.
            let shift = 123 - 5 * place;
            let five = if shift >= 0 {
                random >> shift
            } else {
                random << -shift
            };
            ALPHABET
                .get((five & 31) as usize)
                .copied()
                .map_or('a', char::from)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_base32() {
        assert_eq!(decision_id(0), "a".repeat(26));
        assert_eq!(decision_id(u128::MAX), format!("{}4", "7".repeat(25)));
        // RFC 4648 10: BASE32("foobar") = MZXW6YTBOI======
        assert!(
            decision_id(u128::from_be_bytes(*b"foobar\0\0\0\0\0\0\0\0\0\0"))
                .starts_with("mzxw6ytboi")
        );
    }
}
