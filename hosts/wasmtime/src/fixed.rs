//! The answers of the host itself, for when the guest can't or needn't answer. They have the form of the guest's errors and
//! are rows of `docs/ERRORS.md`: too large, busy, deadline, anything else.

use aws_lc_rs::rand;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use wasmtime_wasi_http::WasiBody;

/// RFC 4648 6, in lower case.
const BASE32: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Why the guest does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fixed {
    /// The head of the request is above its limit.
    TooLarge,
    /// As many requests as there may be are under way.
    Busy,
    /// The guest took longer than its deadline and ten seconds.
    Deadline,
    /// The guest trapped, or an instance could not be made for a reason other than load.
    Trap,
}

/// A row of the table of errors.
#[derive(Debug, PartialEq, Eq)]
pub struct FixedAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The gRPC code, as in the body.
    pub code: u8,
    /// The stable name.
    pub error: &'static str,
    /// The public sentence.
    pub message: &'static str,
    /// Seconds after which to try again.
    pub retry_after: Option<u8>,
}

impl Fixed {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::TooLarge, Self::Busy, Self::Deadline, Self::Trap];

    /// What it says.
    #[must_use]
    pub const fn answer(self) -> FixedAnswer {
        match self {
            Self::TooLarge => FixedAnswer {
                status: 413,
                code: 3,
                error: "invalid_request",
                message: "request too large",
                retry_after: None,
            },
            Self::Busy => FixedAnswer {
                status: 503,
                code: 14,
                error: "unavailable",
                message: "server is busy",
                retry_after: Some(1),
            },
            Self::Deadline => FixedAnswer {
                status: 504,
                code: 4,
                error: "upstream_timeout",
                message: "deadline exceeded",
                retry_after: None,
            },
            Self::Trap => FixedAnswer {
                status: 500,
                code: 13,
                error: "internal_error",
                message: "internal error",
                retry_after: None,
            },
        }
    }

    /// The response, for the decision that failed so.
    pub(crate) fn response(self, decision: &str) -> Response<WasiBody> {
        let answer = self.answer();
        let body = format!(
            r#"{{"code":{},"message":"{}","details":[],"error":"{}","decision":"{decision}"}}"#,
            answer.code, answer.message, answer.error
        );
        let body = Full::new(Bytes::from(body))
            .map_err(|never| match never {})
            .boxed_unsync();
        let mut response = Response::new(body);
        *response.status_mut() =
            StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        if let Ok(decision) = HeaderValue::from_str(decision) {
            headers.insert("octo-sts-decision", decision);
        }
        if let Some(seconds) = answer.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(u16::from(seconds)));
        }
        response
    }
}

/// 128 random bits; none if the system has no randomness, which the callers turn into a refusal.
pub(crate) fn random_128() -> Option<u128> {
    let mut bytes = [0; 16];
    rand::fill(&mut bytes).ok()?;
    Some(u128::from_be_bytes(bytes))
}

/// A fresh decision id: 128 random bits in base32, lower case, without padding (26 characters).
pub(crate) fn decision_id() -> String {
    base32(random_128().unwrap_or_default())
}

fn base32(bits: u128) -> String {
    // 26 digits of 5 bits are 130: the last digit holds 3 bits and two zeros (RFC 4648 6).
    (0..26_u32)
        .map(|digit| {
            let group = match 123_u32.checked_sub(digit * 5) {
                Some(shift) => bits >> shift,
                None => bits << 2,
            };
            let index = usize::try_from(group & 31).unwrap_or(0);
            BASE32.get(index).map_or('a', |byte| char::from(*byte))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use serde_json::{Value, json};

    #[tokio::test]
    async fn bodies_and_headers() {
        for (fixed, status, retry, body) in [
            (
                Fixed::Busy,
                503,
                Some("1"),
                json!({"code": 14, "message": "server is busy", "details": [], "error": "unavailable", "decision": "abc"}),
            ),
            (
                Fixed::Deadline,
                504,
                None,
                json!({"code": 4, "message": "deadline exceeded", "details": [], "error": "upstream_timeout", "decision": "abc"}),
            ),
            (
                Fixed::Trap,
                500,
                None,
                json!({"code": 13, "message": "internal error", "details": [], "error": "internal_error", "decision": "abc"}),
            ),
        ] {
            let response = fixed.response("abc");
            assert_eq!(response.status(), status);
            assert_eq!(response.headers()["octo-sts-decision"], "abc");
            assert_eq!(response.headers()["content-type"], "application/json");
            let given = response.headers().get("retry-after");
            assert_eq!(given.map(|value| value.to_str().unwrap()), retry);
            let bytes = response.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(serde_json::from_slice::<Value>(&bytes).unwrap(), body);
        }
    }

    #[test]
    fn base32_of_known_values() {
        // RFC 4648 10: "foobar" begins MZXW6YTBOI.
        let foobar = u128::from_be_bytes(*b"foobarfoobarfoob");
        assert_eq!(base32(foobar), "mzxw6ytbojtg633cmfzgm33pmi");
        assert_eq!(base32(0), "a".repeat(26));
        assert_eq!(base32(u128::MAX), format!("{}4", "7".repeat(25)));
    }

    #[test]
    fn decision_ids_differ() {
        let ids: std::collections::HashSet<_> = (0..100).map(|_| decision_id()).collect();
        assert_eq!(ids.len(), 100);
        assert!(ids.iter().all(|id| id.len() == 26));
    }
}
