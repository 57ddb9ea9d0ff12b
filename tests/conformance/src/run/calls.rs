//! Counting what the service asked of GitHub and the issuers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use simulator::{Call, Route, Simulator};

/// What happens by itself, after an answer for example, happens within this time or never.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// Where calls do not even out (a mint's answer was spoilt), nothing more is expected after so much silence.
const SILENCE: Duration = Duration::from_millis(700);
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Routes to numbers.
pub(crate) type Counts = BTreeMap<String, usize>;

/// The calls of a case, step by step.
pub(crate) struct Calls<'a> {
    sim: &'a Simulator,
    /// All calls are this case's.
    alone: bool,
    /// The step's first call.
    from: usize,
    /// What the step expected, to be compared once more when the next one begins.
    expected: Option<Expected>,
    /// Tokens that callers were given.
    pub(crate) granted: usize,
}

#[derive(Clone)]
struct Expected {
    at: String,
    counts: Counts,
    /// Other routes are called too.
    others: bool,
}

impl<'a> Calls<'a> {
    pub(crate) fn new(sim: &'a Simulator, alone: bool) -> Self {
        Self {
            sim,
            alone,
            from: 0,
            expected: None,
            granted: 0,
        }
    }

    /// A step begins: what an earlier one started has ended, and was no more than it expected.
    pub(crate) async fn begin_step(&mut self) -> Result<(), String> {
        if !self.alone {
            return Ok(());
        }
        self.settle().await;
        self.end_step()?;
        self.from = self.sim.calls().len();
        Ok(())
    }

    /// Compares what was expected once more, and for the last time.
    pub(crate) fn end_step(&mut self) -> Result<(), String> {
        self.nothing_came_late()?;
        self.expected = None;
        Ok(())
    }

    /// Compares the last expectation once more.
    pub(crate) fn nothing_came_late(&self) -> Result<(), String> {
        match &self.expected {
            Some(expected) if !expected.met_by(&self.counts()) => {
                let problem = expected.problem(&self.counts());
                Err(format!("{}: later, {problem}", expected.at))
            }
            _ => Ok(()),
        }
    }

    /// Demands these calls of this step. Those that come after the answer are waited for.
    pub(crate) async fn expect(
        &mut self,
        at: &str,
        counts: Counts,
        others: bool,
    ) -> Result<(), String> {
        let expected = Expected {
            at: at.to_owned(),
            counts,
            others,
        };
        let until = Instant::now() + PATIENCE;
        while !expected.met_by(&self.counts()) {
            if expected.exceeded_by(&self.counts()) || Instant::now() > until {
                return Err(expected.problem(&self.counts()));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        self.expected = Some(expected);
        Ok(())
    }

    /// No issuer was ever sent credentials.
    pub(crate) fn issuers_saw_no_credentials(&self) -> Result<(), String> {
        let calls = self.sim.calls();
        let seen = calls
            .iter()
            .find(|call| call.site != "github" && call.authorized);
        match seen {
            Some(call) => Err(format!(
                "{} was sent credentials at {}",
                call.site, call.path
            )),
            None => Ok(()),
        }
    }

    /// The bodies of this step's mints.
    pub(crate) fn mints(&self) -> Vec<Value> {
        let calls = self.of_step().into_iter();
        let mints = calls.filter(|call| call.route == Route::AccessTokens);
        mints.map(|call| call.body.unwrap_or_default()).collect()
    }

    /// Waits until every token but the callers' is revoked again.
    async fn settle(&self) {
        let (mut seen, mut since) = (0, Instant::now());
        loop {
            let calls = self.sim.calls();
            let minted =
                |call: &&Call| call.route == Route::AccessTokens && call.status == Some(201);
            let minted = calls.iter().filter(minted).count();
            let revoked = calls.iter().filter(|call| call.route == Route::RevokeToken);
            if minted <= revoked.count() + self.granted {
                return;
            }
            if calls.len() != seen {
                (seen, since) = (calls.len(), Instant::now());
            }
            if since.elapsed() > SILENCE {
                return;
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    fn of_step(&self) -> Vec<Call> {
        self.sim.calls().split_off(self.from)
    }

    fn counts(&self) -> Counts {
        let mut counts = Counts::new();
        for call in self.of_step() {
            *counts.entry(call.route.name().to_owned()).or_default() += 1;
        }
        counts
    }
}

impl Expected {
    fn wanted(&self, route: &str) -> Option<usize> {
        match self.counts.get(route) {
            Some(count) => Some(*count),
            None => (!self.others).then_some(0),
        }
    }

    fn met_by(&self, got: &Counts) -> bool {
        let of = |route: &String| got.get(route).copied().unwrap_or_default();
        let all = self.counts.keys().chain(got.keys());
        all.into_iter()
            .all(|route| self.wanted(route).is_none_or(|wanted| wanted == of(route)))
    }

    fn exceeded_by(&self, got: &Counts) -> bool {
        got.iter()
            .any(|(route, got)| self.wanted(route).is_some_and(|wanted| *got > wanted))
    }

    fn problem(&self, got: &Counts) -> String {
        format!("the calls are {got:?}, not {:?}", self.counts)
    }
}
