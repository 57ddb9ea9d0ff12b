//! Repetition: which operators are read, and how often something may repeat.

use regex_syntax::ast::{Ast, Repetition, RepetitionKind, RepetitionRange};

use super::{PatternProblem, not_supported, source};

/// RE2's limit for a count, and for the product of nested counts.
pub(super) const MAX_COUNT: u32 = 1000;

/// Checks every repetition of the tree; `budget` is how often the surroundings leave room to repeat. RE2 divides and
/// rounds down, and so does this: `(a{600}){1}` passes, `(a{2}){501}` does not.
pub(super) fn check(pattern: &str, tree: &Ast, budget: u32) -> Result<(), PatternProblem> {
    match tree {
        Ast::Repetition(repetition) => check_repetition(pattern, repetition, budget),
        Ast::Group(group) => check(pattern, &group.ast, budget),
        Ast::Alternation(alternation) => alternation
            .asts
            .iter()
            .try_for_each(|ast| check(pattern, ast, budget)),
        Ast::Concat(concat) => concat
            .asts
            .iter()
            .try_for_each(|ast| check(pattern, ast, budget)),
        _ => Ok(()),
    }
}

fn check_repetition(
    pattern: &str,
    repetition: &Repetition,
    budget: u32,
) -> Result<(), PatternProblem> {
    let operator = source(pattern, &repetition.op.span);
    if matches!(*repetition.ast, Ast::Repetition(_)) {
        return Err(PatternProblem::RepeatedRepetition(
            source(pattern, &repetition.span).to_owned(),
        ));
    }
    let RepetitionKind::Range(range) = &repetition.op.kind else {
        return check(pattern, &repetition.ast, budget);
    };
    if !is_count(operator) {
        return Err(not_supported(pattern, &repetition.op.span));
    }
    // The minimum is never above the maximum: the parser has refused `{2,1}`.
    let maximum = match *range {
        RepetitionRange::Exactly(count) | RepetitionRange::AtLeast(count) => count,
        RepetitionRange::Bounded(_, maximum) => maximum,
    };
    if maximum > budget {
        return Err(PatternProblem::CountTooLarge(operator.to_owned()));
    }
    let unbounded = matches!(range, RepetitionRange::AtLeast(_));
    match maximum {
        // Nothing is repeated: RE2 does not look inside.
        0 if !unbounded => check(pattern, &repetition.ast, MAX_COUNT),
        0 => check(pattern, &repetition.ast, budget),
        n => check(pattern, &repetition.ast, budget / n),
    }
}

/// `{n}`, `{n,}` or `{n,m}` with plain numbers, perhaps lazy. `regex-syntax` also takes blanks, leading zeros and an
/// empty minimum, which RE2 reads as literal text.
fn is_count(operator: &str) -> bool {
    let operator = operator.strip_suffix('?').unwrap_or(operator);
    let Some(inner) = operator
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
    else {
        return false;
    };
    match inner.split_once(',') {
        None => is_number(inner),
        Some((minimum, "")) => is_number(minimum),
        Some((minimum, maximum)) => is_number(minimum) && is_number(maximum),
    }
}

fn is_number(text: &str) -> bool {
    let canonical = text == "0" || !text.starts_with('0');
    !text.is_empty() && canonical && text.bytes().all(|b| b.is_ascii_digit())
}
