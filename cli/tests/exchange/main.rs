//! `octo-sts exchange` and `octo-sts revoke` as processes, against servers on loopback.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod answers;
mod git;
mod places;
mod revoke;
mod script;
mod sources;
mod whole;

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// It has the form of an OIDC token.
const OIDC: &str = "aGVhZA.Ym9keQ.c2ln";
/// A good answer.
const GRANTED: &str = r#"{"token":"ghs_abc","refreshToken":"","expiry":"2026-11-20T22:00:00Z"}"#;

/// A run of the program with nothing in its environment but this.
fn octo_sts(arguments: &[&str], environment: &[(&str, &str)], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octo-sts"));
    command.args(arguments).env_clear();
    run(command.envs(environment.iter().copied()), input)
}

fn run(command: &mut Command, input: &str) -> Output {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.stderr(Stdio::piped()).spawn().unwrap();
    // One that ends without reading it closes the pipe.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// An exchange at this server, with the token on standard input.
fn exchange(url: &str, more: &[&str]) -> Output {
    let arguments = [&ASK[..], &["--url", url, "--token-file", "-"], more].concat();
    octo_sts(&arguments, &[], OIDC)
}

/// What every exchange has.
const ASK: [&str; 5] = ["exchange", "--scope", "acme/app", "--identity", "ci"];

fn stdout(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn stderr(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

/// It ended with this, printed nothing, said this, and did not say the OIDC token.
#[track_caller]
fn assert_fails(output: &Output, code: i32, said: &str) {
    let text = stderr(output);
    assert!(text.contains(said), "{said}\n{text}");
    assert_eq!((output.status.code(), stdout(output)), (Some(code), ""));
    assert!(!text.contains(OIDC), "{text}");
}
