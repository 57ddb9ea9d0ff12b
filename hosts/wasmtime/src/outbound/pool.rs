//! Idle connections.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hyper::client::conn::http1::SendRequest;
use tokio::time::Instant;
use wasmtime_wasi_http::WasiBody;

use super::direct::Target;

/// A connection that was idle for longer is more likely closed than not.
const LONGEST_IDLE: Duration = Duration::from_secs(30);
/// Idle connections to one target, and in all: names of targets are chosen by strangers.
const MOST_OF_ONE: usize = 32;
const MOST_OF_ALL: usize = 128;
/// An answer that was not read to its end after this time does not free its connection any more.
const LONGEST_ANSWER: Duration = Duration::from_secs(120);

struct Idle {
    connection: SendRequest<WasiBody>,
    since: Instant,
}

/// Idle connections by target; the last one given back is taken first.
#[derive(Default)]
pub(super) struct Pool(Mutex<HashMap<Target, Vec<Idle>>>);

impl Pool {
    fn table(&self) -> MutexGuard<'_, HashMap<Target, Vec<Idle>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A connection that looks alive.
    pub(super) fn take(&self, target: &Target) -> Option<SendRequest<WasiBody>> {
        let mut table = self.table();
        let idle = table.get_mut(target)?;
        while let Some(last) = idle.pop() {
            if usable(&last) {
                return Some(last.connection);
            }
        }
        table.remove(target);
        None
    }

    /// Takes a connection back once its answer was read.
    pub(super) fn give_back_when_ready(
        self: &Arc<Self>,
        target: Target,
        mut connection: SendRequest<WasiBody>,
    ) {
        let pool = self.clone();
        tokio::spawn(async move {
            let ready = tokio::time::timeout(LONGEST_ANSWER, connection.ready()).await;
            if matches!(ready, Ok(Ok(()))) {
                pool.give_back(target, connection);
            }
        });
    }

    fn give_back(&self, target: Target, connection: SendRequest<WasiBody>) {
        let mut table = self.table();
        table.retain(|_, idle| {
            idle.retain(usable);
            !idle.is_empty()
        });
        let all: usize = table.values().map(Vec::len).sum();
        let of_one = table.get(&target).map_or(0, Vec::len);
        if all < MOST_OF_ALL && of_one < MOST_OF_ONE {
            let since = Instant::now();
            table
                .entry(target)
                .or_default()
                .push(Idle { connection, since });
        }
    }

    #[cfg(test)]
    pub(super) fn idle(&self) -> usize {
        self.table().values().map(Vec::len).sum()
    }
}

fn usable(idle: &Idle) -> bool {
    idle.since.elapsed() < LONGEST_IDLE && idle.connection.is_ready()
}
