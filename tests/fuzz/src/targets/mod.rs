//! One file for each reader.

pub(crate) mod discovery;
pub(crate) mod guard_rails;
pub(crate) mod jwks;
pub(crate) mod jws;
pub(crate) mod pattern;
pub(crate) mod policy;
pub(crate) mod trusted_issuers;

use ::policy::{PolicyError, Position};

/// Every problem is somewhere in the file, so that an editor can show it.
fn assert_places(file: &[u8], problems: &[PolicyError]) {
    let text = String::from_utf8_lossy(file);
    let lines: Vec<&str> = text.split('\n').collect();
    for problem in problems {
        let Position { line, column } = problem.position;
        let length = lines
            .get(line.wrapping_sub(1))
            .map(|line| line.chars().count());
        // One behind the last character is where something is missing, and a BOM is not counted.
        let inside = length.is_some_and(|length| (1..=length + 1).contains(&column));
        assert!(
            inside,
            "{problem} is at {line}:{column}, outside of {text:?}"
        );
    }
}
