//! What the guest writes to standard error: panics, mostly. It goes to the log, a line at a time and not too many.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamError, StreamResult};

use crate::journal::Log;
use portable::LogLevel;

/// A longer line is cut into several.
const LONGEST_LINE: usize = 2048;
/// Lines in a second, of all instances; the rest is counted. Somebody who makes the guest panic must not fill a disk.
const MOST_LINES: u32 = 20;

/// The standard error of all instances of a host.
pub(crate) struct GuestOutput {
    log: Arc<Log>,
    pace: Mutex<Pace>,
}

/// What was logged in the current second.
struct Pace {
    began: Instant,
    lines: u32,
    dropped: u64,
}

impl GuestOutput {
    pub(crate) fn new(log: Arc<Log>) -> Arc<Self> {
        let pace = Pace {
            began: Instant::now(),
            lines: 0,
            dropped: 0,
        };
        Arc::new(Self {
            log,
            pace: Mutex::new(pace),
        })
    }

    fn line(&self, bytes: &[u8]) {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        if pace.began.elapsed() >= Duration::from_secs(1) {
            let dropped = std::mem::take(&mut pace.dropped);
            pace.began = Instant::now();
            pace.lines = 0;
            if dropped > 0 {
                let fields = [("lines".to_owned(), dropped.to_string())];
                self.log.write(
                    LogLevel::Warn,
                    "",
                    "lines of the component were dropped",
                    &fields,
                );
            }
        }
        if pace.lines >= MOST_LINES {
            pace.dropped += 1;
            return;
        }
        pace.lines += 1;
        drop(pace);
        let text = String::from_utf8_lossy(bytes).into_owned();
        let fields = [("line".to_owned(), text)];
        self.log.write(
            LogLevel::Error,
            "",
            "the component wrote to standard error",
            &fields,
        );
    }
}

impl TakesLines for GuestOutput {
    const LONGEST: usize = LONGEST_LINE;

    fn line(&self, bytes: &[u8]) -> io::Result<()> {
        self.line(bytes);
        Ok(())
    }
}

/// Where an output of the guest ends.
pub(crate) trait TakesLines: Send + Sync + 'static {
    /// A longer line is cut into several.
    const LONGEST: usize;

    /// Takes a line, without its end.
    ///
    /// # Errors
    /// As the guest sees them when it writes.
    fn line(&self, bytes: &[u8]) -> io::Result<()>;
}

/// An output of one instance. Never blocks the guest.
pub(crate) struct GuestLines<L: TakesLines>(Arc<Begun<L>>);

/// A line that is not ended yet; the guest may write it through several streams, one after the other.
struct Begun<L: TakesLines> {
    to: Arc<L>,
    line: Mutex<Vec<u8>>,
}

impl<L: TakesLines> GuestLines<L> {
    pub(crate) fn to(to: Arc<L>) -> Self {
        let line = Mutex::default();
        Self(Arc::new(Begun { to, line }))
    }
}

impl<L: TakesLines> Begun<L> {
    fn end_line(&self, line: &mut Vec<u8>) -> io::Result<()> {
        if line.is_empty() {
            return Ok(());
        }
        self.to.line(&std::mem::take(line))
    }
}

impl<L: TakesLines> Drop for Begun<L> {
    fn drop(&mut self) {
        let line = self.line.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !line.is_empty() {
            let _ = self.to.line(line);
        }
    }
}

impl<L: TakesLines> IsTerminal for GuestLines<L> {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl<L: TakesLines> StdoutStream for GuestLines<L> {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(tokio::io::sink())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(LineStream(self.0.clone()))
    }
}

struct LineStream<L: TakesLines>(Arc<Begun<L>>);

impl<L: TakesLines> OutputStream for LineStream<L> {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut line = self.0.line.lock().unwrap_or_else(PoisonError::into_inner);
        let failed = |error: io::Error| StreamError::LastOperationFailed(error.into());
        for byte in bytes {
            if byte == b'\n' || line.len() >= L::LONGEST {
                self.0.end_line(&mut line).map_err(failed)?;
            }
            if byte != b'\n' {
                line.push(byte);
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 * 1024)
    }
}

#[wasmtime_wasi::async_trait]
impl<L: TakesLines> Pollable for LineStream<L> {
    async fn ready(&mut self) {}
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::journal::testing::log_into;

    #[test]
    fn lines_go_to_the_log_and_not_too_many() {
        let (log, lines) = log_into();
        let stderr = GuestLines::to(GuestOutput::new(log));
        let mut stream = stderr.p2_stream();
        stream
            .write(Bytes::from_static(b"panicked at\n half"))
            .unwrap();
        assert_eq!(lines.with("panicked at").len(), 1);
        assert_eq!(lines.with("half").len(), 0);
        // What a stream began another one ends.
        drop(stream);
        let mut stream = stderr.p2_stream();
        stream.write(Bytes::from_static(b" line\n\n")).unwrap();
        assert_eq!(lines.with("half line").len(), 1);
        for _ in 0..1000 {
            stream.write(Bytes::from_static(b"flood\n")).unwrap();
        }
        // A second may pass in between on a slow machine.
        assert!(lines.with("flood").len() < 100);
        stream.write(Bytes::from(vec![b'x'; 10_000])).unwrap();
    }

    #[test]
    fn control_characters_do_not_reach_the_log() {
        let (log, lines) = log_into();
        let mut stream = GuestLines::to(GuestOutput::new(log)).p2_stream();
        stream
            .write(Bytes::from_static(b"\x1b[2Jx\rforged\xff\n"))
            .unwrap();
        assert!(lines.all().concat().chars().all(|c| !c.is_control()));
    }
}
