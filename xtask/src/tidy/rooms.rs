//! Who may know whom: `cargo metadata` compared with the table of docs/ARCHITECTURE.md.

use crate::Failure;
use crate::commands::root;
use cargo_metadata::{DependencyKind, MetadataCommand, Package};

/// A room: its package, the rooms that it may depend on, and whether it is pure.
struct Room {
    package: &'static str,
    knows: &'static [&'static str],
    pure: bool,
}

const fn room(package: &'static str, knows: &'static [&'static str], pure: bool) -> Room {
    Room {
        package,
        knows,
        pure,
    }
}

/// `*`: everything.
const ROOMS: [Room; 16] = [
    room("octo-sts-oidc", &[], true),
    room("octo-sts-github", &[], true),
    room("octo-sts-policy", &["octo-sts-oidc"], true),
    room(
        "octo-sts-exchange",
        &["octo-sts-oidc", "octo-sts-github", "octo-sts-policy"],
        true,
    ),
    room(
        "octo-sts-service",
        &[
            "octo-sts-exchange",
            "octo-sts-oidc",
            "octo-sts-github",
            "octo-sts-policy",
        ],
        false,
    ),
    room("octo-sts-portable", &[], false),
    room("octo-sts-platform-spin", &["octo-sts-portable"], false),
    room("octo-sts-platform-wasmcloud", &["octo-sts-portable"], false),
    room("octo-sts-platform-wasi", &["octo-sts-portable"], false),
    room("octo-sts-host-wasmtime", &["octo-sts-portable"], false),
    room(
        "octo-sts",
        &["octo-sts-policy", "octo-sts-oidc", "octo-sts-host-wasmtime"],
        false,
    ),
    room("octo-sts-simulator", &[], false),
    room("octo-sts-programs", &[], false),
    room(
        "octo-sts-fuzz",
        &["octo-sts-oidc", "octo-sts-policy"],
        false,
    ),
    room("octo-sts-conformance", &["*"], false),
    room("xtask", &["*"], false),
];

/// Who else may be asked in tests: the verifier of the platform components, to check what others signed.
const IN_TESTS: [(&str, &str); 1] = [("octo-sts-oidc", "octo-sts-portable")];

/// What pure rooms may use: values, parsers, digests. No clock, no network, no engine.
const PURE: [&str; 17] = [
    "base64",
    "form_urlencoded",
    "http",
    "percent-encoding",
    "regex-automata",
    "regex-syntax",
    "saphyr-parser",
    "serde",
    "serde_json",
    "sha2",
    "thiserror",
    "time",
    "unicode-general-category",
    "unicode-properties",
    "url",
    "strsim",
    "bytes",
];

/// Who may use the engine and the sockets.
const GUARDED: [(&str, &[&str]); 5] = [
    // xtask: to run what it composed, in a test.
    ("wasmtime", &["octo-sts-host-wasmtime", "xtask"]),
    ("wasmtime-wasi", &["octo-sts-host-wasmtime", "xtask"]),
    ("wasmtime-wasi-http", &["octo-sts-host-wasmtime"]),
    (
        "tokio",
        &[
            "octo-sts-host-wasmtime",
            "octo-sts",
            "octo-sts-simulator",
            "octo-sts-conformance",
        ],
    ),
    (
        "hyper",
        &[
            "octo-sts-host-wasmtime",
            "octo-sts-simulator",
            "octo-sts-conformance",
        ],
    ),
];

pub(crate) fn check() -> Result<Vec<String>, Failure> {
    let metadata = MetadataCommand::new().no_deps().current_dir(root()).exec();
    let metadata = metadata.map_err(|error| format!("cargo metadata: {error}"))?;
    let mut problems = Vec::new();
    for package in &metadata.packages {
        match ROOMS
            .iter()
            .find(|room| room.package == package.name.as_str())
        {
            Some(room) => problems.extend(judge(room, package)),
            None => problems.push(format!(
                "{} is no room of the table in xtask/src/tidy/rooms.rs",
                package.name
            )),
        }
    }
    Ok(problems)
}

fn judge(room: &Room, package: &Package) -> Vec<String> {
    let mut problems = Vec::new();
    for dependency in &package.dependencies {
        let name = dependency.name.as_str();
        let ours = ROOMS.iter().any(|room| room.package == name);
        let in_tests = dependency.kind == DependencyKind::Development
            && IN_TESTS.contains(&(room.package, name));
        let knows = room.knows.contains(&"*") || room.knows.contains(&name) || in_tests;
        if ours && !knows {
            problems.push(format!("{} must not know {name}", room.package));
        }
        if room.pure && !ours && dependency.kind == DependencyKind::Normal && !PURE.contains(&name)
        {
            problems.push(format!("{} is pure and must not use {name}", room.package));
        }
        let guarded = GUARDED.iter().find(|(guarded, _)| *guarded == name);
        if guarded.is_some_and(|(_, users)| !users.contains(&room.package)) {
            problems.push(format!("{} must not use {name}", room.package));
        }
    }
    problems
}
