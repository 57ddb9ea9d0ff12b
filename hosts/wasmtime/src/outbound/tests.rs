#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use portable::Settings;

/// The host's own egress behind its bounds.
struct Bench {
    calls: Calls,
    own: Arc<Direct>,
}

fn outbound(vars: &[(&str, &str)]) -> Bench {
    let owned = vars
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let settings = Settings::from_vars(owned);
    let file = settings.ssl_cert_file.clone();
    let (tls, _) = client_config(file.as_deref()).unwrap();
    let own = Arc::new(Direct::new(Guard::new(&settings), tls));
    Bench {
        calls: Calls::new(own.clone()),
        own,
    }
}

pub(super) fn get(uri: &str) -> http::Request<Body> {
    let body = Empty::<Bytes>::new()
        .map_err(|never| match never {})
        .boxed_unsync();
    http::Request::get(uri).body(body).unwrap()
}

async fn send(outbound: &Bench, uri: &str) -> Result<http::Response<Body>, HttpError> {
    let second = Some(Duration::from_secs(1));
    let options = RequestOptions {
        connect_timeout: second,
        first_byte_timeout: second,
        between_bytes_timeout: Some(Duration::from_millis(300)),
    };
    outbound.calls.send(get(uri), options).await
}

/// A server that answers every request on every connection by `answer` (or closes without one), and counts connections.
async fn server(answer: fn(usize) -> Option<Vec<u8>>) -> (std::net::SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        let requests = Arc::new(AtomicUsize::new(0));
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(one(stream, answer, requests.clone()));
        }
    });
    (address, connections)
}

async fn one(
    mut stream: TcpStream,
    answer: fn(usize) -> Option<Vec<u8>>,
    requests: Arc<AtomicUsize>,
) {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if head.ends_with(b"\r\n\r\n") {
            head.clear();
            match answer(requests.fetch_add(1, Ordering::SeqCst)) {
                Some(bytes) => stream.write_all(&bytes).await.unwrap(),
                None => return,
            }
        }
    }
}

fn ok(_: usize) -> Option<Vec<u8>> {
    Some(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".to_vec())
}

async fn text(answer: http::Response<Body>) -> Bytes {
    answer.into_body().collect().await.unwrap().to_bytes()
}

async fn idle(outbound: &Bench, wanted: usize) {
    for _ in 0..200 {
        if outbound.own.pool.idle() == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{} idle, not {wanted}", outbound.own.pool.idle());
}

#[tokio::test]
async fn private_addresses_are_not_connected_to_unless_listed() {
    let (address, connections) = server(ok).await;
    let port = address.port();
    let unlisted = outbound(&[]);
    for uri in [
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("http://localhost:{port}/"),
        format!("https://localhost:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        format!("https://[::1]:{port}/"),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
        "https://0.0.0.0/".to_owned(),
        "https://10.0.0.1/".to_owned(),
        "http://api.github.com/".to_owned(),
    ] {
        let answer = send(&unlisted, &uri).await;
        assert!(
            matches!(answer, Err(HttpError::DestinationIpProhibited)),
            "{uri}: {answer:?}"
        );
    }
    let other_port = outbound(&[("OCTOSTS_PRIVATE_ISSUERS", "127.0.0.1:1")]);
    let answer = send(&other_port, &format!("http://127.0.0.1:{port}/")).await;
    assert!(matches!(answer, Err(HttpError::DestinationIpProhibited)));
    assert_eq!(connections.load(Ordering::SeqCst), 0, "nobody called");

    let listed = outbound(&[("OCTOSTS_PRIVATE_ISSUERS", &address.to_string())]);
    let answer = send(&listed, &format!("http://{address}/")).await.unwrap();
    assert_eq!(text(answer).await, "hi");
    let base = outbound(&[("GITHUB_BASE_URL", &format!("http://localhost:{port}"))]);
    let answer = send(&base, &format!("http://localhost:{port}/x"))
        .await
        .unwrap();
    assert_eq!(text(answer).await, "hi");
}

#[tokio::test]
async fn connections_are_kept_and_used_again() {
    let (address, connections) = server(ok).await;
    let outbound = outbound(&[("OCTOSTS_PRIVATE_ISSUERS", &address.to_string())]);
    for _ in 0..3 {
        let answer = send(&outbound, &format!("http://{address}/"))
            .await
            .unwrap();
        assert_eq!(text(answer).await, "hi");
        idle(&outbound, 1).await;
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
    // An answer that is not read does not free its connection for others.
    let unread = send(&outbound, &format!("http://{address}/"))
        .await
        .unwrap();
    let answer = send(&outbound, &format!("http://{address}/"))
        .await
        .unwrap();
    assert_eq!(text(answer).await, "hi");
    drop(unread);
    assert!(connections.load(Ordering::SeqCst) <= 2);
}

#[tokio::test]
async fn a_connection_that_was_closed_meanwhile_is_replaced() {
    fn once(_: usize) -> Option<Vec<u8>> {
        Some(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\nhi".to_vec())
    }
    let (address, connections) = server(once).await;
    let outbound = outbound(&[("OCTOSTS_PRIVATE_ISSUERS", &address.to_string())]);
    for n in 1..4 {
        let answer = send(&outbound, &format!("http://{address}/"))
            .await
            .unwrap();
        assert_eq!(text(answer).await, "hi");
        assert_eq!(connections.load(Ordering::SeqCst), n);
    }
}

#[tokio::test]
async fn a_request_that_may_have_been_seen_is_not_repeated() {
    fn then_cut(n: usize) -> Option<Vec<u8>> {
        if n == 0 { ok(n) } else { None }
    }
    let (address, connections) = server(then_cut).await;
    let outbound = outbound(&[("OCTOSTS_PRIVATE_ISSUERS", &address.to_string())]);
    let answer = send(&outbound, &format!("http://{address}/"))
        .await
        .unwrap();
    assert_eq!(text(answer).await, "hi");
    idle(&outbound, 1).await;
    let answer = send(&outbound, &format!("http://{address}/")).await;
    assert!(
        matches!(answer, Err(HttpError::ConnectionTerminated)),
        "{answer:?}"
    );
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn answers_are_bounded_in_time_and_size() {
    fn silent(_: usize) -> Option<Vec<u8>> {
        Some(Vec::new())
    }
    fn stalled(_: usize) -> Option<Vec<u8>> {
        Some(b"HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\nhi".to_vec())
    }
    fn cut(n: usize) -> Option<Vec<u8>> {
        (n > 0).then(Vec::new)
    }
    fn garbage(_: usize) -> Option<Vec<u8>> {
        Some(b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec())
    }
    fn huge_head(_: usize) -> Option<Vec<u8>> {
        let value = "x".repeat(100_000);
        Some(format!("HTTP/1.1 200 OK\r\nx: {value}\r\n\r\n").into_bytes())
    }
    fn huge_body(_: usize) -> Option<Vec<u8>> {
        let mut bytes = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n".to_vec();
        bytes.resize(bytes.len() + 17 * 1024 * 1024, b'x');
        Some(bytes)
    }
    type Answers = fn(usize) -> Option<Vec<u8>>;
    type Expected = fn(&HttpError) -> bool;
    let heads: [(Answers, Expected); 4] = [
        (silent, |e| matches!(e, HttpError::ConnectionReadTimeout)),
        (cut, |e| matches!(e, HttpError::ConnectionTerminated)),
        (garbage, |e| matches!(e, HttpError::HttpProtocolError)),
        (huge_head, |e| {
            matches!(e, HttpError::HttpResponseHeaderSectionSize(_))
        }),
    ];
    for (answers, expected) in heads {
        let (address, _) = server(answers).await;
        let outbound = outbound(&[("OCTOSTS_PRIVATE_ISSUERS", &address.to_string())]);
        let error = send(&outbound, &format!("http://{address}/"))
            .await
            .unwrap_err();
        assert!(expected(&error), "{error:?}");
        assert_eq!(outbound.calls.places.available_permits(), MOST_CALLS);
    }
    let bodies: [(Answers, Expected); 2] = [
        (stalled, |e| matches!(e, HttpError::ConnectionReadTimeout)),
        (huge_body, |e| {
            matches!(e, HttpError::HttpResponseBodySize(_))
        }),
    ];
    for (answers, expected) in bodies {
        let (address, _) = server(answers).await;
        let outbound = outbound(&[("OCTOSTS_PRIVATE_ISSUERS", &address.to_string())]);
        let answer = send(&outbound, &format!("http://{address}/"))
            .await
            .unwrap();
        assert_eq!(outbound.calls.places.available_permits(), MOST_CALLS - 1);
        let error = answer.into_body().collect().await.unwrap_err();
        assert!(expected(&error), "{error:?}");
        assert_eq!(outbound.calls.places.available_permits(), MOST_CALLS);
    }
}

#[tokio::test]
async fn failures_to_connect_have_their_names() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap();
    drop(listener);
    let refused = outbound(&[("OCTOSTS_PRIVATE_ISSUERS", &closed.to_string())]);
    let answer = send(&refused, &format!("http://{closed}/")).await;
    assert!(
        matches!(answer, Err(HttpError::ConnectionRefused)),
        "{answer:?}"
    );
    let answer = send(&refused, "https://no-such-name.invalid/").await;
    let named = matches!(
        answer,
        Err(HttpError::DnsError { .. } | HttpError::DnsTimeout)
    );
    assert!(named, "{answer:?}");
    for uri in ["ftp://example.com/", "https://user@example.com/", "/path"] {
        let answer = send(&refused, uri).await;
        assert!(
            matches!(answer, Err(HttpError::HttpRequestUriInvalid)),
            "{uri}"
        );
    }
}

#[tokio::test]
async fn certificates_are_checked_against_the_operators_roots() {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .unwrap()
    .with_no_client_auth()
    .with_single_cert(
        vec![made.cert.der().clone()],
        rustls_pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()).into(),
    )
    .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = stream.read(&mut [0; 4096]).await;
                let _ = stream.write_all(&ok(0).unwrap()).await;
                let _ = stream.flush().await;
            }
        }
    });
    let path = std::env::temp_dir().join(format!("octo-sts-roots-{}", std::process::id()));
    std::fs::write(&path, made.cert.pem()).unwrap();
    let listed = format!("localhost:{port} 127.0.0.1:{port}");
    let file = path.to_str().unwrap();
    let trusting = outbound(&[
        ("OCTOSTS_PRIVATE_ISSUERS", &listed),
        ("SSL_CERT_FILE", file),
    ]);
    let answer = send(&trusting, &format!("https://localhost:{port}/"))
        .await
        .unwrap();
    assert_eq!(text(answer).await, "hi");
    let wrong_name = send(&trusting, &format!("https://127.0.0.1:{port}/")).await;
    assert!(
        matches!(wrong_name, Err(HttpError::TlsCertificateError)),
        "{wrong_name:?}"
    );
    std::fs::remove_file(&path).unwrap();
    let distrusting = outbound(&[
        ("OCTOSTS_PRIVATE_ISSUERS", &listed),
        ("SSL_CERT_FILE", file),
    ]);
    let unknown = send(&distrusting, &format!("https://localhost:{port}/")).await;
    assert!(
        matches!(unknown, Err(HttpError::TlsCertificateError)),
        "{unknown:?}"
    );
}
