//! The artifact inside the program.

use std::path::Path;

/// The bytes of `dist/octo_sts.wasm`; empty if the program was built without it.
static ARTIFACT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/octo_sts.wasm"));

/// The component to serve: the file that was named, else the one inside.
///
/// # Errors
/// A sentence for the operator.
pub(crate) fn load(named: Option<&Path>) -> Result<Vec<u8>, String> {
    match named {
        Some(path) => std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display())),
        None if ARTIFACT.is_empty() => {
            Err("this program was built without the component: run `cargo xtask build`, or name one with --component".into())
        }
        None => Ok(ARTIFACT.to_vec()),
    }
}
