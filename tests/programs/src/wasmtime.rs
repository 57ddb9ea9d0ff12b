//! `wasmtime serve`: settings are environment variables of the standalone file.

use std::path::Path;
use std::process::Command;

use crate::{Deployment, Failure, Process, Service};

pub(crate) fn start(program: &Path, deployment: &Deployment) -> Result<Service, Failure> {
    let mut command = Command::new(program);
    command.args([
        "serve",
        "-S",
        "cli",
        "--addr",
        "127.0.0.1:0",
        "--no-logging-prefix",
    ]);
    for (name, value) in &deployment.settings {
        command.arg("--env").arg(format!("{name}={value}"));
    }
    command.arg(deployment.root.join("dist/octo_sts-standalone.wasm"));
    let process = Process::start(&mut command)?;
    let line = process.line_with("Serving HTTP on ")?;
    let url = line
        .split_whitespace()
        .find(|word| word.starts_with("http://"));
    let url = url.ok_or_else(|| format!("wasmtime said {line}"))?;
    Ok(Service {
        url: url.trim_end_matches('/').to_owned(),
        process,
        store: None,
    })
}
