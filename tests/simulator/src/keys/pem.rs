//! PEM (RFC 7468) and the little DER that lies between PKCS#8 and PKCS#1.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// `der` between the lines of `label`, 64 characters a line.
pub(super) fn encode(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

/// The `RSAPrivateKey` of PKCS#1 inside a PKCS#8 `PrivateKeyInfo`: SEQUENCE { INTEGER, SEQUENCE, OCTET STRING }.
pub(super) fn pkcs1_inside(pkcs8: &[u8]) -> Option<&[u8]> {
    let (inner, _) = element(0x30, pkcs8)?;
    let (_, rest) = element(0x02, inner)?;
    let (_, rest) = element(0x30, rest)?;
    element(0x04, rest).map(|(key, _)| key)
}

/// The content of the element at the start of `der`, if its tag is `tag`, and what follows it.
fn element(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    if found != tag {
        return None;
    }
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if count > 4 {
            return None;
        }
        let (bytes, rest) = rest.split_at_checked(count)?;
        let length = bytes
            .iter()
            .fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
        (length, rest)
    };
    rest.split_at_checked(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pem_has_lines_of_64() {
        let pem = encode("THING", &[0; 60]);
        let lines: Vec<&str> = pem.lines().collect();
        assert_eq!(lines.len(), 4);
        assert_eq!(lines.get(1).map(|line| line.len()), Some(64));
    }

    #[test]
    fn only_a_well_formed_wrapper_has_an_inside() {
        let der = [0x30, 8, 2, 1, 0, 0x30, 0, 4, 1, 9];
        assert_eq!(pkcs1_inside(&der), Some(&[9_u8][..]));
        for bad in [&der[1..], &der[..9], &[0x30, 0x85, 1][..], &[]] {
            assert_eq!(pkcs1_inside(bad), None);
        }
    }
}
