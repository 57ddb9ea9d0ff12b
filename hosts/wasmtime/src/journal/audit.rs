//! The writer of audit records: one thread, so that records are serialised and a disk that hangs stops nothing but them.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use tokio::sync::oneshot;

use super::chain::{Chain, hash};
use super::{AuditSink, Log};
use portable::LogLevel;

/// How long a caller waits for its record.
const LIMIT: Duration = Duration::from_secs(5);
/// Records that wait to be written. More means that the sink hangs.
const QUEUE: usize = 1024;
/// The head is logged after so many records.
const HEAD_EVERY: u64 = 1000;
/// The last line of an existing file is looked for in so many bytes at its end: more than the largest record.
const TAIL: u64 = 512 * 1024;

enum Order {
    Record(String, oneshot::Sender<Result<(), String>>),
    Head(oneshot::Sender<()>),
}

/// The audit trail of this boot. When the last handle is gone, the head is logged and the thread ends.
pub(crate) struct Audit {
    orders: SyncSender<Order>,
}

impl Audit {
    /// Starts the writer. `previous`: the hash of the last record that is in the sink already.
    ///
    /// # Errors
    /// The thread can't be started.
    pub(crate) fn start(
        sink: Box<dyn AuditSink>,
        previous: Option<String>,
        boot: String,
        log: Arc<Log>,
    ) -> io::Result<Self> {
        let (orders, received) = sync_channel(QUEUE);
        let mut writer = Writer {
            sink,
            chain: Chain::begin(boot, previous),
            torn: false,
            logged: 0,
            log,
        };
        std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || writer.run(&received))?;
        Ok(Self { orders })
    }

    /// Writes one record. Ok: it is written; only then may the answer leave.
    ///
    /// # Errors
    /// What kept it from being written within 5 seconds. It may still be written later.
    pub(crate) async fn record(&self, entry: String) -> Result<(), String> {
        let (reply, answer) = oneshot::channel();
        self.orders
            .try_send(Order::Record(entry, reply))
            .map_err(|_| "the audit queue is full".to_owned())?;
        match tokio::time::timeout(LIMIT, answer).await {
            Ok(Ok(written)) => written,
            Ok(Err(_)) => Err("the audit writer ended".to_owned()),
            Err(_) => Err("the audit sink is too slow".to_owned()),
        }
    }

    /// Logs the head now, after everything that was queued; waits at most 5 seconds.
    pub(crate) async fn log_head(&self) {
        let (reply, done) = oneshot::channel();
        if self.orders.try_send(Order::Head(reply)).is_ok() {
            let _ = tokio::time::timeout(LIMIT, done).await;
        }
    }
}

struct Writer {
    sink: Box<dyn AuditSink>,
    chain: Chain,
    /// The last write failed and may have left half a line.
    torn: bool,
    /// The number of the head that is in the log.
    logged: u64,
    log: Arc<Log>,
}

impl Writer {
    fn run(&mut self, orders: &Receiver<Order>) {
        while let Ok(order) = orders.recv() {
            match order {
                Order::Record(entry, reply) => {
                    // Nobody may be waiting any more; the decision was taken all the same.
                    let _ = reply.send(self.write(&entry));
                }
                Order::Head(reply) => {
                    self.log_head();
                    let _ = reply.send(());
                }
            }
        }
        self.log_head();
    }

    fn write(&mut self, entry: &str) -> Result<(), String> {
        let (line, next) = self.chain.seal(entry).map_err(str::to_owned)?;
        // A line that was cut is closed first; verifying then names it, and the rest can be read.
        let start = if self.torn { "\n" } else { "" };
        let written = self.sink.write_line(format!("{start}{line}\n").as_bytes());
        self.torn = written.is_err();
        written.map_err(|error| format!("the audit sink failed: {}", error.kind()))?;
        self.chain = next;
        if self.chain.seq.is_multiple_of(HEAD_EVERY) {
            self.log_head();
        }
        Ok(())
    }

    fn log_head(&mut self) {
        if self.logged == self.chain.seq {
            return;
        }
        self.logged = self.chain.seq;
        let fields = [
            ("boot".to_owned(), self.chain.boot.clone()),
            ("seq".to_owned(), self.chain.seq.to_string()),
            ("hash".to_owned(), self.chain.head.clone()),
        ];
        self.log.write(LogLevel::Info, "", "audit head", &fields);
    }
}

/// The hash of the last line of an audit file, for the next boot to name. None: there is no such line.
///
/// # Errors
/// The file is there and can't be read.
pub(crate) fn continues(path: &Path) -> io::Result<Option<String>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    // A terminal or a pipe has no last line.
    if !file.metadata()?.is_file() {
        return Ok(None);
    }
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let last = tail
        .split(|byte| *byte == b'\n')
        .rfind(|line| !line.is_empty());
    Ok(last.map(hash))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;
    use crate::journal::testing::{Lines, log_into};
    use serde_json::Value;

    fn started(sink: Box<dyn AuditSink>) -> (Audit, Arc<Lines>) {
        let (log, logged) = log_into();
        let audit = Audit::start(sink, None, "boot".to_owned(), log).unwrap();
        (audit, logged)
    }

    #[tokio::test]
    async fn records_of_many_requests_make_one_chain() {
        let written = Arc::new(Lines::default());
        let (audit, logged) = started(Box::new(written.clone()));
        let audit = Arc::new(audit);
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..50 {
            let audit = audit.clone();
            tasks.spawn(async move { audit.record(format!(r#"{{"n":{n}}}"#)).await });
        }
        while let Some(result) = tasks.join_next().await {
            assert_eq!(result.unwrap(), Ok(()));
        }
        audit.log_head().await;
        let mut previous = super::super::chain::NOTHING_BEFORE.to_owned();
        for (index, line) in written.all().iter().enumerate() {
            let line = line.strip_suffix('\n').unwrap();
            let chain = serde_json::from_str::<Value>(line).unwrap()["chain"].clone();
            assert_eq!(chain["seq"], index as u64 + 1);
            assert_eq!(chain["previous"], previous.as_str());
            previous = hash(line.as_bytes());
        }
        let heads = logged.with("audit head");
        assert_eq!(heads.len(), 1);
        assert!(heads[0].contains("seq=\"50\"") && heads[0].contains(&previous));
    }

    #[tokio::test]
    async fn the_head_is_logged_every_thousand_records() {
        let (audit, logged) = started(Box::new(Arc::new(Lines::default())));
        for _ in 0..2_001 {
            audit.record("{}".to_owned()).await.unwrap();
        }
        let heads = logged.with("audit head");
        assert_eq!(heads.len(), 2);
        assert!(heads[1].contains("seq=\"2000\""));
    }

    /// Fails when told to, leaving half a line.
    struct Full {
        lines: Arc<Lines>,
        fail: Arc<std::sync::atomic::AtomicBool>,
    }

    impl AuditSink for Full {
        fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
            if self.fail.load(std::sync::atomic::Ordering::SeqCst) {
                self.lines.push("{\"ha");
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            self.lines.write_line(line)
        }
    }

    #[tokio::test]
    async fn a_record_that_is_not_written_is_said_and_leaves_no_number() {
        let lines = Arc::new(Lines::default());
        let fail = Arc::new(std::sync::atomic::AtomicBool::new(true));
        let (audit, _) = started(Box::new(Full {
            lines: lines.clone(),
            fail: fail.clone(),
        }));
        assert!(audit.record("{}".to_owned()).await.is_err());
        fail.store(false, std::sync::atomic::Ordering::SeqCst);
        assert_eq!(audit.record("{}".to_owned()).await, Ok(()));
        assert!(audit.record("no record".to_owned()).await.is_err());
        let all = lines.all().concat();
        let whole: Vec<&str> = all.lines().collect();
        assert_eq!(whole.len(), 2, "the cut line is closed: {all}");
        assert!(whole[1].contains("\"seq\":1,"));
    }

    #[tokio::test]
    async fn the_next_boot_names_the_last_line() {
        let path = std::env::temp_dir().join(format!("octo-sts-audit-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        assert_eq!(continues(&path).unwrap(), None);
        std::fs::write(&path, "{\"a\":1}\n{\"b\":2}\n").unwrap();
        assert_eq!(continues(&path).unwrap(), Some(hash(b"{\"b\":2}")));
        let sink = super::super::FileAudit::open(&path, true).unwrap();
        let (log, _) = log_into();
        let audit = Audit::start(
            Box::new(sink),
            continues(&path).unwrap(),
            "boot".to_owned(),
            log,
        )
        .unwrap();
        audit.record("{}".to_owned()).await.unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with(&format!("\"previous\":\"{}\"}}}}\n", hash(b"{\"b\":2}"))));
        std::fs::remove_file(&path).unwrap();
    }
}
