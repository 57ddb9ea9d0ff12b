//! The log: lines of the form that all platforms share, to a sink.

use std::sync::Arc;

use portable::{LogFormat, LogLevel, log_line};

use super::LogSink;
use crate::clock::Clock;

/// The log. Lines below its level are dropped before they are made.
pub(crate) struct Log {
    sink: Arc<dyn LogSink>,
    format: LogFormat,
    level: LogLevel,
    clock: Arc<dyn Clock>,
}

impl Log {
    pub(crate) fn new(
        sink: Arc<dyn LogSink>,
        format: LogFormat,
        level: LogLevel,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            sink,
            format,
            level,
            clock,
        }
    }

    /// Whether a line of this level would be written.
    pub(crate) fn takes(&self, level: LogLevel) -> bool {
        level <= self.level
    }

    /// Writes one line. `decision` may be empty: not every line belongs to a request.
    pub(crate) fn write(
        &self,
        level: LogLevel,
        decision: &str,
        message: &str,
        fields: &[(String, String)],
    ) {
        if !self.takes(level) {
            return;
        }
        let now = self.clock.now_unix_ms();
        let line = log_line::line(self.format, now, level, decision, message, fields);
        self.sink.write_line(&line);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::clock::ManualClock;
    use crate::journal::testing::Lines;

    #[test]
    fn lines_below_the_level_are_not_written() {
        let lines = Arc::new(Lines::default());
        let log = Log::new(
            Arc::new(lines.clone()),
            LogFormat::Text,
            LogLevel::Info,
            ManualClock::at(0),
        );
        log.write(LogLevel::Debug, "", "not taken", &[]);
        log.write(LogLevel::Info, "abc", "taken", &[]);
        let all = lines.all();
        assert_eq!(all.len(), 1);
        assert!(all[0].starts_with("1970-01-01T00:00:00.000Z INFO taken"));
    }
}
