//! Every check, in the order in which they fail fastest.

use crate::Failure;
use crate::build;
use crate::commands::{cargo, output, root, run, say};
use crate::{demo, tidy};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// One of them.
type Check = fn() -> Result<(), Failure>;

/// Runs everything. Stops at the first check that fails.
pub(crate) fn everything() -> Result<(), Failure> {
    let checks: [(&str, Check); 9] = [
        ("formatting", formatting),
        ("the component", build::components),
        ("tidy", tidy::run),
        ("lints, native and wasm", lints),
        ("documentation", documentation),
        ("dependencies", dependencies),
        ("unit tests and the flow through wasm", tests),
        ("the same bytes from another folder", reproducible),
        ("the demo", demo::check),
    ];
    for (name, check) in checks {
        let began = Instant::now();
        say(name);
        check()?;
        say(&format!("{name}: ok ({} s)", began.elapsed().as_secs()));
    }
    say("everything is ok");
    Ok(())
}

/// Adds what formatting and lints need where rustup has not done so by itself.
fn add_components() -> Result<(), Failure> {
    for (subcommand, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if output(cargo().args([subcommand, "--version"])).is_err() {
            say(&format!("adding the component {component} with rustup"));
            run(Command::new("rustup")
                .args(["component", "add", component])
                .current_dir(root()))?;
        }
    }
    Ok(())
}

fn formatting() -> Result<(), Failure> {
    add_components()?;
    run(cargo().args(["fmt", "--all", "--check"]))
}

/// Function sizes are judged outside tests, whose tables may be long.
fn lints() -> Result<(), Failure> {
    let native = [
        "clippy",
        "--release",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    run_cargo(&native)?;
    let sizes = ["-D", "warnings", "-D", "clippy::too_many_lines"];
    let native = ["clippy", "--release", "--workspace", "--"];
    run_cargo(&[&native[..], &sizes].concat())?;
    let wasm = ["clippy", "--profile", "wasm", "--target", build::TARGET];
    for package in build::wasm_packages() {
        run_cargo(&[&wasm[..], &["--package", package, "--"], &sizes].concat())?;
    }
    Ok(())
}

fn documentation() -> Result<(), Failure> {
    let mut command = cargo();
    command.args([
        "doc",
        "--release",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ]);
    run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn tests() -> Result<(), Failure> {
    run_cargo(&["test", "--release", "--workspace"])
}

/// Licences, sources and banned crates, where cargo-deny is installed; advisories where their database can be had.
fn dependencies() -> Result<(), Failure> {
    if output(cargo().args(["deny", "--version"])).is_err() {
        say(
            "cargo-deny is not installed: licences, bans and advisories were NOT checked by it (cargo install cargo-deny)",
        );
        return Ok(());
    }
    run_cargo(&["deny", "check", "licenses", "bans", "sources"])?;
    if run_cargo(&["deny", "fetch", "db"]).is_err() {
        say("the advisory database could not be reached: advisories were NOT checked");
        return Ok(());
    }
    run_cargo(&["deny", "check", "advisories"])
}

fn run_cargo(arguments: &[&str]) -> Result<(), Failure> {
    run(cargo().args(arguments))
}

/// Builds the component once more, from a copy of what git tracks in a folder of another name.
fn reproducible() -> Result<(), Failure> {
    let elsewhere =
        std::env::temp_dir().join(format!("octo-sts-another-folder-{}", std::process::id()));
    let built = copy_to(&elsewhere).and_then(|()| build::component_in(&elsewhere, None));
    let removed = std::fs::remove_dir_all(&elsewhere);
    let built = build::sha256(&built?);
    removed.map_err(|error| format!("cannot remove {}: {error}", elsewhere.display()))?;
    let here = std::fs::read(build::artifact())
        .map_err(|error| format!("cannot read the artifact: {error}"))?;
    let here = build::sha256(&here);
    if here == built {
        Ok(())
    } else {
        Err(format!(
            "the artifact depends on its folder: {here} here, {built} elsewhere"
        ))
    }
}

fn copy_to(elsewhere: &Path) -> Result<(), Failure> {
    let files = output(
        Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(root()),
    )?;
    for file in files.lines() {
        let (from, to) = (root().join(file), elsewhere.join(file));
        let parent = to.parent().unwrap_or(elsewhere);
        let copied = std::fs::create_dir_all(parent).and_then(|()| std::fs::copy(&from, &to));
        match copied {
            Err(error) if from.exists() => return Err(format!("cannot copy {file}: {error}")),
            _ => {}
        }
    }
    Ok(())
}
