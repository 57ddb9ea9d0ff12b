//! One outbound HTTP call over `wasi:http`, bounded in time and size. Redirects are answers like any other.

use std::future::{Future, poll_fn};
use std::pin::pin;

use exchange::{Limits, SendError, Unanswered};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, response};
use wasip2::http::outgoing_handler::handle;
use wasip2::http::types::{
    ErrorCode, Fields, FutureIncomingResponse, IncomingResponse, Method, OutgoingBody,
    OutgoingRequest, RequestOptions, Scheme, http_error_code,
};
use wasip2::io::streams::{InputStream, StreamError};
use wstd::future::FutureExt;
use wstd::io::AsyncPollable;
use wstd::time::Duration;

/// Bytes that are asked for at a time.
const CHUNK: u64 = 64 * 1024;

/// Sends a request and reads the whole answer. What was read of one that did not come whole goes with the error.
pub(crate) async fn send(
    request: Request<Vec<u8>>,
    limits: Limits,
) -> Result<Response<Vec<u8>>, Unanswered> {
    let mut received = Vec::new();
    let answered = receive(request, limits, &mut received)
        .timeout(Duration::from(limits.total))
        .await;
    match answered.unwrap_or(Err(SendError::Timeout { sent: true })) {
        Ok(head) => Ok(Response::from_parts(head, received)),
        Err(error) => Err(Unanswered {
            error,
            head: received,
        }),
    }
}

async fn receive(
    request: Request<Vec<u8>>,
    limits: Limits,
    received: &mut Vec<u8>,
) -> Result<response::Parts, SendError> {
    let (head, bytes) = request.into_parts();
    let outgoing = outgoing(&head).ok_or(SendError::Protocol)?;
    let body = outgoing.body().map_err(|()| SendError::Protocol)?;
    // Some platforms deny here, others in the future's result.
    let answer = handle(outgoing, Some(options(limits)?)).map_err(|code| sort(&code))?;
    let answer = before(write(body, &bytes), wait(answer)).await?;
    let head = parts(&answer)?;
    let length = head.headers.get(http::header::CONTENT_LENGTH).cloned();
    let body = answer.consume().map_err(|()| SendError::Protocol)?;
    let stream = body.stream().map_err(|()| SendError::Protocol)?;
    read(&stream, limits.max_answer, received).await?;
    let whole = received.len().to_string();
    match length {
        Some(length) if length != whole.as_str() => Err(SendError::Lost),
        _ => Ok(head),
    }
}

fn outgoing(head: &http::request::Parts) -> Option<OutgoingRequest> {
    let fields = Fields::new();
    for (name, value) in &head.headers {
        fields.append(name.as_str(), value.as_bytes()).ok()?;
    }
    let request = OutgoingRequest::new(fields);
    let method = match head.method.as_str() {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "DELETE" => Method::Delete,
        other => Method::Other(other.to_owned()),
    };
    let scheme = match head.uri.scheme_str()? {
        "https" => Scheme::Https,
        "http" => Scheme::Http,
        _ => return None,
    };
    request.set_method(&method).ok()?;
    request.set_scheme(Some(&scheme)).ok()?;
    request
        .set_authority(Some(head.uri.authority()?.as_str()))
        .ok()?;
    let path = head
        .uri
        .path_and_query()
        .map(http::uri::PathAndQuery::as_str);
    request.set_path_with_query(path).ok()?;
    Some(request)
}

/// Set on every call: what platforms take by themselves is ten minutes.
fn options(limits: Limits) -> Result<RequestOptions, SendError> {
    let nanoseconds = |time: std::time::Duration| u64::try_from(time.as_nanos()).ok();
    let options = RequestOptions::new();
    let set = options
        .set_connect_timeout(nanoseconds(limits.connect))
        .and_then(|()| options.set_first_byte_timeout(nanoseconds(limits.total)))
        .and_then(|()| options.set_between_bytes_timeout(nanoseconds(limits.total)));
    set.map(|()| options).map_err(|()| SendError::Protocol)
}

/// Drives `aside` until `main` is done. Whether the body could be written says nothing: a platform may close its stream as
/// soon as it has seen enough, and what became of the request is in the answer.
async fn before<T>(aside: impl Future<Output = ()>, main: impl Future<Output = T>) -> T {
    let (mut aside, mut main) = (pin!(aside), pin!(main));
    let mut written = false;
    poll_fn(|context| {
        if !written {
            written = aside.as_mut().poll(context).is_ready();
        }
        main.as_mut().poll(context)
    })
    .await
}

async fn write(body: OutgoingBody, mut bytes: &[u8]) {
    if !bytes.is_empty() {
        let Ok(stream) = body.write() else { return };
        while !bytes.is_empty() {
            AsyncPollable::new(stream.subscribe()).wait_for().await;
            let Ok(room) = stream.check_write() else {
                return;
            };
            let now = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
            let (chunk, rest) = bytes.split_at(now);
            if stream.write(chunk).is_err() {
                return;
            }
            bytes = rest;
        }
        if stream.flush().is_ok() {
            AsyncPollable::new(stream.subscribe()).wait_for().await;
        }
    }
    let _ = OutgoingBody::finish(body, None);
}

async fn wait(answer: FutureIncomingResponse) -> Result<IncomingResponse, SendError> {
    loop {
        match answer.get() {
            Some(Ok(answer)) => return answer.map_err(|code| sort(&code)),
            Some(Err(())) => return Err(SendError::Protocol),
            None => AsyncPollable::new(answer.subscribe()).wait_for().await,
        }
    }
}

fn parts(answer: &IncomingResponse) -> Result<response::Parts, SendError> {
    let wrong = |_| SendError::Protocol;
    let status = StatusCode::from_u16(answer.status()).map_err(|_| SendError::Protocol)?;
    let (mut head, ()) = Response::new(()).into_parts();
    head.status = status;
    for (name, value) in answer.headers().entries() {
        let name: HeaderName = name.parse().map_err(wrong)?;
        let value = HeaderValue::from_bytes(&value).map_err(|_| SendError::Protocol)?;
        head.headers.append(name, value);
    }
    Ok(head)
}

async fn read(stream: &InputStream, most: usize, received: &mut Vec<u8>) -> Result<(), SendError> {
    let pollable = AsyncPollable::new(stream.subscribe());
    loop {
        pollable.wait_for().await;
        let data = match stream.read(CHUNK) {
            Ok(data) => data,
            Err(StreamError::Closed) => return Ok(()),
            Err(StreamError::LastOperationFailed(error)) => {
                return Err(http_error_code(&error).map_or(SendError::Lost, |code| sort(&code)));
            }
        };
        let room = most.saturating_sub(received.len());
        received.extend(data.iter().take(room));
        if data.len() > room {
            return Err(SendError::TooLarge);
        }
    }
}

/// What the platform's error means.
fn sort(code: &ErrorCode) -> SendError {
    match code {
        ErrorCode::DestinationIpProhibited | ErrorCode::HttpRequestDenied => SendError::Denied,
        ErrorCode::DnsTimeout | ErrorCode::DnsError(_) | ErrorCode::DestinationNotFound => {
            SendError::Name
        }
        ErrorCode::DestinationUnavailable
        | ErrorCode::DestinationIpUnroutable
        | ErrorCode::ConnectionRefused
        | ErrorCode::ConnectionLimitReached => SendError::Connect,
        ErrorCode::ConnectionTimeout => SendError::Timeout { sent: false },
        ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => SendError::Timeout { sent: true },
        ErrorCode::ConnectionTerminated
        | ErrorCode::HttpResponseIncomplete
        | ErrorCode::HttpProtocolError
        | ErrorCode::InternalError(_) => SendError::Lost,
        ErrorCode::TlsProtocolError
        | ErrorCode::TlsCertificateError
        | ErrorCode::TlsAlertReceived(_) => SendError::Tls,
        ErrorCode::HttpResponseHeaderSectionSize(_)
        | ErrorCode::HttpResponseHeaderSize(_)
        | ErrorCode::HttpResponseBodySize(_) => SendError::TooLarge,
        _ => SendError::Protocol,
    }
}
