//! Unpredictable bytes and words for tokens, ids and keys.

use crate::jose::base64url;

const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// `N` random bytes; zeros if the system has none to give (a simulator's tokens guard nothing).
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    if aws_lc_rs::rand::fill(&mut bytes).is_err() {
        bytes = [0; N];
    }
    bytes
}

/// 36 letters and digits, as after `ghs_`.
pub(crate) fn alphanumeric36() -> String {
    bytes::<36>()
        .iter()
        .filter_map(|byte| ALPHANUMERIC.get(usize::from(*byte) % ALPHANUMERIC.len()))
        .map(|letter| char::from(*letter))
        .collect()
}

/// A random id as base64url, for `kid` and `jti`.
pub(crate) fn id() -> String {
    base64url(bytes::<16>())
}
