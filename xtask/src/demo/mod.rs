//! The first exchange, shown: a simulated GitHub, the real server with the real component, and a walk through it.

mod client;
mod servers;
mod story;

use crate::Failure;
use crate::build;
use crate::commands::{cargo, root, run as run_command, say};
use clap::{Args, ValueEnum};
use programs::Platform;
use serde::Serialize;
use servers::Servers;
use std::io::Read;

/// How the demo is shown.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Where the service runs. All but `wasmtime` need a program of their own: spin (or SPIN_BIN), wash (WASH_BIN),
    /// wasmtime (WASMTIME_BIN).
    #[arg(long, value_name = "HOST", default_value = "wasmtime", value_parser = platform)]
    host: Platform,
    /// Leave simulator and server running until Enter or end of input.
    #[arg(long)]
    keep: bool,
    /// How the steps are printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// In words.
    Text,
    /// One JSON object.
    Json,
}

/// One step with its verdict.
#[derive(Debug, Serialize)]
struct Step {
    name: &'static str,
    wanted: String,
    got: String,
    ok: bool,
    curl: String,
}

#[derive(Serialize)]
struct Report<'a> {
    ok: bool,
    steps: &'a [Step],
}

/// The platform of a name.
fn platform(name: &str) -> Result<Platform, String> {
    let named = Platform::ALL.into_iter().find(|known| known.name() == name);
    named.ok_or_else(|| format!("one of {}", Platform::ALL.map(Platform::name).join(", ")))
}

/// Builds, starts and walks. True if every step came out as it must.
pub(crate) fn run(options: &Options) -> Result<bool, Failure> {
    match options.host {
        Platform::Wasmtime => build::all()?,
        // What is not there is said before anything is built.
        other => other.program(&root()).and_then(|_| build::components())?,
    }
    say("building the simulator");
    run_command(cargo().args(["build", "--release", "--package", "octo-sts-simulator"]))?;
    say("starting a simulated GitHub and the service on free ports");
    let servers = Servers::start(options.host)?;
    let steps = story::walk(&servers, options.format == Format::Text);
    let ok = !steps.is_empty() && steps.iter().all(|step| step.ok);
    match options.format {
        Format::Json => {
            let report = serde_json::to_string(&Report { ok, steps: &steps });
            println!("{}", report.map_err(|error| error.to_string())?);
        }
        Format::Text => conclude(&steps, ok),
    }
    if options.keep {
        keep(&servers);
    }
    Ok(ok)
}

/// The demo as a check of `cargo xtask test`.
pub(crate) fn check() -> Result<(), Failure> {
    let ok = run(&Options {
        host: Platform::Wasmtime,
        keep: false,
        format: Format::Text,
    })?;
    if ok {
        Ok(())
    } else {
        Err("the demo did not come out as it must".into())
    }
}

fn conclude(steps: &[Step], ok: bool) {
    let good = steps.iter().filter(|step| step.ok).count();
    println!("\n{good} of {} steps came out as they must.", steps.len());
    if ok {
        println!("A workload's OIDC token became a GitHub token, and nothing else did.");
    }
}

fn keep(servers: &Servers) {
    println!("\nStill running, until you press Enter:");
    println!("  server     {}", servers.server);
    println!("  GitHub     {}", servers.github);
    println!(
        "  simulator  {} (tests/simulator/README.md)",
        servers.control
    );
    println!("\nWhat the curl lines above need, an OIDC token and then a GitHub token:");
    println!("  {}", story::token_curl(servers));
    println!("  {}", story::exchange_curl(servers));
    let _ = std::io::stdin().read(&mut [0]);
}
