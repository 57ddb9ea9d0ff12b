//! Files that have grown too long to be read in one go. Functions are clippy's business (`clippy.toml`).

use crate::Failure;
use crate::commands::{output, root, say};
use std::fs;
use std::process::Command;

/// Worth a talk.
const LONG: usize = 400;
/// Too long.
const TOO_LONG: usize = 500;
/// Tracked files above this size, in bytes, are no source.
const HEAVY: u64 = 1_000_000;

pub(crate) fn check() -> Result<Vec<String>, Failure> {
    let files = output(
        Command::new("git")
            .args(["ls-files", "--cached", "--others", "--exclude-standard"])
            .current_dir(root()),
    )?;
    let mut problems = Vec::new();
    for file in files.lines() {
        let path = root().join(file);
        if fs::metadata(&path).is_ok_and(|metadata| metadata.len() > HEAVY) {
            problems.push(format!("{file} is larger than 1 MB"));
        }
        if !file.ends_with(".rs") {
            continue;
        }
        let lines = fs::read_to_string(&path).map_or(0, |text| text.lines().count());
        if lines > TOO_LONG {
            problems.push(format!("{file} has {lines} lines; {TOO_LONG} are the most"));
        } else if lines > LONG {
            say(&format!("tidy: {file} has {lines} lines, worth a talk"));
        }
    }
    Ok(problems)
}
