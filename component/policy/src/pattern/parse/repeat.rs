//! Repetition: which operators are read, and how often something may repeat.

use super::{Parser, malformed};
use crate::pattern::PatternProblem;
use crate::pattern::tree::{Node, Repeat, Times};

/// RE2's limit for a count, and for the product of nested counts.
const MAX_COUNT: u32 = 1000;

impl<'p> Parser<'p> {
    /// `*`, `+`, `?`, `{2,3}`, and a `{` that is no count and so a literal. `before` is the operator that stands right
    /// before it, if one does.
    pub(super) fn operator(&mut self, before: Option<&'p str>) -> Result<(), PatternProblem> {
        let start = self.rest;
        let times = match self.take() {
            Some('*') => Times::Star,
            Some('+') => Times::Plus,
            Some('?') => Times::Optional,
            _ => match count(start) {
                Some((count, rest)) => {
                    self.rest = rest;
                    let text = || self.since(start).to_owned();
                    count.ok_or_else(|| PatternProblem::CountTooLarge(text()))?
                }
                None => {
                    self.literal('{');
                    return Ok(());
                }
            },
        };
        let lazy = self.eat("?") != self.flags.swapped;
        if let Some(before) = before {
            return Err(PatternProblem::RepeatedRepetition(
                self.since(before).to_owned(),
            ));
        }
        let operator = self.since(start);
        if let Times::Counted {
            least,
            most: Some(most),
        } = times
            && least > most
        {
            return Err(malformed(operator, "the least is above the most"));
        }
        let node = self.open.last_mut().and_then(|open| open.items.pop());
        let Some(node) = node else {
            return Err(malformed(operator, "there is nothing to repeat"));
        };
        let node = Node::Repeat(Repeat {
            times,
            lazy,
            node: Box::new(node),
        });
        if !within(&node, MAX_COUNT) {
            return Err(PatternProblem::CountTooLarge(operator.to_owned()));
        }
        self.push(node);
        self.repeated = Some(start);
        Ok(())
    }
}

/// `{n}`, `{n,}` or `{n,m}` with plain numbers, and what follows; `Some(None)`: a number above the limit. None: it is no count,
/// and RE2 reads a literal.
fn count(text: &str) -> Option<(Option<Times>, &str)> {
    let (inner, rest) = text.strip_prefix('{')?.split_once('}')?;
    let (least, most) = match inner.split_once(',') {
        None => (number(inner)?, Some(number(inner)?)),
        Some((least, "")) => (number(least)?, None),
        Some((least, most)) => (number(least)?, Some(number(most)?)),
    };
    let small = least <= MAX_COUNT && most.is_none_or(|most| most <= MAX_COUNT);
    Some((small.then_some(Times::Counted { least, most }), rest))
}

/// Digits without leading zeros; what is too large for the limit is only that.
fn number(text: &str) -> Option<u32> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    (digits && canonical).then(|| text.parse().unwrap_or(u32::MAX))
}

/// Whether counts stay below the limit together; `room` is how often the surroundings leave room to repeat. RE2 divides and
/// rounds down, and so does this: `(a{600}){1}` passes, `(a{2}){501}` does not. Recursion is bounded by the nesting.
fn within(node: &Node, room: u32) -> bool {
    match node {
        Node::Repeat(repeat) => {
            let Times::Counted { least, most } = repeat.times else {
                return within(&repeat.node, room);
            };
            match most.unwrap_or(least) {
                // Nothing is repeated: RE2 does not look inside.
                0 if most.is_some() => true,
                0 => within(&repeat.node, room),
                count => count <= room && within(&repeat.node, room / count),
            }
        }
        Node::Capture(node) => within(node, room),
        Node::Concat(nodes) | Node::Alternate(nodes) => nodes.iter().all(|node| within(node, room)),
        _ => true,
    }
}
