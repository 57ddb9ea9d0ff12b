//! The cache as the guest's verbs use it: bounded in time, and a miss whatever goes wrong.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::memory::LONGEST_WAIT;
use super::seal::Seal;
use super::{Answer, Cache, LeaderId, Name, Reservation, Room};
use crate::boxed::Unavailable;
use crate::journal::Log;
use portable::LogLevel;

/// An async verb holds its instance, and an exchange has some ten of them: a store that hangs must cost seconds, not the
/// exchange.
const LIMIT: Duration = Duration::from_millis(250);
/// A store that is away is a line so often, not one for each verb.
const TOLD_EVERY: Duration = Duration::from_secs(10);

/// The cache of a host.
pub(crate) struct Bounded {
    cache: Arc<dyn Cache>,
    seal: Option<Seal>,
    log: Arc<Log>,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    last: Option<Instant>,
    /// Failures since then.
    more: u64,
}

impl Bounded {
    /// With a seal: names and values leave this process.
    pub(crate) fn new(cache: Arc<dyn Cache>, seal: Option<Seal>, log: Arc<Log>) -> Self {
        Self {
            cache,
            seal,
            log,
            told: Mutex::default(),
        }
    }

    pub(crate) async fn get(&self, name: &Name) -> Option<Vec<u8>> {
        let outside = self.name(name.clone());
        let value = self
            .within("get", LIMIT, self.cache.get(&outside))
            .await??;
        self.opened(name, value)
    }

    pub(crate) async fn get_or_lead(
        &self,
        name: &Name,
        wait: Duration,
        lead: Duration,
        leader: LeaderId,
    ) -> Answer {
        let outside = self.name(name.clone());
        let wait = wait.min(LONGEST_WAIT);
        let work = self.cache.get_or_lead(&outside, wait, lead, leader);
        match self.within("get-or-lead", wait + LIMIT, work).await {
            Some(Answer::Hit(value)) => match self.opened(name, value) {
                Some(value) => Answer::Hit(value),
                None => Answer::Alone,
            },
            Some(answer) => answer,
            None => Answer::Alone,
        }
    }

    pub(crate) async fn put(&self, name: Name, room: Room, value: Vec<u8>, keep_ms: u64) {
        let keep = Duration::from_millis(keep_ms);
        let work = match &self.seal {
            None => self.cache.put(name, room, value, keep),
            // What strangers chose is not written outside (rule 11); who waits for it must not wait on.
            Some(_) if room == Room::Unproven => return self.remove(&name).await,
            Some(seal) => match seal.seal(&name, &value, keep_ms) {
                Some(sealed) => self.cache.put(seal.name(&name), room, sealed, keep),
                // Too large.
                None => return self.remove(&name).await,
            },
        };
        self.within("put", LIMIT, work).await;
    }

    pub(crate) async fn remove(&self, name: &Name) {
        let name = self.name(name.clone());
        let work = self.cache.remove(&name);
        self.within("remove", LIMIT, work).await;
    }

    pub(crate) async fn reserve(&self, name: Name, keep_ms: u64) -> Reservation {
        let keep = Duration::from_millis(keep_ms);
        let work = self.cache.reserve(self.name(name), keep);
        let answer = self.within("reserve", LIMIT, work).await;
        answer.unwrap_or(Reservation::Failed)
    }

    pub(crate) async fn release(&self, name: &Name) {
        let name = self.name(name.clone());
        let work = self.cache.release(&name);
        self.within("release", LIMIT, work).await;
    }

    pub(crate) async fn count(
        &self,
        name: Name,
        room: Room,
        add: u32,
        window_ms: u32,
    ) -> Option<u32> {
        let window = Duration::from_millis(window_ms.into());
        let work = self.cache.count(self.name(name), room, add, window);
        self.within("count", LIMIT, work).await?
    }

    pub(crate) fn end_leads_of(&self, leader: LeaderId) {
        self.cache.end_leads_of(leader);
    }

    pub(crate) fn makes_wait(&self) -> bool {
        self.cache.makes_wait()
    }

    pub(crate) fn is_atomic(&self) -> bool {
        self.cache.is_atomic()
    }

    fn name(&self, name: Name) -> Name {
        match &self.seal {
            Some(seal) => seal.name(&name),
            None => name,
        }
    }

    fn opened(&self, name: &Name, value: Vec<u8>) -> Option<Vec<u8>> {
        match &self.seal {
            Some(seal) => seal.open(name, &value),
            None => Some(value),
        }
    }

    /// What `work` gives; none if it fails or takes longer than `most`, which is told.
    async fn within<T>(
        &self,
        verb: &str,
        most: Duration,
        work: impl Future<Output = Result<T, Unavailable>>,
    ) -> Option<T> {
        let why = match timeout(most, work).await {
            Ok(Ok(value)) => return Some(value),
            Ok(Err(why)) => why.to_string(),
            Err(_) => "it took too long".to_owned(),
        };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let soon = told.last.is_some_and(|last| last.elapsed() < TOLD_EVERY);
        if soon {
            told.more += 1;
            return None;
        }
        let more = std::mem::take(&mut told.more);
        told.last = Some(Instant::now());
        drop(told);
        let fields = [
            ("verb".to_owned(), verb.to_owned()),
            ("error".to_owned(), why),
            ("untold".to_owned(), more.to_string()),
        ];
        let message = "the cache failed, which counts as a miss";
        self.log.write(LogLevel::Warn, "", message, &fields);
        None
    }
}
