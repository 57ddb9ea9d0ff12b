//! Values with a time to live, in rooms of their own size.

use std::time::{Duration, Instant};

use moka::Expiry;
use moka::policy::EvictionPolicy;
use moka::sync::Cache as Store;

use super::memory::length;
use super::{Name, Room};

/// The largest value.
const LARGEST_VALUE: usize = 1024 * 1024;
/// The largest value of an issuer that never led to a grant: metadata and JWK set have at most 100 KiB each.
const LARGEST_UNPROVEN: usize = 256 * 1024;
/// Rule 12: strangers share so many entries.
const UNPROVEN_ENTRIES: u64 = 64;

const MIB: u64 = 1024 * 1024;

/// A value and how long it counts.
#[derive(Clone)]
struct Entry {
    bytes: std::sync::Arc<[u8]>,
    /// By the host's clock, which a test may move.
    until_unix_ms: u64,
    /// By the machine's monotonic clock, which frees memory even if the other stands still.
    keep: Duration,
}

struct Keep;

impl Expiry<Name, Entry> for Keep {
    fn expire_after_create(&self, _: &Name, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.keep)
    }

    fn expire_after_update(
        &self,
        _: &Name,
        entry: &Entry,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.keep)
    }
}

pub(super) struct Rooms {
    kept: Store<Name, Entry>,
    negative: Store<Name, Entry>,
    unproven: Store<Name, Entry>,
    reserved: Store<Name, Entry>,
}

impl Rooms {
    pub(super) fn new() -> Self {
        Self {
            kept: by_weight(32 * MIB),
            negative: by_weight(8 * MIB),
            // Least recently used: what decides by frequency could refuse a newcomer in favour of old strangers.
            unproven: Store::builder()
                .max_capacity(UNPROVEN_ENTRIES)
                .eviction_policy(EvictionPolicy::lru())
                .expire_after(Keep)
                .build(),
            reserved: by_weight(16 * MIB),
        }
    }

    fn store(&self, room: Room) -> &Store<Name, Entry> {
        match room {
            Room::Kept => &self.kept,
            Room::Negative => &self.negative,
            Room::Unproven => &self.unproven,
            Room::Reserved => &self.reserved,
        }
    }

    pub(super) fn get(&self, name: &Name, now_ms: u64) -> Option<Vec<u8>> {
        ROOMS
            .iter()
            .filter_map(|room| self.store(*room).get(name))
            .find(|entry| now_ms < entry.until_unix_ms)
            .map(|entry| entry.bytes.to_vec())
    }

    /// A name is in one room at a time: the last one it was put into.
    pub(super) fn put(&self, name: Name, room: Room, value: Vec<u8>, now_ms: u64, keep_ms: u64) {
        let largest = match room {
            Room::Unproven => LARGEST_UNPROVEN,
            _ => LARGEST_VALUE,
        };
        for other in ROOMS.into_iter().filter(|other| *other != room) {
            self.store(other).invalidate(&name);
        }
        if keep_ms == 0 || value.len() > largest {
            self.store(room).invalidate(&name);
            return;
        }
        let entry = Entry {
            bytes: value.into(),
            until_unix_ms: now_ms.saturating_add(keep_ms),
            keep: Duration::from_millis(keep_ms).min(Duration::from_secs(30 * 24 * 3600)),
        };
        self.store(room).insert(name, entry);
    }

    pub(super) fn remove(&self, name: &Name) {
        for room in ROOMS {
            self.store(room).invalidate(name);
        }
    }
}

pub(super) const ROOMS: [Room; 4] = [Room::Kept, Room::Reserved, Room::Negative, Room::Unproven];

fn by_weight(bytes: u64) -> Store<Name, Entry> {
    Store::builder()
        .max_capacity(bytes)
        // About 200 bytes beside the name and the value are the table's own.
        .weigher(|name: &Name, entry: &Entry| {
            u32::try_from(length(name) + entry.bytes.len() + 200).unwrap_or(u32::MAX)
        })
        .expire_after(Keep)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(part: impl ToString) -> Name {
        Name {
            kind: "k".to_owned(),
            parts: vec![part.to_string()],
        }
    }

    #[test]
    fn strangers_push_out_strangers_only() {
        let rooms = Rooms::new();
        for room in [Room::Kept, Room::Reserved, Room::Negative] {
            rooms.put(name(format!("{room:?}")), room, vec![1], 0, 1000);
        }
        for n in 0..10_000 {
            rooms.put(name(n), Room::Unproven, vec![0; 1000], 0, 1000);
        }
        rooms.unproven.run_pending_tasks();
        assert!(rooms.unproven.entry_count() <= UNPROVEN_ENTRIES);
        for room in [Room::Kept, Room::Reserved, Room::Negative] {
            assert_eq!(rooms.get(&name(format!("{room:?}")), 0), Some(vec![1]));
        }
        assert_eq!(
            rooms.get(&name(9_999), 0),
            Some(vec![0; 1000]),
            "the last is there"
        );
    }

    #[test]
    fn a_room_stays_within_its_weight() {
        let rooms = Rooms::new();
        for n in 0..100 {
            rooms.put(name(n), Room::Negative, vec![0; LARGEST_VALUE], 0, 1000);
        }
        rooms.negative.run_pending_tasks();
        assert!(rooms.negative.weighted_size() <= 8 * MIB);
    }

    #[test]
    fn values_that_are_too_large_are_not_kept_and_drop_the_old_one() {
        let rooms = Rooms::new();
        for (room, largest) in [
            (Room::Kept, LARGEST_VALUE),
            (Room::Unproven, LARGEST_UNPROVEN),
        ] {
            rooms.put(name(1), room, vec![0; largest], 0, 1000);
            assert!(rooms.get(&name(1), 0).is_some());
            rooms.put(name(1), room, vec![0; largest + 1], 0, 1000);
            assert!(rooms.get(&name(1), 0).is_none());
        }
    }

    #[test]
    fn a_name_is_in_the_room_of_its_last_put() {
        let rooms = Rooms::new();
        rooms.put(name(1), Room::Unproven, vec![1], 0, 1000);
        rooms.put(name(1), Room::Kept, vec![2], 0, 1000);
        assert_eq!(rooms.get(&name(1), 0), Some(vec![2]));
        assert!(!rooms.unproven.contains_key(&name(1)));
        rooms.put(name(1), Room::Negative, vec![3], 0, 1000);
        assert_eq!(rooms.get(&name(1), 0), Some(vec![3]));
        rooms.remove(&name(1));
        assert_eq!(rooms.get(&name(1), 0), None);
    }
}
