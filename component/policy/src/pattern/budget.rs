//! What matching may cost. A program is run over a text in a time that is bounded by the product of their lengths, and whoever
//! writes a policy and runs an issuer chooses both.

use std::cell::Cell;

use super::Pattern;

/// Bytes of program times bytes of text, for one decision: about half a second of one processor at worst. A usual pattern
/// and subject come to a few million.
const MOST: u64 = 1 << 30;

/// What is left for one decision.
pub(crate) struct Budget(Cell<u64>);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(Cell::new(MOST))
    }

    /// Whether the whole text matches; `None` where that would cost too much to find out.
    pub(crate) fn matches(&self, pattern: &Pattern, text: &str) -> Option<bool> {
        let [program, text_bytes] = [pattern.program_bytes(), text.len()]
            .map(|bytes| u64::try_from(bytes).unwrap_or(u64::MAX));
        let left = self
            .0
            .get()
            .checked_sub(program.saturating_mul(text_bytes))?;
        self.0.set(left);
        Some(pattern.matches(text))
    }
}
