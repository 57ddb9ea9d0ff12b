#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};

use super::*;
use crate::journal::testing::Lines;
use crate::tests::guests::{ANSWER, Import, OUTGOING, SIGNER, byte, guest};
use crate::{Compiled, Error, Host, Limits};

fn vars(vars: &[(&str, &str)]) -> Vec<(String, String)> {
    let vars = vars.iter();
    vars.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// Imports that are never called.
macro_rules! config {
    ($name:literal) => {
        Import::unused(concat!(
            r#"(import ""#,
            $name,
            r#"" (instance (type $error (variant (case "upstream" string) (case "io" string)))
              (export "error" (type $ERROR (eq $error)))
              (export "get" (func (param "key" string) (result (result (option string) (error $ERROR)))))))"#
        ))
    };
}

macro_rules! keyvalue {
    ($name:literal) => {
        Import::unused(concat!(
            r#"(import ""#,
            $name,
            r#"" (instance
              (type $error (variant (case "no-such-store") (case "access-denied") (case "other" string)))
              (export "error" (type $ERROR (eq $error)))
              (export "bucket" (type $bucket (sub resource)))
              (export "open" (func (param "identifier" string) (result (result (own $bucket) (error $ERROR)))))))"#
        ))
    };
}

/// Each platform links its own interfaces at their versions, and nobody else's.
#[tokio::test]
async fn each_platform_offers_exactly_its_own_interfaces() {
    let none = || Import::unused("");
    for (import, name, spin, wasmcloud, wasi) in [
        (
            keyvalue!("wasi:keyvalue/store@0.2.0-draft2"),
            "draft2",
            true,
            false,
            false,
        ),
        (
            config!("wasi:config/store@0.2.0-draft-2024-09-27"),
            "2024",
            true,
            false,
            false,
        ),
        (
            keyvalue!("wasi:keyvalue/store@0.2.0-draft"),
            "draft",
            false,
            true,
            false,
        ),
        (
            config!("wasi:config/store@0.2.0-rc.1"),
            "rc.1",
            false,
            true,
            false,
        ),
        (
            keyvalue!("wasi:keyvalue/store@0.2.0-draft3"),
            "draft3",
            false,
            false,
            false,
        ),
        (
            config!("wasi:config/store@0.2.0"),
            "0.2.0",
            false,
            false,
            false,
        ),
        (SIGNER, "octo-sts:platform", false, false, false),
        (none(), "released WASI", true, true, true),
    ] {
        let compiled = Compiled::new(&guest(&[import], "", ANSWER), &Limits::default()).unwrap();
        let links = async |interfaces: Interfaces| {
            let log = Box::new(Arc::new(Lines::default()));
            let built = Host::of(&compiled).log(log).interfaces(interfaces);
            match built.build().await {
                Ok(_) => true,
                Err(Error::Component(_)) => false,
                Err(other) => unreachable!("{other}"),
            }
        };
        assert_eq!(links(Interfaces::spin()).await, spin, "Spin: {name}");
        assert_eq!(
            links(Interfaces::wasmcloud()).await,
            wasmcloud,
            "wasmCloud: {name}"
        );
        assert_eq!(links(Interfaces::wasi()).await, wasi, "WASI: {name}");
    }
}

/// The status of a guest's answer, what it wrote to standard output, and to standard error.
async fn run(guest: Vec<u8>, interfaces: Interfaces) -> (u16, Vec<String>, Vec<String>) {
    let (log, audit) = (Arc::new(Lines::default()), Arc::new(Lines::default()));
    let host = Host::builder(guest)
        .interfaces(interfaces)
        .log(Box::new(log.clone()))
        .audit(Box::new(audit.clone()))
        .build()
        .await
        .unwrap();
    let request = http::Request::get("http://a/").body(Empty::<Bytes>::new());
    let response = host.handle(request.unwrap()).await;
    let status = response.status().as_u16();
    let _ = response.into_body().collect().await;
    drop(host);
    // The instance ends with its host, a moment later.
    tokio::time::sleep(Duration::from_millis(50)).await;
    (status, audit.all(), log.all())
}

/// `$open`, `$bucket-get`, `$bucket-set`, `$config`: the real shapes of Spin's.
const SPIN: Import = Import {
    interface: r#"(import "wasi:keyvalue/store@0.2.0-draft2" (instance $store
        (type $error (variant (case "no-such-store") (case "access-denied") (case "other" string)))
        (export "error" (type $ERROR (eq $error)))
        (export "bucket" (type $bucket (sub resource)))
        (export "open" (func (param "identifier" string) (result (result (own $bucket) (error $ERROR)))))
        (export "[method]bucket.get" (func (param "self" (borrow $bucket)) (param "key" string)
          (result (result (option (list u8)) (error $ERROR)))))
        (export "[method]bucket.set" (func (param "self" (borrow $bucket)) (param "key" string) (param "value" (list u8))
          (result (result (error $ERROR)))))))
      (import "wasi:config/store@0.2.0-draft-2024-09-27" (instance $config
        (type $error (variant (case "upstream" string) (case "io" string)))
        (export "error" (type $ERROR (eq $error)))
        (export "get" (func (param "key" string) (result (result (option string) (error $ERROR)))))))"#,
    lowered: r#"(core func $open (canon lower (func $store "open") (memory $mem) (realloc $realloc) string-encoding=utf8))
      (core func $bucket-get (canon lower (func $store "[method]bucket.get") (memory $mem) (realloc $realloc)))
      (core func $bucket-set (canon lower (func $store "[method]bucket.set") (memory $mem) (realloc $realloc)))
      (core func $config-get (canon lower (func $config "get") (memory $mem) (realloc $realloc) string-encoding=utf8))"#,
    core: r#"(import "host" "open" (func $open (param i32 i32 i32)))
      (import "host" "bucket-get" (func $bucket-get (param i32 i32 i32 i32)))
      (import "host" "bucket-set" (func $bucket-set (param i32 i32 i32 i32 i32 i32)))
      (import "host" "config-get" (func $config-get (param i32 i32 i32)))"#,
    given: r#"(export "open" (func $open))
      (export "bucket-get" (func $bucket-get))
      (export "bucket-set" (func $bucket-set))
      (export "config-get" (func $config-get))"#,
};

/// Texts at 256: `default`, at 263 `other`, at 268 `sts_domain`.
const TEXTS: &str = "defaultothersts_domain";

#[tokio::test]
async fn a_guest_has_its_variables_and_the_shared_store() {
    let opened = format!(
        "(call $open (i32.const 263) (i32.const 5) (i32.const 8)) {} {}
         (call $config-get (i32.const 263) (i32.const 5) (i32.const 8)) {} {}
         (call $config-get (i32.const 268) (i32.const 10) (i32.const 8)) {} {}
         (if (i32.ne (i32.load (i32.const 20)) (i32.const 9)) (then (unreachable)))
         (call $open (i32.const 256) (i32.const 7) (i32.const 8)) {}",
        byte(8, 1) + &byte(12, 1),
        "",
        byte(8, 0),
        byte(12, 0),
        byte(8, 0),
        byte(12, 1),
        byte(8, 0),
    );
    // What is under `other` is a miss at first, then what was set: `sts`.
    let get =
        "(call $bucket-get (i32.load (i32.const 12)) (i32.const 263) (i32.const 5) (i32.const 24))";
    let works = format!(
        "{opened} {get} {} {}
         (call $bucket-set (i32.load (i32.const 12)) (i32.const 263) (i32.const 5) (i32.const 268) (i32.const 3)
           (i32.const 24)) {}
         {get} {} {} {ANSWER}",
        byte(24, 0),
        byte(28, 0),
        byte(24, 0),
        byte(24, 0),
        byte(28, 1),
    );
    let fails = format!("{opened} {get} {} {} {ANSWER}", byte(24, 1), byte(28, 2));
    let store = SharedStore::new();
    let interfaces = || {
        let interfaces = Interfaces::spin().variables(vars(&[("STS_DOMAIN", "a.example")]));
        interfaces.store(store.clone())
    };
    let (status, _, log) = run(guest(&[SPIN], TEXTS, &works), interfaces()).await;
    assert_eq!(status, 200, "{log:?}");
    let entries = store.entries();
    assert_eq!(entries.get("other").map(Vec::as_slice), Some(&b"sts"[..]));
    store.set_mood(StoreMood::Fails);
    let (status, _, log) = run(guest(&[SPIN], TEXTS, &fails), interfaces()).await;
    assert_eq!(status, 200, "{log:?}");
}

#[tokio::test]
async fn a_host_that_is_not_allowed_is_refused_where_its_platform_does() {
    const HTTP_REQUEST_DENIED: u8 = 15;
    let call = "(call $call (i32.const 256) (i32.const 9) (i32.const 8))";
    let wait = "(call $wait (i32.load (i32.const 16)) (i32.const 40))";
    let denied = |address, code| byte(address, 1) + &byte(address + 8, code);
    let at_once = format!("{call} {} {ANSWER}", denied(8, HTTP_REQUEST_DENIED));
    let later = |code| format!("{call} {} {wait} {} {ANSWER}", byte(8, 0), denied(56, code));
    let spin = || Interfaces::spin().allowed_hosts(["https://other.example"]);
    let wasmcloud = || Interfaces::wasmcloud().allowed_hosts(["https://other.example"]);
    for (interfaces, handle, name) in [
        (spin(), later(HTTP_REQUEST_DENIED), "Spin"),
        (
            Interfaces::spin(),
            later(HTTP_REQUEST_DENIED),
            "Spin, no list",
        ),
        (wasmcloud(), at_once.clone(), "wasmCloud"),
        (Interfaces::wasmcloud(), at_once, "wasmCloud, no list"),
        // 127.0.0.1 refuses: nobody looks at the address.
        (
            spin().allowed_hosts(["127.0.0.1:1"]),
            later(6),
            "Spin, allowed",
        ),
        (
            wasmcloud().allowed_hosts(["https://127.0.0.1:1"]),
            later(6),
            "wasmCloud, allowed",
        ),
        (Interfaces::wasi(), later(6), "plain WASI"),
    ] {
        let allowed = handle.contains(&byte(64, 6));
        let (authority, length) = if allowed {
            ("127.0.0.1:1", 11)
        } else {
            ("a.example", 9)
        };
        let length = format!("(i32.const {length}) (i32.const 8))");
        let handle = handle.replace("(i32.const 9) (i32.const 8))", &length);
        let (status, _, log) = run(guest(&[OUTGOING], authority, &handle), interfaces).await;
        assert_eq!(status, 200, "{name}: {log:?}");
    }
}

/// `$print`: 1 = output or 2 = error, address and length, where the result goes.
const OUTPUT: Import = Import {
    interface: r#"(import "wasi:io/error@0.2.0" (instance $io-error (export "error" (type (sub resource)))))
      (alias export $io-error "error" (type $io-error))
      (import "wasi:io/streams@0.2.0" (instance $streams
        (export "error" (type $error (eq $io-error)))
        (export "output-stream" (type $stream (sub resource)))
        (type $failed (variant (case "last-operation-failed" (own $error)) (case "closed")))
        (export "stream-error" (type $FAILED (eq $failed)))
        (export "[method]output-stream.blocking-write-and-flush" (func (param "self" (borrow $stream))
          (param "contents" (list u8)) (result (result (error $FAILED)))))))
      (alias export $streams "output-stream" (type $stream))
      (import "wasi:cli/stdout@0.2.0" (instance $stdout
        (export "output-stream" (type $s (eq $stream))) (export "get-stdout" (func (result (own $s))))))
      (import "wasi:cli/stderr@0.2.0" (instance $stderr
        (export "output-stream" (type $s (eq $stream))) (export "get-stderr" (func (result (own $s))))))"#,
    lowered: r#"(core func $stdout (canon lower (func $stdout "get-stdout")))
      (core func $stderr (canon lower (func $stderr "get-stderr")))
      (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $mem)))"#,
    core: r#"(import "host" "stdout" (func $stdout (result i32)))
      (import "host" "stderr" (func $stderr (result i32)))
      (import "host" "write" (func $write (param i32 i32 i32 i32)))"#,
    given: r#"(export "stdout" (func $stdout)) (export "stderr" (func $stderr)) (export "write" (func $write))"#,
};

#[tokio::test]
async fn what_a_guest_writes_comes_out_line_by_line() {
    let handle = format!(
        "(call $write (call $stdout) (i32.const 256) (i32.const 4) (i32.const 8)) {}
         (call $write (call $stdout) (i32.const 260) (i32.const 3) (i32.const 8)) {}
         (call $write (call $stderr) (i32.const 263) (i32.const 3) (i32.const 8)) {}
         {ANSWER}",
        byte(8, 0),
        byte(8, 0),
        byte(8, 0),
    );
    // The record is written in two pieces, by two streams; the log line is never ended.
    let bytes = guest(&[OUTPUT], "{\\22v\\22}\\0a\\0alog", &handle);
    for interfaces in [
        Interfaces::spin(),
        Interfaces::wasmcloud(),
        Interfaces::wasi(),
    ] {
        let (status, audit, log) = run(bytes.clone(), interfaces).await;
        assert_eq!(status, 200, "{log:?}");
        assert_eq!(audit, ["{\"v\"}\n"]);
        assert_eq!(log, ["log"]);
    }
}

/// Takes nothing.
struct Full;

impl crate::AuditSink for Full {
    fn write_line(&mut self, _: &[u8]) -> std::io::Result<()> {
        Err(std::io::Error::from(std::io::ErrorKind::StorageFull))
    }
}

#[tokio::test]
async fn a_guest_sees_that_its_record_was_not_written() {
    let handle = format!(
        "(call $write (call $stdout) (i32.const 256) (i32.const 2) (i32.const 8)) {} {ANSWER}",
        byte(8, 1) + &byte(12, 0),
    );
    let bytes = guest(&[OUTPUT], "a\\0a", &handle);
    let host = Host::builder(bytes)
        .interfaces(Interfaces::wasi())
        .log(Box::new(Arc::new(Lines::default())))
        .audit(Box::new(Full));
    let host = host.build().await.unwrap();
    let request = http::Request::get("http://a/").body(Empty::<Bytes>::new());
    assert_eq!(host.handle(request.unwrap()).await.status(), 200);
}
