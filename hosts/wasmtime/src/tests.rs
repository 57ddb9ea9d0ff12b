//! A whole host around small components that do one thing each.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Empty};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::journal::testing::Lines;
use crate::{Compiled, Error, Host, Limits, Settings};
use guests::{ANSWER, Import, SIGNER, guest};

pub(crate) mod guests;
mod replaced;

fn component(import: &'static str, handle: &str) -> Vec<u8> {
    guest(&[SIGNER, Import::unused(import)], "", handle)
}

struct Bench {
    host: Host,
    log: Arc<Lines>,
}

impl Bench {
    /// The status and, if there is a JSON body, its `error`.
    async fn get(&self) -> (u16, String) {
        let request = Request::get("http://a/")
            .body(Empty::<Bytes>::new())
            .unwrap();
        let response = self.host.handle(request).await;
        let status = response.status().as_u16();
        let decision = response.headers().get("octo-sts-decision").cloned();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        if let Some(said) = body["decision"].as_str() {
            assert_eq!(decision.unwrap(), said);
        }
        (
            status,
            body["error"].as_str().unwrap_or_default().to_owned(),
        )
    }
}

async fn bench_with(handle: &str, limits: Limits, vars: &[(&str, &str)]) -> Bench {
    let log = Arc::new(Lines::default());
    let vars = vars
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let mut builder = Host::builder(component("", handle))
        .settings(Settings::from_vars(vars))
        .limits(limits)
        .audit(Box::new(Arc::new(Lines::default())))
        .log(Box::new(log.clone()));
    builder.beyond_deadline = Duration::from_millis(200);
    let host = builder.build().await.unwrap();
    Bench { host, log }
}

async fn bench(handle: &str) -> Bench {
    bench_with(handle, Limits::default(), &[("OCTOSTS_DEADLINE", "100ms")]).await
}

fn answered(error: &str, status: u16) -> (u16, String) {
    (status, error.to_owned())
}

#[tokio::test]
async fn an_instance_serves_many_requests_and_is_then_replaced() {
    // It answers its first three requests and traps at the fourth.
    let handle = "(if (i32.gt_s (global.get $served) (i32.const 3)) (then (unreachable)))
                  (call $answer (local.get $out))";
    let limits = |requests_per_instance| Limits {
        requests_per_instance,
        ..Limits::default()
    };
    let replaced = bench_with(handle, limits(3), &[]).await;
    for _ in 0..10 {
        assert_eq!(replaced.get().await, answered("", 200));
    }
    let reused = bench_with(handle, limits(100), &[]).await;
    for _ in 0..3 {
        assert_eq!(reused.get().await, answered("", 200));
    }
    assert_eq!(reused.get().await, answered("internal_error", 500));
    assert_eq!(reused.get().await, answered("", 200), "a new instance");
}

#[tokio::test]
async fn a_trap_is_an_internal_error_and_harms_no_other_request() {
    for handle in [
        "(unreachable)",
        // It returns without an answer.
        "(nop)",
        "(drop (i32.load (i32.const -4)))",
    ] {
        let bench = bench(handle).await;
        for _ in 0..3 {
            assert_eq!(bench.get().await, answered("internal_error", 500));
        }
        assert_eq!(bench.log.with("internal error").len(), 3);
    }
}

#[tokio::test]
async fn a_guest_that_spins_or_waits_too_long_is_ended() {
    let bench = bench("(call $spin)").await;
    let start = Instant::now();
    assert_eq!(bench.get().await, answered("upstream_timeout", 504));
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(300), "{took:?}");
    assert!(took < Duration::from_secs(5), "{took:?}");
    for _ in 0..300 {
        if !bench.log.with("guest timed out").is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the instance still runs: {:?}", bench.log.all());
}

#[tokio::test]
async fn work_after_the_answer_holds_its_place_until_the_deadline() {
    let limits = Limits {
        in_flight: 1,
        longest_wait: Duration::from_millis(20),
        ..Limits::default()
    };
    let handle = format!("{ANSWER} (call $spin)");
    let bench = bench_with(&handle, limits, &[("OCTOSTS_DEADLINE", "2s")]).await;
    assert_eq!(bench.get().await, answered("", 200));
    assert_eq!(
        bench.get().await,
        answered("unavailable", 503),
        "it still spins"
    );
    for _ in 0..300 {
        if bench.get().await == answered("", 200) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the place was never given back");
}

#[tokio::test]
async fn memory_is_limited() {
    let grow = |pages: u32| {
        format!(
            "(if (i32.eq (memory.grow (i32.const {pages})) (i32.const -1)) (then (unreachable))) {ANSWER}"
        )
    };
    // 64 MiB are 1024 pages, of which the guest has one.
    assert_eq!(bench(&grow(1_023)).await.get().await, answered("", 200));
    let over = bench(&grow(1_024)).await.get().await;
    assert_eq!(over, answered("internal_error", 500));
}

#[tokio::test]
async fn more_than_the_places_is_busy() {
    let limits = Limits {
        in_flight: 2,
        waiting: 2,
        longest_wait: Duration::from_millis(50),
        ..Limits::default()
    };
    let bench = Arc::new(bench_with("(call $spin)", limits, &[("OCTOSTS_DEADLINE", "1s")]).await);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let bench = bench.clone();
        tasks.spawn(async move { bench.get().await });
    }
    let answers = tasks.join_all().await;
    let of = |error, status| {
        let wanted = answered(error, status);
        answers.iter().filter(|answer| **answer == wanted).count()
    };
    assert_eq!(of("unavailable", 503), 8, "{answers:?}");
    assert_eq!(of("upstream_timeout", 504), 2, "{answers:?}");
}

#[tokio::test]
async fn a_component_that_asks_for_more_does_not_link() {
    for import in [
        r#"(import "wasi:filesystem/preopens@0.2.0" (instance (export "get-directories" (func))))"#,
        r#"(import "wasi:sockets/instance-network@0.2.0" (instance (export "instance-network" (func))))"#,
        r#"(import "octo-sts:platform/keys@0.1.0" (instance (export "read" (func))))"#,
    ] {
        let built = Host::builder(component(import, ANSWER)).build().await;
        assert!(matches!(built, Err(Error::Component(_))), "{import}");
    }
    for bytes in [&b""[..], b"\0asm\x01\0\0\0", b"(component)"] {
        let built = Host::builder(bytes).build().await;
        assert!(matches!(built, Err(Error::Component(_))));
    }
}

#[tokio::test]
async fn hosts_of_one_compiled_component_share_nothing_else() {
    let handle = "(if (i32.gt_s (global.get $served) (i32.const 1)) (then (unreachable)))
                  (call $answer (local.get $out))";
    let bytes = component("", handle);
    let compiled = Compiled::new(&bytes, &Limits::default()).unwrap();
    let host = async |log: &Arc<Lines>| {
        let builder = Host::of(&compiled).log(Box::new(log.clone()));
        let host = builder.audit(Box::new(Arc::new(Lines::default())));
        let log = log.clone();
        let host = host.build().await.unwrap();
        assert_eq!(host.component_sha256(), compiled.sha256());
        Bench { host, log }
    };
    let logs = [Arc::new(Lines::default()), Arc::new(Lines::default())];
    let (first, second) = (host(&logs[0]).await, host(&logs[1]).await);
    // Each has an instance of its own, which traps at its second request.
    assert_eq!(first.get().await, answered("", 200));
    assert_eq!(second.get().await, answered("", 200));
    assert_eq!(first.get().await, answered("internal_error", 500));
    assert_eq!(logs[0].with("internal error").len(), 1);
    assert_eq!(logs[1].with("internal error").len(), 0);
    drop(first);
    assert_eq!(second.get().await, answered("internal_error", 500));
    let one_step = Host::builder(bytes).build().await.unwrap();
    assert_eq!(one_step.component_sha256(), compiled.sha256());
}

#[tokio::test]
async fn verbs_of_the_platform_are_linked() {
    // An App that is not configured: result discriminant 1 (error), failure discriminant 0 (unknown-app).
    let handle = "(i32.store (i32.const 8) (i32.const 7)) (i32.store (i32.const 12) (i32.const 7))
                  (call $app-jwt (i64.const 4711) (i32.const 0) (i32.const 8))
                  (if (i32.ne (i32.load8_u (i32.const 8)) (i32.const 1)) (then (unreachable)))
                  (if (i32.ne (i32.load8_u (i32.const 12)) (i32.const 0)) (then (unreachable)))
                  (call $answer (local.get $out))";
    let bench = bench(handle).await;
    assert_eq!(
        bench.get().await,
        answered("", 200),
        "{:?}",
        bench.log.all()
    );
}

#[tokio::test]
async fn a_host_with_a_problem_is_not_ready_whatever_its_component_says() {
    let bench = bench(ANSWER).await;
    let problems = bench.host.ready().await.unwrap_err();
    assert!(problems.contains(&"STS_DOMAIN: is required (it may be empty)".to_owned()));
    let trapping = self::bench("(unreachable)").await;
    let problems = trapping.host.ready().await.unwrap_err();
    assert_eq!(problems, ["component: answers 500 at /healthz"]);
}

/// Serves on a free port; the sender stops it.
async fn served(
    bench: &Bench,
) -> (
    std::net::SocketAddr,
    tokio::sync::oneshot::Sender<()>,
    tokio::task::JoinHandle<std::io::Result<()>>,
) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let host = bench.host.clone();
    let task = tokio::spawn(async move {
        let shutdown = async {
            let _ = stopped.await;
        };
        host.serve(listener, shutdown).await
    });
    (address, stop, task)
}

async fn raw(stream: &mut TcpStream, request: &[u8]) -> String {
    stream.write_all(request).await.unwrap();
    let mut answer = vec![0; 4096];
    let n = stream.read(&mut answer).await.unwrap();
    answer.truncate(n);
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn one_port_speaks_both_versions_and_stops_gracefully() {
    let bench = bench(ANSWER).await;
    let (address, stop, task) = served(&bench).await;
    let mut first = TcpStream::connect(address).await.unwrap();
    for _ in 0..2 {
        let answer = raw(&mut first, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
    let second = TcpStream::connect(address).await.unwrap();
    let io = hyper_util::rt::TokioIo::new(second);
    let executor = hyper_util::rt::TokioExecutor::new();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake::<_, _, Empty<Bytes>>(executor, io)
            .await
            .unwrap();
    tokio::spawn(connection);
    let request = Request::get(format!("http://{address}/"))
        .body(Empty::new())
        .unwrap();
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.version(), http::Version::HTTP_2);
    let audit = bench.host.0.parts.audit.as_ref().unwrap();
    audit.record("{}".to_owned()).await.unwrap();
    stop.send(()).unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(5), task).await;
    stopped.unwrap().unwrap().unwrap();
    assert_eq!(bench.log.with("audit head").len(), 1);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn stopping_waits_for_work_after_the_answer() {
    let handle = format!("{ANSWER} (call $spin)");
    let vars = [("OCTOSTS_DEADLINE", "2s")];
    let bench = bench_with(&handle, Limits::default(), &vars).await;
    let (address, stop, task) = served(&bench).await;
    let start = Instant::now();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let answer = raw(&mut stream, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(start.elapsed() < Duration::from_secs(2));
    stop.send(()).unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(10), task).await;
    stopped.unwrap().unwrap().unwrap();
    assert!(start.elapsed() >= Duration::from_secs(2));
}

#[tokio::test]
async fn bad_requests_are_refused_before_an_instance() {
    let bench = bench("(unreachable)").await;
    let (address, _stop, _task) = served(&bench).await;
    let large = format!(
        "GET / HTTP/1.1\r\nhost: a\r\nx: {}\r\n\r\n",
        "x".repeat(40_000)
    );
    for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", "400"),
        ("GET / HTTP/1.1\r\nhost: \u{e9}\r\n\r\n", "400"),
        ("nonsense\r\n\r\n", "400"),
        (large.as_str(), "413"),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let answer = raw(&mut stream, request.as_bytes()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
    }
    assert_eq!(bench.log.with("internal error").len(), 0);
}
