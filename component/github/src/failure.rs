//! What an answer that is no success means.

use crate::MAX_ANSWER;
use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use thiserror::Error;

/// How long a caller waits when GitHub limits and does not say until when, in seconds (GitHub asks for a minute:
/// <https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api>).
const DEFAULT_RETRY_AFTER: u64 = 60;
/// The longest wait that is passed on, in seconds.
const MAX_RETRY_AFTER: u64 = 3600;

/// Why a call brought no result. Facts for the one who decides; GitHub's own texts stay out.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// A proven primary or secondary rate limit, or any 429.
    #[error("rate limited for {retry_after} s")]
    RateLimited {
        /// Seconds, 1 to 3600.
        retry_after: u64,
        /// Whether it is the primary limit, whose end GitHub says: nothing remains until then.
        primary: bool,
    },
    /// 401: the credential is not accepted.
    #[error("401 Unauthorized")]
    Unauthorized,
    /// 403 without a sign of a rate limit.
    #[error("403 Forbidden")]
    Forbidden,
    /// 404, 410, and a redirect, which is never followed: the thing is not where it was asked for.
    #[error("404 Not Found{}", moved(.to))]
    NotFound {
        /// Where a redirect pointed.
        to: Option<String>,
    },
    /// 422.
    #[error("422 Unprocessable Entity")]
    Unprocessable,
    /// 5xx, and 408.
    #[error("GitHub answered {0}")]
    Unavailable(u16),
    /// A success that cannot be read, or a status that has no meaning here.
    #[error("unreadable answer: {0}")]
    Unreadable(String),
}

fn moved(to: &Option<String>) -> String {
    to.as_ref()
        .map(|to| format!(" (moved to {to})"))
        .unwrap_or_default()
}

#[derive(Deserialize, Default)]
struct ErrorBody {
    #[serde(default)]
    documentation_url: Option<String>,
}

/// Sorts an answer: its body if the status is a success, else what it means. `now` is in Unix seconds, to turn
/// `X-RateLimit-Reset` into a wait.
///
/// # Errors
/// [`Failure`] for every status that is not 2xx, and for a body above [`MAX_ANSWER`].
pub fn success(answer: &Response<Vec<u8>>, now: i64) -> Result<&[u8], Failure> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer.body());
    }
    Err(sort(status, answer.headers(), answer.body(), now))
}

/// A limit that an answer to a mint names, whatever its status: 422 says "no access" only where nothing says "not now".
#[must_use]
pub fn named_limit(answer: &Response<Vec<u8>>, now: i64) -> Option<Failure> {
    let headers = answer.headers();
    (names_limit(headers) && !answer.status().is_success()).then(|| rate_limited(headers, now))
}

fn sort(status: StatusCode, headers: &HeaderMap, body: &[u8], now: i64) -> Failure {
    match status.as_u16() {
        429 => rate_limited(headers, now),
        403 if limited(headers, body) => rate_limited(headers, now),
        401 => Failure::Unauthorized,
        403 => Failure::Forbidden,
        404 | 410 => Failure::NotFound { to: None },
        300..=399 => Failure::NotFound {
            to: Some(
                text(headers, "location")
                    .unwrap_or("?")
                    .chars()
                    .take(200)
                    .collect(),
            ),
        },
        422 => Failure::Unprocessable,
        408 | 500..=599 => Failure::Unavailable(status.as_u16()),
        other => Failure::Unreadable(format!("status {other}")),
    }
}

/// Whether a 403 is a proven limit: nothing remaining, a wait that is named, or the documentation of secondary limits.
fn limited(headers: &HeaderMap, body: &[u8]) -> bool {
    if names_limit(headers) {
        return true;
    }
    if body.len() > MAX_ANSWER {
        return false;
    }
    let documentation = serde_json::from_slice::<ErrorBody>(body)
        .unwrap_or_default()
        .documentation_url;
    documentation.is_some_and(|url| {
        url.ends_with("#abuse-rate-limits") || url.ends_with("secondary-rate-limits")
    })
}

fn rate_limited(headers: &HeaderMap, now: i64) -> Failure {
    Failure::RateLimited {
        retry_after: retry_after(headers, now),
        primary: text(headers, "x-ratelimit-remaining") == Some("0"),
    }
}

fn names_limit(headers: &HeaderMap) -> bool {
    text(headers, "x-ratelimit-remaining") == Some("0") || headers.contains_key("retry-after")
}

fn retry_after(headers: &HeaderMap, now: i64) -> u64 {
    let named = text(headers, "retry-after").and_then(|value| value.parse::<u64>().ok());
    let reset = || {
        let remaining = text(headers, "x-ratelimit-remaining")?;
        let at = text(headers, "x-ratelimit-reset")?.parse::<i64>().ok()?;
        (remaining == "0").then(|| u64::try_from(at.saturating_sub(now)).unwrap_or(1))
    };
    named
        .or_else(reset)
        .unwrap_or(DEFAULT_RETRY_AFTER)
        .clamp(1, MAX_RETRY_AFTER)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response<Vec<u8>> {
        let mut builder = Response::builder().status(status);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(body.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn a_limit_is_proven_or_it_is_a_refusal() {
        let docs = r#"{"documentation_url":"https://docs.github.com/rest/overview/rate-limits#secondary-rate-limits"}"#;
        for (status, headers, body, wait) in [
            (429, vec![], "", 60),
            (429, vec![("retry-after", "7")], "", 7),
            (429, vec![("retry-after", "99999")], "", 3600),
            (429, vec![("retry-after", "0")], "", 1),
            (
                403,
                vec![
                    ("x-ratelimit-remaining", "0"),
                    ("x-ratelimit-reset", "1030"),
                ],
                "",
                30,
            ),
            (
                403,
                vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1")],
                "",
                1,
            ),
            (403, vec![("retry-after", "5")], "", 5),
            (403, vec![], docs, 60),
        ] {
            let limited = Failure::RateLimited {
                retry_after: wait,
                primary: headers.contains(&("x-ratelimit-remaining", "0")),
            };
            assert_eq!(
                success(&answer(status, &headers, body), 1000),
                Err(limited),
                "{status} {headers:?}"
            );
        }
        for headers in [
            vec![],
            vec![("x-ratelimit-remaining", "1")],
            vec![("x-ratelimit-remaining", "00")],
        ] {
            assert_eq!(
                success(&answer(403, &headers, "API rate limit exceeded"), 1000),
                Err(Failure::Forbidden)
            );
        }
    }

    #[test]
    fn every_other_status_has_one_meaning() {
        assert_eq!(success(&answer(200, &[], "x"), 0), Ok(&b"x"[..]));
        assert_eq!(
            success(&answer(401, &[], ""), 0),
            Err(Failure::Unauthorized)
        );
        assert_eq!(
            success(&answer(404, &[], ""), 0),
            Err(Failure::NotFound { to: None })
        );
        let to = Some("https://api.github.com/repositories/1".to_owned());
        let moved = answer(
            301,
            &[("location", "https://api.github.com/repositories/1")],
            "",
        );
        assert_eq!(success(&moved, 0), Err(Failure::NotFound { to }));
        assert_eq!(
            success(&answer(422, &[], ""), 0),
            Err(Failure::Unprocessable)
        );
        assert_eq!(
            success(&answer(502, &[], ""), 0),
            Err(Failure::Unavailable(502))
        );
        assert_eq!(
            success(&answer(418, &[], ""), 0),
            Err(Failure::Unreadable("status 418".into()))
        );
    }
}
