//! What was asked: a log for tests that count.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};

use http::Method;
use serde_json::{Value, json};

use crate::guarded::Guarded;
use crate::route::Route;

/// So many calls are kept; older ones are only counted.
const KEPT: usize = 65_536;

/// One request that arrived, without its secrets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// Simulated Unix seconds.
    pub at: i64,
    /// `github`, or the issuer's URL.
    pub site: String,
    /// The HTTP method.
    pub method: Method,
    /// The path with its query; GitHub's without `/api/v3`.
    pub path: String,
    /// What it was taken for.
    pub route: Route,
    /// The App whose JWT was accepted, or that minted the token.
    pub app: Option<u64>,
    /// The installation that the token, or the path, named.
    pub installation: Option<u64>,
    /// Whether there was an Authorization header.
    pub authorized: bool,
    /// The request's JSON body where a token was asked for.
    pub body: Option<Value>,
    /// The answer's status; none if it was cut or hangs.
    pub status: Option<u16>,
}

impl Call {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "at": self.at,
            "site": self.site,
            "method": self.method.as_str(),
            "path": self.path,
            "route": self.route.name(),
            "app": self.app,
            "installation": self.installation,
            "authorized": self.authorized,
            "body": self.body,
            "status": self.status,
        })
    }
}

#[derive(Debug, Default)]
struct Log {
    calls: VecDeque<Call>,
    counts: HashMap<Route, usize>,
}

/// The log of all sites of a simulator.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    log: Guarded<Log>,
    off: AtomicBool,
}

impl Calls {
    /// Stops or resumes logging and counting; a benchmark has no use for either.
    pub(crate) fn record(&self, on: bool) {
        self.off.store(!on, Ordering::SeqCst);
    }

    pub(crate) fn is_recording(&self) -> bool {
        !self.off.load(Ordering::SeqCst)
    }

    pub(crate) fn push(&self, call: Call) {
        let mut log = self.log.write();
        *log.counts.entry(call.route).or_default() += 1;
        if log.calls.len() >= KEPT {
            log.calls.pop_front();
        }
        log.calls.push_back(call);
    }

    pub(crate) fn all(&self) -> Vec<Call> {
        self.log.read().calls.iter().cloned().collect()
    }

    pub(crate) fn count(&self, route: Route) -> usize {
        self.log
            .read()
            .counts
            .get(&route)
            .copied()
            .unwrap_or_default()
    }

    pub(crate) fn clear(&self) {
        *self.log.write() = Log::default();
    }
}
