//! Whether a pattern for issuers could let the host vary (octo-sts's guard "must not span the host"): a `/` that may or
//! may not be there, or that anything can stand for, lets `https://ci.example/evil.test` look like `https://ci.example`.
//!
//! octo-sts looks at the tree that Go's parser makes, which takes common beginnings out of alternatives:
//! `https://a\.x|https://b\.x` becomes `https://(a\.x|b\.x)`, where the slashes are in a fixed place. So the same is done here.

use regex_syntax::hir::ClassUnicode;

use super::names;
use super::tree::{Node, Repeat, Times};

/// How a pattern can match another host than its author thinks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Span {
    /// `.`
    #[error("\".\" can match \"/\"")]
    Dot,
    /// `[^.]`, `\S`, `[.-9]`
    #[error("a character class can match \"/\"")]
    Class,
    /// `(/a)?`, `/+`, `a/|b`
    #[error("a literal \"/\" sits inside a repetition, optional or alternation")]
    Literal,
}

/// What is wrong, if anything is.
pub(super) fn check(tree: &Node) -> Option<Span> {
    look(&sequence(tree), false)
}

/// A tree as Go's parser simplifies it, as far as the guard sees it: what stands one after the other.
type Sequence = Vec<Item>;

#[derive(Clone, PartialEq)]
enum Item {
    Nothing,
    /// The second: under `(?i)`.
    Literal(char, bool),
    Any,
    Class(ClassUnicode),
    Assertion(super::tree::Assertion),
    Repeat(Times, bool, Sequence),
    Capture(Sequence),
    /// At least two.
    Alternate(Vec<Sequence>),
}

impl Item {
    /// What may be taken out of alternatives beside literals.
    fn is_simple(&self) -> bool {
        match self {
            Self::Repeat(Times::Counted { least, most }, _, inner) => {
                *most == Some(*least) && matches!(&inner[..], [one] if one.is_one_character())
            }
            other => other.is_one_character(),
        }
    }

    fn is_one_character(&self) -> bool {
        matches!(self, Self::Literal(..) | Self::Any | Self::Class(_))
    }
}

/// Recursion is bounded by the nesting of groups.
fn sequence(node: &Node) -> Sequence {
    match node {
        Node::Empty => Vec::new(),
        Node::Literal { character, fold } => vec![literal(*character, *fold)],
        Node::Any { .. } => vec![Item::Any],
        Node::Class(class) => vec![one_member(class).map_or_else(
            || Item::Class(class.clone()),
            |character| Item::Literal(character, false),
        )],
        Node::Assertion(assertion) => vec![Item::Assertion(*assertion)],
        Node::Repeat(Repeat { times, lazy, node }) => {
            vec![Item::Repeat(*times, *lazy, sequence(node))]
        }
        Node::Capture(node) => vec![Item::Capture(sequence(node))],
        // Nothing, as a part of something, is in the way of what comes after it.
        Node::Concat(nodes) => nodes.iter().flat_map(part).collect(),
        Node::Alternate(nodes) => alternate(nodes.iter().map(sequence).collect()),
    }
}

fn part(node: &Node) -> Sequence {
    match node {
        Node::Empty => vec![Item::Nothing],
        other => sequence(other),
    }
}

/// Under `(?i)` the least of the characters that are one.
fn literal(character: char, fold: bool) -> Item {
    if !fold {
        return Item::Literal(character, false);
    }
    let folded = names::folded(names::only(character));
    let least = folded.ranges().first().map(|range| range.start());
    Item::Literal(least.unwrap_or(character), true)
}

fn one_member(class: &ClassUnicode) -> Option<char> {
    match class.ranges() {
        [range] if range.start() == range.end() => Some(range.start()),
        _ => None,
    }
}

/// Alternatives, with what begins several neighbours taken out: literals first, then classes.
fn alternate(alternatives: Vec<Sequence>) -> Sequence {
    let mut all = Vec::new();
    for sequence in alternatives {
        match <[Item; 1]>::try_from(sequence) {
            // One that is nothing but alternatives brings them along.
            Ok([Item::Alternate(inner)]) => all.extend(inner),
            Ok([other]) => all.push(vec![other]),
            Err(sequence) => all.push(sequence),
        }
    }
    let all = factored(all, |item| matches!(item, Item::Literal(..)));
    let mut all = factored(all, Item::is_simple);
    // Neighbours that match the empty text are one.
    all.dedup_by(|right, left| right.is_empty() && left.is_empty());
    match <[Sequence; 1]>::try_from(all) {
        Ok([only]) => only,
        Err(all) => vec![Item::Alternate(all)],
    }
}

fn factored(all: Vec<Sequence>, may: impl Fn(&Item) -> bool) -> Vec<Sequence> {
    let mut out: Vec<Sequence> = Vec::new();
    let mut run: Vec<Sequence> = Vec::new();
    for sequence in all {
        let same = matches!(
            (run.first().and_then(|first| first.first()), sequence.first()),
            (Some(left), Some(right)) if left == right && may(left)
        );
        if !same {
            end_run(&mut run, &mut out);
        }
        run.push(sequence);
    }
    end_run(&mut run, &mut out);
    out
}

fn end_run(run: &mut Vec<Sequence>, out: &mut Vec<Sequence>) {
    let first = run.first().and_then(|sequence| sequence.first()).cloned();
    match first {
        Some(first) if run.len() > 1 => {
            let rest = run.drain(..).map(|mut sequence| {
                sequence.remove(0);
                sequence
            });
            let mut whole = vec![first];
            whole.extend(alternate(rest.collect()));
            out.push(whole);
        }
        _ => out.append(run),
    }
}

/// `varies`: inside of a repetition or an alternative.
fn look(sequence: &[Item], varies: bool) -> Option<Span> {
    sequence.iter().find_map(|item| match item {
        Item::Literal('/', _) if varies => Some(Span::Literal),
        Item::Literal(..) | Item::Assertion(_) | Item::Nothing => None,
        Item::Any => Some(Span::Dot),
        Item::Class(class) => has_slash(class).then_some(Span::Class),
        Item::Repeat(_, _, inner) => look(inner, true),
        Item::Capture(inner) => look(inner, varies),
        Item::Alternate(all) => all.iter().find_map(|sequence| look(sequence, true)),
    })
}

fn has_slash(class: &ClassUnicode) -> bool {
    let mut ranges = class.iter();
    ranges.any(|range| (range.start()..=range.end()).contains(&'/'))
}
