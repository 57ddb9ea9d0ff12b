//! The sealed store table (rules 8, 10 and 11). Other workloads may read and write the same store, and a store outlives
//! configurations: names are keyed hashes, values are encrypted and bound to their name, and what does not open is a miss.
//!
//! A store without expiry would grow with every name that a stranger makes up. So there are 65,536 slots, chosen by the
//! first 16 bits of the name; two names in one slot overwrite each other.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Changes with the layout of names and values: what an older version wrote does not open.
const FORMAT: &str = "1";

/// Larger values are not written: Akamai's store takes a megabyte.
const LARGEST_VALUE: usize = 512 * 1024;

/// Bytes of the nonce that stands before a sealed value: chosen at random, it never repeats.
pub const NONCE: usize = 24;

/// Bytes of the expiry that stands before the value inside the seal, in milliseconds since the epoch.
const EXPIRY: usize = 8;

/// What a value is kept under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    /// Its kind.
    pub kind: String,
    /// What tells it from others of its kind.
    pub parts: Vec<String>,
}

/// Where a name's value is.
pub struct Slot {
    /// The store's key: letters, digits and `-`, which every store takes.
    pub key: String,
    /// The whole name, hashed; a sealed value is bound to it.
    name: String,
}

/// Seals and opens. It has no `Debug`.
pub struct Table {
    names: Hmac<Sha256>,
    values: XChaCha20Poly1305,
}

impl Table {
    /// The table of a deployment: another secret, GitHub or policy repository makes another table in the same slots.
    #[must_use]
    pub fn new(secret: &[u8], github_base_url: &str, policy_repository: &str) -> Option<Self> {
        let derive = |label: &str| {
            let mut key = Zeroizing::new([0; 32]);
            let context = lengths_and([label, FORMAT, github_base_url, policy_repository]);
            let derived = Hkdf::<Sha256>::new(None, secret).expand(&context, key.as_mut());
            derived.ok().map(|()| key)
        };
        let names = derive("octo-sts store names")?;
        let values = derive("octo-sts store values")?;
        Some(Self {
            names: <Hmac<Sha256> as hmac::Mac>::new_from_slice(names.as_ref()).ok()?,
            values: XChaCha20Poly1305::new_from_slice(values.as_ref()).ok()?,
        })
    }

    /// Where `name` is.
    #[must_use]
    pub fn slot(&self, name: &Name) -> Slot {
        let parts = name.parts.iter().map(String::as_str);
        let told = lengths_and([name.kind.as_str()].into_iter().chain(parts));
        let hash = self
            .names
            .clone()
            .chain_update(told)
            .finalize()
            .into_bytes();
        let first = hash.iter().take(2).map(|byte| format!("{byte:02x}"));
        Slot {
            key: format!("octo-sts-{}", first.collect::<String>()),
            name: URL_SAFE_NO_PAD.encode(hash),
        }
    }

    /// A value that opens until `expires` (milliseconds since the epoch), as the store keeps it. None: it is too large.
    #[must_use]
    pub fn seal(
        &self,
        slot: &Slot,
        expires: u64,
        value: &[u8],
        nonce: [u8; NONCE],
    ) -> Option<Vec<u8>> {
        if value.len() > LARGEST_VALUE {
            return None;
        }
        let told = [&expires.to_be_bytes(), value].concat();
        let payload = Payload {
            msg: &told,
            aad: slot.name.as_bytes(),
        };
        let sealed = self.values.encrypt(XNonce::from_slice(&nonce), payload);
        Some([nonce.as_slice(), &sealed.ok()?].concat())
    }

    /// What [`seal`](Self::seal) was given, if it was this name's, of this table, and is not over.
    #[must_use]
    pub fn open(&self, slot: &Slot, now_unix_ms: u64, stored: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = stored.split_at_checked(NONCE)?;
        let payload = Payload {
            msg: sealed,
            aad: slot.name.as_bytes(),
        };
        let told = self
            .values
            .decrypt(XNonce::from_slice(nonce), payload)
            .ok()?;
        let (expires, value) = told.split_at_checked(EXPIRY)?;
        let expires = u64::from_be_bytes(expires.try_into().ok()?);
        (now_unix_ms < expires).then(|| value.to_vec())
    }
}

/// Each part with its length before it, so that no two lists are told alike.
fn lengths_and<'a>(parts: impl IntoIterator<Item = &'a str>) -> Vec<u8> {
    let mut told = Vec::new();
    for part in parts {
        told.extend_from_slice(&(part.len() as u64).to_be_bytes());
        told.extend_from_slice(part.as_bytes());
    }
    told
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use std::collections::HashSet;

    const GITHUB: &str = "https://api.github.com";
    const NOW: u64 = 1_800_000_000_000;

    fn table() -> Table {
        Table::new(b"secret", GITHUB, ".github").unwrap()
    }

    fn name(kind: &str, parts: &[&str]) -> Name {
        Name {
            kind: kind.to_owned(),
            parts: parts.iter().map(|part| (*part).to_owned()).collect(),
        }
    }

    fn sealed(table: &Table, name: &Name) -> Vec<u8> {
        let slot = table.slot(name);
        table.seal(&slot, NOW + 1000, b"value", [5; NONCE]).unwrap()
    }

    #[test]
    fn what_was_put_comes_back_until_it_expires() {
        let (table, name) = (table(), name("policy", &["o", "r"]));
        let (slot, stored) = (table.slot(&name), sealed(&table, &name));
        for (now, there) in [
            (0, true),
            (NOW, true),
            (NOW + 999, true),
            (NOW + 1000, false),
        ] {
            assert_eq!(table.open(&slot, now, &stored).is_some(), there, "{now}");
        }
        assert_eq!(table.open(&slot, NOW, &stored).unwrap(), b"value");
    }

    #[test]
    fn nobody_reads_or_makes_a_value() {
        let (table, name) = (table(), name("policy", &["o", "r"]));
        let (slot, stored) = (table.slot(&name), sealed(&table, &name));
        assert!(!slot.key.contains("policy") && !slot.name.contains("policy"));
        let text = String::from_utf8_lossy(&stored).into_owned();
        assert!(!text.contains("value"));
        for at in 0..stored.len() {
            let mut spoilt = stored.clone();
            spoilt[at] ^= 1;
            assert_eq!(table.open(&slot, NOW, &spoilt), None, "byte {at}");
        }
        for length in 0..stored.len() {
            assert_eq!(table.open(&slot, NOW, &stored[..length]), None);
        }
        assert_eq!(table.open(&slot, NOW, &[0; 200]), None);
        assert_eq!(
            table.open(&slot, NOW, &[stored.as_slice(), b"x"].concat()),
            None
        );
    }

    #[test]
    fn a_value_is_bound_to_its_name() {
        let table = table();
        let stored = sealed(&table, &name("policy", &["acme", "app"]));
        for other in [
            name("policy", &["acme", "lib"]),
            name("policy", &["acmea", "pp"]),
            name("policy", &["acme", "app", ""]),
            name("policy", &["acme"]),
            name("installation", &["acme", "app"]),
            name("policyacme", &["app"]),
        ] {
            assert_eq!(
                table.open(&table.slot(&other), NOW, &stored),
                None,
                "{other:?}"
            );
        }
    }

    #[test]
    fn another_deployment_opens_nothing() {
        let name = name("policy", &["o"]);
        let stored = sealed(&table(), &name);
        for other in [
            Table::new(b"another", GITHUB, ".github").unwrap(),
            Table::new(b"secret", "https://ghes.corp/api/v3", ".github").unwrap(),
            Table::new(b"secret", GITHUB, "policies").unwrap(),
        ] {
            assert_eq!(other.open(&other.slot(&name), NOW, &stored), None);
            // The slot's name is another one too, but a value must not open even where it is found.
            assert_eq!(other.open(&table().slot(&name), NOW, &stored), None);
        }
    }

    #[test]
    fn strangers_cannot_fill_the_store() {
        let table = table();
        let keys: HashSet<String> = (0..200_000)
            .map(|n| table.slot(&name("policy", &[&n.to_string()])).key)
            .collect();
        assert!(keys.len() <= 65_536 && keys.len() > 60_000);
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        assert!(
            keys.iter()
                .all(|key| key.len() == 13 && key.chars().all(plain))
        );
    }

    #[test]
    fn what_is_too_large_is_not_kept() {
        let table = table();
        let slot = table.slot(&name("policy", &[]));
        let seal = |length| table.seal(&slot, NOW, &vec![0; length], [0; NONCE]);
        assert!(seal(LARGEST_VALUE).is_some());
        assert_eq!(seal(LARGEST_VALUE + 1), None);
    }
}
