//! From the text to the tree, as Go's `regexp/syntax` reads it with its Perl flags
//! (<https://github.com/google/re2/wiki/Syntax>, the rows that are supported).

mod class;
mod escape;
mod group;
mod repeat;

use std::collections::HashMap;

use regex_syntax::hir::ClassUnicode;

use super::PatternProblem;
use super::tree::{Assertion, Node};

/// The deepest nesting of groups. RE2's limit is a tree of 1000 levels; a smaller one keeps the stack small.
pub(super) const MAX_NESTING: usize = 100;

/// What `(?...)` turns on and off.
#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    /// `i`
    fold: bool,
    /// `m`
    lines: bool,
    /// `s`
    dot_newline: bool,
    /// `U`: `a*` is lazy and `a*?` is not.
    swapped: bool,
}

/// A group that is still open, or the pattern itself.
#[derive(Default)]
struct Open {
    /// The alternatives before the last `|`.
    alternatives: Vec<Node>,
    /// What the last alternative has so far.
    items: Vec<Node>,
    captures: bool,
    /// The flags that come back when it closes.
    outside: Flags,
}

impl Open {
    fn close_alternative(&mut self) {
        let items = std::mem::take(&mut self.items);
        self.alternatives.push(Node::concat(items));
    }

    fn close(mut self) -> Node {
        self.close_alternative();
        let node = Node::alternate(self.alternatives);
        if self.captures {
            Node::Capture(Box::new(node))
        } else {
            node
        }
    }
}

/// Reads a pattern. Bounded by its length; what nests is on the heap.
pub(super) fn parse(pattern: &str) -> Result<Node, PatternProblem> {
    let mut parser = Parser {
        rest: pattern,
        open: vec![Open::default()],
        flags: Flags::default(),
        repeated: None,
        named: HashMap::new(),
    };
    while let Some(c) = parser.peek() {
        // What an operator in this step must not follow: the one of the last step.
        let before = parser.repeated.take();
        parser.step(c, before)?;
    }
    let last = parser.open.pop();
    match last {
        Some(open) if parser.open.is_empty() => Ok(open.close()),
        _ => Err(malformed("(", "a group is not closed")),
    }
}

struct Parser<'p> {
    rest: &'p str,
    /// Never empty while it parses.
    open: Vec<Open>,
    flags: Flags,
    /// From the last operator on, if the last step was one.
    repeated: Option<&'p str>,
    /// Unicode's classes so far, by name and folding: each takes a while to make.
    named: HashMap<(&'p str, bool), ClassUnicode>,
}

impl<'p> Parser<'p> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(c)
    }

    fn eat(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    /// What was read since the text was `start`.
    fn since(&self, start: &'p str) -> &'p str {
        let length = start.len().saturating_sub(self.rest.len());
        start.get(..length).unwrap_or(start)
    }

    fn push(&mut self, node: Node) {
        if let Some(open) = self.open.last_mut() {
            open.items.push(node);
        }
    }

    fn literal(&mut self, character: char) {
        let fold = self.flags.fold;
        self.push(Node::Literal { character, fold });
    }

    fn step(&mut self, c: char, before: Option<&'p str>) -> Result<(), PatternProblem> {
        match c {
            '(' => return self.open_group(),
            ')' => return self.close_group(),
            '[' => {
                let class = self.bracketed()?;
                self.push(Node::Class(class));
                return Ok(());
            }
            '\\' => return self.backslash(),
            '*' | '+' | '?' | '{' => return self.operator(before),
            _ => {}
        }
        self.take();
        match c {
            '|' => {
                if let Some(open) = self.open.last_mut() {
                    open.close_alternative();
                }
            }
            '^' if self.flags.lines => self.push(Node::Assertion(Assertion::LineStart)),
            '^' => self.push(Node::Assertion(Assertion::TextStart)),
            '$' if self.flags.lines => self.push(Node::Assertion(Assertion::LineEnd)),
            '$' => self.push(Node::Assertion(Assertion::TextEnd)),
            '.' => {
                let newline = self.flags.dot_newline;
                self.push(Node::Any { newline });
            }
            c => self.literal(c),
        }
        Ok(())
    }

    /// What begins with a backslash, outside of brackets.
    fn backslash(&mut self) -> Result<(), PatternProblem> {
        let assertions = [
            (r"\A", Assertion::TextStart),
            (r"\z", Assertion::TextEnd),
            (r"\b", Assertion::WordBoundary),
            (r"\B", Assertion::NoWordBoundary),
        ];
        for (text, assertion) in assertions {
            if self.eat(text) {
                self.push(Node::Assertion(assertion));
                return Ok(());
            }
        }
        if self.eat(r"\Q") {
            return self.quoted();
        }
        if let Some(class) = self.class_escape()? {
            self.push(Node::Class(class));
            return Ok(());
        }
        match self.escape()? {
            Some(character) => self.literal(character),
            None => self.push(Node::Class(class::nothing())),
        }
        Ok(())
    }

    /// `\Q...\E`. Without its end it would be all of the rest for RE2, and then swallow the anchor that octo-sts puts behind
    /// the pattern: such a pattern compiles there alone and not as a whole (rule 26).
    fn quoted(&mut self) -> Result<(), PatternProblem> {
        let Some((text, rest)) = self.rest.split_once(r"\E") else {
            return Err(malformed(r"\Q", r"it is not closed by `\E`"));
        };
        self.rest = rest;
        for c in text.chars() {
            self.literal(c);
        }
        Ok(())
    }
}

fn malformed(text: &str, problem: &str) -> PatternProblem {
    PatternProblem::Malformed {
        text: text.to_owned(),
        problem: problem.to_owned(),
    }
}
