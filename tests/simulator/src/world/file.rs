//! A world as JSON: what the program reads with `--world` and takes at `POST /_simulator/world`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{AccountKind, Level, Permissions, RepositorySelection};
use crate::error::Error;
use crate::github::GitHub;
use crate::keys::AppKey;

/// A whole world, or an addition to one. The README has an example.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct WorldFile {
    apps: Vec<AppEntry>,
    accounts: Vec<AccountEntry>,
    repositories: Vec<RepositoryEntry>,
    installations: Vec<InstallationEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AppEntry {
    id: u64,
    name: String,
    /// A PEM file, or its text; a key is made if there is neither.
    private_key_file: Option<String>,
    private_key: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountEntry {
    login: String,
    id: u64,
    #[serde(default)]
    kind: Kind,
}

#[derive(Debug, Default, Deserialize)]
enum Kind {
    #[default]
    Organization,
    User,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RepositoryEntry {
    owner: String,
    name: String,
    id: u64,
    #[serde(default)]
    private: bool,
    #[serde(default)]
    files: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct InstallationEntry {
    app: u64,
    account: String,
    permissions: BTreeMap<String, String>,
    /// Names; all repositories if there is none.
    repositories: Option<Vec<String>>,
    #[serde(default)]
    suspended: bool,
}

/// Levels as text to levels.
pub(crate) fn permissions<K, V>(
    entries: impl IntoIterator<Item = (K, V)>,
) -> Result<Permissions, Error>
where
    K: Into<String>,
    V: AsRef<str>,
{
    entries
        .into_iter()
        .map(|(name, level)| {
            let level = level.as_ref();
            Level::parse(level)
                .map(|level| (name.into(), level))
                .ok_or_else(|| Error::Unreadable(format!("no access level {level:?}")))
        })
        .collect()
}

impl WorldFile {
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Error> {
        serde_json::from_slice(text).map_err(|error| Error::Unreadable(format!("world: {error}")))
    }

    /// Builds what the file names into `github`; stops at the first entry that cannot be.
    pub(crate) fn build(self, github: &GitHub) -> Result<(), Error> {
        for app in self.apps {
            let key = match (&app.private_key, &app.private_key_file) {
                (Some(pem), _) => AppKey::from_pem(pem)?,
                (None, Some(path)) => AppKey::from_pem(
                    &std::fs::read_to_string(path)
                        .map_err(|error| Error::Io(path.clone(), error))?,
                )?,
                (None, None) => AppKey::generate()?,
            };
            github.add_app_with_key(app.id, &app.name, key)?;
        }
        for account in self.accounts {
            let kind = match account.kind {
                Kind::Organization => AccountKind::Organization,
                Kind::User => AccountKind::User,
            };
            github.add_account(&account.login, account.id, kind)?;
        }
        for repository in self.repositories {
            let RepositoryEntry { owner, name, .. } = &repository;
            github.add_repository(owner, name, repository.id, repository.private)?;
            for (path, text) in &repository.files {
                github.put_file(owner, name, path, text)?;
            }
        }
        for entry in self.installations {
            let selection = entry
                .repositories
                .map_or(RepositorySelection::All, RepositorySelection::Selected);
            let id = github.install(entry.app, &entry.account, &entry.permissions, selection)?;
            if entry.suspended {
                github.suspend(id)?;
            }
        }
        Ok(())
    }
}
