//! The text between the scalars.
//!
//! The parser's events don't show `?` keys, the names of anchors, or which tabs it skipped. So this walks over
//! everything that is no scalar and allows only what both families of parsers read alike; what it does not know is an
//! error, so that a disagreement about where a scalar ends is one too.

use std::iter::Peekable;
use std::str::Chars;

use saphyr_parser::{Event, ScalarStyle, Span};

use crate::problem::{PolicyError, Position, Problem};

/// Checks the structure of `text` (without byte order mark) against the events that were read from it.
pub(super) fn check(text: &str, events: &[(Event<'_>, Span)]) -> Result<(), PolicyError> {
    let mut walk = Walk {
        rest: text.chars().peekable(),
        index: 0,
        position: Position::START,
        flow: 0,
        begun: false,
        scalar_line: 0,
    };
    for (event, span) in events {
        match event {
            // An empty plain scalar stands for nothing that was written.
            Event::Scalar(value, ScalarStyle::Plain, ..) if value.is_empty() => {}
            Event::Scalar(_, style, anchor, _) => walk.scalar(*style, *anchor != 0, span)?,
            _ => {}
        }
    }
    while walk.structure()? {}
    Ok(())
}

struct Walk<'t> {
    rest: Peekable<Chars<'t>>,
    /// Characters behind us; the parser's marks count characters too.
    index: usize,
    position: Position,
    /// How many `[` and `{` are open.
    flow: usize,
    /// Whether anything but blanks and comments is behind us.
    begun: bool,
    /// The line where the last scalar begins.
    scalar_line: usize,
}

impl Walk<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        self.index += 1;
        if c == '\n' {
            self.position = Position {
                line: self.position.line + 1,
                column: 1,
            };
        } else {
            self.position.column += 1;
        }
        Some(c)
    }

    fn fail<T>(&self, problem: Problem) -> Result<T, PolicyError> {
        Err(PolicyError::new(self.position, problem))
    }

    /// Steps up to the scalar and over it.
    fn scalar(
        &mut self,
        style: ScalarStyle,
        anchored: bool,
        span: &Span,
    ) -> Result<(), PolicyError> {
        while self.index < span.start.index() && self.structure()? {}
        if anchored && self.rest.peek() == Some(&'&') {
            // The span begins at the anchor, the scalar at the next character that is no blank, break or comment.
            self.structure()?;
            while self
                .rest
                .peek()
                .is_some_and(|c| matches!(c, ' ' | '\r' | '\n' | '#' | '\t' | '|' | '>'))
            {
                self.structure()?;
            }
        }
        self.begun = true;
        // The anchor counts as part of its scalar.
        self.scalar_line = span.start.line();
        match style {
            ScalarStyle::SingleQuoted => self.single_quoted(),
            ScalarStyle::DoubleQuoted => self.double_quoted(),
            ScalarStyle::Plain => self.plain(span),
            ScalarStyle::Literal | ScalarStyle::Folded => self.block(span),
        }
    }

    /// In a file whose last line has no line break, one parser adds it to the text and the other does not.
    fn block(&mut self, span: &Span) -> Result<(), PolicyError> {
        let mut last = None;
        while self.index < span.end.index() {
            let Some(c) = self.next() else { break };
            last = Some(c);
        }
        if self.rest.peek().is_none() && last != Some('\n') {
            return self.fail(Problem::Syntax(
                "a block scalar must end with a line break".to_owned(),
            ));
        }
        Ok(())
    }

    /// The span of a quoted scalar may go on behind the closing quote, so quotes are counted here.
    fn single_quoted(&mut self) -> Result<(), PolicyError> {
        if self.next() != Some('\'') {
            return self.fail(unreadable());
        }
        while let Some(c) = self.next() {
            if c == '\'' && self.rest.next_if_eq(&'\'').is_none() {
                return Ok(());
            } else if c == '\'' {
                self.index += 1;
                self.position.column += 1;
            }
        }
        self.fail(unreadable())
    }

    fn double_quoted(&mut self) -> Result<(), PolicyError> {
        if self.next() != Some('"') {
            return self.fail(unreadable());
        }
        while let Some(c) = self.next() {
            match c {
                '"' => return Ok(()),
                // `\/` came with YAML 1.2.
                '\\' if self.rest.peek() == Some(&'/') => return self.fail(unreadable()),
                '\\' => {
                    self.next();
                }
                _ => {}
            }
        }
        self.fail(unreadable())
    }

    /// Inside `[]` and `{}` octo-sts's parser ends a plain scalar at `?` and takes fewer first characters.
    fn plain(&mut self, span: &Span) -> Result<(), PolicyError> {
        let start = self.position;
        let mut text = String::new();
        while self.index < span.end.index() {
            let Some(c) = self.next() else { break };
            text.push(c);
        }
        let differs = text.contains('?')
            || text.starts_with([':', '|', '>', '%', '@', '`', '&', '*', '!', '#']);
        if self.flow > 0 && differs {
            return Err(PolicyError::new(start, Problem::QuoteIt(text)));
        }
        Ok(())
    }

    /// One piece of structure; false at the end of the text.
    fn structure(&mut self) -> Result<bool, PolicyError> {
        let Some(c) = self.rest.peek().copied() else {
            return Ok(false);
        };
        let first = !self.begun;
        self.begun |= !matches!(c, ' ' | '\r' | '\n' | '#');
        match c {
            // `...` before any document.
            '.' if first => return self.fail(unreadable()),
            ' ' | '\r' | '\n' | ',' | '-' | '.' => {}
            '[' | '{' => self.flow += 1,
            ']' | '}' => self.flow = self.flow.saturating_sub(1),
            ':' => return self.colon(),
            '#' => {
                while self.rest.peek().is_some_and(|c| *c != '\n') {
                    self.next();
                }
                return Ok(true);
            }
            '&' | '*' => return self.anchor(),
            '|' | '>' => {
                self.next();
                while self
                    .rest
                    .peek()
                    .is_some_and(|c| matches!(c, '0'..='9' | '+' | '-'))
                {
                    self.next();
                }
                return Ok(true);
            }
            '\t' => return self.fail(Problem::Tab),
            '?' => return self.fail(Problem::ExplicitKey),
            '!' => return self.fail(Problem::Tag),
            '%' => return self.fail(Problem::Directive),
            _ => return self.fail(unreadable()),
        }
        self.next();
        Ok(true)
    }

    /// `{a:}` and `{a:,b}` have the key `a` for one parser and the key `a:` for the other, and only one of them takes a
    /// key that is not on the line of its colon.
    fn colon(&mut self) -> Result<bool, PolicyError> {
        if self.scalar_line != self.position.line {
            return self.fail(Problem::Syntax(
                "a key and its `:` must be on one line".to_owned(),
            ));
        }
        self.next();
        match self.rest.peek() {
            Some(',' | '[' | ']' | '{' | '}') if self.flow > 0 => self.fail(unreadable_colon()),
            _ => Ok(true),
        }
    }

    /// octo-sts's parser takes fewer characters into the name of an anchor, so that `*a.b` would be two things.
    fn anchor(&mut self) -> Result<bool, PolicyError> {
        self.next();
        let mut length = 0_usize;
        while self
            .rest
            .next_if(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))
            .is_some()
        {
            self.index += 1;
            self.position.column += 1;
            length += 1;
        }
        match self.rest.peek() {
            None | Some(' ' | '\r' | '\n' | ',' | ']' | '}') if length > 0 => Ok(true),
            _ => self.fail(Problem::AnchorName),
        }
    }
}

fn unreadable() -> Problem {
    Problem::Syntax("unexpected text".to_owned())
}

fn unreadable_colon() -> Problem {
    Problem::Syntax("a `:` inside braces needs a space and a value".to_owned())
}
