//! The simulator as a program: starts, prints where it listens as one JSON line, runs until it is told to stop.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use serde_json::{Value, json};
use simulator::control::{Control, DEFAULT_WORLD, build_world};
use simulator::{Clock, Error, Simulator};

/// A fake GitHub and a fake OIDC issuer on loopback.
#[derive(Debug, Parser)]
#[command(name = "octo-sts-simulator", version)]
struct Arguments {
    /// GitHub's address (its REST API is below /api/v3, its Actions issuer below /_services/token).
    #[arg(long, default_value = "127.0.0.1:0")]
    github: SocketAddr,
    /// The foreign issuer's address.
    #[arg(long, default_value = "127.0.0.1:0")]
    issuer: SocketAddr,
    /// The control port's address (always plain http).
    #[arg(long, default_value = "127.0.0.1:0")]
    control: SocketAddr,
    /// Serve GitHub and the issuers with TLS; the authority's certificate is written beside the keys.
    #[arg(long)]
    tls: bool,
    /// A world as JSON; without it a small one.
    #[arg(long, value_name = "FILE")]
    world: Option<PathBuf>,
    /// Where private keys and the authority's certificate are written; without it a new temporary directory, removed
    /// at the end.
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Stop the clock at this Unix time; without it the system's clock.
    #[arg(long, value_name = "SECONDS")]
    clock: Option<i64>,
    /// Do not log calls (for benchmarks).
    #[arg(long)]
    no_calls: bool,
    /// How the addresses are printed.
    #[arg(long, value_enum, default_value = "json")]
    print: Print,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Print {
    /// One line of JSON.
    Json,
    /// A line for each.
    Text,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("octo-sts-simulator: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Error> {
    let clock = arguments.clock.map_or_else(Clock::system, Clock::fixed);
    let simulator = Simulator::builder()
        .clock(clock)
        .tls(arguments.tls)
        .github_at(arguments.github)
        .issuer_at(arguments.issuer)
        .start()
        .await?;
    let simulator = Arc::new(simulator);
    simulator.record_calls(!arguments.no_calls);
    match &arguments.world {
        Some(path) => build_world(&simulator, &fs::read(path).map_err(io(path))?)?,
        None => build_world(&simulator, DEFAULT_WORLD.as_bytes())?,
    }
    let control = Control::start(Arc::clone(&simulator), arguments.control).await?;
    let (directory, is_temporary) = key_directory(arguments.keys)?;
    let about = write_out(&simulator, &control, &directory)?;
    print(&about, arguments.print)?;
    told_to_stop().await;
    simulator.stop().await;
    if is_temporary {
        fs::remove_dir_all(&directory).map_err(io(&directory))?;
    }
    Ok(())
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |error| Error::Io(path.display().to_string(), error)
}

/// The directory for keys, and whether it is to be removed at the end.
fn key_directory(wanted: Option<PathBuf>) -> Result<(PathBuf, bool), Error> {
    if let Some(path) = wanted {
        fs::create_dir_all(&path).map_err(io(&path))?;
        return Ok((path, false));
    }
    let name = format!("octo-sts-simulator-{}", std::process::id());
    let path = std::env::temp_dir().join(name);
    // Fails if it exists: a directory that somebody else made could be read by them.
    let made = DirBuilder::new().mode(0o700).create(&path);
    made.map_err(io(&path))?;
    Ok((path, true))
}

/// Writes keys and certificate, and says where everything is.
fn write_out(simulator: &Simulator, control: &Control, directory: &Path) -> Result<Value, Error> {
    let mut apps = Vec::new();
    for (id, name, key) in simulator.github().apps() {
        let path = directory.join(format!("app-{id}.pem"));
        write(&path, &key.pem())?;
        apps.push(json!({"id": id, "name": name, "private_key_file": path}));
    }
    let ca = match simulator.ca_pem() {
        Some(pem) => {
            let path = directory.join("ca.pem");
            write(&path, &pem)?;
            Some(path)
        }
        None => None,
    };
    Ok(json!({
        "actions_issuer": simulator.actions_issuer().url(),
        "apps": apps,
        "ca": ca,
        "control": control.url(),
        "github": simulator.github().base_url(),
        "issuer": simulator.issuer().url(),
    }))
}

/// Only for its owner, and never over a file that is there already with wider rights.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    if path.exists() {
        fs::remove_file(path).map_err(io(path))?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(io(path))?;
    file.write_all(text.as_bytes()).map_err(io(path))
}

fn print(about: &Value, how: Print) -> Result<(), Error> {
    let text = match (how, about) {
        (Print::Text, Value::Object(fields)) => {
            let lines = fields.iter().map(|(name, value)| {
                format!(
                    "{name}: {}\n",
                    value
                        .as_str()
                        .map_or_else(|| value.to_string(), str::to_owned)
                )
            });
            lines.collect()
        }
        _ => format!("{about}\n"),
    };
    let mut output = std::io::stdout().lock();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|error| Error::Io("standard output".to_owned(), error))
}

/// Returns at Ctrl-C or SIGTERM.
async fn told_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _interrupted = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
