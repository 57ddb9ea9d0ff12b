//! The house rules that machines keep: who may know whom, what the artifact imports, sizes, and commands that the README
//! names.

mod readme;
mod rooms;
mod scenarios;
mod security;
mod sizes;
mod surface;

use crate::Failure;
use crate::commands::say;

/// Runs every house rule and names every problem at once.
pub(crate) fn run() -> Result<(), Failure> {
    let mut problems = Vec::new();
    for check in [
        rooms::check,
        surface::check,
        sizes::check,
        readme::check,
        security::check,
        scenarios::check,
    ] {
        problems.extend(check()?);
    }
    for problem in &problems {
        say(&format!("tidy: {problem}"));
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(format!("tidy found {} problems", problems.len()))
    }
}
