//! Hosts whose answers an embedder brought, asked by a component.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::Full;

use super::guests::{CACHE, OUTGOING, SETTINGS, byte};
use super::*;
use crate::cache::{Cache, Name, Room};
use crate::{Body, BoxFuture, Egress, HostBuilder, HttpError, Signature, Signer, Timeouts};
use crate::{ManualClock, Unavailable};

/// Built with lines that can be read.
async fn built(builder: HostBuilder) -> Bench {
    let log = Arc::new(Lines::default());
    let builder = builder.log(Box::new(log.clone()));
    let builder = builder.audit(Box::new(Arc::new(Lines::default())));
    let host = builder.build().await.unwrap();
    Bench { host, log }
}

fn vars(vars: &[(&str, &str)]) -> Vec<(String, String)> {
    let vars = vars.iter();
    vars.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Signs, or fails.
struct Kms(bool);

impl Signer for Kms {
    fn sign<'a>(
        &'a self,
        app: u64,
        _message: &'a [u8],
        _refused: bool,
    ) -> BoxFuture<'a, Result<Signature, Unavailable>> {
        assert_eq!(app, 4711);
        let signature = Signature {
            bytes: vec![1; 256],
            key: "kms".to_owned(),
        };
        let works = self.0;
        Box::pin(async move {
            if works {
                Ok(signature)
            } else {
                Err(Unavailable::because("permission denied"))
            }
        })
    }
}

#[tokio::test]
async fn a_host_signs_with_the_signer_that_it_was_given_and_misses_no_key() {
    // 0: a JWT; 1: a failure, and four bytes later its kind, of which the second is unavailable.
    let call = "(call $app-jwt (i64.const 4711) (i32.const 0) (i32.const 8))";
    for (works, result) in [(true, byte(8, 0)), (false, byte(8, 1) + &byte(12, 1))] {
        let bytes = guest(&[SIGNER], "", &format!("{call} {result} {ANSWER}"));
        let builder = Host::builder(bytes).signer(Arc::new(Kms(works)));
        let ids = ("GITHUB_APP_IDS", "4711");
        // Not read: there is no such file.
        let file = ("APP_SECRET_CERTIFICATE_FILE", "/nonexistent/key.pem");
        let bench = built(builder.variables(vars(&[ids, file, ("STS_DOMAIN", "")]))).await;
        assert_eq!(bench.get().await, answered("", 200), "{works}");
        assert_eq!(bench.host.ready().await, Ok(()));
        let signed = bench.log.with("signed an App JWT").len();
        assert_eq!(signed, usize::from(works));
    }
    let none = Host::builder(component("", ANSWER)).signer(Arc::new(Kms(true)));
    let bench = built(none.variables(vars(&[("STS_DOMAIN", "")]))).await;
    let problems = bench.host.ready().await;
    assert_eq!(
        problems,
        Err(vec!["GITHUB_APP_IDS: is required".to_owned()])
    );
}

/// Counts what it is asked.
#[derive(Default)]
struct Counting {
    asked: AtomicUsize,
    names: Mutex<Vec<Name>>,
    of_this_process: bool,
}

impl Cache for Counting {
    fn get<'a>(&'a self, name: &'a Name) -> BoxFuture<'a, Result<Option<Vec<u8>>, Unavailable>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.names.lock().unwrap().push(name.clone());
        Box::pin(async { Err(Unavailable::because("away")) })
    }

    fn put(
        &self,
        _: Name,
        _: Room,
        _: Vec<u8>,
        _: Duration,
    ) -> BoxFuture<'_, Result<(), Unavailable>> {
        Box::pin(async { Ok(()) })
    }

    fn remove<'a>(&'a self, _: &'a Name) -> BoxFuture<'a, Result<(), Unavailable>> {
        Box::pin(async { Ok(()) })
    }

    fn is_of_this_process(&self) -> bool {
        self.of_this_process
    }
}

#[tokio::test]
async fn a_host_remembers_in_the_cache_that_it_was_given() {
    // A miss; and the traits say that nobody waits and nothing is atomic.
    let handle = format!(
        "(call $cache-get (i32.const 256) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 8)) {}
         (call $about (i32.const 8)) {} {} {} {ANSWER}",
        byte(8, 0),
        byte(16, 1),
        byte(17, 0),
        byte(18, 0),
    );
    let bytes = guest(&[CACHE, SETTINGS], "policy", &handle);
    for of_this_process in [false, true] {
        let cache = Arc::new(Counting {
            of_this_process,
            ..Counting::default()
        });
        let bench = built(Host::builder(bytes.clone()).cache(cache.clone())).await;
        assert_eq!(bench.get().await, answered("", 200));
        assert_eq!(cache.asked.load(Ordering::SeqCst), 1);
        let clear = cache.names.lock().unwrap()[0].kind == "policy";
        assert_eq!(clear, of_this_process);
        let told = bench.log.with("OCTOSTS_CACHE_SECRET is not set").len();
        assert_eq!(told, usize::from(!of_this_process));
    }
}

/// Answers 200 or refuses, and keeps where it was sent.
#[derive(Default)]
struct Proxy {
    refuses: bool,
    sent: Mutex<Vec<String>>,
}

impl Egress for Proxy {
    fn send(
        &self,
        request: http::Request<Body>,
        _: Timeouts,
    ) -> BoxFuture<'_, Result<http::Response<Body>, HttpError>> {
        self.sent.lock().unwrap().push(request.uri().to_string());
        Box::pin(async {
            if self.refuses {
                return Err(HttpError::DestinationIpProhibited);
            }
            let body = Full::new(Bytes::from_static(b"{}"));
            let body = body.map_err(|never| match never {}).boxed_unsync();
            Ok(http::Response::new(body))
        })
    }
}

#[tokio::test]
async fn a_host_sends_by_the_egress_that_it_was_given() {
    // The inner result of the answer, and the code of destination-IP-prohibited.
    for (refuses, result) in [(false, byte(56, 0)), (true, byte(56, 1) + &byte(64, 4))] {
        let handle = format!(
            "(call $call (i32.const 256) (i32.const 9) (i32.const 8)) {}
             (call $wait (i32.load (i32.const 16)) (i32.const 40)) {result}
             (call $about (i32.const 8)) {} {ANSWER}",
            byte(8, 0),
            byte(16, 0),
        );
        let bytes = guest(&[SETTINGS, OUTGOING], "a.example", &handle);
        let proxy = Arc::new(Proxy {
            refuses,
            ..Proxy::default()
        });
        let builder = Host::builder(bytes)
            .egress(proxy.clone())
            .clock(ManualClock::at(0));
        let bench = built(builder).await;
        assert_eq!(bench.get().await, answered("", 200), "{refuses}");
        assert_eq!(*proxy.sent.lock().unwrap(), ["https://a.example/"]);
    }
}
