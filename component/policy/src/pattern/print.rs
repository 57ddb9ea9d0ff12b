//! From the tree back to a text that reads as the same tree. For tests of the parser.

use std::fmt::{self, Display, Formatter, Write as _};

use super::tree::{Assertion, Node, Times};

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("(?:)"),
            Self::Literal { character, fold } => {
                f.write_str(if *fold { "(?i:" } else { "" })?;
                literal(*character, f)?;
                f.write_str(if *fold { ")" } else { "" })
            }
            Self::Any { newline: true } => f.write_str("(?s:.)"),
            Self::Any { newline: false } => f.write_str("."),
            Self::Class(class) if class.ranges().is_empty() => f.write_str(r"[^\x{0}-\x{10FFFF}]"),
            Self::Class(class) => {
                f.write_char('[')?;
                for range in class.iter() {
                    let (start, end) = (u32::from(range.start()), u32::from(range.end()));
                    write!(f, r"\x{{{start:X}}}-\x{{{end:X}}}")?;
                }
                f.write_char(']')
            }
            Self::Assertion(assertion) => f.write_str(match assertion {
                Assertion::TextStart => r"\A",
                Assertion::TextEnd => r"\z",
                Assertion::LineStart => "(?m:^)",
                Assertion::LineEnd => "(?m:$)",
                Assertion::WordBoundary => r"\b",
                Assertion::NoWordBoundary => r"\B",
            }),
            Self::Repeat(repeat) => {
                apart(
                    &repeat.node,
                    |node| matches!(node, Self::Repeat(_) | Self::Concat(_) | Self::Alternate(_)),
                    f,
                )?;
                match repeat.times {
                    Times::Star => f.write_char('*')?,
                    Times::Plus => f.write_char('+')?,
                    Times::Optional => f.write_char('?')?,
                    Times::Counted { least, most } if most == Some(least) => {
                        write!(f, "{{{least}}}")?
                    }
                    Times::Counted { least, most: None } => write!(f, "{{{least},}}")?,
                    Times::Counted {
                        least,
                        most: Some(most),
                    } => write!(f, "{{{least},{most}}}")?,
                }
                f.write_str(if repeat.lazy { "?" } else { "" })
            }
            Self::Capture(node) => match &**node {
                Self::Empty => f.write_str("()"),
                node => write!(f, "({node})"),
            },
            Self::Concat(nodes) => nodes.iter().try_for_each(|node| {
                apart(
                    node,
                    |node| matches!(node, Self::Concat(_) | Self::Alternate(_)),
                    f,
                )
            }),
            Self::Alternate(nodes) => nodes.iter().enumerate().try_for_each(|(index, node)| {
                f.write_str(if index > 0 { "|" } else { "" })?;
                apart(node, |node| matches!(node, Self::Alternate(_)), f)
            }),
        }
    }
}

/// In a group that does not capture, where the node would mean something else without it.
fn apart(node: &Node, needed: impl Fn(&Node) -> bool, f: &mut Formatter<'_>) -> fmt::Result {
    if needed(node) {
        write!(f, "(?:{node})")
    } else {
        write!(f, "{node}")
    }
}

fn literal(character: char, f: &mut Formatter<'_>) -> fmt::Result {
    match character {
        c if c.is_ascii_alphanumeric() => f.write_char(c),
        c if c.is_ascii_graphic() => write!(f, "\\{c}"),
        c => write!(f, r"\x{{{:X}}}", u32::from(c)),
    }
}
