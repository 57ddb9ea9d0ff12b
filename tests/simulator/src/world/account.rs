//! Organisations and users, and what becomes of their names.

use super::World;
use crate::error::Error;

/// What an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKind {
    /// An organisation.
    Organization,
    /// A person.
    User,
}

impl AccountKind {
    /// GitHub's `type`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Organization => "Organization",
            Self::User => "User",
        }
    }
}

/// An owner of repositories.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: u64,
    pub(crate) login: String,
    pub(crate) kind: AccountKind,
}

impl World {
    pub(crate) fn account(&self, login: &str) -> Option<&Account> {
        self.accounts.get(self.logins.get(&login.to_lowercase())?)
    }

    pub(crate) fn account_by_id(&self, id: u64) -> Option<&Account> {
        self.accounts.get(&id)
    }

    pub(super) fn require_account(&self, login: &str) -> Result<&Account, Error> {
        self.account(login)
            .ok_or_else(|| Error::NoAccount(login.to_owned()))
    }

    /// The account that had this login before it was renamed.
    pub(super) fn former_account(&self, login: &str) -> Option<u64> {
        self.former_logins.get(&login.to_lowercase()).copied()
    }

    /// Adds an account. A former login of another account is free again, and stops leading there.
    pub(crate) fn add_account(
        &mut self,
        login: &str,
        id: u64,
        kind: AccountKind,
    ) -> Result<(), Error> {
        let folded = login.to_lowercase();
        if self.logins.contains_key(&folded) {
            return Err(Error::Taken(login.to_owned()));
        }
        if self.accounts.contains_key(&id) {
            return Err(Error::Taken(format!("account id {id}")));
        }
        self.former_logins.remove(&folded);
        self.logins.insert(folded, id);
        let login = login.to_owned();
        self.accounts.insert(id, Account { id, login, kind });
        Ok(())
    }

    /// Gives an account another login; ids, repositories and installations stay, the old login leads to it until taken.
    pub(crate) fn rename_account(&mut self, old: &str, new: &str) -> Result<(), Error> {
        let id = self.require_account(old)?.id;
        let (before, after) = (old.to_lowercase(), new.to_lowercase());
        if before != after && self.logins.contains_key(&after) {
            return Err(Error::Taken(new.to_owned()));
        }
        self.logins.remove(&before);
        self.former_logins.remove(&after);
        self.logins.insert(after.clone(), id);
        if before != after {
            self.former_logins.insert(before, id);
        }
        if let Some(account) = self.accounts.get_mut(&id) {
            new.clone_into(&mut account.login);
        }
        Ok(())
    }

    /// Deletes an account with its repositories and installations.
    pub(crate) fn delete_account(&mut self, login: &str) -> Result<(), Error> {
        let id = self.require_account(login)?.id;
        self.logins.retain(|_, account| *account != id);
        self.former_logins.retain(|_, account| *account != id);
        self.accounts.remove(&id);
        self.repositories
            .retain(|_, repository| repository.owner != id);
        self.names.retain(|(owner, _), _| *owner != id);
        self.former_names.retain(|(owner, _), _| *owner != id);
        self.installations
            .retain(|_, installation| installation.account != id);
        self.installed.retain(|(_, account), _| *account != id);
        Ok(())
    }
}
