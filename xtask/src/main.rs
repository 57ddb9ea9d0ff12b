//! The workshop: `cargo xtask build | demo | test | conformance | tidy`.

mod build;
mod commands;
mod compose;
mod conformance;
mod demo;
mod test;
mod tidy;

use clap::{Parser, Subcommand};
use std::ffi::OsString;
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
    /// Run the conformance cases on every host that is here, and print a table: `--host NAME|all`, `--url URL`, `--case PART`,
    /// `--format text|json`, `--list`.
    ///
    /// NAME is wasmtime, wasmtime-fresh, spin-interfaces, wasmcloud-interfaces, wasi-interfaces (all in this process) or a
    /// program: octo-sts, spin, wasmcloud (`wash`), wasi (`wasmtime`), each on PATH or named by SPIN_BIN, WASH_BIN,
    /// WASMTIME_BIN. Exit: 0 nothing failed, 1 a case failed, 2 the kit could not run.
    Conformance {
        /// Passed on to the kit; tests/conformance/README.md explains them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Check the house: who may know whom, what the artifact imports, sizes, commands that the README names.
    Tidy,
}

/// Why a task failed: a sentence for the one who ran it.
type Failure = String;

fn main() -> ExitCode {
    let done = match Arguments::parse().task {
        Task::Build { wasm: true } => build::components().map(|()| 0),
        Task::Build { wasm: false } => build::all().map(|()| 0),
        Task::Demo(options) => demo::run(&options).map(|ok| u8::from(!ok)),
        Task::Test => test::everything().map(|()| 0),
        Task::Conformance { arguments } => conformance::run(&arguments),
        Task::Tidy => tidy::run().map(|()| 0),
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}
