//! Building and changing the world.

use super::GitHub;
use crate::error::Error;
use crate::issuer::ActionsWorkload;
use crate::keys::AppKey;
use crate::world::file::permissions;
use crate::world::{AccountKind, RepositorySelection};

impl GitHub {
    /// Registers an App with a new key.
    pub fn add_app(&self, id: u64, name: &str) -> Result<AppKey, Error> {
        let key = AppKey::generate()?;
        self.add_app_with_key(id, name, key.clone())?;
        Ok(key)
    }

    /// Registers an App with a key that the caller has.
    pub fn add_app_with_key(&self, id: u64, name: &str, key: AppKey) -> Result<(), Error> {
        self.state.world.write().add_app(id, name, key)
    }

    /// Replaces the keys of an App: JWTs signed with others are 401 from now on.
    pub fn set_app_keys(&self, id: u64, keys: Vec<AppKey>) -> Result<(), Error> {
        let mut world = self.state.world.write();
        world.set_app_keys(id, keys)?;
        self.state.app_jwts.forget();
        Ok(())
    }

    /// The first key of each App, with its id and name.
    #[must_use]
    pub fn apps(&self) -> Vec<(u64, String, AppKey)> {
        let world = self.state.world.read();
        let app = |app: &crate::world::App| {
            let key = app.keys.first()?.clone();
            Some((app.id, app.name.clone(), key))
        };
        world.apps.values().filter_map(app).collect()
    }

    /// Adds an organisation or a user.
    pub fn add_account(&self, login: &str, id: u64, kind: AccountKind) -> Result<(), Error> {
        self.state.world.write().add_account(login, id, kind)
    }

    /// Gives an account another login. Ids and installations stay; addresses of repositories with the old login
    /// redirect until somebody takes it.
    pub fn rename_account(&self, old: &str, new: &str) -> Result<(), Error> {
        self.state.world.write().rename_account(old, new)
    }

    /// Somebody else takes a login (rule 1): the account that had it is renamed to `<login>-former`, keeping its
    /// repositories and installations, and a new account without any has the login.
    pub fn recreate_account(
        &self,
        login: &str,
        new_id: u64,
        kind: AccountKind,
    ) -> Result<(), Error> {
        let mut world = self.state.world.write();
        world.rename_account(login, &format!("{login}-former"))?;
        world.add_account(login, new_id, kind)
    }

    /// Deletes an account with its repositories and installations.
    pub fn delete_account(&self, login: &str) -> Result<(), Error> {
        self.state.world.write().delete_account(login)
    }

    /// Adds an empty repository.
    pub fn add_repository(
        &self,
        owner: &str,
        name: &str,
        id: u64,
        private: bool,
    ) -> Result<(), Error> {
        self.state
            .world
            .write()
            .add_repository(owner, name, id, private)
    }

    /// A workflow run in a repository of this world, with its ids.
    pub fn workload(&self, owner: &str, repository: &str) -> Result<ActionsWorkload, Error> {
        let mut world = self.state.world.write();
        let found = world.repository_mut(owner, repository)?.clone();
        let account = world.account_by_id(found.owner);
        let account = account.ok_or_else(|| Error::NoAccount(owner.to_owned()))?;
        let run = ActionsWorkload::new(&account.login, account.id, &found.name, found.id);
        Ok(if found.private { run } else { run.public() })
    }

    /// Gives a repository another name; the old one redirects until it is taken.
    pub fn rename_repository(&self, owner: &str, old: &str, new: &str) -> Result<(), Error> {
        self.state.world.write().rename_repository(owner, old, new)
    }

    /// Deletes a repository. One added later by the same name is another one, and no earlier selection has it.
    pub fn delete_repository(&self, owner: &str, name: &str) -> Result<(), Error> {
        self.state.world.write().delete_repository(owner, name)
    }

    /// Makes a repository private or public.
    pub fn set_private(&self, owner: &str, name: &str, private: bool) -> Result<(), Error> {
        self.state
            .world
            .write()
            .repository_mut(owner, name)?
            .private = private;
        Ok(())
    }

    /// Writes a file on `main`; its directories come with it.
    pub fn put_file(
        &self,
        owner: &str,
        repository: &str,
        path: &str,
        bytes: impl AsRef<[u8]>,
    ) -> Result<(), Error> {
        let mut world = self.state.world.write();
        let repository = world.repository_mut(owner, repository)?;
        repository.put(path, bytes.as_ref().to_vec());
        Ok(())
    }

    /// Removes a file; says whether there was one.
    pub fn remove_file(&self, owner: &str, repository: &str, path: &str) -> Result<bool, Error> {
        let mut world = self.state.world.write();
        Ok(world.repository_mut(owner, repository)?.remove(path))
    }

    /// Installs an App at an account with these permissions (name and `read`, `write` or `admin`; `metadata: read`
    /// comes with them), and says the installation's id.
    pub fn install<K: Into<String>, V: AsRef<str>>(
        &self,
        app: u64,
        account: &str,
        granted: impl IntoIterator<Item = (K, V)>,
        selection: RepositorySelection,
    ) -> Result<u64, Error> {
        let granted = permissions(granted)?;
        let now = self.state.clock.now();
        let mut world = self.state.world.write();
        world.install(app, account, granted, &selection, now)
    }

    /// The installations at an account, of any App.
    #[must_use]
    pub fn installations_of(&self, login: &str) -> Vec<u64> {
        let world = self.state.world.read();
        let account = world.account(login).map(|account| account.id);
        let of = |installation: &&crate::world::Installation| Some(installation.account) == account;
        let found = world.installations.values().filter(of);
        found.map(|installation| installation.id).collect()
    }

    /// An App's installation at an account.
    #[must_use]
    pub fn installation_at(&self, app: u64, login: &str) -> Option<u64> {
        let world = self.state.world.read();
        let account = world.account(login)?.id;
        Some(world.installation_of(app, account)?.id)
    }

    /// Changes what an installation may do. Tokens minted before keep what they have.
    pub fn set_permissions<K: Into<String>, V: AsRef<str>>(
        &self,
        installation: u64,
        granted: impl IntoIterator<Item = (K, V)>,
    ) -> Result<(), Error> {
        let mut granted = permissions(granted)?;
        granted
            .entry("metadata".to_owned())
            .or_insert(crate::world::Level::Read);
        let mut world = self.state.world.write();
        world.installation_mut(installation)?.permissions = granted;
        Ok(())
    }

    /// Changes which repositories an installation covers; tokens lose what it no longer covers.
    pub fn select(&self, installation: u64, selection: RepositorySelection) -> Result<(), Error> {
        self.state.world.write().select(installation, &selection)
    }

    /// Suspends an installation: no mints, and its tokens open nothing.
    pub fn suspend(&self, installation: u64) -> Result<(), Error> {
        let now = self.state.clock.now();
        let mut world = self.state.world.write();
        world.installation_mut(installation)?.suspended_at = Some(now);
        Ok(())
    }

    /// Ends a suspension.
    pub fn unsuspend(&self, installation: u64) -> Result<(), Error> {
        let mut world = self.state.world.write();
        world.installation_mut(installation)?.suspended_at = None;
        Ok(())
    }

    /// Removes an installation; its tokens are dead.
    pub fn uninstall(&self, installation: u64) -> Result<(), Error> {
        self.state.world.write().uninstall(installation)
    }
}
