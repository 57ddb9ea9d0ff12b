//! A pattern as a tree: what RE2 reads in its text, flags resolved.

use regex_syntax::hir::ClassUnicode;

/// One construct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Node {
    /// Matches the empty text: `()`, one side of `a|`.
    Empty,
    /// One character; `fold`: in any case, under `(?i)`.
    Literal {
        character: char,
        fold: bool,
    },
    /// `.`; `newline`: under `(?s)`, where a line feed is a character like others.
    Any {
        newline: bool,
    },
    /// `[...]`, `\d`, `\pL` and their like. May be empty, and then matches nothing.
    Class(ClassUnicode),
    /// Matches between characters.
    Assertion(Assertion),
    Repeat(Repeat),
    /// `(...)`, `(?P<name>...)`: RE2 keeps these apart from what is around them.
    Capture(Box<Node>),
    /// One after the other; at least two.
    Concat(Vec<Node>),
    /// One of these; at least two.
    Alternate(Vec<Node>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Assertion {
    /// `\A`, and `^` without `(?m)`
    TextStart,
    /// `\z`, and `$` without `(?m)`
    TextEnd,
    /// `^` under `(?m)`
    LineStart,
    /// `$` under `(?m)`
    LineEnd,
    /// `\b`, over ASCII
    WordBoundary,
    /// `\B`
    NoWordBoundary,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repeat {
    pub(crate) times: Times,
    /// It prefers fewer. For a match of the whole text that makes no difference.
    pub(crate) lazy: bool,
    pub(crate) node: Box<Node>,
}

/// How often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Times {
    /// `*`
    Star,
    /// `+`
    Plus,
    /// `?`
    Optional,
    /// `{2}`, `{2,}`, `{2,3}`
    Counted { least: u32, most: Option<u32> },
}

impl Times {
    pub(crate) fn least(self) -> u32 {
        match self {
            Self::Star | Self::Optional => 0,
            Self::Plus => 1,
            Self::Counted { least, .. } => least,
        }
    }

    /// None: no limit.
    pub(crate) fn most(self) -> Option<u32> {
        match self {
            Self::Star | Self::Plus => None,
            Self::Optional => Some(1),
            Self::Counted { most, .. } => most,
        }
    }
}

impl Node {
    /// These one after the other.
    pub(crate) fn concat(mut nodes: Vec<Self>) -> Self {
        match nodes.len() {
            0 => Self::Empty,
            1 => nodes.swap_remove(0),
            _ => Self::Concat(nodes),
        }
    }

    /// One of these.
    pub(crate) fn alternate(mut nodes: Vec<Self>) -> Self {
        match nodes.len() {
            0 => Self::Empty,
            1 => nodes.swap_remove(0),
            _ => Self::Alternate(nodes),
        }
    }
}
