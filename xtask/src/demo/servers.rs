//! The two processes: the simulator, and `octo-sts serve`.

use super::client::Call;
use crate::Failure;
use crate::commands::root;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// The audience of the demo's tokens.
pub(super) const DOMAIN: &str = "sts.demo.example";
/// How long a process may take until it listens.
const STARTING: Duration = Duration::from_secs(60);

/// Both, and where they listen. Dropped, they end.
pub(super) struct Servers {
    pub(super) server: String,
    pub(super) github: String,
    pub(super) control: String,
    _processes: [Process; 2],
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // SIGTERM, so that the simulator removes its keys; the process may have ended by itself.
        let _ = Command::new("kill")
            .arg(self.0.id().to_string())
            .stderr(Stdio::null())
            .status();
        let _ = self.0.wait();
    }
}

impl Servers {
    pub(super) fn start() -> Result<Self, Failure> {
        let (simulator, line) = start(
            program("octo-sts-simulator").stdout(Stdio::piped()),
            Output::Standard,
            "\"github\"",
        )?;
        let about: Value = serde_json::from_str(&line)
            .map_err(|error| format!("the simulator said {line}: {error}"))?;
        let text = |pointer: &str| {
            about
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let app = about
            .pointer("/apps/0/id")
            .and_then(Value::as_u64)
            .unwrap_or_default();
        let mut serve = program("octo-sts");
        serve.args(["serve", "--port", "0", "--address", "127.0.0.1"]);
        serve.env_clear();
        serve
            .env("STS_DOMAIN", DOMAIN)
            .env("GITHUB_APP_IDS", app.to_string());
        serve.env(
            "APP_SECRET_CERTIFICATE_FILE",
            text("/apps/0/private_key_file"),
        );
        serve
            .env("GITHUB_BASE_URL", text("/github"))
            .env("LOG_FORMAT", "json");
        serve.stdout(Stdio::null()).stderr(Stdio::piped());
        let (server, line) = start(&mut serve, Output::Error, "\"listening\"")?;
        let line: Value = serde_json::from_str(&line)
            .map_err(|error| format!("the server said {line}: {error}"))?;
        let address = line
            .get("address")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let server_url = format!("http://{address}");
        Ok(Self {
            server: server_url,
            github: text("/github"),
            control: text("/control"),
            _processes: [server, simulator],
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

fn program(name: &str) -> Command {
    let mut command = Command::new(root().join("target/release").join(name));
    command.stdin(Stdio::null());
    command
}

#[derive(Clone, Copy)]
enum Output {
    Standard,
    Error,
}

/// Starts a process and returns the first line of its output that has `marker`; what else it says goes to standard error
/// if it ends before that.
fn start(
    command: &mut Command,
    output: Output,
    marker: &'static str,
) -> Result<(Process, String), Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let child = command
        .spawn()
        .map_err(|error| format!("{name} could not be started: {error}"))?;
    let mut process = Process(child);
    let reader: Option<Box<dyn Read + Send>> = match output {
        Output::Standard => process
            .0
            .stdout
            .take()
            .map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
        Output::Error => process
            .0
            .stderr
            .take()
            .map(|pipe| Box::new(pipe) as Box<dyn Read + Send>),
    };
    let reader = reader.ok_or_else(|| format!("{name} has no output"))?;
    let (found, line) = mpsc::channel();
    // The thread goes on reading, so that the process never waits for a full pipe; it ends with the process.
    std::thread::spawn(move || {
        let mut said = Vec::new();
        for line in BufReader::new(reader).lines().map_while(Result::ok) {
            if line.contains(marker) {
                let _ = found.send(Ok(line));
                said.clear();
            } else if said.len() < 100 {
                said.push(line);
            }
        }
        let _ = found.send(Err(said.join("\n")));
    });
    match line.recv_timeout(STARTING) {
        Ok(Ok(line)) => Ok((process, line)),
        Ok(Err(said)) => Err(format!("{name} ended: {said}")),
        Err(_) => Err(format!(
            "{name} did not listen within {} s",
            STARTING.as_secs()
        )),
    }
}
