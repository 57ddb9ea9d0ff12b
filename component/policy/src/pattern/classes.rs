//! Character classes with RE2's meaning: all named ones are ASCII.

use regex_syntax::ast::{
    ClassAscii, ClassAsciiKind, ClassBracketed, ClassPerl, ClassPerlKind, ClassSet, ClassSetItem,
    Literal, LiteralKind,
};
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir};

use super::lower::literal;
use super::{PatternProblem, not_supported, source};

/// `.`: everything but a line feed.
pub(super) fn dot() -> Hir {
    negated(&[('\n', '\n')])
}

/// `\d \D \w \W \s \S`. `\s` lacks the vertical tab, unlike `[[:space:]]`.
pub(super) fn perl(class: &ClassPerl) -> ClassUnicode {
    let ranges: &[(char, char)] = match class.kind {
        ClassPerlKind::Digit => &[('0', '9')],
        ClassPerlKind::Space => &[('\t', '\n'), ('\x0C', '\r'), (' ', ' ')],
        ClassPerlKind::Word => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
    };
    finish(set(ranges), class.negated)
}

/// `[...]`
pub(super) fn bracketed(
    pattern: &str,
    class: &ClassBracketed,
) -> Result<ClassUnicode, PatternProblem> {
    let text = source(pattern, &class.span);
    let inner = text.strip_prefix('[').unwrap_or(text);
    let inner = inner.strip_prefix('^').unwrap_or(inner);
    // `[--/]` and `[]-a]` are ranges for RE2 and lists of literals for this parser.
    if inner.starts_with("--") || inner.starts_with("]-") {
        return Err(PatternProblem::NotSupported(text.to_owned()));
    }
    let ClassSet::Item(item) = &class.kind else {
        return Err(PatternProblem::NotSupported(text.to_owned()));
    };
    let mut members = ClassUnicode::empty();
    add(pattern, item, &mut members)?;
    Ok(finish(members, class.negated))
}

fn add(
    pattern: &str,
    item: &ClassSetItem,
    members: &mut ClassUnicode,
) -> Result<(), PatternProblem> {
    match item {
        ClassSetItem::Literal(one) => members.push(range(pattern, one, one)?),
        ClassSetItem::Range(span) => members.push(range(pattern, &span.start, &span.end)?),
        ClassSetItem::Ascii(class) => members.union(&ascii(class)),
        ClassSetItem::Perl(class) => members.union(&perl(class)),
        ClassSetItem::Union(union) => union
            .items
            .iter()
            .try_for_each(|item| add(pattern, item, members))?,
        // A nested class is literal text for RE2; `\pN` needs tables that change with every version of Unicode.
        ClassSetItem::Empty(_) | ClassSetItem::Unicode(_) | ClassSetItem::Bracketed(_) => {
            return Err(not_supported(pattern, item.span()));
        }
    }
    Ok(())
}

fn range(
    pattern: &str,
    start: &Literal,
    end: &Literal,
) -> Result<ClassUnicodeRange, PatternProblem> {
    Ok(ClassUnicodeRange::new(
        literal(pattern, start)?,
        literal(pattern, end)?,
    ))
}

/// `[:alpha:]` and its like, POSIX names over ASCII.
fn ascii(class: &ClassAscii) -> ClassUnicode {
    let ranges: &[(char, char)] = match class.kind {
        ClassAsciiKind::Alnum => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        ClassAsciiKind::Alpha => &[('A', 'Z'), ('a', 'z')],
        ClassAsciiKind::Ascii => &[('\0', '\x7F')],
        ClassAsciiKind::Blank => &[('\t', '\t'), (' ', ' ')],
        ClassAsciiKind::Cntrl => &[('\0', '\x1F'), ('\x7F', '\x7F')],
        ClassAsciiKind::Digit => &[('0', '9')],
        ClassAsciiKind::Graph => &[('!', '~')],
        ClassAsciiKind::Lower => &[('a', 'z')],
        ClassAsciiKind::Print => &[(' ', '~')],
        ClassAsciiKind::Punct => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        ClassAsciiKind::Space => &[('\t', '\r'), (' ', ' ')],
        ClassAsciiKind::Upper => &[('A', 'Z')],
        ClassAsciiKind::Word => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        ClassAsciiKind::Xdigit => &[('0', '9'), ('A', 'F'), ('a', 'f')],
    };
    finish(set(ranges), class.negated)
}

/// A literal as one that RE2 reads alike; used by both classes and lowering.
pub(super) fn is_served_literal(kind: &LiteralKind) -> bool {
    use regex_syntax::ast::{HexLiteralKind, SpecialLiteralKind};
    match kind {
        LiteralKind::Verbatim | LiteralKind::Meta | LiteralKind::Superfluous => true,
        LiteralKind::HexFixed(HexLiteralKind::X) | LiteralKind::HexBrace(HexLiteralKind::X) => true,
        // `\u` and `\U` do not exist in RE2; octal is read differently.
        LiteralKind::HexFixed(_) | LiteralKind::HexBrace(_) | LiteralKind::Octal => false,
        LiteralKind::Special(SpecialLiteralKind::Space) => false,
        LiteralKind::Special(_) => true,
    }
}

fn set(ranges: &[(char, char)]) -> ClassUnicode {
    ClassUnicode::new(
        ranges
            .iter()
            .map(|(start, end)| ClassUnicodeRange::new(*start, *end)),
    )
}

fn finish(mut class: ClassUnicode, negated: bool) -> ClassUnicode {
    if negated {
        class.negate();
    }
    class
}

fn negated(ranges: &[(char, char)]) -> Hir {
    Hir::class(Class::Unicode(finish(set(ranges), true)))
}
