//! Groups and flags.

use super::{Flags, MAX_NESTING, Open, Parser, malformed};
use crate::pattern::PatternProblem;

impl<'p> Parser<'p> {
    pub(super) fn open_group(&mut self) -> Result<(), PatternProblem> {
        if self.open.len() > MAX_NESTING {
            return Err(PatternProblem::TooDeep);
        }
        let start = self.rest;
        if self.eat("(?P<") || self.eat("(?<") {
            return self.named_group(start);
        }
        if self.eat("(?") {
            return self.flags(start);
        }
        self.eat("(");
        self.begin(true, self.flags);
        Ok(())
    }

    pub(super) fn close_group(&mut self) -> Result<(), PatternProblem> {
        self.eat(")");
        match self.open.pop() {
            Some(open) if !self.open.is_empty() => {
                self.flags = open.outside;
                self.push(open.close());
                Ok(())
            }
            _ => Err(malformed(")", "no group is open")),
        }
    }

    fn begin(&mut self, captures: bool, flags: Flags) {
        self.open.push(Open {
            captures,
            outside: self.flags,
            ..Open::default()
        });
        self.flags = flags;
    }

    /// `(?P<name>` and `(?<name>`: names are ASCII letters, digits and `_`, and may occur twice.
    fn named_group(&mut self, start: &'p str) -> Result<(), PatternProblem> {
        if self.rest.starts_with(['=', '!']) {
            // What looks behind.
            self.take();
            return Err(PatternProblem::NotSupported(self.since(start).to_owned()));
        }
        let Some((name, rest)) = self.rest.split_once('>') else {
            return Err(malformed(self.since(start), "the name does not end"));
        };
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(is_word) {
            return Err(malformed(name, "is no name of a group"));
        }
        self.rest = rest;
        self.begin(true, self.flags);
        Ok(())
    }

    /// `(?flags)` and `(?flags:`, with `i`, `m`, `s`, `U`, and after a `-` those that end.
    fn flags(&mut self, start: &'p str) -> Result<(), PatternProblem> {
        let mut flags = self.flags;
        let (mut on, mut any) = (true, false);
        while let Some(c) = self.take() {
            let flag = match c {
                'i' => &mut flags.fold,
                'm' => &mut flags.lines,
                's' => &mut flags.dot_newline,
                'U' => &mut flags.swapped,
                '-' if on => {
                    (on, any) = (false, false);
                    continue;
                }
                ':' if on || any => {
                    self.begin(false, flags);
                    return Ok(());
                }
                ')' if on || any => {
                    self.flags = flags;
                    return Ok(());
                }
                _ => return Err(PatternProblem::NotSupported(self.since(start).to_owned())),
            };
            *flag = on;
            any = true;
        }
        Err(malformed(self.since(start), "a group is not closed"))
    }
}
