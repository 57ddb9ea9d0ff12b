//! What the component remembers, behind `octo-sts:platform/cache`.
//!
//! A [`Cache`] may forget at any time, be slow or fail: every verb is bounded, and whatever goes wrong is a miss. The host
//! has its own in memory; [`crate::HostBuilder::cache`] replaces it.

mod bounded;
mod counters;
mod leads;
mod memory;
mod reservations;
mod rooms;
mod seal;

use std::time::Duration;

pub use crate::bindings::octo_sts::platform::cache::{Answer, Name, Reservation, Room};
use crate::boxed::{BoxFuture, Unavailable};
pub(crate) use bounded::Bounded;
pub(crate) use memory::Memory;
pub(crate) use seal::Seal;

/// Who leads: an instance of the component, by a number that no other instance of this host has had.
pub type LeaderId = u64;

/// The verbs of `octo-sts:platform/cache`. Three are needed; the others have answers that are right for a store that knows
/// no leads, reservations or counters.
///
/// A verb that takes longer than a quarter of a second (`get_or_lead`: than its `wait` and that) is dropped, and so is one
/// whose instance is: each must leave the store whole at every `await`. All instances ask at the same time.
///
/// What is not memory of this process is **hostile ground** (rule 10 of docs/SECURITY.md): others may write to it, and it
/// outlives settings. So the host hashes names and seals values before they come here, with OCTOSTS_CACHE_SECRET; what does
/// not open is a miss. Without that setting the secret is this process's own, and nothing is shared with another.
pub trait Cache: Send + Sync + 'static {
    /// The value, unless its time is over.
    ///
    /// # Errors
    /// The host takes it for a miss.
    fn get<'a>(&'a self, name: &'a Name) -> BoxFuture<'a, Result<Option<Vec<u8>>, Unavailable>>;

    /// Keeps a value, at most for `keep`. No room may push out what is in another; values of [`Room::Unproven`], which
    /// strangers choose, stay in this process. Ends the lead of `name`.
    ///
    /// # Errors
    /// Logged; the value is not kept.
    fn put(
        &self,
        name: Name,
        room: Room,
        value: Vec<u8>,
        keep: Duration,
    ) -> BoxFuture<'_, Result<(), Unavailable>>;

    /// Forgets a name, in all rooms, and its counter. Ends its lead.
    ///
    /// # Errors
    /// Logged.
    fn remove<'a>(&'a self, name: &'a Name) -> BoxFuture<'a, Result<(), Unavailable>>;

    /// As [`get`](Self::get), but of those who miss at the same time one leads, for at most `lead`, while the others wait
    /// for its `put`, at most `wait`.
    ///
    /// # Errors
    /// The caller does the work itself.
    fn get_or_lead<'a>(
        &'a self,
        name: &'a Name,
        wait: Duration,
        lead: Duration,
        leader: LeaderId,
    ) -> BoxFuture<'a, Result<Answer, Unavailable>> {
        let _ = (wait, lead, leader);
        Box::pin(async move {
            let value = self.get(name).await?;
            Ok(value.map_or(Answer::Alone, Answer::Hit))
        })
    }

    /// Ends whatever `leader` leads: its next request began, it trapped, or it is gone. Must not block.
    fn end_leads_of(&self, leader: LeaderId) {
        let _ = leader;
    }

    /// Puts the name down if it is absent, atomically, and keeps it all of `keep`.
    ///
    /// # Errors
    /// As [`Reservation::Failed`]: the caller must not go on.
    fn reserve(
        &self,
        name: Name,
        keep: Duration,
    ) -> BoxFuture<'_, Result<Reservation, Unavailable>> {
        let _ = (name, keep);
        Box::pin(std::future::ready(Ok(Reservation::Failed)))
    }

    /// Takes a reservation back.
    ///
    /// # Errors
    /// Logged; the name stays taken.
    fn release<'a>(&'a self, name: &'a Name) -> BoxFuture<'a, Result<(), Unavailable>> {
        let _ = name;
        Box::pin(std::future::ready(Ok(())))
    }

    /// Adds `add` (0: only look) to a counter whose window began with its first addition, and says how many there are in it
    /// now. None: it can't count.
    ///
    /// # Errors
    /// As none.
    fn count(
        &self,
        name: Name,
        room: Room,
        add: u32,
        window: Duration,
    ) -> BoxFuture<'_, Result<Option<u32>, Unavailable>> {
        let _ = (name, room, add, window);
        Box::pin(std::future::ready(Ok(None)))
    }

    /// Whether `get_or_lead` makes others wait.
    fn makes_wait(&self) -> bool {
        false
    }

    /// Whether `reserve` is atomic for everyone who shares the store.
    fn is_atomic(&self) -> bool {
        false
    }

    /// Whether it is memory of this process that nobody else can write: then names and values come as they are.
    fn is_of_this_process(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod replaced_tests;
#[cfg(test)]
mod tests;
