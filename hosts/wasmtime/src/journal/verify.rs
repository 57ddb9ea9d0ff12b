//! Whether audit records still follow from each other (rule 33).

use std::io::{self, BufRead, Read as _};

use serde::Deserialize;

use super::chain::{LARGEST_LINE, NOTHING_BEFORE, hash};

/// Broken lines that are named; a file of something else would have as many as lines.
const MOST_NAMED: usize = 100;

/// What is left of a chain.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct VerifiedAudit {
    /// How many lines there are.
    pub lines: u64,
    /// How many boots wrote them.
    pub boots: u64,
    /// The hash that the first record names: of a line in an earlier file, unless it is [`VerifiedAudit::BEGINNING`].
    pub follows: String,
    /// The hash of the last record.
    pub head: String,
    /// The line whose record has the hash that was asked for.
    pub found: Option<u64>,
    /// Lines that do not follow, by number, with the reason; the first hundred.
    pub broken: Vec<(u64, &'static str)>,
}

impl VerifiedAudit {
    /// What the first record of all names.
    pub const BEGINNING: &str = NOTHING_BEFORE;

    fn breaks(&mut self, why: &'static str) {
        if self.broken.len() < MOST_NAMED {
            self.broken.push((self.lines, why));
        }
    }
}

#[derive(Deserialize)]
struct Record {
    chain: Link,
}

#[derive(Deserialize)]
struct Link {
    boot: String,
    seq: u64,
    previous: String,
}

/// Reads audit records line by line, and holds each against the one before. A line that is no record is named, and the next
/// one must follow the last record; an empty line is nothing. `head`: a hash from the log to look for, in hex.
///
/// A chain shows edits, losses and swaps, not a file that was rewritten as a whole or cut at its end: for that a head from
/// the log is what is compared.
///
/// # Errors
/// The file cannot be read.
pub fn verify_audit(mut file: impl BufRead, head: Option<&str>) -> io::Result<VerifiedAudit> {
    let mut verified = VerifiedAudit::default();
    let mut last: Option<Link> = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        let most = u64::try_from(LARGEST_LINE + 1).unwrap_or(u64::MAX);
        file.by_ref().take(most).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Ok(verified);
        }
        verified.lines += 1;
        if line.pop_if(|byte| *byte == b'\n').is_none() {
            verified.breaks("the line has no end");
            if line.len() > LARGEST_LINE {
                return Ok(verified);
            }
            continue;
        }
        // Written after a write that failed, to close what it may have left.
        if line.is_empty() {
            continue;
        }
        let Ok(Record { chain }) = serde_json::from_slice::<Record>(&line) else {
            verified.breaks("it is no record with a chain");
            continue;
        };
        follow(&mut verified, last.as_ref(), &chain);
        verified.head = hash(&line);
        if head.is_some_and(|head| head.eq_ignore_ascii_case(&verified.head)) {
            verified.found = Some(verified.lines);
        }
        last = Some(chain);
    }
}

fn follow(verified: &mut VerifiedAudit, last: Option<&Link>, link: &Link) {
    let Some(last) = last else {
        verified.boots = 1;
        verified.follows.clone_from(&link.previous);
        return;
    };
    if link.previous != verified.head {
        verified.breaks("it does not follow from the line before");
    }
    if link.boot != last.boot {
        verified.boots += 1;
        if link.seq != 1 {
            verified.breaks("a boot begins in its middle");
        }
    } else if link.seq != last.seq.wrapping_add(1) {
        verified.breaks("its number is not the next one");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::super::chain::Chain;
    use super::*;

    fn lines(boot: &str, previous: Option<String>, count: u64) -> (Vec<String>, String) {
        let mut chain = Chain::begin(boot.to_owned(), previous);
        let mut lines = Vec::new();
        for number in 0..count {
            let (line, next) = chain.seal(&format!(r#"{{"n":{number}}}"#)).unwrap();
            lines.push(line);
            chain = next;
        }
        (lines, chain.head)
    }

    fn verified(lines: &[String], head: Option<&str>) -> VerifiedAudit {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        verify_audit(text.as_bytes(), head).unwrap()
    }

    fn broken(lines: &[String]) -> Vec<u64> {
        let broken = verified(lines, None).broken;
        broken.iter().map(|(line, _)| *line).collect()
    }

    #[test]
    fn a_chain_of_two_boots_is_whole() {
        let (mut all, head) = lines("a", None, 3);
        let (more, last) = lines("b", Some(head.clone()), 2);
        all.extend(more);
        let found = verified(&all, Some(&head.to_uppercase()));
        assert_eq!((found.lines, found.boots, found.found), (5, 2, Some(3)));
        assert_eq!(
            (found.follows.as_str(), found.head.as_str()),
            (NOTHING_BEFORE, last.as_str())
        );
        assert_eq!(found.broken, []);
        assert_eq!(verified(&all, Some("00")).found, None);
        // What an earlier file had is named by the first record of this one.
        assert_eq!(verified(&all[3..], None).follows, head);
        assert_eq!(verified(&[], None), VerifiedAudit::default());
    }

    #[test]
    fn an_edit_a_loss_a_swap_and_a_torn_line_show() {
        let (all, _) = lines("a", None, 4);
        let mut edited = all.clone();
        edited[1] = edited[1].replace("\"n\":1", "\"n\":7");
        assert_eq!(broken(&edited), [3]);
        assert_eq!(broken(&[all[0].clone(), all[2].clone()]), [2, 2]);
        let swapped = [all[1].clone(), all[0].clone(), all[2].clone()];
        assert_eq!(broken(&swapped), [2, 2, 3, 3]);
        // Half a line was closed, and the next record follows from the last whole one.
        let torn = [
            all[0].clone(),
            all[1].chars().take(20).collect(),
            all[1].clone(),
            all[2].clone(),
        ];
        assert_eq!(broken(&torn), [2]);
        let untorn = [all[0].clone(), String::new(), all[1].clone()];
        assert!(broken(&untorn).is_empty());
        let (other, _) = lines("b", None, 2);
        assert_eq!(broken(&[all[0].clone(), other[1].clone()]), [2, 2]);
        let twice = all[1].replace("\"n\":1", "\"chain\":{},\"n\":1");
        assert_eq!(broken(&[all[0].clone(), twice])[0], 2);
        assert_eq!(
            broken(&["{}".to_owned(), r#"{"chain":"none"}"#.to_owned()]),
            [1, 2]
        );
    }

    #[test]
    fn what_has_no_end_is_named() {
        let (all, _) = lines("a", None, 1);
        let unfinished = verify_audit(all[0].as_bytes(), None).unwrap();
        assert_eq!(unfinished.broken, [(1, "the line has no end")]);
        let long = "x".repeat(3 * LARGEST_LINE);
        let long = verify_audit(long.as_bytes(), None).unwrap();
        assert_eq!((long.lines, long.broken.len()), (1, 1));
    }
}
