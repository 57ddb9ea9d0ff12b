//! Standard output and error of a component that was composed: its audit records and its log.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use crate::guest_output::TakesLines;
use crate::journal::{AuditSink, LogSink};

/// Longer than any record.
const LONGEST_LINE: usize = 1024 * 1024;

/// Standard output, to the audit sink.
pub(super) struct OutputLines(Mutex<Box<dyn AuditSink>>);

impl OutputLines {
    pub(super) fn new(sink: Box<dyn AuditSink>) -> Self {
        Self(Mutex::new(sink))
    }
}

impl TakesLines for OutputLines {
    const LONGEST: usize = LONGEST_LINE;

    fn line(&self, bytes: &[u8]) -> io::Result<()> {
        let mut sink = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        sink.write_line(&[bytes, b"\n"].concat())
    }
}

/// Standard error, to the log's sink.
pub(super) struct ErrorLines(pub(super) Arc<dyn LogSink>);

impl TakesLines for ErrorLines {
    const LONGEST: usize = LONGEST_LINE;

    fn line(&self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_line(&String::from_utf8_lossy(bytes));
        Ok(())
    }
}
