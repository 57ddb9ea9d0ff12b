//! Which characters a file may have, before any parser sees it.

use crate::problem::{PolicyError, Position, Problem};

/// Refuses characters that the two families of parsers read differently, and tabs that look like indentation.
pub(super) fn check(text: &str) -> Result<(), PolicyError> {
    let mut position = Position::START;
    // Only spaces so far on this line.
    let mut at_start = true;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let problem = match c {
            '\r' if characters.peek() != Some(&'\n') => Some(Problem::LineBreak(c.into())),
            '\u{85}' | '\u{2028}' | '\u{2029}' => Some(Problem::LineBreak(c.into())),
            '\t' if at_start => Some(Problem::Tab),
            '%' if position.column == 1 => Some(Problem::Directive),
            '\n' | '\r' | '\t' => None,
            _ if is_allowed(c) => None,
            _ => Some(Problem::Character(c.into())),
        };
        if let Some(problem) = problem {
            return Err(PolicyError::new(position, problem));
        }
        at_start = matches!(c, '\n') || (at_start && c == ' ');
        if c == '\n' {
            position = Position {
                line: position.line + 1,
                column: 1,
            };
        } else {
            position.column += 1;
        }
    }
    Ok(())
}

/// YAML 1.1's printable characters (5.1), which are what octo-sts's parser takes, without the byte order mark: at the
/// start of a line it is skipped by one parser and part of a key for another.
fn is_allowed(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
        && c != '\u{feff}'
}
