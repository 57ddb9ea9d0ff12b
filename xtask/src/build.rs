//! The artifact and the program.

use crate::Failure;
use crate::commands::{cargo, output, root, run, say};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of the artifact.
const TARGET: &str = "wasm32-wasip2";
/// Its package.
const SERVICE: &str = "octo-sts-service";

/// `dist/octo_sts.wasm`.
pub(crate) fn artifact() -> PathBuf {
    root().join("dist/octo_sts.wasm")
}

/// Makes the artifact, then the program with the artifact inside.
pub(crate) fn all() -> Result<(), Failure> {
    component()?;
    say("building the program octo-sts (the engine takes a few minutes the first time)");
    run(cargo().args(["build", "--release", "--package", "octo-sts"]))?;
    say("target/release/octo-sts is ready");
    Ok(())
}

/// Makes `dist/octo_sts.wasm`.
pub(crate) fn component() -> Result<(), Failure> {
    let bytes = component_in(&root(), None)?;
    let artifact = artifact();
    fs::create_dir_all(root().join("dist"))
        .map_err(|error| format!("cannot make dist: {error}"))?;
    // An unchanged file keeps its time, so that the program around it is not built again.
    if fs::read(&artifact).ok().as_ref() != Some(&bytes) {
        fs::write(&artifact, &bytes)
            .map_err(|error| format!("cannot write {}: {error}", artifact.display()))?;
    }
    say(&format!(
        "dist/octo_sts.wasm: {} KB, sha256 {}",
        bytes.len() / 1000,
        sha256(&bytes)
    ));
    Ok(())
}

/// Builds the component of the checkout at `folder`. The bytes do not depend on the folder's name.
pub(crate) fn component_in(folder: &Path, target_dir: Option<&Path>) -> Result<Vec<u8>, Failure> {
    add_target()?;
    say("building the component");
    let mut command = cargo();
    command.current_dir(folder).args([
        "build",
        "--profile",
        "wasm",
        "--target",
        TARGET,
        "--package",
        SERVICE,
    ]);
    let target_dir = target_dir.map_or_else(|| folder.join("target"), Path::to_owned);
    command.arg("--target-dir").arg(&target_dir);
    command
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", remapped(folder)?);
    run(&mut command)?;
    let file = target_dir.join(TARGET).join("wasm/service.wasm");
    fs::read(&file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

/// Flags that take the machine's paths out of the artifact.
fn remapped(folder: &Path) -> Result<String, Failure> {
    let home = std::env::var_os("HOME").unwrap_or_default();
    let cargo_home = std::env::var_os("CARGO_HOME")
        .map_or_else(|| Path::new(&home).join(".cargo"), PathBuf::from);
    let sysroot = output(
        Command::new(rustc())
            .args(["--print", "sysroot"])
            .current_dir(folder),
    )?;
    let rules = [
        format!("{}=/octo-sts", folder.display()),
        format!("{}=/cargo", cargo_home.display()),
        format!("{}=/rust", sysroot.trim()),
    ];
    Ok(rules
        .map(|rule| format!("--remap-path-prefix={rule}"))
        .join("\u{1f}"))
}

fn rustc() -> std::ffi::OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// Adds the wasm target where rustup has not done so by itself.
fn add_target() -> Result<(), Failure> {
    let library = output(
        Command::new(rustc())
            .args(["--print", "target-libdir", "--target", TARGET])
            .current_dir(root()),
    )?;
    if Path::new(library.trim()).exists() {
        return Ok(());
    }
    say(&format!("adding the target {TARGET} with rustup"));
    run(Command::new("rustup")
        .args(["target", "add", TARGET])
        .current_dir(root()))
}

/// Hexadecimal SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
