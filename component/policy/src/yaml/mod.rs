//! A strict reader of YAML (rule 24).
//!
//! octo-sts reads policies with a YAML 1.1 parser, this crate with a 1.2 one. Where the two could read the same bytes as
//! two different policies, an attacker could show a reviewer one and the server the other. So whatever they could
//! disagree on is an error here, found either in the characters ([`characters`]), in the text between the scalars
//! ([`structure`]), in what an unquoted scalar means ([`scalars`]) or while the tree is built ([`tree`]).

mod characters;
mod scalars;
mod structure;
mod tree;

use saphyr_parser::{Event, Parser, Span};

use crate::problem::{PolicyError, Position, Problem};

pub(crate) use tree::{Entry, Node, Value};

/// The largest policy file that is read, in bytes.
pub const MAX_FILE_BYTES: usize = 64 * 1024;
/// The deepest nesting of lists and mappings. A policy needs two levels.
const MAX_NESTING: usize = 16;

/// Reads one document into a tree. No document, or only comments, is [`Value::Null`].
///
/// # Errors
/// The first thing that is wrong, with its place.
pub(crate) fn load(bytes: &[u8]) -> Result<Node, PolicyError> {
    if bytes.len() > MAX_FILE_BYTES {
        let problem = Problem::FileTooLarge {
            limit: MAX_FILE_BYTES,
        };
        return Err(PolicyError::new(Position::START, problem));
    }
    let text = str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let end = end_of(&String::from_utf8_lossy(before));
        PolicyError::new(end, Problem::NotUtf8)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    characters::check(text)?;
    let events = read_events(text)?;
    structure::check(text, &events)?;
    tree::build(events)
}

/// All events of the stream. Stops at the nesting limit, before memory or time could be spent on depth.
fn read_events(text: &str) -> Result<Vec<(Event<'_>, Span)>, PolicyError> {
    let mut events = Vec::new();
    let mut depth = 0_usize;
    let mut documents = 0_usize;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            // A file without a last line end is read as if it had one.
            let place = position(&Span::empty(*error.marker())).min(end_of(text));
            PolicyError::new(place, Problem::Syntax(error.info().to_owned()))
        })?;
        match event {
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, Some(_))
            | Event::MappingStart(_, Some(_)) => {
                return Err(PolicyError::new(position(&span), Problem::Tag));
            }
            Event::DocumentStart(_) => documents += 1,
            Event::SequenceStart(..) | Event::MappingStart(..) => depth += 1,
            Event::SequenceEnd | Event::MappingEnd => depth = depth.saturating_sub(1),
            _ => {}
        }
        if documents > 1 {
            return Err(PolicyError::new(position(&span), Problem::SecondDocument));
        }
        if depth > MAX_NESTING {
            return Err(PolicyError::new(
                position(&span),
                Problem::NestingLimit { limit: MAX_NESTING },
            ));
        }
        events.push((event, span));
    }
    Ok(events)
}

fn position(span: &Span) -> Position {
    Position {
        line: span.start.line(),
        column: span.start.col() + 1,
    }
}

/// Behind the last character.
fn end_of(text: &str) -> Position {
    let last = text.rsplit('\n').next().unwrap_or_default();
    Position {
        line: 1 + text.matches('\n').count(),
        column: 1 + last.chars().count(),
    }
}

#[cfg(test)]
mod tests;
