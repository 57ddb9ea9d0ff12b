//! Names that are taken once (`single_use` tokens, rule 32). None is ever forgotten before its time: a table that is
//! full refuses, since forgetting one would let a token be used twice.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Name, Reservation};

/// Reservations at one time: at most some 100 bytes each.
const MOST: usize = 100_000;
/// Tokens that are used once expire within an hour; a longer time would fill the table.
const LONGEST_MS: u64 = 25 * 3600 * 1000;

#[derive(Default)]
struct Table {
    until: HashMap<Arc<Name>, u64>,
    /// The same by time, the next to expire first. The address tells names of equal time apart.
    by_time: BTreeSet<(u64, ByAddress)>,
}

/// Ordered by where it lies: any order will do, and this needs none of names.
struct ByAddress(Arc<Name>);

impl ByAddress {
    fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}

impl PartialEq for ByAddress {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl Eq for ByAddress {}

impl PartialOrd for ByAddress {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByAddress {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.address().cmp(&other.address())
    }
}

impl Table {
    fn drop_expired(&mut self, now_ms: u64) {
        while let Some((until, _)) = self.by_time.first()
            && *until <= now_ms
        {
            if let Some((_, name)) = self.by_time.pop_first() {
                self.until.remove(&name.0);
            }
        }
    }
}

#[derive(Default)]
pub(super) struct Reservations(Mutex<Table>);

impl Reservations {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn reserve(&self, name: Name, now_ms: u64, keep_ms: u64) -> Reservation {
        if keep_ms == 0 || keep_ms > LONGEST_MS {
            return Reservation::Failed;
        }
        let mut table = self.table();
        table.drop_expired(now_ms);
        if table.until.contains_key(&name) {
            return Reservation::Taken;
        }
        if table.until.len() >= MOST {
            return Reservation::Failed;
        }
        let name = Arc::new(name);
        let until = now_ms.saturating_add(keep_ms);
        table.until.insert(name.clone(), until);
        table.by_time.insert((until, ByAddress(name)));
        Reservation::Reserved
    }

    pub(super) fn release(&self, name: &Name) {
        let mut table = self.table();
        if let Some((name, until)) = table.until.remove_entry(name) {
            table.by_time.remove(&(until, ByAddress(name)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(n: usize) -> Name {
        Name {
            kind: "jti".to_owned(),
            parts: vec![n.to_string()],
        }
    }

    #[test]
    fn a_name_is_reserved_once_until_its_time() {
        let table = Reservations::default();
        assert_eq!(table.reserve(name(1), 0, 1000), Reservation::Reserved);
        assert_eq!(table.reserve(name(1), 0, 1000), Reservation::Taken);
        assert_eq!(table.reserve(name(1), 999, 5000), Reservation::Taken);
        assert_eq!(table.reserve(name(2), 0, 1000), Reservation::Reserved);
        assert_eq!(table.reserve(name(1), 1000, 1000), Reservation::Reserved);
    }

    #[test]
    fn a_release_takes_back_its_own_only() {
        let table = Reservations::default();
        table.reserve(name(1), 0, 1000);
        table.reserve(name(2), 0, 1000);
        table.release(&name(1));
        table.release(&name(3));
        assert_eq!(table.reserve(name(1), 0, 1000), Reservation::Reserved);
        assert_eq!(table.reserve(name(2), 0, 1000), Reservation::Taken);
    }

    #[test]
    fn a_full_table_fails_and_forgets_nothing() {
        let table = Reservations::default();
        for n in 0..MOST {
            assert_eq!(table.reserve(name(n), 0, 1000), Reservation::Reserved);
        }
        assert_eq!(table.reserve(name(MOST), 0, 1000), Reservation::Failed);
        assert_eq!(table.reserve(name(0), 0, 1000), Reservation::Taken);
        assert_eq!(table.reserve(name(MOST), 1000, 1000), Reservation::Reserved);
    }

    #[test]
    fn a_time_that_cannot_be_kept_fails() {
        let table = Reservations::default();
        assert_eq!(table.reserve(name(1), 0, 0), Reservation::Failed);
        assert_eq!(
            table.reserve(name(1), 0, LONGEST_MS + 1),
            Reservation::Failed
        );
        assert_eq!(table.reserve(name(1), u64::MAX, 1), Reservation::Reserved);
    }

    #[test]
    fn of_many_at_once_one_reserves() {
        let table = Reservations::default();
        let won: usize = std::thread::scope(|scope| {
            let tries: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| table.reserve(name(1), 0, 1000)))
                .collect();
            tries
                .into_iter()
                .filter_map(|thread| thread.join().ok())
                .filter(|answer| *answer == Reservation::Reserved)
                .count()
        });
        assert_eq!(won, 1);
    }
}
