//! What the artifact imports and exports, compared with wit/surface.txt.

use crate::Failure;
use crate::build::artifact;
use crate::commands::root;
use std::collections::BTreeSet;
use std::fs;
use wasmparser::{Parser, Payload};

pub(crate) fn check() -> Result<Vec<String>, Failure> {
    let listed = fs::read_to_string(root().join("wit/surface.txt"));
    let listed = listed.map_err(|error| format!("cannot read wit/surface.txt: {error}"))?;
    let listed: BTreeSet<String> = listed
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    let Ok(bytes) = fs::read(artifact()) else {
        return Ok(vec![
            "dist/octo_sts.wasm is not built (cargo xtask build)".to_owned(),
        ]);
    };
    let found = surface(&bytes)?;
    let extra = found
        .difference(&listed)
        .map(|name| format!("the artifact has `{name}`, which wit/surface.txt lacks"));
    let missing = listed
        .difference(&found)
        .map(|name| format!("wit/surface.txt has `{name}`, which the artifact lacks"));
    let mut problems: Vec<String> = extra.chain(missing).collect();
    // Released WASI and our own package: everything else would not load somewhere (docs/DESIGN.md).
    let foreign =
        |name: &&String| !name.contains(" wasi:") && !name.contains(" octo-sts:platform/");
    problems.extend(
        found
            .iter()
            .filter(foreign)
            .map(|name| format!("the artifact must not have `{name}`")),
    );
    let draft = |name: &&String| name.contains(" wasi:") && !name.contains("@0.2.");
    problems.extend(
        found
            .iter()
            .filter(draft)
            .map(|name| format!("`{name}` is no released WASI 0.2")),
    );
    if bytes.len() > 1_500_000 {
        problems.push(format!(
            "dist/octo_sts.wasm has {} bytes, which is more than 1.5 MB",
            bytes.len()
        ));
    }
    Ok(problems)
}

/// `import NAME` and `export NAME` of the outermost component.
fn surface(bytes: &[u8]) -> Result<BTreeSet<String>, Failure> {
    let unreadable = |error| format!("the artifact is no component: {error}");
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
