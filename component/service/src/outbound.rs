//! One outbound HTTP call over `wasi:http`, bounded in time and size. Redirects are answers like any other.

use exchange::{Limits, SendError, Unanswered};
use http::{Request, Response, response};
use http_body_util::BodyExt;
use wstd::future::FutureExt;
use wstd::http::error::ErrorCode;
use wstd::http::{Body, Client};
use wstd::time::Duration;

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
    let mut client = Client::new();
    client.set_connect_timeout(Duration::from(limits.connect));
    client.set_first_byte_timeout(Duration::from(limits.total));
    client.set_between_bytes_timeout(Duration::from(limits.total));
    let answer = client.send(request.map(Body::from)).await;
    let (head, body) = answer
        .map_err(|error| sort(&error, SendError::Protocol))?
        .into_parts();
    let mut body = body.into_boxed_body();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| sort(&error, SendError::Lost))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        let room = limits.max_answer.saturating_sub(received.len());
        received.extend(data.iter().take(room));
        if data.len() > room {
            return Err(SendError::TooLarge);
        }
    }
    Ok(head)
}

/// What the platform's error means; anything it does not name is `other`.
fn sort(error: &wstd::http::Error, other: SendError) -> SendError {
    let Some(code) = error.downcast_ref::<ErrorCode>() else {
        return other;
    };
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
        _ => other,
    }
}
