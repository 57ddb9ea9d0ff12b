//! Commands and files that the README and the docs name must exist.

use crate::Failure;
use crate::commands::root;
use clap::CommandFactory;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn check() -> Result<Vec<String>, Failure> {
    let mut problems = Vec::new();
    for page in pages()? {
        let text = fs::read_to_string(&page)
            .map_err(|error| format!("cannot read {}: {error}", page.display()))?;
        let name = page
            .strip_prefix(root())
            .unwrap_or(&page)
            .display()
            .to_string();
        problems.extend(
            unknown_tasks(&text)
                .map(|task| format!("{name} names `cargo xtask {task}`, which does not exist")),
        );
        let folder = page.parent().unwrap_or(Path::new(".")).to_owned();
        problems.extend(
            dead_links(&text, &folder)
                .map(|link| format!("{name} links to {link}, which does not exist")),
        );
    }
    Ok(problems)
}

fn pages() -> Result<Vec<PathBuf>, Failure> {
    let mut pages = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    let docs =
        fs::read_dir(root().join("docs")).map_err(|error| format!("cannot read docs: {error}"))?;
    pages.extend(
        docs.flatten()
            .map(|entry| entry.path())
            .filter(|path| path.extension().is_some_and(|e| e == "md")),
    );
    Ok(pages)
}

/// Words after `cargo xtask` that are no task.
fn unknown_tasks(text: &str) -> impl Iterator<Item = String> {
    let known: Vec<String> = crate::Arguments::command()
        .get_subcommands()
        .map(|task| task.get_name().to_owned())
        .collect();
    let words = text.split("cargo xtask ").skip(1).map(|rest| {
        rest.chars()
            .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
            .collect::<String>()
    });
    words
        .filter(move |word| !word.is_empty() && !known.contains(word))
        .collect::<Vec<_>>()
        .into_iter()
}

/// Relative Markdown links to files that are not there.
fn dead_links(text: &str, folder: &Path) -> impl Iterator<Item = String> {
    let targets = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let files = targets.filter(|target| {
        !target.contains("://") && !target.starts_with('#') && !target.contains(' ')
    });
    let dead = |target: &&str| {
        !folder
            .join(target.split('#').next().unwrap_or(target))
            .exists()
    };
    files
        .filter(dead)
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}
