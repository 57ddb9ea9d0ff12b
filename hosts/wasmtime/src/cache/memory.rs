//! The host's own cache: memory of this process.
//!
//! Nothing here is sealed or hashed, since nobody else can write it (rule 11). Every table is bounded, and no room
//! pushes out what is in another.

use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::counters::Counters;
use super::leads::{Leads, Turn};
use super::reservations::Reservations;
use super::rooms::Rooms;
use super::{Answer, Cache, LeaderId, Name, Reservation, Room};
use crate::boxed::{BoxFuture, Unavailable};
use crate::clock::Clock;

/// A name with all its parts is at most so long; the guest's are below 1 KiB.
pub(super) const LONGEST_NAME: usize = 4096;
/// A guest makes others wait at most this long.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A lead lasts at most this long.
const LONGEST_LEAD: Duration = Duration::from_secs(60);

/// Shared by all instances of a host.
pub(crate) struct Memory {
    rooms: Rooms,
    leads: Leads,
    reservations: Reservations,
    counters: Counters,
    clock: Arc<dyn Clock>,
}

impl Memory {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            rooms: Rooms::new(),
            leads: Leads::default(),
            reservations: Reservations::default(),
            counters: Counters::new(),
            clock,
        }
    }

    pub(crate) fn get(&self, name: &Name) -> Option<Vec<u8>> {
        self.rooms.get(name, self.clock.now_unix_ms())
    }

    /// The value, or the lead, or after `wait` without either: busy.
    pub(crate) async fn get_or_lead(
        &self,
        name: &Name,
        wait: Duration,
        lead: Duration,
        leader: LeaderId,
    ) -> Answer {
        if let Some(value) = self.get(name) {
            return Answer::Hit(value);
        }
        if !fits(name) {
            return Answer::Alone;
        }
        let lead = lead.min(LONGEST_LEAD);
        let until = Instant::now() + wait.min(LONGEST_WAIT);
        loop {
            // The look is taken while no lead can begin or end, so that no `put` goes by unseen.
            match self.leads.turn(name, leader, lead, || self.get(name)) {
                Turn::Hit(value) => return Answer::Hit(value),
                Turn::Lead => return Answer::Lead,
                Turn::Full => return Answer::Alone,
                Turn::Wait { ended, ends } => {
                    if Instant::now() >= until {
                        return Answer::Busy;
                    }
                    let _ = tokio::time::timeout_at(until.min(ends), ended).await;
                }
            }
        }
    }

    pub(crate) fn put(&self, name: Name, room: Room, value: Vec<u8>, keep_ms: u64) {
        if fits(&name) {
            let now = self.clock.now_unix_ms();
            self.rooms.put(name.clone(), room, value, now, keep_ms);
        }
        self.leads.end(&name);
    }

    pub(crate) fn remove(&self, name: &Name) {
        self.rooms.remove(name);
        self.counters.remove(name);
        self.leads.end(name);
    }

    pub(crate) fn reserve(&self, name: Name, keep_ms: u64) -> Reservation {
        if !fits(&name) {
            return Reservation::Failed;
        }
        self.reservations
            .reserve(name, self.clock.now_unix_ms(), keep_ms)
    }

    pub(crate) fn release(&self, name: &Name) {
        self.reservations.release(name);
    }

    pub(crate) fn count(&self, name: Name, room: Room, add: u32, window_ms: u32) -> Option<u32> {
        if !fits(&name) {
            return None;
        }
        let now = self.clock.now_unix_ms();
        Some(self.counters.count(name, room, add, now, window_ms))
    }
}

pub(super) fn length(name: &Name) -> usize {
    name.kind.len() + name.parts.iter().map(|part| part.len() + 8).sum::<usize>()
}

fn fits(name: &Name) -> bool {
    length(name) <= LONGEST_NAME
}

/// Nothing here waits but for a lead, and nothing fails.
impl Cache for Memory {
    fn get<'a>(&'a self, name: &'a Name) -> BoxFuture<'a, Result<Option<Vec<u8>>, Unavailable>> {
        Box::pin(ready(Ok(self.get(name))))
    }

    fn put(
        &self,
        name: Name,
        room: Room,
        value: Vec<u8>,
        keep: Duration,
    ) -> BoxFuture<'_, Result<(), Unavailable>> {
        self.put(name, room, value, milliseconds(keep));
        Box::pin(ready(Ok(())))
    }

    fn remove<'a>(&'a self, name: &'a Name) -> BoxFuture<'a, Result<(), Unavailable>> {
        self.remove(name);
        Box::pin(ready(Ok(())))
    }

    fn get_or_lead<'a>(
        &'a self,
        name: &'a Name,
        wait: Duration,
        lead: Duration,
        leader: LeaderId,
    ) -> BoxFuture<'a, Result<Answer, Unavailable>> {
        Box::pin(async move { Ok(self.get_or_lead(name, wait, lead, leader).await) })
    }

    fn end_leads_of(&self, leader: LeaderId) {
        self.leads.end_of(leader);
    }

    fn reserve(
        &self,
        name: Name,
        keep: Duration,
    ) -> BoxFuture<'_, Result<Reservation, Unavailable>> {
        Box::pin(ready(Ok(self.reserve(name, milliseconds(keep)))))
    }

    fn release<'a>(&'a self, name: &'a Name) -> BoxFuture<'a, Result<(), Unavailable>> {
        self.release(name);
        Box::pin(ready(Ok(())))
    }

    fn count(
        &self,
        name: Name,
        room: Room,
        add: u32,
        window: Duration,
    ) -> BoxFuture<'_, Result<Option<u32>, Unavailable>> {
        let window = u32::try_from(window.as_millis()).unwrap_or(u32::MAX);
        Box::pin(ready(Ok(self.count(name, room, add, window))))
    }

    fn makes_wait(&self) -> bool {
        true
    }

    fn is_atomic(&self) -> bool {
        true
    }

    fn is_of_this_process(&self) -> bool {
        true
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
