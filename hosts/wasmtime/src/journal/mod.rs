//! What leaves a trace: audit records, chained, and log lines.

mod audit;
mod chain;
mod log;
mod sinks;
mod verify;

pub(crate) use audit::{Audit, continues};
pub(crate) use log::Log;
pub use sinks::{AuditSink, LogSink};
pub(crate) use sinks::{Broken, FileAudit, StderrLog, StdoutAudit};
pub use verify::{VerifiedAudit, verify_audit};

#[cfg(test)]
pub(crate) mod testing;
