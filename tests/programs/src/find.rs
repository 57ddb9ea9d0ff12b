//! Where a platform's program is: named by a variable, or on PATH.

use std::path::{Path, PathBuf};

use crate::{Failure, Platform};

pub(crate) fn program(platform: Platform, root: &Path) -> Result<PathBuf, Failure> {
    let (variable, name, how) = match platform {
        Platform::Wasmtime => {
            let built = root.join("target/release/octo-sts");
            return existing(built).ok_or_else(|| {
                "target/release/octo-sts is not there: run `cargo xtask build`".to_owned()
            });
        }
        Platform::Spin => ("SPIN_BIN", "spin", "https://spinframework.dev/install"),
        Platform::WasmCloud => (
            "WASH_BIN",
            "wash",
            "https://wasmcloud.com/docs/installation",
        ),
        Platform::Wasi => (
            "WASMTIME_BIN",
            "wasmtime",
            "https://docs.wasmtime.dev/cli-install.html",
        ),
    };
    if let Some(named) = std::env::var_os(variable).filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        let shown = named.display().to_string();
        return existing(named)
            .ok_or_else(|| format!("{variable} names {shown}, which is not there"));
    }
    on_path(name).ok_or_else(|| format!("{name} is not on PATH, nor named by {variable} ({how})"))
}

/// Where a program of this name is.
pub(crate) fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).find_map(|folder| existing(folder.join(name)))
}

fn existing(file: PathBuf) -> Option<PathBuf> {
    file.is_file().then_some(file)
}
