//! A request that was read and an answer that is to be sent, as values.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use serde_json::Value;

use crate::route::Route;

/// A request, whole.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) method: Method,
    /// As it came, percent-encoded.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    /// The last value of a query parameter.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.query.as_bytes())
            .filter(|(key, _)| key == name)
            .last()
            .map(|(_, value)| value.into_owned())
    }

    /// A header's text; empty if it is absent or no text.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// An answer, with what the call log wants to know.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) app: Option<u64>,
    pub(crate) installation: Option<u64>,
}

impl Reply {
    pub(crate) fn new(status: StatusCode, content_type: &'static str, body: Bytes) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self {
            status,
            headers,
            body,
            app: None,
            installation: None,
        }
    }

    /// An answer without a body.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            app: None,
            installation: None,
        }
    }

    pub(crate) fn json(status: StatusCode, value: &Value) -> Self {
        Self::new(
            status,
            "application/json; charset=utf-8",
            Bytes::from(value.to_string()),
        )
    }

    /// Sets a header; what is no header value is left out.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(HeaderName::from_static(name), value);
        }
    }
}

/// What a site made of a request.
#[derive(Debug)]
pub(crate) struct Taken {
    /// `github`, or the issuer's URL.
    pub(crate) site: String,
    pub(crate) route: Route,
    /// The path by which faults and the call log know the request.
    pub(crate) path: String,
}
