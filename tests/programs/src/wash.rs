//! `wash dev` with the configuration of `hosts/wasmcloud`: settings are the platform component's environment.

use std::path::Path;
use std::process::Command;

use crate::{Deployment, Failure, Process, Service, Store, free_port, lower, write};

pub(crate) fn start(program: &Path, deployment: &Deployment) -> Result<Service, Failure> {
    let port = free_port()?;
    write(
        deployment,
        ".wash/config.yaml",
        &configuration(deployment, port),
    )?;
    let mut command = Command::new(program);
    command.arg("dev").current_dir(&deployment.folder);
    let process = Process::start(&mut command)?;
    process.line_with("listening for HTTP requests")?;
    Ok(Service {
        url: format!("http://127.0.0.1:{port}"),
        process,
        store: Some(Store::Files(deployment.folder.join("store"))),
    })
}

/// JSON is YAML.
fn configuration(deployment: &Deployment, port: u16) -> String {
    let settings: serde_json::Map<String, serde_json::Value> = lower(&deployment.settings)
        .map(|(name, value)| (name, value.as_str().into()))
        .collect();
    let dist = deployment.root.join("dist");
    let outbound: Vec<String> = deployment
        .outbound
        .iter()
        .map(|host| {
            if host.ends_with(":*") {
                "*".to_owned()
            } else {
                host.clone()
            }
        })
        .collect();
    serde_json::json!({
        "build": {"command": "true", "component_path": dist.join("octo_sts.wasm")},
        "workload": {"allowedHosts": outbound},
        "dev": {
            "address": format!("127.0.0.1:{port}"),
            "wasi_keyvalue_path": deployment.folder.join("store"),
            "components": [{
                "name": "platform",
                "file": dist.join("platform_wasmcloud.wasm"),
                "config": settings,
                "allowedHosts": [],
            }],
        },
    })
    .to_string()
}
