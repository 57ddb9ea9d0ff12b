//! From a hyper request to a hyper answer: the body read, faults met, the call logged.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;

use super::body::AnswerBody;
use super::message::{Received, Reply, Taken};
use crate::calls::{Call, Calls};
use crate::clock::Clock;
use crate::faults::Fault;
use crate::route::Route;

/// The largest request body, in bytes: a file of 1 MiB as base64, and more than enough for the rest.
const REQUEST_BODY: usize = 8 * 1024 * 1024;

/// What "for ever" is to [`Fault::Hang`]; a test that outlasts it has other troubles.
const FOREVER: Duration = Duration::from_secs(3600);

/// What is served at a listener. Almost all plain functions, so no lock can be held over an await.
pub(crate) trait Site: Send + Sync + 'static {
    /// What the request is, before it has any effect.
    fn recognise(&self, request: &Received) -> Taken;

    /// The failure on order for it, which is then spent.
    fn fault(&self, request: &Received, taken: &Taken) -> Option<Fault>;

    /// The true answer.
    fn answer(&self, request: &Received, taken: &Taken) -> Reply;

    /// The true answer where it takes an await: only commands that open and close ports.
    fn answer_later(&self, _request: &Received) -> Option<Later> {
        None
    }
}

/// An answer to come.
pub(crate) type Later = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// A site with the simulator's clock and call log.
pub(crate) struct Answering {
    pub(crate) site: Arc<dyn Site>,
    pub(crate) clock: Clock,
    pub(crate) calls: Arc<Calls>,
}

impl Answering {
    /// An error cuts the connection.
    pub(super) async fn answer(
        &self,
        request: Request<Incoming>,
    ) -> Result<Response<AnswerBody>, io::Error> {
        let received = read(request).await?;
        let taken = self.site.recognise(&received);
        let fault = self.site.fault(&received, &taken);
        if let Some(Fault::Delay(time)) = &fault {
            tokio::time::sleep(*time).await;
        }
        let reply = match &fault {
            Some(fault) if !fault.has_effect() => ordered(fault),
            _ => match self.site.answer_later(&received) {
                Some(later) => Some(later.await),
                None => Some(self.site.answer(&received, &taken)),
            },
        };
        self.log(&received, taken, reply.as_ref());
        match (fault, reply) {
            (Some(Fault::Hang), _) => {
                tokio::time::sleep(FOREVER).await;
                Err(io::Error::other("hung on order"))
            }
            (_, None) => Err(io::Error::other("cut on order")),
            (fault, Some(reply)) => Ok(send(reply, fault.as_ref())),
        }
    }

    fn log(&self, received: &Received, taken: Taken, reply: Option<&Reply>) {
        if !self.calls.is_recording() {
            return;
        }
        let path = if received.query.is_empty() {
            taken.path
        } else {
            format!("{}?{}", taken.path, received.query)
        };
        self.calls.push(Call {
            at: self.clock.now(),
            site: taken.site,
            method: received.method.clone(),
            path,
            route: taken.route,
            app: reply.and_then(|reply| reply.app),
            installation: reply.and_then(|reply| reply.installation),
            authorized: received.headers.contains_key(AUTHORIZATION),
            body: (taken.route == Route::AccessTokens)
                .then(|| serde_json::from_slice(&received.body).ok())
                .flatten(),
            status: reply.map(|reply| reply.status.as_u16()),
        });
    }
}

async fn read(request: Request<Incoming>) -> Result<Received, io::Error> {
    let (parts, body) = request.into_parts();
    let body = Limited::new(body, REQUEST_BODY)
        .collect()
        .await
        .map_err(io::Error::other)?
        .to_bytes();
    Ok(Received {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    })
}

/// The answer of a fault that has no effect; none for a cut.
fn ordered(fault: &Fault) -> Option<Reply> {
    let Fault::Status {
        code,
        headers,
        body,
    } = fault
    else {
        return None;
    };
    let status = StatusCode::from_u16(*code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = Reply::new(status, "application/json; charset=utf-8", body.clone());
    for (name, value) in headers {
        add(&mut reply.headers, name, value);
    }
    Some(reply)
}

fn add(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (
        HeaderName::from_bytes(name.as_bytes()),
        HeaderValue::from_str(value),
    ) {
        headers.insert(name, value);
    }
}

fn send(reply: Reply, fault: Option<&Fault>) -> Response<AnswerBody> {
    let (mut status, mut headers) = (reply.status, reply.headers);
    let body = match fault {
        Some(Fault::CutMidBody) => AnswerBody::cut(reply.body),
        Some(Fault::HangMidBody) => AnswerBody::stuck(reply.body),
        Some(Fault::HugeBody(total)) => AnswerBody::padded(reply.body, *total),
        Some(Fault::Garbage) => {
            status = StatusCode::OK;
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            AnswerBody::whole(Bytes::from_static(b"\x00\xff<html>{\"token\": \xc3\x28"))
        }
        _ => AnswerBody::whole(reply.body),
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    response
}
