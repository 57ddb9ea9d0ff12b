//! Of those who miss the same name at the same time, one leads and the others wait.
//!
//! A lead ends by `put` or `remove` of the name, when its instance traps, ends or begins its next request, or after its
//! time. There is no signal for the end of a request, hence the last two.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::sync::futures::OwnedNotified;
use tokio::time::Instant;

use super::{LeaderId, Name};

/// Leads at one time. There are never more than instances; the bound only says so.
const MOST_LEADS: usize = 10_000;

struct Lead {
    leader: LeaderId,
    ends: Instant,
    ended: Arc<Notify>,
}

#[derive(Default)]
struct Table {
    by_name: HashMap<Name, Lead>,
    by_leader: HashMap<LeaderId, Name>,
}

impl Table {
    fn end(&mut self, name: &Name) {
        if let Some(lead) = self.by_name.remove(name) {
            if self.by_leader.get(&lead.leader) == Some(name) {
                self.by_leader.remove(&lead.leader);
            }
            lead.ended.notify_waiters();
        }
    }

    fn end_of(&mut self, leader: LeaderId) {
        if let Some(name) = self.by_leader.remove(&leader) {
            self.end(&name);
        }
    }
}

/// What a caller may do.
pub(super) enum Turn {
    /// Take the value.
    Hit(Vec<u8>),
    /// Fetch it.
    Lead,
    /// Wait until `ended` fires or the lead's time is over, then ask again.
    Wait { ended: OwnedNotified, ends: Instant },
    /// There is no place for a lead.
    Full,
}

#[derive(Default)]
pub(super) struct Leads(Mutex<Table>);

impl Leads {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whose turn it is. `look` finds the value and is called under the lock: a `put` comes before it or ends a lead
    /// after it, and whoever waits is registered before either.
    pub(super) fn turn(
        &self,
        name: &Name,
        leader: LeaderId,
        time: Duration,
        look: impl FnOnce() -> Option<Vec<u8>>,
    ) -> Turn {
        let mut table = self.table();
        if let Some(value) = look() {
            return Turn::Hit(value);
        }
        let now = Instant::now();
        if let Some(lead) = table.by_name.get(name)
            && lead.leader != leader
            && now < lead.ends
        {
            return Turn::Wait {
                ended: lead.ended.clone().notified_owned(),
                ends: lead.ends,
            };
        }
        table.end(name);
        // A request leads one name at a time; two that wait for each other's names would wait in vain.
        table.end_of(leader);
        if table.by_name.len() >= MOST_LEADS {
            return Turn::Full;
        }
        let lead = Lead {
            leader,
            ends: now + time,
            ended: Arc::new(Notify::new()),
        };
        table.by_name.insert(name.clone(), lead);
        table.by_leader.insert(leader, name.clone());
        Turn::Lead
    }

    pub(super) fn end(&self, name: &Name) {
        self.table().end(name);
    }

    pub(super) fn end_of(&self, leader: LeaderId) {
        self.table().end_of(leader);
    }
}
