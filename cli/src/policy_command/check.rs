//! `octo-sts policy check`: every problem of policy files, where it is and what to write instead.

use super::files::{self, Kind};
use crate::arguments::{Check, Format};
use policy::{GuardRails, PolicyError, PolicyKind, Problem, Served, TrustPolicy, TrustedIssuers};
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A problem of a file.
struct Found {
    file: PathBuf,
    error: PolicyError,
}

impl Found {
    /// A permission that looks like none of the known ones may be GitHub's newest (rule 25): the installation knows it. And
    /// what no token matches refuses without being wrong.
    fn is_warning(&self) -> bool {
        matches!(
            self.error.problem,
            Problem::UnknownPermission { hint: None, .. } | Problem::NeverMatches { .. }
        )
    }

    fn severity(&self) -> &'static str {
        if self.is_warning() {
            "warning"
        } else {
            "error"
        }
    }

    fn text(&self) -> String {
        let place = self.error.position;
        format!(
            "{}:{}:{}: {}: {}",
            self.file.display(),
            place.line,
            place.column,
            self.severity(),
            self.error.problem
        )
    }

    fn json(&self) -> Value {
        json!({
            "file": self.file.display().to_string(),
            "line": self.error.position.line,
            "column": self.error.position.column,
            "severity": self.severity(),
            "problem": self.error.problem.to_string(),
        })
    }
}

/// 0 clean, 1 problems, 2 could not run.
pub(crate) fn run(options: &Check) -> ExitCode {
    let (files, found) = match all(options) {
        Ok(checked) => checked,
        Err(failure) => {
            eprintln!("octo-sts: {failure}");
            return ExitCode::from(2);
        }
    };
    let errors = found.iter().filter(|found| !found.is_warning()).count();
    match options.format {
        Format::Text => {
            for found in &found {
                println!("{}", found.text());
            }
            let warnings = found.len() - errors;
            eprintln!("{files} files: {errors} errors, {warnings} warnings");
        }
        Format::Json => println!(
            "{}",
            json!({
                "ok": errors == 0,
                "files": files,
                "problems": found.iter().map(Found::json).collect::<Vec<_>>(),
            })
        ),
    }
    ExitCode::from(u8::from(errors > 0))
}

/// How many files there are, and all their problems.
fn all(options: &Check) -> Result<(usize, Vec<Found>), String> {
    let mut files = Vec::new();
    for path in &options.paths {
        let below = files::find(path).map_err(|error| format!("{}: {error}", path.display()))?;
        files.extend(below);
    }
    if files.is_empty() {
        let paths: Vec<_> = options
            .paths
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        let paths = paths.join(", ");
        return Err(format!(
            "{paths}: no NAME.sts.yaml, nor an organisation's file in chainguard/"
        ));
    }
    let mut found = Vec::new();
    for file in &files {
        let text = read(file).map_err(|error| format!("{}: {error}", file.display()))?;
        let problems = check(file, &text, options);
        found.extend(problems.into_iter().map(|error| Found {
            file: file.clone(),
            error,
        }));
    }
    Ok((files.len(), found))
}

/// A byte more than the limit is enough to see that a file is too large.
fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let most = u64::try_from(policy::MAX_FILE_BYTES).unwrap_or(u64::MAX);
    std::fs::File::open(file)?
        .take(most.saturating_add(1))
        .read_to_end(&mut text)?;
    Ok(text)
}

fn check(file: &Path, text: &[u8], options: &Check) -> Vec<PolicyError> {
    let known = |name: &str| options.permission.iter().any(|known| known == name);
    let served = Served::everything(&known);
    match files::kind(file) {
        Kind::TrustedIssuers => TrustedIssuers::check(text),
        Kind::GuardRails => GuardRails::check(text, &known),
        Kind::Policy if !options.org => policy(text, PolicyKind::Repository, &served),
        Kind::Policy | Kind::OrganizationPolicy => policy(text, PolicyKind::Organization, &served),
    }
}

fn policy(text: &[u8], kind: PolicyKind, served: &Served<'_>) -> Vec<PolicyError> {
    let mut problems = TrustPolicy::check(text, kind, served);
    problems.extend(policy::warnings(text, kind));
    problems
}
