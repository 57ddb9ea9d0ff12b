//! Escapes that stand for one character.

use super::{Parser, malformed};
use crate::pattern::PatternProblem;

impl<'p> Parser<'p> {
    /// `\.`, `\n`, `\x41`, `\x{1F980}`, `\101`. None: a surrogate, which no text has.
    pub(super) fn escape(&mut self) -> Result<Option<char>, PatternProblem> {
        let start = self.rest;
        self.eat("\\");
        let Some(c) = self.take() else {
            return Err(malformed("\\", "nothing is escaped"));
        };
        let code = match c {
            // Only `\0` may stand alone; `\1` would be a reference to a group.
            '1'..='7' if !self.rest.starts_with(is_octal) => None,
            '0'..='7' => Some(self.octal(c)),
            'x' => self.hexadecimal(),
            'a' => Some(0x07),
            'f' => Some(0x0C),
            'n' => Some(0x0A),
            'r' => Some(0x0D),
            't' => Some(0x09),
            'v' => Some(0x0B),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => return Ok(Some(c)),
            _ => None,
        };
        match code {
            Some(code) => Ok(char::from_u32(code)),
            None => Err(PatternProblem::NotSupported(self.since(start).to_owned())),
        }
    }

    /// At most three digits, of which the first was read.
    fn octal(&mut self, first: char) -> u32 {
        let mut code = first.to_digit(8).unwrap_or_default();
        for _ in 0..2 {
            let Some(digit) = self.peek().and_then(|c| c.to_digit(8)) else {
                break;
            };
            self.take();
            code = code * 8 + digit;
        }
        code
    }

    /// Two digits, or any number of them in braces.
    fn hexadecimal(&mut self) -> Option<u32> {
        if !self.eat("{") {
            let high = self.take()?.to_digit(16)?;
            return Some(high * 16 + self.take()?.to_digit(16)?);
        }
        let (digits, rest) = self.rest.split_once('}')?;
        let mut code = 0_u32;
        for c in digits.chars() {
            code = code * 16 + c.to_digit(16)?;
            if code > u32::from(char::MAX) {
                return None;
            }
        }
        self.rest = rest;
        (!digits.is_empty()).then_some(code)
    }
}

fn is_octal(c: char) -> bool {
    c.is_digit(8)
}
