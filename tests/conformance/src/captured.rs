//! What the host wrote.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use host_wasmtime::{AuditSink, LogSink, VerifiedAudit, verify_audit};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Lines in the order in which they were written. Clones are one list.
#[derive(Clone, Debug, Default)]
pub struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.clone()
    }

    /// All of them as JSON.
    ///
    /// # Panics
    /// One is not JSON.
    #[must_use]
    #[expect(clippy::expect_used, reason = "for tests in Rust")]
    pub fn json(&self) -> Vec<Value> {
        let read = |line: &String| serde_json::from_str(line).expect("a line of JSON");
        self.all().iter().map(read).collect()
    }

    pub(crate) fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(line);
    }
}

impl LogSink for Lines {
    fn write_line(&self, line: &str) {
        self.push(line.to_owned());
    }
}

impl AuditSink for Lines {
    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        let line = std::str::from_utf8(line).map_err(io::Error::other)?;
        self.push(line.trim_end_matches('\n').to_owned());
        Ok(())
    }
}

/// An audit sink that fails while it is told to. Clones share the switch.
#[derive(Clone, Debug, Default)]
pub struct FailingAudit {
    pub(crate) lines: Lines,
    fails: Arc<AtomicBool>,
}

impl FailingAudit {
    /// From now on every write fails, or none.
    pub fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }
}

impl AuditSink for FailingAudit {
    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(io::Error::other("on order"));
        }
        AuditSink::write_line(&mut self.lines, line)
    }
}

/// Whether the records are one chain from its beginning, of one boot (rule 33). Says what is broken.
///
/// # Errors
/// The first line that does not follow.
pub fn check_chain(lines: &[String]) -> Result<(), String> {
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let verified = verify_audit(text.as_bytes(), None).map_err(|error| error.to_string())?;
    if let Some((line, why)) = verified.broken.first() {
        return Err(format!("record {line}: {why}"));
    }
    let whole = verified.boots == 1 && verified.follows == VerifiedAudit::BEGINNING;
    if whole || lines.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "{} boots, after {}",
            verified.boots, verified.follows
        ))
    }
}

/// SHA-256 in hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
