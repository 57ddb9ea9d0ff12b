//! Puts the artifact into the program: `dist/octo_sts.wasm`, if `cargo xtask build` made it. Without it the program
//! still builds, and `octo-sts serve` asks for `--component`.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let artifact = Path::new(&env::var("CARGO_MANIFEST_DIR").unwrap_or_default())
        .join("../dist/octo_sts.wasm");
    println!("cargo::rerun-if-changed={}", artifact.display());
    println!("cargo::rerun-if-changed=build.rs");
    let out = Path::new(&env::var("OUT_DIR").unwrap_or_default()).join("octo_sts.wasm");
    let bytes = if artifact.exists() {
        fs::read(artifact)?
    } else {
        Vec::new()
    };
    fs::write(out, bytes)
}
