//! A child process, what it says, and its end.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::Failure;

/// How long a process may take until it listens: some compile the component first.
const STARTING: Duration = Duration::from_secs(120);
/// So many lines are kept.
const MOST_LINES: usize = 100_000;

/// Lines of standard output and standard error, in the order in which they came. Clones are one list.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() < MOST_LINES {
            lines.push(line);
        }
    }
}

/// A child that ends with this value.
pub struct Process {
    child: Child,
    name: String,
    lines: Lines,
    news: Receiver<String>,
}

impl Process {
    /// Starts a command and reads all that it says.
    ///
    /// # Errors
    /// It can't be started.
    pub fn start(command: &mut Command) -> Result<Self, Failure> {
        let name = command.get_program().to_string_lossy().into_owned();
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.map_err(|error| format!("{name} could not be started: {error}"))?;
        let lines = Lines::default();
        let (tell, news) = channel();
        let outputs: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|pipe| Box::new(pipe) as _),
            child.stderr.take().map(|pipe| Box::new(pipe) as _),
        ];
        for output in outputs.into_iter().flatten() {
            let (lines, tell) = (lines.clone(), tell.clone());
            // Goes on reading, so that the process never waits for a full pipe; it ends with the process.
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    lines.push(line.clone());
                    let _ = tell.send(line);
                }
            });
        }
        Ok(Self {
            child,
            name,
            lines,
            news,
        })
    }

    /// What it said so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lines.all()
    }

    /// Ends it, and says what it said up to its end. One that closes its outputs late is not waited for.
    #[must_use]
    pub fn end(mut self) -> Vec<String> {
        self.terminate();
        let until = Instant::now() + Duration::from_secs(2);
        let left = || until.saturating_duration_since(Instant::now());
        while self.news.recv_timeout(left()).is_ok() {}
        self.lines()
    }

    /// Waits for the first line that has `marker`.
    ///
    /// # Errors
    /// It ended before, or did not say so within two minutes; with what it said.
    pub fn line_with(&self, marker: &str) -> Result<String, Failure> {
        let until = Instant::now() + STARTING;
        loop {
            match self
                .news
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(line) if line.contains(marker) => return Ok(line),
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(format!("{} ended: {}", self.name, self.lines().join("\n")));
                }
                Err(RecvTimeoutError::Timeout) => {
                    let said = self.lines().join("\n");
                    return Err(format!("{} did not say {marker:?}: {said}", self.name));
                }
            }
        }
    }
}

impl Process {
    fn terminate(&mut self) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        // SIGTERM, so that it can clean up; it may have ended by itself. One that does not listen is killed.
        let _ = Command::new("kill")
            .arg(self.child.id().to_string())
            .stderr(Stdio::null())
            .status();
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.terminate();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn a_line_of_either_output_is_found_and_all_are_kept() {
        for to in ["1", "2"] {
            let script = format!("echo first; echo listening here >&{to}; sleep 60");
            let process = Process::start(&mut shell(&script)).unwrap();
            assert_eq!(process.line_with("listening").unwrap(), "listening here");
            assert!(process.lines().contains(&"listening here".to_owned()));
        }
    }

    #[test]
    fn one_that_ends_says_what_it_said() {
        let process = Process::start(&mut shell("echo wrong settings >&2; exit 3")).unwrap();
        let failure = process.line_with("listening").unwrap_err();
        assert!(failure.contains("ended: wrong settings"), "{failure}");
    }

    #[test]
    fn one_that_is_not_there_is_named() {
        let failure = Process::start(&mut Command::new("/no/such/program"))
            .err()
            .unwrap();
        assert!(failure.contains("/no/such/program"), "{failure}");
    }

    #[test]
    fn what_it_says_at_its_end_is_heard() {
        let script = "trap 'echo the end; exit 0' TERM; echo up; while :; do sleep 0.01; done";
        let process = Process::start(&mut shell(script)).unwrap();
        process.line_with("up").unwrap();
        assert_eq!(process.end(), ["up", "the end"]);
    }

    #[test]
    fn it_ends_with_its_value() {
        let process = Process::start(&mut shell("echo up; exec sleep 60")).unwrap();
        process.line_with("up").unwrap();
        let id = process.child.id().to_string();
        drop(process);
        let alive = Command::new("kill")
            .args(["-0", &id])
            .stderr(Stdio::null())
            .status();
        assert!(!alive.unwrap().success());
    }
}
