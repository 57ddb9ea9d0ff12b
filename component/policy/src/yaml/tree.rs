//! The tree of values, each with its place in the file.

use std::collections::HashMap;
use std::vec::IntoIter;

use saphyr_parser::{Event, ScalarStyle, Span};

use super::position;
use super::scalars::{Plain, is_typed, resolve};
use crate::problem::{PolicyError, Position, Problem};

/// How many aliases a file may use, and how much text they may stand for in all, in bytes. Without a cap a file of one
/// kilobyte can stand for gigabytes.
const MAX_ALIASES: usize = 64;
const MAX_ALIASED_BYTES: usize = 256 * 1024;

/// A value and where it was written (for an alias: where the alias is).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) position: Position,
    pub(crate) value: Value,
    /// It was written as a bool or an integer, without quotes.
    pub(crate) typed: bool,
}

/// A value. Bools and integers that all readers agree on are their text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Null,
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One entry of a mapping; keys are unique.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) position: Position,
    pub(crate) node: Node,
}

impl Node {
    /// What an alias to this costs: its text, and a flat sum for every node.
    fn cost(&self) -> usize {
        64 + match &self.value {
            Value::Null => 0,
            Value::Text(text) => text.len(),
            Value::List(items) => items.iter().map(Self::cost).sum(),
            Value::Map(entries) => entries
                .iter()
                .map(|entry| entry.key.len() + entry.node.cost())
                .sum(),
        }
    }
}

/// Builds the tree of the one document.
pub(super) fn build(events: Vec<(Event<'_>, Span)>) -> Result<Node, PolicyError> {
    let mut builder = Builder {
        events: events.into_iter(),
        anchors: HashMap::new(),
        aliases: 0,
        aliased: 0,
    };
    while let Some((event, span)) = builder.events.next() {
        match event {
            Event::StreamStart | Event::DocumentStart(_) => {}
            Event::StreamEnd => break,
            other => return builder.node(other, &span),
        }
    }
    Ok(Node {
        position: Position::START,
        value: Value::Null,
        typed: false,
    })
}

struct Builder<'t> {
    events: IntoIter<(Event<'t>, Span)>,
    /// Finished nodes by the parser's number for their anchor.
    anchors: HashMap<usize, Node>,
    aliases: usize,
    aliased: usize,
}

impl<'t> Builder<'t> {
    /// The node that begins with `event`. Recursion is bounded: `read_events` refused deeper nesting.
    fn node(&mut self, event: Event<'t>, span: &Span) -> Result<Node, PolicyError> {
        let position = position(span);
        let fail = |problem| Err(PolicyError::new(position, problem));
        let mut typed = false;
        let (anchor, value) = match event {
            Event::Alias(anchor) => return self.alias(anchor, position),
            Event::Scalar(text, style, anchor, _) => {
                typed = style == ScalarStyle::Plain && is_typed(&text);
                (anchor, scalar(&text, style, position)?)
            }
            Event::SequenceStart(anchor, _) => (anchor, self.list()?),
            Event::MappingStart(anchor, _) => (anchor, self.map()?),
            _ => return fail(unexpected()),
        };
        let node = Node {
            position,
            value,
            typed,
        };
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    /// An anchor is only known when its node is finished, so a loop finds nothing.
    fn alias(&mut self, anchor: usize, position: Position) -> Result<Node, PolicyError> {
        let Some(node) = self.anchors.get(&anchor) else {
            return Err(PolicyError::new(position, Problem::AliasLoop));
        };
        self.aliases += 1;
        self.aliased += node.cost();
        if self.aliases > MAX_ALIASES || self.aliased > MAX_ALIASED_BYTES {
            return Err(PolicyError::new(position, Problem::AliasLimit));
        }
        Ok(Node {
            position,
            value: node.value.clone(),
            typed: node.typed,
        })
    }

    fn list(&mut self) -> Result<Value, PolicyError> {
        let mut items = Vec::new();
        loop {
            match self.take()? {
                (Event::SequenceEnd, _) => return Ok(Value::List(items)),
                (event, span) => items.push(self.node(event, &span)?),
            }
        }
    }

    fn map(&mut self) -> Result<Value, PolicyError> {
        let mut entries: Vec<Entry> = Vec::new();
        let mut seen = std::collections::HashSet::new();
        loop {
            let (event, span) = self.take()?;
            if event == Event::MappingEnd {
                return Ok(Value::Map(entries));
            }
            let position = position(&span);
            let key = self.key(event, &span)?;
            if !seen.insert(key.clone()) {
                return Err(PolicyError::new(position, Problem::DuplicateKey(key)));
            }
            let (event, span) = self.take()?;
            let node = self.node(event, &span)?;
            entries.push(Entry {
                key,
                position,
                node,
            });
        }
    }

    fn key(&mut self, event: Event<'t>, span: &Span) -> Result<String, PolicyError> {
        if let Event::Scalar(..) = event
            && let Value::Text(key) = self.node(event, span)?.value
        {
            return Ok(key);
        }
        Err(PolicyError::new(position(span), Problem::KeyNotText))
    }

    fn take(&mut self) -> Result<(Event<'t>, Span), PolicyError> {
        self.events
            .next()
            .ok_or_else(|| PolicyError::new(Position::START, unexpected()))
    }
}

fn scalar(text: &str, style: ScalarStyle, position: Position) -> Result<Value, PolicyError> {
    if style != ScalarStyle::Plain {
        return Ok(Value::Text(text.to_owned()));
    }
    match resolve(text) {
        Plain::Null => Ok(Value::Null),
        Plain::Text => Ok(Value::Text(text.to_owned())),
        Plain::Merge => Err(PolicyError::new(position, Problem::MergeKey)),
        Plain::Ambiguous => Err(PolicyError::new(
            position,
            Problem::QuoteIt(text.to_owned()),
        )),
    }
}

fn unexpected() -> Problem {
    Problem::Syntax("unexpected end".to_owned())
}
