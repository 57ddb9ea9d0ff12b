//! Where lines go.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Takes audit records, one line each.
pub trait AuditSink: Send + 'static {
    /// Writes `line`, which ends with a newline, so that it survives a kill of this process.
    ///
    /// # Errors
    /// Whatever kept it from being written: the decision then is not answered.
    fn write_line(&mut self, line: &[u8]) -> io::Result<()>;
}

/// Takes log lines, one at a time, without a newline. A line that can't be written is lost.
pub trait LogSink: Send + Sync + 'static {
    /// Writes `line`.
    fn write_line(&self, line: &str);
}

/// Log lines to standard error.
pub(crate) struct StderrLog;

impl LogSink for StderrLog {
    fn write_line(&self, line: &str) {
        let mut text = String::with_capacity(line.len() + 1);
        text.push_str(line);
        text.push('\n');
        // One call, so that lines of several threads and processes stay whole.
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}

/// Audit records to standard output.
pub(crate) struct StdoutAudit;

impl AuditSink for StdoutAudit {
    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(line)?;
        out.flush()
    }
}

/// Audit records to a file that only grows.
pub(crate) struct FileAudit {
    file: File,
    sync: bool,
}

impl FileAudit {
    /// Opens or makes the file; `sync` = every record is on disk before the answer leaves. On Unix nobody but the owner
    /// may read a file made here: records name people and repositories.
    pub(crate) fn open(path: &Path, sync: bool) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt as _;
            options.mode(0o600);
        }
        let file = options.open(path)?;
        Ok(Self { file, sync })
    }
}

impl AuditSink for FileAudit {
    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        self.file.write_all(line)?;
        if self.sync {
            self.file.sync_data()?;
        }
        Ok(())
    }
}

/// Stands for a file that could not be opened: no record is ever written, so no decision is answered.
pub(crate) struct Broken;

impl AuditSink for Broken {
    fn write_line(&mut self, _: &[u8]) -> io::Result<()> {
        Err(io::Error::other("there is no audit file"))
    }
}
