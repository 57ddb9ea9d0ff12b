//! The conformance cases on every host, with everything built that they need.

use crate::Failure;
use crate::build;
use crate::commands::{cargo, root, say};
use std::ffi::OsString;
use std::process::{Command, Stdio};

/// Builds, and runs the kit with these arguments. Its exit code, and its table on standard output.
pub(crate) fn run(arguments: &[OsString]) -> Result<u8, Failure> {
    build::all()?;
    say("building the conformance kit");
    let package = ["build", "--release", "--package", "octo-sts-conformance"];
    crate::commands::run(cargo().args(package))?;
    let kit = root().join("target/release/octo-sts-conformance");
    let status = Command::new(&kit)
        .args(arguments)
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("{} could not be started: {error}", kit.display()))?;
    // 2: the kit could not run; a signal is no better.
    Ok(status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(2))
}
