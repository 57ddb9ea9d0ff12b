//! A client of one connection for each request.

use std::net::SocketAddr;

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
    address: SocketAddr,
    method: &'static str,
    target: String,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
    secrets: Secrets,
}

impl Ask {
    pub(crate) fn new(
        address: SocketAddr,
        secrets: Secrets,
        method: &'static str,
        target: String,
    ) -> Self {
        Self {
            address,
            method,
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
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
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

    /// A body of `application/x-www-form-urlencoded`.
    pub fn form(self, body: impl Into<Bytes>) -> Self {
        self.body("application/x-www-form-urlencoded", body)
    }

    /// A body of `application/json`.
    pub fn json(self, body: &serde_json::Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sends it.
    ///
    /// # Panics
    /// There is no whole answer.
    pub async fn send(self) -> Answer {
        let secrets = self.secrets.clone();
        let answer = self.try_send().await.expect("an answer");
        match answer.json()["token"].as_str() {
            Some(token) => secrets.add(token),
            None => secrets.said(format!("{answer:?}")),
        }
        answer
    }

    async fn try_send(self) -> Result<Answer, Box<dyn std::error::Error>> {
        let mut request = Request::builder()
            .method(self.method)
            .uri(self.target)
            .header("host", self.address.to_string());
        for (name, value) in &self.headers {
            request = request.header(*name, HeaderValue::from_str(value)?);
        }
        let request = request.body(Full::new(self.body))?;
        let stream = TcpStream::connect(self.address).await?;
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
