//! Which repositories an organisation's policy is for.

use crate::problem::{PolicyError, Problem};
use crate::yaml::{Node, Value};

/// The most names in `repositories`: GitHub's limit for one installation access token (REST API, "Create an
/// installation access token for an app").
pub const MAX_REPOSITORIES: usize = 500;
/// The longest name of a repository, in bytes.
const MAX_NAME_BYTES: usize = 100;

/// The `repositories` of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Repositories {
    /// The key is absent. In an organisation's policy: every repository of the installation for the scope `owner`, the
    /// policy repository alone for `owner/<policy repository>`. In a repository's policy: that repository.
    Absent,
    /// `repositories: []`: every repository of the installation, whatever the scope named.
    All,
    /// These names, without owner, each once without regard to case, in the order of the file. Never empty.
    Some(Vec<String>),
}

/// Reads the value of `repositories`.
pub(crate) fn read(node: &Node, problems: &mut Vec<PolicyError>) -> Repositories {
    let items = match &node.value {
        Value::List(items) => items,
        // What was meant is unknown, and octo-sts would read "every repository".
        Value::Null => {
            problems.push(PolicyError::new(
                node.position,
                Problem::NoValue {
                    key: "repositories".to_owned(),
                },
            ));
            return Repositories::Absent;
        }
        Value::Text(_) | Value::Map(_) => {
            problems.push(PolicyError::new(
                node.position,
                Problem::NotAList("repositories"),
            ));
            return Repositories::Absent;
        }
    };
    if items.is_empty() {
        return Repositories::All;
    }
    if items.len() > MAX_REPOSITORIES {
        problems.push(PolicyError::new(
            node.position,
            Problem::TooManyRepositories {
                limit: MAX_REPOSITORIES,
            },
        ));
        return Repositories::Absent;
    }
    let mut names: Vec<String> = Vec::new();
    for item in items {
        match read_name(item) {
            Ok(name) if names.iter().any(|known| known.eq_ignore_ascii_case(name)) => {}
            Ok(name) => names.push(name.to_owned()),
            Err(problem) => problems.push(PolicyError::new(item.position, problem)),
        }
    }
    Repositories::Some(names)
}

fn read_name(item: &Node) -> Result<&str, Problem> {
    let name = match &item.value {
        Value::Text(name) => name,
        Value::Null => {
            return Err(Problem::NoValue {
                key: "an entry of repositories".to_owned(),
            });
        }
        Value::List(_) | Value::Map(_) => {
            return Err(Problem::NotText {
                key: "an entry of repositories".to_owned(),
            });
        }
    };
    if name.contains('*') {
        Err(Problem::RepositoryPattern(name.clone()))
    } else if name.contains('/') {
        Err(Problem::RepositoryWithOwner(name.clone()))
    } else if is_repository_name(name) {
        Ok(name)
    } else {
        Err(Problem::RepositoryName(name.clone()))
    }
}

/// GitHub's alphabet for repositories (rule 5).
fn is_repository_name(name: &str) -> bool {
    let sized = (1..=MAX_NAME_BYTES).contains(&name.len()) && name != "." && name != "..";
    sized
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}
