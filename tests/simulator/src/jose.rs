//! Compact JWS (RFC 7515 section 3.1): put together and taken apart, without judging.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// base64url without padding (RFC 7515 section 2).
pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `header.payload` as it is signed.
pub(crate) fn signing_input(header: &[u8], payload: &[u8]) -> String {
    format!("{}.{}", base64url(header), base64url(payload))
}

/// A compact JWS taken apart; nothing is verified yet.
pub(crate) struct UnverifiedJws<'a> {
    pub(crate) signing_input: &'a str,
    pub(crate) header: Value,
    pub(crate) payload: Value,
    pub(crate) signature: Vec<u8>,
}

impl<'a> UnverifiedJws<'a> {
    /// None if it has not three parts of base64url of which two are JSON.
    pub(crate) fn parse(token: &'a str) -> Option<Self> {
        let (signing_input, signature) = token.rsplit_once('.')?;
        let (header, payload) = signing_input.split_once('.')?;
        Some(Self {
            signing_input,
            header: json(header)?,
            payload: json(payload)?,
            signature: URL_SAFE_NO_PAD.decode(signature).ok()?,
        })
    }
}

fn json(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    #[test]
    fn a_jws_goes_round_and_other_text_is_none() {
        let input = signing_input(br#"{"alg":"none"}"#, br#"{"iss":7}"#);
        let token = format!("{input}.{}", base64url([1, 2]));
        let jws = UnverifiedJws::parse(&token).unwrap();
        assert_eq!(jws.signing_input, input);
        assert_eq!(jws.header["alg"], "none");
        assert_eq!(jws.payload["iss"], 7);
        assert_eq!(jws.signature, [1, 2]);
        for bad in ["", "a.b", "a.b.c", "e30.e30", "e30.e30.!!", "e30.bm8.AA"] {
            assert!(UnverifiedJws::parse(bad).is_none(), "{bad}");
        }
    }
}
