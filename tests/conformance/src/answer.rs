//! What came back.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::Value;

/// An answer of the service.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; null if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The token that it brings, by either name.
    #[must_use]
    pub fn token(&self) -> Option<String> {
        let body = self.json();
        let named = ["token", "access_token"];
        let mut named = named.iter().filter_map(|name| body.get(name)?.as_str());
        named.next().map(str::to_owned)
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// A header, empty if it is absent.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().unwrap_or("no text"))
    }

    /// Seconds of `Retry-After`.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        self.header("retry-after").parse().ok()
    }

    /// The decision's id.
    #[must_use]
    pub fn decision(&self) -> String {
        self.header("octo-sts-decision").to_owned()
    }
}
