//! GitHub's error answers: `{message, documentation_url, status}`.

use http::StatusCode;
use serde_json::json;

use crate::server::Reply;

/// An answer that is no success.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    message: String,
    documentation: &'static str,
    headers: Vec<(&'static str, String)>,
    url: Option<String>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            documentation: "https://docs.github.com/rest",
            headers: Vec::new(),
            url: None,
        }
    }

    pub(crate) fn documented(mut self, at: &'static str) -> Self {
        self.documentation = at;
        self
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn unauthorized(message: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, message)
    }

    pub(crate) fn bad_credentials() -> Self {
        Self::unauthorized("Bad credentials")
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// A token that reaches the repository, but lacks the permission.
    pub(crate) fn not_accessible() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "Resource not accessible by integration",
        )
    }

    pub(crate) fn suspended() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "This installation has been suspended",
        )
        .documented(
            "https://docs.github.com/rest/reference/apps#create-an-installation-access-token-for-an-app",
        )
    }

    pub(crate) fn unprocessable(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, message)
    }

    pub(crate) fn not_json() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Problems parsing JSON")
    }

    /// A renamed repository: 301, or 307 where a method must be kept.
    pub(crate) fn moved(to: String, is_get: bool) -> Self {
        let (status, message) = if is_get {
            (StatusCode::MOVED_PERMANENTLY, "Moved Permanently")
        } else {
            (StatusCode::TEMPORARY_REDIRECT, "Temporary Redirect")
        };
        let mut refusal = Self::new(status, message)
            .documented("https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects")
            .with_header("location", to.clone());
        refusal.url = Some(to);
        refusal
    }

    pub(crate) fn into_reply(self) -> Reply {
        let mut body = json!({
            "message": self.message,
            "documentation_url": self.documentation,
            "status": self.status.as_str(),
        });
        if let (Some(url), Some(body)) = (self.url, body.as_object_mut()) {
            body.insert("url".to_owned(), json!(url));
        }
        let mut reply = Reply::json(self.status, &body);
        for (name, value) in &self.headers {
            reply.set(name, value);
        }
        reply
    }
}
