//! `spin up` with the project's `spin.toml`: settings are variables.

use std::path::Path;
use std::process::Command;

use crate::{Deployment, Failure, Process, Service, Store, free_port, lower, write};

pub(crate) fn start(program: &Path, deployment: &Deployment) -> Result<Service, Failure> {
    let manifest = manifest(deployment)?;
    let runtime = "[key_value_store.default]\ntype = \"spin\"\npath = \"store.db\"\n";
    let runtime = write(deployment, "runtime.toml", runtime)?;
    let port = free_port()?;
    let mut command = Command::new(program);
    command
        .arg("up")
        .arg("--from")
        .arg(manifest)
        .arg("--runtime-config-file")
        .arg(runtime)
        .arg("--state-dir")
        .arg(deployment.folder.join("state"))
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .current_dir(&deployment.folder);
    let [github, issuer] = outbound(deployment);
    // The shipped manifest names an issuer by default, and a deployment has these settings and no others.
    command.env("SPIN_VARIABLE_OCTOSTS_ALLOWED_ISSUERS", "");
    for (name, value) in lower(&deployment.settings).chain([
        ("github_outbound_host".to_owned(), &github),
        ("issuer_outbound_host".to_owned(), &issuer),
    ]) {
        // As a variable of the process, so that no list of processes shows a key.
        command.env(
            format!("SPIN_VARIABLE_{}", name.to_ascii_uppercase()),
            value,
        );
    }
    let process = Process::start(&mut command)?;
    process.line_with("Available Routes")?;
    Ok(Service {
        url: format!("http://127.0.0.1:{port}"),
        process,
        store: Some(Store::Sqlite(
            deployment.folder.join("store.db"),
            "spin_key_value",
            "value",
        )),
    })
}

/// `spin.toml` has a place for GitHub and one for an issuer.
fn outbound(deployment: &Deployment) -> [String; 2] {
    let mut hosts = deployment.outbound.iter().cloned();
    let github = hosts
        .next()
        .unwrap_or_else(|| "https://api.github.com".to_owned());
    let issuer = hosts.next().unwrap_or_else(|| github.clone());
    [github, issuer]
}

/// The shipped manifest, with paths from here and with the variables that it leaves to an operator to add.
fn manifest(deployment: &Deployment) -> Result<std::path::PathBuf, Failure> {
    let shipped = deployment.root.join("spin.toml");
    let shipped = std::fs::read_to_string(&shipped)
        .map_err(|error| format!("cannot read {}: {error}", shipped.display()))?;
    let dist = format!("\"{}/dist/", deployment.root.display());
    let mut text = shipped.replace("\"dist/", &dist);
    for (name, _) in lower(&deployment.settings) {
        if !shipped.contains(&format!("\n{name} = ")) {
            let declared = format!("[variables]\n{name} = {{ default = \"\" }}\n");
            text = text.replacen("[variables]\n", &declared, 1);
            let given = format!("[component.octo-sts.variables]\n{name} = \"{{{{ {name} }}}}\"\n");
            text = text.replacen("[component.octo-sts.variables]\n", &given, 1);
        }
    }
    write(deployment, "spin.toml", &text)
}
