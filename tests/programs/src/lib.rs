//! Starts the service as a user would: on `octo-sts serve`, `spin up`, `wash dev` or `wasmtime serve`, with the files that
//! `cargo xtask build` leaves in `dist/`. Everything listens on loopback and ends when it is dropped.
//!
//! | room | duty |
//! |---|---|
//! | `process` | a child, its lines, its end |
//! | `find` | where a platform's program is |
//! | `garble` | somebody else writes to a store |
//! | `octo_sts`, `spin`, `wash`, `wasmtime` | one platform each: settings to arguments and files |

mod find;
mod garble;
mod octo_sts;
mod process;
mod spin;
mod wash;
mod wasmtime;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;

pub use process::{Lines, Process};

/// Why something could not be started: a sentence for the one who ran it.
pub type Failure = String;

/// Where the service can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Platform {
    /// Our own host, `octo-sts serve`.
    Wasmtime,
    /// `spin up`, with the `spin.toml` of the project.
    Spin,
    /// `wash dev`, with the configuration of `hosts/wasmcloud`.
    WasmCloud,
    /// `wasmtime serve`, with the standalone file.
    Wasi,
}

impl Platform {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Wasmtime, Self::Spin, Self::WasmCloud, Self::Wasi];

    /// Its name on command lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wasmtime => "wasmtime",
            Self::Spin => "spin",
            Self::WasmCloud => "wasmcloud",
            Self::Wasi => "wasi",
        }
    }

    /// Whether what one request learned is there for the next one.
    #[must_use]
    pub fn keeps(self) -> bool {
        self != Self::Wasi
    }

    /// Whether [`Service::garble`] can be had here: Spin's store is a database, for which the program `sqlite3` is needed.
    #[must_use]
    pub fn can_garble(self) -> bool {
        match self {
            Self::Spin => find::on_path("sqlite3").is_some(),
            Self::WasmCloud => true,
            Self::Wasmtime | Self::Wasi => false,
        }
    }

    /// The program, with its version as it says it.
    ///
    /// # Errors
    /// It is not there, and how to have it.
    pub fn program(self, root: &std::path::Path) -> Result<PathBuf, Failure> {
        find::program(self, root)
    }
}

/// What is to be started.
pub struct Deployment {
    /// The project's folder.
    pub root: PathBuf,
    /// An empty folder for configuration and stores.
    pub folder: PathBuf,
    /// Settings by octo-sts's names.
    pub settings: BTreeMap<String, String>,
    /// Where calls may go, as `scheme://host:port`: GitHub first, then what issuers need (`http://127.0.0.1:*`).
    pub outbound: Vec<String>,
}

/// A running service.
pub struct Service {
    /// `http://127.0.0.1:PORT`.
    pub url: String,
    process: Process,
    store: Option<Store>,
}

/// What a deployment's store is, on disk.
enum Store {
    /// A file for each value, in folders.
    Files(PathBuf),
    /// A database of SQLite, with a table and its column of values.
    Sqlite(PathBuf, &'static str, &'static str),
}

impl Service {
    /// What it wrote so far, audit records and log lines among it, without what the platform puts before them.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.process
            .lines()
            .iter()
            .map(|line| bare(line).to_owned())
            .collect()
    }

    /// Replaces every value in the store by garbage, while the service runs.
    ///
    /// # Errors
    /// There is no store on disk, it has no values, or it can't be written to.
    pub fn garble(&self) -> Result<(), Failure> {
        garble::garble(self.store.as_ref().ok_or("there is no store on disk")?)
    }

    /// Ends the service; what it wrote up to its end.
    #[must_use]
    pub fn end(self) -> Vec<String> {
        let lines = self.process.end();
        lines.iter().map(|line| bare(line).to_owned()).collect()
    }
}

/// Starts the service. It answers requests when this returns.
///
/// # Errors
/// The program is not there, or said something else than that it listens.
pub fn start(platform: Platform, deployment: &Deployment) -> Result<Service, Failure> {
    let program = platform.program(&deployment.root)?;
    match platform {
        Platform::Wasmtime => octo_sts::start(&program, deployment),
        Platform::Spin => spin::start(&program, deployment),
        Platform::WasmCloud => wash::start(&program, deployment),
        Platform::Wasi => wasmtime::start(&program, deployment),
    }
}

/// Platforms put their own words before a component's line; ours are JSON objects.
fn bare(line: &str) -> &str {
    line.find('{').and_then(|at| line.get(at..)).unwrap_or(line)
}

/// A port that is free now. Somebody may take it before it is used; then the program says so.
fn free_port() -> Result<u16, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    listener
        .map(|address| address.port())
        .map_err(|error| format!("there is no free port: {error}"))
}

/// Settings by name in lower case, as Spin and wasmCloud have them.
fn lower(settings: &BTreeMap<String, String>) -> impl Iterator<Item = (String, &String)> {
    settings
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
}

/// Writes a file below a deployment's folder.
fn write(deployment: &Deployment, name: &str, text: &str) -> Result<PathBuf, Failure> {
    let file = deployment.folder.join(name);
    let folder = file.parent().unwrap_or(&file);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(&file, text))
        .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    Ok(file)
}
