//! Every test that docs/SECURITY.md names exists: a Rust function, or a case of the conformance kit.

use crate::Failure;
use crate::commands::{output, root};
use std::fs;
use std::process::Command;

/// The table's rows: a rule's number, what it says, the tests.
const ROW: &str = "| ";
/// How the name of a case begins: `cases/AREA/NAME` is a file.
const CASES: &str = "cases/";

pub(crate) fn check() -> Result<Vec<String>, Failure> {
    let page = fs::read_to_string(root().join("docs/SECURITY.md"));
    let page = page.map_err(|error| format!("cannot read docs/SECURITY.md: {error}"))?;
    let mut grep = Command::new("git");
    grep.args([
        "grep",
        "--untracked",
        "-hE",
        r"^\s*(async )?fn [a-z0-9_]+\(",
        "--",
        "*.rs",
    ]);
    let functions = output(grep.current_dir(root()))?;
    let known: Vec<&str> = functions
        .lines()
        .filter_map(|line| line.split("fn ").nth(1)?.split('(').next())
        .collect();
    let rows = page
        .lines()
        .filter(|line| line.starts_with(ROW) && !line.starts_with("| rule"));
    let named = rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next());
    let named = named.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    let missing = named.filter(|name| !exists(name, &known));
    Ok(missing
        .map(|name| format!("docs/SECURITY.md names the test {name}, which does not exist"))
        .collect())
}

fn exists(name: &str, functions: &[&str]) -> bool {
    is_case(name).unwrap_or_else(|| functions.contains(&name.rsplit("::").next().unwrap_or(name)))
}

/// Whether the case of this name exists; none if the name is no case's.
pub(super) fn is_case(name: &str) -> Option<bool> {
    let file = format!("tests/conformance/{name}.toml");
    name.starts_with(CASES).then(|| root().join(file).is_file())
}
