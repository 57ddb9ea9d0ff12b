//! What a policy grants: GitHub's permission names and levels (rule 25).

use std::collections::BTreeMap;
use std::fmt;

use crate::keys::nearest;
use crate::problem::{PolicyError, Position, Problem};
use crate::yaml::{Entry, Value};

/// The most entries in `permissions`.
pub const MAX_PERMISSIONS: usize = 100;
/// The longest name of a permission, in bytes.
const MAX_NAME_BYTES: usize = 64;

/// A level of access. Ordered: admin includes write, write includes read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// `read`
    Read,
    /// `write`
    Write,
    /// `admin`
    Admin,
}

impl Level {
    /// Reads GitHub's word, exactly.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "read" => Some(Self::Read),
            "write" => Some(Self::Write),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }

    /// GitHub's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Permission names and levels, in order of name. In a compiled policy never empty.
pub type Permissions = BTreeMap<String, Level>;

/// Names that octo-sts takes (go-github's `InstallationPermissions`), and what GitHub's REST API description
/// (`app-permissions`) has beyond them.
const BUILT_IN: [&str; 83] = [
    "actions",
    "actions_variables",
    "administration",
    "artifact_metadata",
    "attestations",
    "blocking",
    "checks",
    "code_quality",
    "codespaces",
    "codespaces_lifecycle_admin",
    "codespaces_metadata",
    "codespaces_secrets",
    "codespaces_user_secrets",
    "content_references",
    "contents",
    "copilot_messages",
    "custom_properties_for_organizations",
    "dependabot_secrets",
    "deployments",
    "discussions",
    "email_addresses",
    "emails",
    "enterprise_custom_properties_for_organizations",
    "environments",
    "followers",
    "gists",
    "git_signing_ssh_public_keys",
    "git_ssh_keys",
    "gpg_keys",
    "interaction_limits",
    "issues",
    "keys",
    "members",
    "merge_queues",
    "metadata",
    "models",
    "organization_actions_variables",
    "organization_administration",
    "organization_announcement_banners",
    "organization_api_insights",
    "organization_codespaces",
    "organization_codespaces_secrets",
    "organization_codespaces_settings",
    "organization_copilot_agent_settings",
    "organization_copilot_metrics",
    "organization_copilot_seat_management",
    "organization_custom_org_roles",
    "organization_custom_properties",
    "organization_custom_roles",
    "organization_dependabot_secrets",
    "organization_events",
    "organization_hooks",
    "organization_knowledge_bases",
    "organization_packages",
    "organization_personal_access_token_requests",
    "organization_personal_access_tokens",
    "organization_plan",
    "organization_pre_receive_hooks",
    "organization_projects",
    "organization_secrets",
    "organization_self_hosted_runners",
    "organization_user_blocking",
    "packages",
    "pages",
    "plan",
    "profile",
    "pull_requests",
    "repository_advisories",
    "repository_custom_properties",
    "repository_hooks",
    "repository_pre_receive_hooks",
    "repository_projects",
    "secret_scanning_alerts",
    "secrets",
    "security_events",
    "single_file",
    "starring",
    "statuses",
    "team_discussions",
    "user_events",
    "vulnerability_alerts",
    "watching",
    "workflows",
];

/// Whether the built-in list has this name.
#[must_use]
pub fn is_built_in_permission(name: &str) -> bool {
    BUILT_IN.contains(&name)
}

/// Whether a permission of GitHub's could have this name: 1 to 64 of `a` to `z` and `_`.
#[must_use]
pub fn is_permission_name(name: &str) -> bool {
    let letters = |byte: u8| byte == b'_' || byte.is_ascii_lowercase();
    (1..=MAX_NAME_BYTES).contains(&name.len()) && name.bytes().all(letters)
}

/// Reads the entries of `permissions`. Problems are added to `problems`, the good entries are returned.
pub(crate) fn read(
    at: Position,
    entries: &[Entry],
    known: &dyn Fn(&str) -> bool,
    problems: &mut Vec<PolicyError>,
) -> Permissions {
    if entries.is_empty() {
        problems.push(PolicyError::new(at, Problem::NoPermissions));
    }
    read_entries(at, entries, known, problems)
}

/// The same, and none is fine: a ceiling of nothing.
pub(crate) fn read_entries(
    at: Position,
    entries: &[Entry],
    known: &dyn Fn(&str) -> bool,
    problems: &mut Vec<PolicyError>,
) -> Permissions {
    if entries.len() > MAX_PERMISSIONS {
        problems.push(PolicyError::new(
            at,
            Problem::TooManyPermissions {
                limit: MAX_PERMISSIONS,
            },
        ));
        return Permissions::new();
    }
    let mut permissions = Permissions::new();
    for entry in entries {
        match read_entry(entry, known) {
            Ok(level) => {
                permissions.insert(entry.key.clone(), level);
            }
            Err(error) => problems.push(error),
        }
    }
    permissions
}

fn read_entry(entry: &Entry, known: &dyn Fn(&str) -> bool) -> Result<Level, PolicyError> {
    let name = &entry.key;
    if !is_permission_name(name) || !(is_built_in_permission(name) || known(name)) {
        let hint = nearest(name, BUILT_IN.iter().copied()).map(str::to_owned);
        let problem = Problem::UnknownPermission {
            name: name.clone(),
            hint,
        };
        return Err(PolicyError::new(entry.position, problem));
    }
    let problem = match &entry.node.value {
        Value::Text(text) => match Level::parse(text) {
            Some(level) => return Ok(level),
            None => Problem::UnknownLevel {
                permission: name.clone(),
                level: text.clone(),
            },
        },
        Value::Null => Problem::NoValue {
            key: format!("permissions.{name}"),
        },
        Value::List(_) | Value::Map(_) => Problem::NotText {
            key: format!("permissions.{name}"),
        },
    };
    Err(PolicyError::new(entry.node.position, problem))
}

#[cfg(test)]
mod tests {
    use super::{BUILT_IN, Level};

    #[test]
    fn the_list_has_no_name_twice_and_only_legal_ones() {
        let unique: std::collections::BTreeSet<_> = BUILT_IN.iter().collect();
        assert_eq!(unique.len(), BUILT_IN.len());
        assert!(
            BUILT_IN
                .iter()
                .all(|name| name.bytes().all(|b| b == b'_' || b.is_ascii_lowercase()))
        );
    }

    #[test]
    fn levels_are_ordered_and_exact() {
        assert!(Level::Read < Level::Write && Level::Write < Level::Admin);
        assert_eq!(Level::parse("write").map(Level::as_str), Some("write"));
        for word in ["", "Read", "WRITE", "none", "maintain", "read "] {
            assert_eq!(Level::parse(word), None, "{word:?}");
        }
    }
}
