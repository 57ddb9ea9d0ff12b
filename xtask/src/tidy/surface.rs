//! What the built files import and export: compared with the lists in `tests/interfaces/imports`, and with what each
//! platform offers, `tests/interfaces/PLATFORM.txt`.

use crate::commands::root;
use crate::{Failure, build, compose};
use std::collections::BTreeSet;
use std::fs;
use wasmparser::{Parser, Payload};

/// A larger artifact starts slowly where it is compiled at start. 200 KB are Unicode's tables, which are not compiled.
const LARGEST_ARTIFACT: usize = 2_000_000;

pub(crate) fn check() -> Result<Vec<String>, Failure> {
    let mut problems = judge("octo_sts.wasm", "octo_sts", "wasmtime")?;
    for composed in compose::ALL {
        problems.extend(judge(composed.file, composed.on, composed.on)?);
    }
    if let Ok(bytes) = fs::read(build::artifact())
        && bytes.len() > LARGEST_ARTIFACT
    {
        problems.push(format!(
            "dist/octo_sts.wasm has {} bytes, which is more than {LARGEST_ARTIFACT}",
            bytes.len()
        ));
    }
    Ok(problems)
}

/// Compares `dist/FILE` with the list of this name and with what `platform` offers.
fn judge(file: &str, list: &str, platform: &str) -> Result<Vec<String>, Failure> {
    let Ok(bytes) = fs::read(build::dist(file)) else {
        return Ok(vec![format!(
            "dist/{file} is not built (cargo xtask build)"
        )]);
    };
    let listed = lines(&format!("imports/{list}.txt"))?;
    let offered = lines(&format!("{platform}.txt"))?;
    let found = surface(&bytes)?;
    let extra = found
        .difference(&listed)
        .map(|name| format!("dist/{file} has `{name}`, which imports/{list}.txt lacks"));
    let missing = listed
        .difference(&found)
        .map(|name| format!("imports/{list}.txt has `{name}`, which dist/{file} lacks"));
    let refused = found
        .iter()
        .filter_map(|line| line.strip_prefix("import "))
        .filter(|import| !offered.iter().any(|offer| links(import, offer)))
        .map(|import| format!("dist/{file} imports {import}, which {platform} does not offer"));
    Ok(extra.chain(missing).chain(refused).collect())
}

/// Whether an import (`wasi:io/poll@0.2.6`) is met by an offer: an interface with its exact version, a whole package with
/// its exact version, or a released package by semver (`wasi:io@0.2`).
fn links(import: &str, offer: &str) -> bool {
    if import == offer {
        return true;
    }
    let split = |text: &str| {
        let (name, version) = text.split_once('@')?;
        let package = name.split('/').next()?;
        Some((package.to_owned(), version.to_owned()))
    };
    let (Some((package, version)), Some((offered, wanted))) = (split(import), split(offer)) else {
        return false;
    };
    let whole = !offer.contains('/') && package == offered;
    let patch = version.strip_prefix(&format!("{wanted}."));
    let released = patch.is_some_and(|patch| patch.bytes().all(|byte| byte.is_ascii_digit()));
    whole && (version == wanted || released)
}

fn lines(name: &str) -> Result<BTreeSet<String>, Failure> {
    let file = root().join("tests/interfaces").join(name);
    let text = fs::read_to_string(&file)
        .map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    let said = |line: &&str| !line.is_empty() && !line.starts_with('#');
    Ok(text.lines().filter(said).map(str::to_owned).collect())
}

/// `import NAME` and `export NAME` of the outermost component.
fn surface(bytes: &[u8]) -> Result<BTreeSet<String>, Failure> {
    let unreadable = |error| format!("a built file is no component: {error}");
    let mut names = BTreeSet::new();
    let mut depth = 0_usize;
    for payload in Parser::new(0).parse_all(bytes) {
        match payload.map_err(unreadable)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 0 => {
                for import in section {
                    names.insert(format!("import {}", import.map_err(unreadable)?.name.name));
                }
            }
            Payload::ComponentExportSection(section) if depth == 0 => {
                for export in section {
                    names.insert(format!("export {}", export.map_err(unreadable)?.name.name));
                }
            }
            _ => {}
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::links;

    #[test]
    fn released_versions_link_by_semver_and_others_only_exactly() {
        for (import, offer, wanted) in [
            ("wasi:io/poll@0.2.12", "wasi:io@0.2", true),
            ("wasi:io/poll@0.2.0", "wasi:io@0.2", true),
            ("wasi:io/poll@0.2.0-rc-2023", "wasi:io@0.2", false),
            ("wasi:io/poll@0.3.0", "wasi:io@0.2", false),
            ("wasi:io/poll@0.20.1", "wasi:io@0.2", false),
            ("wasi:http/types@0.2.1", "wasi:io@0.2", false),
            (
                "wasi:keyvalue/store@0.2.0-draft2",
                "wasi:keyvalue/store@0.2.0-draft2",
                true,
            ),
            (
                "wasi:keyvalue/store@0.2.0-draft",
                "wasi:keyvalue/store@0.2.0-draft2",
                false,
            ),
            (
                "wasi:keyvalue/batch@0.2.0-draft2",
                "wasi:keyvalue/store@0.2.0-draft2",
                false,
            ),
            (
                "octo-sts:platform/cache@0.1.0",
                "octo-sts:platform@0.1.0",
                true,
            ),
            (
                "octo-sts:platform/cache@0.1.1",
                "octo-sts:platform@0.1.0",
                false,
            ),
        ] {
            assert_eq!(links(import, offer), wanted, "{import} {offer}");
        }
    }
}
