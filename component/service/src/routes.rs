//! Which path and method means what, and the way of one request through the component.

use crate::configuration;
use crate::outside::World;
use crate::respond;
use exchange::{ExchangeError, Incoming, Protocol, decision_id, exchange, explain, revoke};
use http::{HeaderMap, Method, Request, Response, header};
use http_body_util::BodyExt;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};
use wstd::future::FutureExt;
use wstd::http::Body;
use wstd::http::server::Responder;
use wstd::time::Duration;

/// The largest request body, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// The largest head, in bytes: target and fields as HTTP/1.1 writes them. Our own host refuses a larger one before it
/// comes here; other platforms take much more.
const MAX_HEAD: usize = 32 * 1024;
/// How long a caller may take to send it, in seconds.
const BODY_SECONDS: u64 = 10;

/// The token endpoint.
const TOKEN: &str = "/token";
/// RFC 8414 3.
const METADATA: &str = "/.well-known/oauth-authorization-server";

enum Route {
    Welcome,
    Health,
    Exchange,
    Explain,
    Revoke,
    OAuthMetadata,
}

/// Answers one request. Work that must not delay the answer is done after it has left.
pub(crate) fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
    let world = World::begin();
    let responder = Responder::new(response_out);
    let decision = decision_id(random());
    wstd::runtime::block_on(async move {
        let Ok(request) = wstd::http::request::try_from_incoming(request) else {
            let answer = respond::refused(&ExchangeError::UnreadableParameters, &decision);
            return send(responder, answer).await;
        };
        let protocol = protocol(request.uri().path());
        if head_length(&request) > MAX_HEAD {
            let answer = refused(protocol, &ExchangeError::RequestTooLarge, &decision);
            return send(responder, answer).await;
        }
        match route(request.method(), request.uri().path()) {
            Ok(Route::Welcome) => send(responder, respond::welcome(&decision)).await,
            Ok(Route::Health) => send(responder, respond::health(&problems(), &decision)).await,
            Ok(Route::Exchange) => {
                answer_exchange(&world, request, protocol, responder, &decision).await;
            }
            Ok(Route::OAuthMetadata) => send(responder, oauth_metadata(&decision)).await,
            Ok(Route::Explain) => answer_explanation(&world, request, responder, &decision).await,
            Ok(Route::Revoke) => answer_revocation(&world, request, responder, &decision).await,
            Err(error) => send(responder, refused(protocol, &error, &decision)).await,
        }
    });
}

fn head_length(request: &Request<Body>) -> usize {
    let fields = request.headers().iter();
    let fields = fields.map(|(name, value)| name.as_str().len() + value.len() + 4);
    let target = request.uri().path_and_query();
    target.map_or(1, |target| target.as_str().len()) + fields.sum::<usize>()
}

/// A slash at the end changes nothing.
fn without_slash(path: &str) -> &str {
    match path {
        "/" => path,
        path => path.strip_suffix('/').unwrap_or(path),
    }
}

/// In whose words a path is asked and answers.
fn protocol(path: &str) -> Protocol {
    match without_slash(path) {
        TOKEN => Protocol::OAuth,
        _ => Protocol::Sts,
    }
}

fn refused(protocol: Protocol, error: &ExchangeError, decision: &str) -> Response<Vec<u8>> {
    match protocol {
        Protocol::Sts => respond::refused(error, decision),
        Protocol::OAuth => respond::refused_by_oauth(error, decision),
    }
}

fn route(method: &Method, path: &str) -> Result<Route, ExchangeError> {
    match (without_slash(path), method.as_str()) {
        ("/", "GET") => Ok(Route::Welcome),
        ("/healthz", "GET") => Ok(Route::Health),
        ("/", "POST") | ("/sts/exchange" | "/exchange", "GET" | "POST") => Ok(Route::Exchange),
        (TOKEN, "POST") => Ok(Route::Exchange),
        (METADATA, "GET") => Ok(Route::OAuthMetadata),
        ("/sts/explain", "POST") => Ok(Route::Explain),
        ("/sts/revoke", "POST") => Ok(Route::Revoke),
        ("/sts/exchange_refresh_token", "POST") => Err(ExchangeError::RefreshTokens),
        ("/" | "/sts/exchange" | "/exchange", _) => {
            Err(ExchangeError::WrongMethod { allow: "GET, POST" })
        }
        ("/healthz" | METADATA, _) => Err(ExchangeError::WrongMethod { allow: "GET" }),
        ("/sts/exchange_refresh_token" | "/sts/explain" | "/sts/revoke" | TOKEN, _) => {
            Err(ExchangeError::WrongMethod { allow: "POST" })
        }
        _ => Err(ExchangeError::NoSuchPath),
    }
}

fn problems() -> Vec<String> {
    match configuration::read() {
        Ok(settings) => configuration::not_ready(&settings),
        Err(problems) => problems,
    }
}

async fn answer_exchange(
    world: &World,
    request: Request<Body>,
    protocol: Protocol,
    responder: Responder,
    decision: &str,
) {
    let refused = |error: &ExchangeError| refused(protocol, error, decision);
    let incoming = match read(request).await {
        Ok(incoming) => Incoming {
            protocol,
            ..incoming
        },
        Err(error) => return send(responder, refused(&error)).await,
    };
    let Ok(settings) = configuration::read() else {
        let error = ExchangeError::NotConfigured { retry_after: 30 };
        return send(responder, refused(&error)).await;
    };
    let exchanged = exchange(world, &settings, decision, &incoming, respond::rpc_error).await;
    let answer = match (&exchanged.answer, protocol) {
        (Ok(granted), Protocol::Sts) => respond::granted(granted, decision),
        (Ok(granted), Protocol::OAuth) => respond::granted_by_oauth(granted, decision),
        (Err(refusal), _) => refused(refusal.public()),
    };
    send(responder, answer).await;
    exchanged.afterwards.run(world, &settings, decision).await;
}

async fn answer_explanation(
    world: &World,
    request: Request<Body>,
    responder: Responder,
    decision: &str,
) {
    let (incoming, settings) = match (read(request).await, configuration::read()) {
        (Ok(incoming), Ok(settings)) => (incoming, settings),
        (Err(error), _) => return send(responder, respond::refused(&error, decision)).await,
        (Ok(_), Err(_)) => {
            let error = ExchangeError::NotConfigured { retry_after: 30 };
            return send(responder, respond::refused(&error, decision)).await;
        }
    };
    let (explained, afterwards) = explain(world, &settings, decision, &incoming).await;
    let answer = match &explained {
        Ok(explanation) => respond::explained(explanation, decision),
        Err(refusal) => respond::refused(refusal.public(), decision),
    };
    send(responder, answer).await;
    afterwards.run(world, &settings, decision).await;
}

/// The issuer comes from the settings, never from `Host` (rule 31).
fn oauth_metadata(decision: &str) -> Response<Vec<u8>> {
    match configuration::read() {
        Err(_) => {
            let error = ExchangeError::NotConfigured { retry_after: 30 };
            respond::refused(&error, decision)
        }
        Ok(settings) => match &settings.public_url {
            Some(issuer) => respond::oauth_metadata(issuer, decision),
            None => respond::refused(&ExchangeError::NoSuchPath, decision),
        },
    }
}

async fn answer_revocation(
    world: &World,
    request: Request<Body>,
    responder: Responder,
    decision: &str,
) {
    let answer = match (read(request).await, configuration::read()) {
        (Err(error), _) => Err(error),
        (Ok(_), Err(_)) => Err(ExchangeError::NotConfigured { retry_after: 30 }),
        (Ok(incoming), Ok(settings)) => {
            let revoked = revoke(world, &settings, decision, &incoming).await;
            revoked.map_err(|refusal| refusal.error)
        }
    };
    let answer = match answer {
        Ok(()) => respond::revoked(decision),
        Err(error) => respond::refused(&error, decision),
    };
    send(responder, answer).await;
}

/// The caller may have left; there is nobody to tell.
async fn send(responder: Responder, answer: Response<Vec<u8>>) {
    let _ = responder.respond(answer).await;
}

async fn read(request: Request<Body>) -> Result<Incoming, ExchangeError> {
    let (head, body) = request.into_parts();
    let body = read_body(body)
        .timeout(Duration::from_secs(BODY_SECONDS))
        .await
        .unwrap_or(Err(ExchangeError::Deadline))?;
    Ok(Incoming {
        protocol: Protocol::Sts,
        query: head.uri.query().unwrap_or_default().to_owned(),
        content_type: texts(&head.headers, &header::CONTENT_TYPE)
            .into_iter()
            .next(),
        body,
        authorization: texts(&head.headers, &header::AUTHORIZATION),
        user_agent: Some(texts(&head.headers, &header::USER_AGENT).join(" "))
            .filter(|agent| !agent.is_empty()),
    })
}

async fn read_body(body: Body) -> Result<Vec<u8>, ExchangeError> {
    if body
        .content_length()
        .is_some_and(|length| length > MAX_BODY as u64)
    {
        return Err(ExchangeError::RequestTooLarge);
    }
    let mut body = body.into_boxed_body();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ExchangeError::UnreadableParameters)?;
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > MAX_BODY {
                return Err(ExchangeError::RequestTooLarge);
            }
            bytes.extend_from_slice(&data);
        }
    }
    Ok(bytes)
}

/// Every value of a header; what is no text reads as empty, so that it counts and matches nothing.
fn texts(headers: &HeaderMap, name: &header::HeaderName) -> Vec<String> {
    headers
        .get_all(name)
        .iter()
        .map(|value| value.to_str().unwrap_or_default().to_owned())
        .collect()
}

fn random() -> u128 {
    let mut bytes = [0; 16];
    wstd::rand::get_random_bytes(&mut bytes);
    u128::from_be_bytes(bytes)
}
