//! Repositories and the files of their default branch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::{Found, World};
use crate::error::Error;

/// A repository. Its only branch is `main`.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    pub(crate) id: u64,
    pub(crate) owner: u64,
    pub(crate) name: String,
    pub(crate) private: bool,
    files: BTreeMap<String, Arc<[u8]>>,
}

/// What stands at a path.
#[derive(Debug)]
pub(crate) enum Entry {
    File(Arc<[u8]>),
    /// Names with the file's bytes, or none for a directory, in git's order (`docs.txt` before `docs/`).
    Directory(Vec<(String, Option<Arc<[u8]>>)>),
}

impl Repository {
    /// What stands at `path` (no leading or trailing slash; empty = the root).
    pub(crate) fn entry(&self, path: &str) -> Option<Entry> {
        if let Some(bytes) = self.files.get(path) {
            return Some(Entry::File(Arc::clone(bytes)));
        }
        let prefix = if path.is_empty() {
            String::new()
        } else {
            format!("{path}/")
        };
        let mut seen = BTreeSet::new();
        let mut entries = Vec::new();
        for (file, bytes) in self.files.range(prefix.clone()..) {
            let Some(rest) = file.strip_prefix(&prefix) else {
                break;
            };
            let (name, content) = match rest.split_once('/') {
                Some((directory, _)) => (directory, None),
                None => (rest, Some(Arc::clone(bytes))),
            };
            if seen.insert(name.to_owned()) {
                entries.push((name.to_owned(), content));
            }
        }
        (!entries.is_empty()).then_some(Entry::Directory(entries))
    }

    /// Writes a file; says whether it is new.
    pub(crate) fn put(&mut self, path: &str, bytes: Vec<u8>) -> bool {
        let path = path.trim_matches('/').to_owned();
        self.files.insert(path, bytes.into()).is_none()
    }

    pub(crate) fn remove(&mut self, path: &str) -> bool {
        self.files.remove(path.trim_matches('/')).is_some()
    }
}

/// The id that git gives to these bytes as a file.
pub(crate) fn git_blob_sha(bytes: &[u8]) -> String {
    let mut blob = format!("blob {}\0", bytes.len()).into_bytes();
    blob.extend_from_slice(bytes);
    digest(&SHA1_FOR_LEGACY_USE_ONLY, &blob)
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

impl World {
    /// Follows `owner/name`, through former names too.
    pub(crate) fn find_repository(&self, owner: &str, name: &str) -> Found {
        let name = name.to_lowercase();
        let (account, renamed) = match self.account(owner) {
            Some(account) => (account.id, false),
            None => match self.former_account(owner) {
                Some(id) => (id, true),
                None => return Found::Nowhere,
            },
        };
        let key = (account, name);
        match (self.names.get(&key), self.former_names.get(&key)) {
            (Some(id), _) if !renamed => Found::Here(*id),
            (Some(id), _) | (None, Some(id)) => Found::Moved(*id),
            (None, None) => Found::Nowhere,
        }
    }

    pub(crate) fn repository_mut(
        &mut self,
        owner: &str,
        name: &str,
    ) -> Result<&mut Repository, Error> {
        let missing = || Error::NoRepository(format!("{owner}/{name}"));
        let Found::Here(id) = self.find_repository(owner, name) else {
            return Err(missing());
        };
        self.repositories.get_mut(&id).ok_or_else(missing)
    }

    pub(crate) fn add_repository(
        &mut self,
        owner: &str,
        name: &str,
        id: u64,
        private: bool,
    ) -> Result<(), Error> {
        let owner_id = self.require_account(owner)?.id;
        let key = (owner_id, name.to_lowercase());
        if self.names.contains_key(&key) {
            return Err(Error::Taken(format!("{owner}/{name}")));
        }
        if self.repositories.contains_key(&id) {
            return Err(Error::Taken(format!("repository id {id}")));
        }
        self.former_names.remove(&key);
        self.names.insert(key, id);
        let repository = Repository {
            id,
            owner: owner_id,
            name: name.to_owned(),
            private,
            files: BTreeMap::new(),
        };
        self.repositories.insert(id, repository);
        Ok(())
    }

    /// Gives a repository another name; the old one leads to it until taken.
    pub(crate) fn rename_repository(
        &mut self,
        owner: &str,
        old: &str,
        new: &str,
    ) -> Result<(), Error> {
        let owner_id = self.require_account(owner)?.id;
        let (before, after) = (old.to_lowercase(), new.to_lowercase());
        if before != after && self.names.contains_key(&(owner_id, after.clone())) {
            return Err(Error::Taken(format!("{owner}/{new}")));
        }
        let repository = self.repository_mut(owner, old)?;
        new.clone_into(&mut repository.name);
        let id = repository.id;
        self.names.remove(&(owner_id, before.clone()));
        self.former_names.remove(&(owner_id, after.clone()));
        self.names.insert((owner_id, after.clone()), id);
        if before != after {
            self.former_names.insert((owner_id, before), id);
        }
        Ok(())
    }

    pub(crate) fn delete_repository(&mut self, owner: &str, name: &str) -> Result<(), Error> {
        let id = self.repository_mut(owner, name)?.id;
        self.repositories.remove(&id);
        self.names.retain(|_, repository| *repository != id);
        self.former_names.retain(|_, repository| *repository != id);
        Ok(())
    }
}
