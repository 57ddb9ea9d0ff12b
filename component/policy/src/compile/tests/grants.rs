//! What a policy grants, and for which repositories.

use super::{WHO, organization, repository};
use crate::compile::{PolicyKind, Served, TrustPolicy};
use crate::problem::{Problem, Stage};
use crate::repositories::Repositories;

#[test]
fn refuses_grants_of_nothing_or_of_the_unknown() {
    let unknown = |name: &str, hint: Option<&str>| Problem::UnknownPermission {
        name: name.to_owned(),
        hint: hint.map(str::to_owned),
    };
    let level = |level: &str| Problem::UnknownLevel {
        permission: "contents".to_owned(),
        level: level.to_owned(),
    };
    let rows = [
        ("", Problem::NoPermissions),
        ("permissions: {}\n", Problem::NoPermissions),
        (
            "permissions:\n",
            Problem::NoValue {
                key: "permissions".to_owned(),
            },
        ),
        (
            "permissions: read\n",
            Problem::NotAMap { key: "permissions" },
        ),
        (
            "permissions: {contents: ~}\n",
            Problem::NoValue {
                key: "permissions.contents".to_owned(),
            },
        ),
        (
            "permissions: {contents: [read]}\n",
            Problem::NotText {
                key: "permissions.contents".to_owned(),
            },
        ),
        ("permissions: {contents: writ}\n", level("writ")),
        ("permissions: {contents: Read}\n", level("Read")),
        ("permissions: {contents: ''}\n", level("")),
        (
            "permissions: {pull-requests: read}\n",
            unknown("pull-requests", Some("pull_requests")),
        ),
        (
            "permissions: {content: read}\n",
            unknown("content", Some("contents")),
        ),
        (
            "permissions: {Contents: read}\n",
            unknown("Contents", Some("contents")),
        ),
        (
            "permissions: {something_else: read}\n",
            unknown("something_else", None),
        ),
        ("permissions: {'': read}\n", unknown("", None)),
    ];
    for (text, wanted) in rows {
        assert_eq!(
            wanted.stage() == Stage::NotParsed,
            matches!(wanted, Problem::NotAMap { .. } | Problem::NotText { .. })
        );
        assert_eq!(repository(&format!("{WHO}{text}")), Err(wanted), "{text}");
    }
    let many: String = (0..101).map(|i| format!("  p{i}: read\n")).collect();
    let got = repository(&format!("{WHO}permissions:\n{many}"));
    assert_eq!(got, Err(Problem::TooManyPermissions { limit: 100 }));
}

#[test]
fn a_known_name_must_still_be_well_formed() {
    let long = "a".repeat(65);
    for name in ["Our-Own", "a b", long.as_str()] {
        let text = format!("{WHO}permissions: {{'{name}': read}}\n");
        let got = TrustPolicy::parse(
            text.as_bytes(),
            PolicyKind::Repository,
            &Served::everything(&|_| true),
        );
        assert!(
            matches!(got.unwrap_err().problem, Problem::UnknownPermission { .. }),
            "{name}"
        );
    }
}

#[test]
fn reads_repositories_of_an_organisation() {
    let names =
        |names: &[&str]| Repositories::Some(names.iter().map(|name| (*name).to_owned()).collect());
    let rows = [
        ("", Repositories::Absent),
        ("repositories: []\n", Repositories::All),
        ("repositories:\n- a\n- b.c_d-E\n", names(&["a", "b.c_d-E"])),
        (
            "repositories: [.github, 7, A, a]\n",
            names(&[".github", "7", "A"]),
        ),
    ];
    for (text, wanted) in rows {
        assert_eq!(
            organization(text).unwrap().repositories(),
            &wanted,
            "{text}"
        );
    }
}

#[test]
fn refuses_repositories_that_could_mean_more() {
    let text = |text: &str| text.to_owned();
    let rows = [
        (
            "repositories:\n",
            Problem::NoValue {
                key: text("repositories"),
            },
        ),
        (
            "repositories: ~\n",
            Problem::NoValue {
                key: text("repositories"),
            },
        ),
        (
            "repositories: [a, ~]\n",
            Problem::NoValue {
                key: text("an entry of repositories"),
            },
        ),
        (
            "repositories: ['']\n",
            Problem::RepositoryName(String::new()),
        ),
        (
            "repositories: [o/r]\n",
            Problem::RepositoryWithOwner(text("o/r")),
        ),
        (
            "repositories: ['*']\n",
            Problem::RepositoryPattern(text("*")),
        ),
        (
            "repositories: ['o/*']\n",
            Problem::RepositoryPattern(text("o/*")),
        ),
        (
            "repositories: ['..']\n",
            Problem::RepositoryName(text("..")),
        ),
        (
            "repositories: [a b]\n",
            Problem::RepositoryName(text("a b")),
        ),
        ("repositories: [é]\n", Problem::RepositoryName(text("é"))),
        ("repositories: a\n", Problem::NotAList("repositories")),
        ("repositories: {a: b}\n", Problem::NotAList("repositories")),
        (
            "repositories: [[a]]\n",
            Problem::NotText {
                key: text("an entry of repositories"),
            },
        ),
    ];
    for (text, wanted) in rows {
        assert_eq!(organization(text), Err(wanted), "{text}");
    }
    let list = |count: usize| {
        format!(
            "repositories: [{}]\n",
            (0..count)
                .map(|i| format!("r{i}"))
                .collect::<Vec<_>>()
                .join(",")
        )
    };
    assert!(organization(&list(500)).is_ok());
    assert_eq!(
        organization(&list(501)),
        Err(Problem::TooManyRepositories { limit: 500 })
    );
}
