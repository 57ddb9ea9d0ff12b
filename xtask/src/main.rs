//! The workshop: `cargo xtask build | demo | test | tidy`.

mod build;
mod commands;
mod compose;
mod demo;
mod test;
mod tidy;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Builds, shows and checks octo-sts.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Make dist/*.wasm and target/release/octo-sts.
    Build {
        /// Make only dist/*.wasm: enough for Spin, wasmCloud and wasmtime, and without the engine's minutes.
        #[arg(long)]
        wasm: bool,
    },
    /// Show the first exchange: build, start a simulated GitHub and the server, walk through it.
    Demo(demo::Options),
    /// Run every check: formatting, lints, docs, unit tests, the flow over HTTP through wasm, tidy, the demo.
    Test,
    /// Check the house: who may know whom, what the artifact imports, sizes, commands that the README names.
    Tidy,
}

/// Why a task failed: a sentence for the one who ran it.
type Failure = String;

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Build { wasm: true } => build::components().map(|()| true),
        Task::Build { wasm: false } => build::all().map(|()| true),
        Task::Demo(options) => demo::run(&options),
        Task::Test => test::everything().map(|()| true),
        Task::Tidy => tidy::run().map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
