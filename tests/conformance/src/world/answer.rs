//! For tests in Rust: the form that every refusal and every token has.

use serde_json::Value;

use crate::answer::Answer;

/// An answer with a token.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The token.
    pub token: String,
    /// The key into log and audit.
    pub decision: String,
    /// The whole body.
    pub body: Value,
}

impl Answer {
    /// Demands a token, and the form of every such answer.
    ///
    /// # Panics
    /// It is something else.
    #[track_caller]
    #[must_use]
    pub fn granted(&self) -> Granted {
        assert_eq!(self.status, 200, "{}", self.text());
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.headers.get("retry-after"), None);
        let body = self.json();
        let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
        let token = text("token");
        assert!(token.starts_with("ghs_"), "an installation token");
        let start = format!("{{\"token\":\"{token}\",\"refreshToken\":\"\",\"expiry\":\"");
        assert!(
            self.text().starts_with(&start),
            "scripts cut the token out of the text"
        );
        Granted {
            token,
            decision: self.checked_decision(),
            body,
        }
    }

    /// Demands a refusal by status, gRPC code, key and message, and the form of every refusal: docs/ERRORS.md.
    ///
    /// # Panics
    /// It is something else.
    #[track_caller]
    pub fn refused(&self, status: u16, code: u8, error: &str, message: &str) {
        let body = self.json();
        let said = (
            self.status,
            body["code"].as_u64(),
            body["error"].as_str(),
            body["message"].as_str(),
        );
        let wanted = (status, Some(u64::from(code)), Some(error), Some(message));
        assert_eq!(said, wanted, "{}", self.text());
        assert_eq!(body["details"], serde_json::json!([]));
        assert_eq!(body["decision"], self.checked_decision());
        assert_eq!(self.header("content-type"), "application/json");
        let known = ["code", "message", "details", "error", "decision", "reason"];
        let members = body.as_object().expect("an object");
        assert!(
            members.keys().all(|name| known.contains(&name.as_str())),
            "{body}"
        );
        // What a retry may cure says when, and nothing else does.
        let cured = matches!(status, 429 | 503);
        let within = self
            .retry_after()
            .is_some_and(|seconds| (1..=3600).contains(&seconds));
        assert_eq!(
            cured,
            within,
            "Retry-After {:?}",
            self.header("retry-after")
        );
        self.check_challenge();
    }

    /// RFC 6750 3: a challenge with 401, and with nothing else; an error code only where a token was sent.
    #[track_caller]
    fn check_challenge(&self) {
        let wanted = match (self.status, self.json()["error"].as_str()) {
            (401, Some("invalid_request")) => "Bearer",
            (401, _) => "Bearer error=\"invalid_token\"",
            _ => "",
        };
        assert_eq!(self.header("www-authenticate"), wanted);
    }

    /// 128 bits in lower-case base32.
    #[track_caller]
    fn checked_decision(&self) -> String {
        let decision = self.decision();
        let in_base32 = |c: char| matches!(c, 'a'..='z' | '2'..='7');
        assert!(
            decision.len() == 26 && decision.chars().all(in_base32),
            "{decision:?}"
        );
        decision
    }
}
