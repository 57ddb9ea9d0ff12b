//! A log and an audit trail that tests can read.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::{Arc, Mutex};

use super::{AuditSink, Log, LogSink};
use crate::clock::ManualClock;
use portable::{LogFormat, LogLevel};

/// Lines as they were written.
#[derive(Debug, Default)]
pub(crate) struct Lines(Mutex<Vec<String>>);

impl Lines {
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn with(&self, part: &str) -> Vec<String> {
        let mut lines = self.all();
        lines.retain(|line| line.contains(part));
        lines
    }

    pub(crate) fn push(&self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

impl LogSink for Arc<Lines> {
    fn write_line(&self, line: &str) {
        self.push(line);
    }
}

impl AuditSink for Arc<Lines> {
    fn write_line(&mut self, line: &[u8]) -> std::io::Result<()> {
        self.push(std::str::from_utf8(line).unwrap());
        Ok(())
    }
}

/// A log in text, at debug level, and its lines.
pub(crate) fn log_into() -> (Arc<Log>, Arc<Lines>) {
    let lines = Arc::new(Lines::default());
    let log = Log::new(
        Arc::new(lines.clone()),
        LogFormat::Text,
        LogLevel::Debug,
        ManualClock::at(0),
    );
    (Arc::new(log), lines)
}
