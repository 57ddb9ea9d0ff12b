//! The example as a program, and what README.md shows of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::time::{Duration, Instant};

/// `cargo test` builds examples before tests; `cargo test --test embed` does not.
fn example() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let built = test.parent().and_then(Path::parent).unwrap();
    let example = built.join("examples/embed");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/embed.rs");
    let when = |file: &Path| file.metadata().and_then(|file| file.modified()).ok();
    assert!(
        when(&example) >= when(&source),
        "build it first: cargo build --release --example embed"
    );
    example
}

/// A component that answers 200 to everything.
fn tiny() -> PathBuf {
    let text = include_str!("../src/tests/guest.wat")
        .replace("{{HANDLE}}", "(call $answer (local.get $out))");
    let empty = [
        "{{IMPORTS}}",
        "{{LOWERED}}",
        "{{CORE}}",
        "{{TEXTS}}",
        "{{GIVEN}}",
    ];
    let text = empty.iter().fold(text, |text, part| text.replace(part, ""));
    let path = std::env::temp_dir().join(format!("octo-sts-tiny-{}.wasm", std::process::id()));
    std::fs::write(&path, wat::parse_str(text).unwrap()).unwrap();
    path
}

/// The program, ended with the test.
struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
    address: String,
}

impl Running {
    fn start(component: &Path, settings: &[(&str, &str)]) -> Self {
        let mut child = Command::new(example())
            .env_clear()
            .env("COMPONENT", component)
            .env("ADDRESS", "127.0.0.1:0")
            .envs(settings.iter().copied())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("listening") {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended");
        }
        let address = line.trim_end().rsplit(' ').next().unwrap().to_owned();
        Self {
            child,
            log,
            address,
        }
    }

    /// The whole answer to a GET.
    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_service_is_beside_the_programs_own_route() {
    let running = Running::start(&tiny(), &[]);
    let own = running.get("/about");
    assert!(
        own.starts_with("HTTP/1.1 200 ") && own.ends_with("my own route\n"),
        "{own}"
    );
    let component = running.get("/sts/exchange");
    assert!(component.starts_with("HTTP/1.1 200 "), "{component}");
    assert!(!component.contains("my own route"));
}

#[test]
fn a_request_under_way_is_finished_before_the_program_ends() {
    let mut running = Running::start(&tiny(), &[]);
    let mut begun = TcpStream::connect(&running.address).unwrap();
    begun
        .write_all(b"POST /sts/exchange HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n1")
        .unwrap();
    // Its head is read by the time that another request is answered.
    running.get("/about");
    let id = running.child.id().to_string();
    let told = Command::new("kill").args(["-INT", &id]).status().unwrap();
    assert!(told.success());
    let deadline = Instant::now() + Duration::from_secs(5);
    while TcpStream::connect(&running.address).is_ok() {
        assert!(Instant::now() < deadline, "it still listens");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(
        running.child.try_wait().unwrap().is_none(),
        "it did not wait"
    );
    begun.write_all(b"2").unwrap();
    let mut answer = String::new();
    begun.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(running.child.wait().unwrap().success());
    let mut rest = String::new();
    running.log.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "", "nothing went wrong");
}

#[test]
fn a_file_that_is_no_component_ends_the_program_with_a_reason() {
    let ended = Command::new(example())
        .env(
            "COMPONENT",
            concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
        )
        .env("ADDRESS", "127.0.0.1:0")
        .output()
        .unwrap();
    assert!(!ended.status.success());
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(said.contains("Component("), "{said}");
}

/// With the artifact, where it was built (`cargo xtask test` does so first); a fresh clone has none.
#[test]
fn what_is_missing_is_named_and_the_own_route_answers() {
    let artifact = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist/octo_sts.wasm");
    if !artifact.is_file() {
        eprintln!("NOT tested: there is no dist/octo_sts.wasm (cargo xtask build)");
        return;
    }
    let running = Running::start(&artifact, &[("GITHUB_APP_IDS", "not a number")]);
    let health = running.get("/healthz");
    assert!(health.starts_with("HTTP/1.1 503 "), "{health}");
    for problem in [
        "GITHUB_APP_IDS: must be the numeric id of an App",
        "APP_SECRET_CERTIFICATE_FILE: is required",
        "STS_DOMAIN: is required",
    ] {
        assert!(health.contains(problem), "{health}");
    }
    assert!(running.get("/about").starts_with("HTTP/1.1 200 "));
}

#[test]
fn the_readme_shows_this_example_and_it_is_short() {
    let example = include_str!("../examples/embed.rs");
    let (_, code) = example.split_once("\n\n").unwrap();
    assert!(include_str!("../README.md").contains(code));
    let program = code.lines().filter(|line| !line.starts_with("use "));
    let lines = program.filter(|line| !line.trim().is_empty()).count();
    assert!(lines <= 31, "{lines} lines beside imports");
}
