//! What `cargo xtask build` left in `dist/`, each compiled once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use host_wasmtime::{Compiled, Limits};

use crate::captured::sha256_hex;

/// The one file that every platform runs.
pub(crate) const ARTIFACT: &str = "octo_sts.wasm";

fn dist() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../dist")
}

/// The SHA-256 of the artifact, in hex.
///
/// # Errors
/// It was not built.
pub fn artifact_sha256() -> Result<String, String> {
    read(ARTIFACT).map(|bytes| sha256_hex(&bytes))
}

fn read(file: &str) -> Result<Vec<u8>, String> {
    let path = dist().join(file);
    std::fs::read(path)
        .map_err(|error| format!("dist/{file}: {error}: run `cargo xtask build` first"))
}

/// `dist/FILE`, with room for the hosts of many tests at the same time, and for what is left of those that ended.
pub(crate) fn compiled(file: &str) -> Result<Compiled, String> {
    static COMPILED: Mutex<BTreeMap<String, Compiled>> = Mutex::new(BTreeMap::new());
    let mut all = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(compiled) = all.get(file) {
        return Ok(compiled.clone());
    }
    let limits = Limits {
        in_flight: 512,
        ..Limits::default()
    };
    let bytes = read(file)?;
    // What was composed has the artifact in it as it is: one SHA-256 for all hosts.
    let artifact = read(ARTIFACT)?;
    if memchr::memmem::find(&bytes, &artifact).is_none() {
        return Err(format!(
            "dist/{file} has another {ARTIFACT} in it: run `cargo xtask build`"
        ));
    }
    let compiled =
        Compiled::new(&bytes, &limits).map_err(|error| format!("dist/{file}: {error}"))?;
    all.insert(file.to_owned(), compiled.clone());
    Ok(compiled)
}
