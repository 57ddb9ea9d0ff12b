//! What exists at the simulated GitHub: Apps, accounts, repositories with files, installations. No HTTP here.

mod account;
mod app;
pub(crate) mod file;
mod installation;
mod repository;

use std::collections::{BTreeMap, HashMap};

pub use account::AccountKind;
pub use installation::RepositorySelection;

pub(crate) use account::Account;
pub(crate) use app::App;
pub(crate) use installation::{Installation, Level, Permissions, Reach};
pub(crate) use repository::{Entry, Repository, git_blob_sha};

/// Everything at GitHub at one moment. Names are found without case, as GitHub does.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) apps: BTreeMap<u64, App>,
    accounts: BTreeMap<u64, Account>,
    /// Lower-case login to account id.
    logins: HashMap<String, u64>,
    /// Former logins, as long as nobody took them.
    former_logins: HashMap<String, u64>,
    pub(crate) repositories: BTreeMap<u64, Repository>,
    /// Owner's id and lower-case name to repository id.
    names: HashMap<(u64, String), u64>,
    former_names: HashMap<(u64, String), u64>,
    pub(crate) installations: BTreeMap<u64, Installation>,
    /// App and account to installation.
    installed: HashMap<(u64, u64), u64>,
}

/// What a name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The repository of this name.
    Here(u64),
    /// The repository that had this name before it or its owner was renamed: GitHub answers 301.
    Moved(u64),
    Nowhere,
}
