//! Counters with windows: limits (rules 16 and 37) and round robin.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use moka::policy::EvictionPolicy;
use moka::sync::Cache as Store;

use super::rooms::ROOMS;
use super::{Name, Room};

/// Counters of a room; those of strangers share 64 (rule 12).
const COUNTERS: u64 = 50_000;
const UNPROVEN_COUNTERS: u64 = 64;

/// The window that began with the first addition.
#[derive(Default)]
struct Window {
    began_ms: u64,
    n: u32,
}

type Shared = Arc<Mutex<Window>>;

pub(super) struct Counters {
    kept: Store<Name, Shared>,
    negative: Store<Name, Shared>,
    unproven: Store<Name, Shared>,
    reserved: Store<Name, Shared>,
}

impl Counters {
    pub(super) fn new() -> Self {
        let store = |entries| {
            Store::builder()
                .max_capacity(entries)
                .eviction_policy(EvictionPolicy::lru())
                .time_to_idle(Duration::from_secs(25 * 3600))
                .build()
        };
        Self {
            kept: store(COUNTERS),
            negative: store(COUNTERS),
            unproven: store(UNPROVEN_COUNTERS),
            reserved: store(COUNTERS),
        }
    }

    fn store(&self, room: Room) -> &Store<Name, Shared> {
        match room {
            Room::Kept => &self.kept,
            Room::Negative => &self.negative,
            Room::Unproven => &self.unproven,
            Room::Reserved => &self.reserved,
        }
    }

    /// Adds to the counter and says what is in its window now. Looking alone makes no counter.
    pub(super) fn count(
        &self,
        name: Name,
        room: Room,
        add: u32,
        now_ms: u64,
        window_ms: u32,
    ) -> u32 {
        let store = self.store(room);
        let shared = if add == 0 {
            match store.get(&name) {
                Some(shared) => shared,
                None => return 0,
            }
        } else {
            store.get_with(name, Shared::default)
        };
        let mut window = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if now_ms.saturating_sub(window.began_ms) >= u64::from(window_ms) {
            window.n = 0;
        }
        if window.n == 0 && add > 0 {
            window.began_ms = now_ms;
        }
        window.n = window.n.saturating_add(add);
        window.n
    }

    pub(super) fn remove(&self, name: &Name) {
        for room in ROOMS {
            self.store(room).invalidate(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(n: u32) -> Name {
        Name {
            kind: "c".to_owned(),
            parts: vec![n.to_string()],
        }
    }

    #[test]
    fn a_window_begins_with_its_first_addition_and_ends() {
        let counters = Counters::new();
        let count = |add, now| counters.count(name(1), Room::Kept, add, now, 1000);
        assert_eq!(count(0, 100), 0);
        assert_eq!(count(1, 500), 1);
        assert_eq!(count(2, 1_499), 3);
        assert_eq!(count(0, 1_499), 3);
        assert_eq!(count(0, 1_500), 0);
        assert_eq!(count(1, 1_700), 1);
        assert_eq!(count(1, 2_600), 2, "the new window began at 1700");
        assert_eq!(count(u32::MAX, 2_600), u32::MAX);
    }

    #[test]
    fn remove_clears_and_rooms_count_apart() {
        let counters = Counters::new();
        counters.count(name(1), Room::Kept, 5, 0, 1000);
        counters.count(name(1), Room::Unproven, 7, 0, 1000);
        assert_eq!(counters.count(name(1), Room::Kept, 0, 0, 1000), 5);
        counters.remove(&name(1));
        assert_eq!(counters.count(name(1), Room::Kept, 0, 0, 1000), 0);
        assert_eq!(counters.count(name(1), Room::Unproven, 0, 0, 1000), 0);
    }

    #[test]
    fn strangers_do_not_clear_what_is_kept() {
        let counters = Counters::new();
        counters.count(name(1), Room::Kept, 5, 0, 1000);
        for n in 0..10_000 {
            counters.count(name(n), Room::Unproven, 1, 0, 1000);
        }
        assert_eq!(counters.count(name(1), Room::Kept, 0, 0, 1000), 5);
        counters.unproven.run_pending_tasks();
        assert!(counters.unproven.entry_count() <= UNPROVEN_COUNTERS);
    }
}
