//! Where an App is installed, and what it may do there.

use std::collections::{BTreeMap, BTreeSet};

use super::{AccountKind, World};
use crate::error::Error;

/// Which repositories an installation, or a token, reaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RepositorySelection {
    /// Every repository of the account, future ones too.
    All,
    /// These, by name. Kept by id: a repository that takes a name later is not in it.
    Selected(Vec<String>),
}

/// The same as ids.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    All,
    Selected(BTreeSet<u64>),
}

impl Reach {
    pub(crate) fn has(&self, repository: u64) -> bool {
        match self {
            Self::All => true,
            Self::Selected(ids) => ids.contains(&repository),
        }
    }

    /// GitHub's `repository_selection`.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Selected(_) => "selected",
        }
    }
}

/// An access level; ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Read,
    Write,
    Admin,
}

impl Level {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "read" => Self::Read,
            "write" => Self::Write,
            "admin" => Self::Admin,
            _ => return None,
        })
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }
}

/// Permission names with their levels.
pub(crate) type Permissions = BTreeMap<String, Level>;

/// One App on one account.
#[derive(Clone, Debug)]
pub(crate) struct Installation {
    pub(crate) id: u64,
    pub(crate) app: u64,
    pub(crate) account: u64,
    /// The account's kind when it was installed.
    pub(crate) kind: AccountKind,
    /// `metadata: read` always among them.
    pub(crate) permissions: Permissions,
    pub(crate) reach: Reach,
    pub(crate) created_at: i64,
    pub(crate) suspended_at: Option<i64>,
}

/// The first id that is given; ids then count up, as numbers nobody takes for an App's or an account's.
const FIRST_INSTALLATION: u64 = 50_000_001;

impl World {
    pub(crate) fn installation_of(&self, app: u64, account: u64) -> Option<&Installation> {
        self.installations.get(self.installed.get(&(app, account))?)
    }

    /// The account's repositories that an installation, narrowed to `reach`, covers.
    pub(crate) fn reached<'a>(
        &'a self,
        account: u64,
        reach: &'a Reach,
    ) -> impl Iterator<Item = &'a super::Repository> {
        self.repositories
            .values()
            .filter(move |repository| repository.owner == account && reach.has(repository.id))
    }

    pub(crate) fn install(
        &mut self,
        app: u64,
        login: &str,
        permissions: Permissions,
        selection: &RepositorySelection,
        now: i64,
    ) -> Result<u64, Error> {
        if !self.apps.contains_key(&app) {
            return Err(Error::NoApp(app));
        }
        let account = self.require_account(login)?.clone();
        if self.installed.contains_key(&(app, account.id)) {
            return Err(Error::Taken(format!("App {app} at {login}")));
        }
        let reach = self.reach_of(&account.login, selection)?;
        let id = self
            .installations
            .keys()
            .next_back()
            .map_or(FIRST_INSTALLATION, |last| {
                last.saturating_add(1).max(FIRST_INSTALLATION)
            });
        let mut permissions = permissions;
        permissions
            .entry("metadata".to_owned())
            .or_insert(Level::Read);
        let installation = Installation {
            id,
            app,
            account: account.id,
            kind: account.kind,
            permissions,
            reach,
            created_at: now,
            suspended_at: None,
        };
        self.installations.insert(id, installation);
        self.installed.insert((app, account.id), id);
        Ok(id)
    }

    fn reach_of(&mut self, login: &str, selection: &RepositorySelection) -> Result<Reach, Error> {
        let RepositorySelection::Selected(names) = selection else {
            return Ok(Reach::All);
        };
        let ids: Result<BTreeSet<u64>, Error> = names
            .iter()
            .map(|name| Ok(self.repository_mut(login, name)?.id))
            .collect();
        Ok(Reach::Selected(ids?))
    }

    pub(crate) fn installation_mut(&mut self, id: u64) -> Result<&mut Installation, Error> {
        self.installations
            .get_mut(&id)
            .ok_or(Error::NoInstallation(id))
    }

    /// Changes which repositories an installation covers.
    pub(crate) fn select(&mut self, id: u64, selection: &RepositorySelection) -> Result<(), Error> {
        let account = self.installation_mut(id)?.account;
        let login = self
            .account_by_id(account)
            .map(|account| account.login.clone())
            .unwrap_or_default();
        let reach = self.reach_of(&login, selection)?;
        self.installation_mut(id)?.reach = reach;
        Ok(())
    }

    pub(crate) fn uninstall(&mut self, id: u64) -> Result<(), Error> {
        self.installations
            .remove(&id)
            .ok_or(Error::NoInstallation(id))?;
        self.installed.retain(|_, installation| *installation != id);
        Ok(())
    }
}
