//! From the tree to the program's form. It is built here construct by construct, so that no default of another dialect
//! (Unicode's `\d`, say) can slip in.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, Look, Repetition};

use super::names;
use super::tree::{Assertion, Node};

/// Recursion is bounded by the nesting of groups.
pub(super) fn lower(node: &Node) -> Hir {
    match node {
        Node::Empty => Hir::empty(),
        Node::Literal {
            character,
            fold: false,
        } => Hir::literal(character.encode_utf8(&mut [0; 4]).as_bytes()),
        Node::Literal {
            character,
            fold: true,
        } => class(names::folded(names::only(*character))),
        Node::Any { newline: true } => class(all()),
        Node::Any { newline: false } => class(names::negated(names::only('\n'))),
        Node::Class(members) => class(members.clone()),
        Node::Assertion(assertion) => Hir::look(look(*assertion)),
        Node::Repeat(repeat) => Hir::repetition(Repetition {
            min: repeat.times.least(),
            max: repeat.times.most(),
            greedy: !repeat.lazy,
            sub: Box::new(lower(&repeat.node)),
        }),
        Node::Capture(node) => lower(node),
        Node::Concat(nodes) => Hir::concat(nodes.iter().map(lower).collect()),
        Node::Alternate(nodes) => Hir::alternation(nodes.iter().map(lower).collect()),
    }
}

fn look(assertion: Assertion) -> Look {
    match assertion {
        Assertion::TextStart => Look::Start,
        Assertion::TextEnd => Look::End,
        Assertion::LineStart => Look::StartLF,
        Assertion::LineEnd => Look::EndLF,
        Assertion::WordBoundary => Look::WordAscii,
        Assertion::NoWordBoundary => Look::WordAsciiNegate,
    }
}

fn class(members: ClassUnicode) -> Hir {
    Hir::class(Class::Unicode(members))
}

fn all() -> ClassUnicode {
    ClassUnicode::new([ClassUnicodeRange::new('\0', char::MAX)])
}
