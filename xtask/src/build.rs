//! The artifact, the platform components, and the program.

use crate::Failure;
use crate::commands::{cargo, output, root, run, say};
use crate::compose;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of the artifact.
pub(crate) const TARGET: &str = "wasm32-wasip2";
/// Its package.
const SERVICE: &str = "octo-sts-service";

/// `dist/octo_sts.wasm`.
pub(crate) fn artifact() -> PathBuf {
    dist("octo_sts.wasm")
}

/// What a file of a build is for.
struct Product {
    package: &'static str,
    /// Below `target/wasm32-wasip2/wasm/`.
    built: &'static str,
    /// Below `dist/`.
    kept: &'static str,
}

/// The platform components; hosts/*/README.md says what each is for.
const PLATFORMS: [Product; 3] = [
    Product {
        package: "octo-sts-platform-spin",
        built: "platform_spin.wasm",
        kept: "platform_spin.wasm",
    },
    Product {
        package: "octo-sts-platform-wasmcloud",
        built: "platform_wasmcloud.wasm",
        kept: "platform_wasmcloud.wasm",
    },
    Product {
        package: "octo-sts-platform-wasi",
        built: "platform_wasi.wasm",
        kept: "platform_wasi.wasm",
    },
];

/// The packages of all wasm files.
pub(crate) fn wasm_packages() -> impl Iterator<Item = &'static str> {
    let platforms = PLATFORMS.iter().map(|product| product.package);
    std::iter::once(SERVICE).chain(platforms)
}

/// Makes the wasm files, then the program with the artifact inside.
pub(crate) fn all() -> Result<(), Failure> {
    components()?;
    program()
}

/// Makes the program.
pub(crate) fn program() -> Result<(), Failure> {
    say("building the program octo-sts (the engine takes a few minutes the first time)");
    run(cargo().args(["build", "--release", "--package", "octo-sts"]))?;
    say("target/release/octo-sts is ready");
    Ok(())
}

/// Makes `dist/octo_sts.wasm`, the platform components beside it, and the files composed of both.
pub(crate) fn components() -> Result<(), Failure> {
    let artifact = component_in(&root(), None)?;
    keep("octo_sts.wasm", &artifact)?;
    say("building the platform components");
    let packages = PLATFORMS
        .iter()
        .flat_map(|product| ["--package", product.package]);
    wasm(&root(), &root().join("target"), packages)?;
    for product in &PLATFORMS {
        let built = root()
            .join("target")
            .join(TARGET)
            .join("wasm")
            .join(product.built);
        keep(product.kept, &read(&built)?)?;
    }
    for composed in compose::ALL {
        let platform = read(&dist(composed.platform))?;
        let bytes = compose::compose(&artifact, &platform)
            .map_err(|error| format!("cannot compose {}: {error}", composed.file))?;
        keep(composed.file, &bytes)?;
    }
    Ok(())
}

/// `dist/NAME`.
pub(crate) fn dist(name: &str) -> PathBuf {
    root().join("dist").join(name)
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| format!("cannot read {}: {error}", file.display()))
}

/// Writes `dist/NAME`. An unchanged file keeps its time, so that what contains it is not built again.
fn keep(name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let file = dist(name);
    let folder = file.parent().unwrap_or(&file);
    fs::create_dir_all(folder)
        .map_err(|error| format!("cannot make {}: {error}", folder.display()))?;
    if fs::read(&file).ok().as_deref() != Some(bytes) {
        fs::write(&file, bytes)
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    let (size, digest) = (bytes.len() / 1000, sha256(bytes));
    say(&format!("dist/{name}: {size} KB, sha256 {digest}"));
    Ok(())
}

/// Builds the artifact of the checkout at `folder`. The bytes do not depend on the folder's name.
pub(crate) fn component_in(folder: &Path, target_dir: Option<&Path>) -> Result<Vec<u8>, Failure> {
    add_target()?;
    say("building the component");
    let target_dir = target_dir.map_or_else(|| folder.join("target"), Path::to_owned);
    // Alone, so that no other package's features are in it.
    wasm(folder, &target_dir, ["--package", SERVICE])?;
    read(&target_dir.join(TARGET).join("wasm/service.wasm"))
}

fn wasm<'a>(
    folder: &Path,
    target_dir: &Path,
    packages: impl IntoIterator<Item = &'a str>,
) -> Result<(), Failure> {
    let mut command = cargo();
    command
        .current_dir(folder)
        .args(["build", "--profile", "wasm", "--target", TARGET])
        .args(packages);
    command.arg("--target-dir").arg(target_dir);
    command
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", remapped(folder)?);
    run(&mut command)
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
