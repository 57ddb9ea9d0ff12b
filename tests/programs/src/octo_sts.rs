//! Our own host: settings are environment variables.

use std::path::Path;
use std::process::Command;

use crate::{Deployment, Failure, Process, Service};

pub(crate) fn start(program: &Path, deployment: &Deployment) -> Result<Service, Failure> {
    let mut command = Command::new(program);
    command
        .args(["serve", "--port", "0", "--address", "127.0.0.1"])
        .arg("--component")
        .arg(deployment.root.join("dist/octo_sts.wasm"))
        .env_clear()
        .envs(&deployment.settings);
    if !deployment.settings.contains_key("LOG_FORMAT") {
        command.env("LOG_FORMAT", "json");
    }
    let process = Process::start(&mut command)?;
    let line = process.line_with("\"listening\"")?;
    let said: serde_json::Value =
        serde_json::from_str(&line).map_err(|error| format!("octo-sts said {line}: {error}"))?;
    let address = said.get("address").and_then(serde_json::Value::as_str);
    let address = address.ok_or_else(|| format!("octo-sts said {line}"))?;
    Ok(Service {
        url: format!("http://{address}"),
        process,
        store: None,
    })
}
