//! The chain of audit records (rule 33): each names the hash of the one before, so a record that was changed, taken out
//! or put in shows. It does not show a file that was rewritten as a whole; for that the head is in the log.

use std::collections::HashMap;

use serde::de::IgnoredAny;
use sha2::{Digest as _, Sha256};

/// What the first record names where nothing came before.
pub(super) const NOTHING_BEFORE: &str =
    "0000000000000000000000000000000000000000000000000000000000000000";

/// The largest record: with all of a token's compared claims it is a few KiB.
const LARGEST_ENTRY: usize = 256 * 1024;
/// The largest line: with its chain.
pub(super) const LARGEST_LINE: usize = LARGEST_ENTRY + 512;

/// The state of the chain of one boot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    /// 128 random bits in hex.
    pub(super) boot: String,
    /// How many records there are; the last one has this number.
    pub(super) seq: u64,
    /// The hash of the last line, or of the last line of the boot before.
    pub(super) head: String,
}

impl Chain {
    /// The chain of this boot, after a file whose last line hashes to `previous`.
    pub(super) fn begin(boot: String, previous: Option<String>) -> Self {
        Self {
            boot,
            seq: 0,
            head: previous.unwrap_or_else(|| NOTHING_BEFORE.to_owned()),
        }
    }

    /// The line for `entry` (no newline) and the chain after it; the chain moves on only once the line is written.
    ///
    /// # Errors
    /// `entry` is no JSON object on one line, is too large, or brings a `chain` of its own.
    pub(super) fn seal(&self, entry: &str) -> Result<(String, Self), &'static str> {
        let members = check(entry)?;
        let seq = self.seq + 1;
        let body = entry
            .strip_suffix('}')
            .ok_or("the record is no JSON object")?;
        let comma = if members == 0 { "" } else { "," };
        let line = format!(
            r#"{body}{comma}"chain":{{"boot":"{}","seq":{seq},"previous":"{}"}}}}"#,
            self.boot, self.head
        );
        let next = Self {
            boot: self.boot.clone(),
            seq,
            head: hash(line.as_bytes()),
        };
        Ok((line, next))
    }
}

/// Whether `entry` can be a record; gives the number of its members.
fn check(entry: &str) -> Result<usize, &'static str> {
    if entry.len() > LARGEST_ENTRY {
        return Err("the record is too large");
    }
    // Two lines would be two records, of which the second may say anything.
    if entry.contains(['\n', '\r']) {
        return Err("the record is no single line");
    }
    if !entry.starts_with('{') || !entry.ends_with('}') {
        return Err("the record is no JSON object");
    }
    let members: HashMap<String, IgnoredAny> =
        serde_json::from_str(entry).map_err(|_| "the record is no JSON object")?;
    if members.contains_key("chain") {
        return Err("the record has a chain already");
    }
    Ok(members.len())
}

/// The SHA-256 of a line, without its newline, in hex.
pub(super) fn hash(line: &[u8]) -> String {
    Sha256::digest(line)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    fn three() -> Vec<String> {
        let mut chain = Chain::begin("b".to_owned(), None);
        let mut lines = Vec::new();
        for entry in [r#"{"a":1}"#, "{}", r#"{"b":{"chain":2}}"#] {
            let (line, next) = chain.seal(entry).unwrap();
            lines.push(line);
            chain = next;
        }
        lines
    }

    #[test]
    fn records_name_the_one_before() {
        let lines = three();
        assert!(lines[0].starts_with(r#"{"a":1,"chain":{"boot":"b","seq":1,"previous":"0000"#));
        assert!(lines[1].starts_with(r#"{"chain":{"boot":"b","seq":2,"#));
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let chain = Chain::begin("b".to_owned(), None);
        for entry in [
            "",
            "{",
            "[]",
            "null",
            "{}\n{}",
            "{\"a\":\n1}",
            "{\"a\":\r1}",
            "{\"a\":1",
            "{\"a\":1}}",
            " {}",
            "{} ",
            "{\"chain\":\"none\"}",
            "{\"ch\\u0061in\":\"none\"}",
        ] {
            assert!(chain.seal(entry).is_err(), "{entry:?}");
        }
        let large = format!(r#"{{"a":"{}"}}"#, "x".repeat(LARGEST_ENTRY));
        assert!(chain.seal(&large).is_err());
    }
}
