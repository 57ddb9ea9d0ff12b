//! A client of one connection for each request.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderValue, Request};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::answer::Answer;
use crate::secrets::Secrets;

/// A request to come.
#[derive(Clone, Debug)]
#[must_use]
pub struct Ask {
    /// `HOST:PORT`
    authority: String,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Bytes,
    secrets: Secrets,
}

impl Ask {
    pub(crate) fn new(
        authority: impl Into<String>,
        secrets: Secrets,
        method: impl Into<String>,
        target: String,
    ) -> Self {
        Self {
            authority: authority.into(),
            method: method.into(),
            target,
            headers: Vec::new(),
            body: Bytes::new(),
            secrets,
        }
    }

    /// `Authorization: Bearer …`. From here on the token is a secret.
    pub fn bearer(self, token: &str) -> Self {
        self.secrets.add(token);
        self.header("authorization", format!("Bearer {token}"))
    }

    /// One more header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// A body of this media type; an empty type is none.
    pub fn body(mut self, media_type: &str, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        if media_type.is_empty() {
            return self;
        }
        self.header("content-type", media_type)
    }

    /// A body of `application/json`.
    pub fn json(self, body: &serde_json::Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sends it. The token of an answer is a secret from here on.
    ///
    /// # Panics
    /// There is no whole answer.
    #[expect(clippy::expect_used, reason = "for tests in Rust")]
    pub async fn send(self) -> Answer {
        self.try_send().await.expect("an answer")
    }

    /// The same for those who can go on without an answer.
    ///
    /// # Errors
    /// There is no whole answer; in words.
    pub async fn try_send(self) -> Result<Answer, String> {
        let secrets = self.secrets.clone();
        let answer = self.exchange().await.map_err(|error| error.to_string())?;
        match answer.token() {
            Some(token) => secrets.add(&token),
            None => secrets.said(format!("{answer:?}")),
        }
        Ok(answer)
    }

    async fn exchange(self) -> Result<Answer, Box<dyn Error + Send + Sync>> {
        let mut request = Request::builder()
            .method(self.method.as_str())
            .uri(self.target);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            request = request.header("host", &self.authority);
        }
        for (name, value) in &self.headers {
            request = request.header(name, HeaderValue::from_str(value)?);
        }
        let request = request.body(Full::new(self.body))?;
        let stream = TcpStream::connect(&self.authority).await?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let driving = tokio::spawn(connection);
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        driving.abort();
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }
}
