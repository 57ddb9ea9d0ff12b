//! Memory of this process, behind `octo-sts:platform/cache`: values with a time to live, leads, reservations, counters.
//!
//! Nothing here is sealed or hashed, since nobody else can write it (rule 11). Every table is bounded, and no room
//! pushes out what is in another.

mod counters;
mod leads;
mod reservations;
mod rooms;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

pub(crate) use crate::bindings::octo_sts::platform::cache::{Answer, Name, Reservation, Room};
use crate::clock::Clock;
use counters::Counters;
use leads::{Leads, Turn};
use reservations::Reservations;
use rooms::Rooms;

/// A name with all its parts is at most so long; the guest's are below 1 KiB.
const LONGEST_NAME: usize = 4096;
/// A guest makes others wait at most this long.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A lead lasts at most this long.
const LONGEST_LEAD: Duration = Duration::from_secs(60);

/// Who leads: an instance of the component.
pub(crate) type LeaderId = u64;

/// The cache of a host, shared by all its instances.
pub(crate) struct Cache {
    rooms: Rooms,
    leads: Leads,
    reservations: Reservations,
    counters: Counters,
    clock: Arc<dyn Clock>,
}

impl Cache {
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

    /// The value, or the lead, or after `wait_ms` without either: busy.
    pub(crate) async fn get_or_lead(
        &self,
        name: Name,
        wait_ms: u32,
        lead_ms: u32,
        leader: LeaderId,
    ) -> Answer {
        if let Some(value) = self.get(&name) {
            return Answer::Hit(value);
        }
        if !fits(&name) {
            return Answer::Alone;
        }
        let lead = Duration::from_millis(lead_ms.into()).min(LONGEST_LEAD);
        let until = Instant::now() + Duration::from_millis(wait_ms.into()).min(LONGEST_WAIT);
        loop {
            // The look is taken while no lead can begin or end, so that no `put` goes by unseen.
            match self.leads.turn(&name, leader, lead, || self.get(&name)) {
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

    /// Ends whatever `leader` leads: its next request began, it trapped, or it is gone.
    pub(crate) fn end_leads_of(&self, leader: LeaderId) {
        self.leads.end_of(leader);
    }
}

fn length(name: &Name) -> usize {
    name.kind.len() + name.parts.iter().map(|part| part.len() + 8).sum::<usize>()
}

fn fits(name: &Name) -> bool {
    length(name) <= LONGEST_NAME
}

#[cfg(test)]
mod tests;
