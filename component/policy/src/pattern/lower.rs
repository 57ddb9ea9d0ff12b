//! From the parser's tree to the program's, one construct after the other. What is not listed is refused.

use regex_syntax::ast::{self, Ast, GroupKind, Literal, RepetitionKind, RepetitionRange};
use regex_syntax::hir::{Class, Hir, Repetition};

use super::{PatternProblem, classes, not_supported, source};

/// Lowers a tree that `counts::check` has passed. Recursion is bounded by the parser's nesting limit.
pub(super) fn lower(pattern: &str, tree: &Ast) -> Result<Hir, PatternProblem> {
    match tree {
        Ast::Empty(_) => Ok(Hir::empty()),
        Ast::Literal(one) => {
            let c = literal(pattern, one)?;
            Ok(Hir::literal(c.encode_utf8(&mut [0; 4]).as_bytes()))
        }
        Ast::Dot(_) => Ok(classes::dot()),
        Ast::ClassPerl(class) => Ok(Hir::class(Class::Unicode(classes::perl(class)))),
        Ast::ClassBracketed(class) => Ok(Hir::class(Class::Unicode(classes::bracketed(
            pattern, class,
        )?))),
        Ast::Repetition(repetition) => repeat(pattern, repetition),
        Ast::Group(group) => {
            check_group(pattern, group)?;
            lower(pattern, &group.ast)
        }
        Ast::Alternation(alternation) => Ok(Hir::alternation(all(pattern, &alternation.asts)?)),
        Ast::Concat(concat) => Ok(Hir::concat(all(pattern, &concat.asts)?)),
        Ast::Flags(_) | Ast::Assertion(_) | Ast::ClassUnicode(_) => {
            Err(not_supported(pattern, tree.span()))
        }
    }
}

fn all(pattern: &str, trees: &[Ast]) -> Result<Vec<Hir>, PatternProblem> {
    trees.iter().map(|tree| lower(pattern, tree)).collect()
}

/// The character of a literal, if RE2 reads its spelling alike.
pub(super) fn literal(pattern: &str, literal: &Literal) -> Result<char, PatternProblem> {
    if classes::is_served_literal(&literal.kind) {
        Ok(literal.c)
    } else {
        Err(not_supported(pattern, &literal.span))
    }
}

fn repeat(pattern: &str, repetition: &ast::Repetition) -> Result<Hir, PatternProblem> {
    let (min, max) = match repetition.op.kind {
        RepetitionKind::ZeroOrOne => (0, Some(1)),
        RepetitionKind::ZeroOrMore => (0, None),
        RepetitionKind::OneOrMore => (1, None),
        RepetitionKind::Range(RepetitionRange::Exactly(count)) => (count, Some(count)),
        RepetitionKind::Range(RepetitionRange::AtLeast(minimum)) => (minimum, None),
        RepetitionKind::Range(RepetitionRange::Bounded(minimum, maximum)) => {
            (minimum, Some(maximum))
        }
    };
    let sub = Box::new(lower(pattern, &repetition.ast)?);
    Ok(Hir::repetition(Repetition {
        min,
        max,
        greedy: repetition.greedy,
        sub,
    }))
}

/// Groups may capture, be named with ASCII word characters, or neither; flags are not served.
fn check_group(pattern: &str, group: &ast::Group) -> Result<(), PatternProblem> {
    match &group.kind {
        GroupKind::CaptureIndex(_) => Ok(()),
        GroupKind::CaptureName { name, .. } => {
            if name
                .name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_')
            {
                Ok(())
            } else {
                Err(not_supported(pattern, &name.span))
            }
        }
        GroupKind::NonCapturing(flags) if flags.items.is_empty() => Ok(()),
        GroupKind::NonCapturing(flags) => Err(PatternProblem::NotSupported(format!(
            "(?{}:",
            source(pattern, &flags.span)
        ))),
    }
}
