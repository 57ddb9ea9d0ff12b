//! Writing to a deployment's store behind its back.

use std::path::Path;
use std::process::Command;

use crate::{Failure, Store};

pub(crate) fn garble(store: &Store) -> Result<(), Failure> {
    let changed = match store {
        Store::Files(folder) => files(folder)?,
        Store::Sqlite(file, table, column) => sqlite(file, table, column)?,
    };
    if changed == 0 {
        return Err("the store has no values".to_owned());
    }
    Ok(())
}

/// How many files it changed.
fn files(folder: &Path) -> Result<usize, Failure> {
    let text = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut changed = 0;
    for entry in std::fs::read_dir(folder).map_err(text)? {
        let path = entry.map_err(text)?.path();
        if path.is_dir() {
            changed += files(&path)?;
        } else {
            let mut bytes = std::fs::read(&path).map_err(text)?;
            if let Some(last) = bytes.last_mut() {
                *last ^= 1;
            }
            std::fs::write(&path, bytes).map_err(text)?;
            changed += 1;
        }
    }
    Ok(changed)
}

/// How many rows it changed.
fn sqlite(file: &Path, table: &str, column: &str) -> Result<usize, Failure> {
    let statement =
        format!("UPDATE {table} SET {column} = randomblob(length({column})); SELECT changes();");
    let mut command = Command::new("sqlite3");
    command
        .arg("-cmd")
        .arg(".timeout 5000")
        .arg(file)
        .arg(statement);
    let output = command
        .output()
        .map_err(|error| format!("sqlite3 could not be started: {error}"))?;
    let said = String::from_utf8_lossy(&output.stdout);
    said.trim().parse().map_err(|_| {
        let problem = String::from_utf8_lossy(&output.stderr);
        format!("sqlite3: {}", problem.trim())
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn every_file_becomes_another_and_an_empty_store_is_told() {
        let folder = std::env::temp_dir().join(format!("garble-{}", std::process::id()));
        let inner = folder.join("default");
        std::fs::create_dir_all(&inner).unwrap();
        let store = Store::Files(folder.clone());
        assert_eq!(garble(&store).unwrap_err(), "the store has no values");
        for name in ["a", "b"] {
            std::fs::write(inner.join(name), b"value").unwrap();
        }
        assert_eq!(garble(&store), Ok(()));
        for name in ["a", "b"] {
            assert_eq!(std::fs::read(inner.join(name)).unwrap(), b"valud");
        }
        std::fs::remove_dir_all(folder).unwrap();
    }
}
