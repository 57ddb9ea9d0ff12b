//! Which files are policies.

use std::io;
use std::path::{Path, PathBuf};

/// The ending of a policy's file.
const POLICY: &str = ".sts.yaml";
/// The list of an organisation's trusted issuers.
const TRUSTED_ISSUERS: &str = "trusted-token-issuers.yaml";
/// What an organisation lets no policy do.
const GUARD_RAILS: &str = "guard-rails.yaml";
/// The folder of all three in a repository.
const FOLDER: &str = "chainguard";
/// The usual name of the repository that has an organisation's files.
const POLICY_REPOSITORY: &str = ".github";
/// The deepest folder below one that was named.
const DEEPEST: usize = 32;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Policy,
    OrganizationPolicy,
    TrustedIssuers,
    GuardRails,
}

/// By the file's name and place. A policy is an organisation's if it stands in a repository of the usual name
/// (`.github/.github/chainguard/NAME.sts.yaml`).
pub(super) fn kind(file: &Path) -> Kind {
    let name = |path: &Path| {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    };
    match name(file).as_deref() {
        Some(TRUSTED_ISSUERS) => return Kind::TrustedIssuers,
        Some(GUARD_RAILS) => return Kind::GuardRails,
        _ => {}
    }
    let file = std::fs::canonicalize(file).unwrap_or_else(|_| file.to_owned());
    let mut above = file.ancestors().skip(1).map(name);
    let mut is = |wanted: &str| above.next().flatten().is_some_and(|name| name == wanted);
    if is(FOLDER) && is(".github") && is(POLICY_REPOSITORY) {
        Kind::OrganizationPolicy
    } else {
        Kind::Policy
    }
}

/// A file that was named, or all policies and organisations' files below a folder, in order of name. Links to folders are not
/// followed.
pub(super) fn find(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    below(path, DEEPEST, &mut found)?;
    found.sort();
    Ok(found)
}

fn below(folder: &Path, deeper: usize, found: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if entry.file_type()?.is_dir() {
            if deeper > 0 && name != ".git" {
                below(&entry.path(), deeper - 1, found)?;
            }
        } else if is_ours(&entry.path(), &name) {
            found.push(entry.path());
        }
    }
    Ok(())
}

/// An organisation's files have names that others have too, so they count in their folder only.
fn is_ours(file: &Path, name: &str) -> bool {
    let folder = file.parent().and_then(Path::file_name);
    let in_folder = folder.is_some_and(|folder| folder == FOLDER);
    name.ends_with(POLICY) || (in_folder && (name == TRUSTED_ISSUERS || name == GUARD_RAILS))
}
