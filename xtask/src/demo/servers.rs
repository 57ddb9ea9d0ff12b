//! The two processes: the simulator, and the service on the platform that was asked for.

use super::client::Call;
use crate::Failure;
use crate::commands::root;
use programs::{Deployment, Platform, Process, Service};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

/// The audience of the demo's tokens.
pub(super) const DOMAIN: &str = "sts.demo.example";

/// Both, and where they listen. Dropped, they end.
pub(super) struct Servers {
    pub(super) server: String,
    pub(super) github: String,
    pub(super) control: String,
    _service: Service,
    _simulator: Process,
    _folder: Folder,
}

/// A folder that goes with its value.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Servers {
    pub(super) fn start(platform: Platform) -> Result<Self, Failure> {
        let simulator = root().join("target/release/octo-sts-simulator");
        let simulator = Process::start(&mut Command::new(simulator))?;
        let line = simulator.line_with("\"github\"")?;
        let about: Value = serde_json::from_str(&line)
            .map_err(|error| format!("the simulator said {line}: {error}"))?;
        let text = |pointer: &str| {
            let text = about.pointer(pointer).and_then(Value::as_str);
            text.unwrap_or_default().to_owned()
        };
        let folder = std::env::temp_dir().join(format!("octo-sts-demo-{}", std::process::id()));
        let folder = Folder(folder);
        let service = programs::start(
            platform,
            &Deployment {
                root: root(),
                folder: folder.0.clone(),
                settings: settings(&about, &text)?,
                outbound: vec![origin(&text("/github")), "http://127.0.0.1:*".to_owned()],
            },
        )?;
        Ok(Self {
            server: service.url.clone(),
            github: text("/github"),
            control: text("/control"),
            _service: service,
            _simulator: simulator,
            _folder: folder,
        })
    }

    /// Asks the simulator for something and returns a member of its answer.
    pub(super) fn ask(&self, path: &str, body: Value, member: &str) -> Result<String, Failure> {
        let url = format!("{}/{path}", self.control);
        let answer = Call {
            method: "POST",
            url,
            bearer: None,
            body: Some(body),
        }
        .send()?;
        match answer.text(member) {
            "" => Err(format!(
                "the simulator answered {} {}",
                answer.status, answer.body
            )),
            text => Ok(text.to_owned()),
        }
    }

    /// Writes a file into a repository of the simulated GitHub.
    pub(super) fn write(&self, path: &str, text: &str) -> Result<(), Failure> {
        let url = format!("{}/files/{path}", self.control);
        let agent = ureq::agent();
        agent
            .put(url)
            .send(text)
            .map(drop)
            .map_err(|error| format!("the simulator did not take {path}: {error}"))
    }
}

/// What an operator sets, by the names that every platform knows.
fn settings(
    about: &Value,
    text: &dyn Fn(&str) -> String,
) -> Result<BTreeMap<String, String>, Failure> {
    let app = about.pointer("/apps/0/id").and_then(Value::as_u64);
    let key = std::fs::read_to_string(text("/apps/0/private_key_file"))
        .map_err(|error| format!("the App's key cannot be read: {error}"))?;
    let settings = [
        ("STS_DOMAIN", DOMAIN.to_owned()),
        ("GITHUB_APP_IDS", app.unwrap_or_default().to_string()),
        ("APP_SECRET_CERTIFICATE_ENV_VAR", key),
        ("GITHUB_BASE_URL", text("/github")),
        ("OCTOSTS_ALLOWED_ISSUERS", text("/actions_issuer")),
    ];
    Ok(settings
        .map(|(name, value)| (name.to_owned(), value))
        .into())
}

/// Scheme, host and port of a URL.
fn origin(url: &str) -> String {
    url.splitn(4, '/').take(3).collect::<Vec<_>>().join("/")
}
