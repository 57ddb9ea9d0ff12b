//! Names and values for a store that others may read and write (rule 10): names are keyed hashes, values are encrypted and
//! bound to their name, and what does not open is a miss.

use std::sync::Arc;

use aws_lc_rs::{hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Name;
use crate::clock::Clock;
use portable::Settings;
use portable::table::{self, NONCE, Table};

/// Keeps names apart from whatever else is made of the same secret. The number changes with the layout.
const NAMES: &[u8] = b"octo-sts cache names 1";

/// Seals and opens. It has no `Debug`.
pub(crate) struct Seal {
    table: Table,
    names: hmac::Key,
    clock: Arc<dyn Clock>,
}

impl Seal {
    /// With OCTOSTS_CACHE_SECRET, or with a secret of this process. None: there is no randomness.
    pub(crate) fn new(settings: &Settings, clock: Arc<dyn Clock>) -> Option<Self> {
        let secret = match &settings.cache_secret {
            Some(secret) => secret.expose().as_bytes().to_vec(),
            None => random::<32>()?.to_vec(),
        };
        let github = settings.get("github_base_url").unwrap_or_default();
        let repository = settings.get("org_policy_repo").unwrap_or_default();
        let github = github.trim_end_matches('/');
        let table = Table::new(&secret, github, &repository.to_lowercase())?;
        Some(Self {
            table,
            names: hmac::Key::new(hmac::HMAC_SHA256, &secret),
            clock,
        })
    }

    /// The name as the store sees it.
    pub(crate) fn name(&self, name: &Name) -> Name {
        let mut told = hmac::Context::with_key(&self.names);
        told.update(NAMES);
        for part in std::iter::once(&name.kind).chain(&name.parts) {
            told.update(&(part.len() as u64).to_be_bytes());
            told.update(part.as_bytes());
        }
        Name {
            kind: "octo-sts".to_owned(),
            parts: vec![URL_SAFE_NO_PAD.encode(told.sign())],
        }
    }

    /// The value as the store keeps it. None: it is too large.
    pub(crate) fn seal(&self, name: &Name, value: &[u8], keep_ms: u64) -> Option<Vec<u8>> {
        let expires = self.clock.now_unix_ms().saturating_add(keep_ms);
        let slot = self.table.slot(&inside(name));
        self.table.seal(&slot, expires, value, random::<NONCE>()?)
    }

    /// What was sealed under this name, by this table, and is not over.
    pub(crate) fn open(&self, name: &Name, stored: &[u8]) -> Option<Vec<u8>> {
        let slot = self.table.slot(&inside(name));
        self.table.open(&slot, self.clock.now_unix_ms(), stored)
    }
}

fn inside(name: &Name) -> table::Name {
    table::Name {
        kind: name.kind.clone(),
        parts: name.parts.clone(),
    }
}

fn random<const BYTES: usize>() -> Option<[u8; BYTES]> {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).ok()?;
    Some(bytes)
}
