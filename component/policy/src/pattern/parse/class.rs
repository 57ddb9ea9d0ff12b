//! Character classes.

use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};

use super::{Parser, malformed};
use crate::pattern::{PatternProblem, names};

/// The class that matches nothing.
pub(super) fn nothing() -> ClassUnicode {
    ClassUnicode::empty()
}

impl<'p> Parser<'p> {
    /// `[...]`. A `[`, `&&` or `~~` inside is literal; there are no nested classes.
    pub(super) fn bracketed(&mut self) -> Result<ClassUnicode, PatternProblem> {
        let start = self.rest;
        self.eat("[");
        let negated = self.eat("^");
        let mut members = nothing();
        // A bracket that closes is a member where it is the first.
        let mut first = true;
        while first || !self.rest.starts_with(']') {
            first = false;
            if let Some(class) = self.posix()? {
                members.union(&class);
            } else if let Some(class) = self.class_escape()? {
                members.union(&class);
            } else {
                let range = self.range(start)?;
                members.union(&self.folded(range));
            }
        }
        self.eat("]");
        Ok(unless(negated, members))
    }

    /// One member, or `a-z`.
    fn range(&mut self, class: &'p str) -> Result<ClassUnicode, PatternProblem> {
        let start = self.rest;
        let low = self.member(class)?;
        let mut high = low;
        if self.rest.starts_with('-') && self.rest.len() >= 2 && !self.rest.starts_with("-]") {
            self.eat("-");
            high = self.member(class)?;
        }
        if high < low {
            return Err(malformed(self.since(start), "the range is empty"));
        }
        Ok(characters(low, high))
    }

    /// The code point of a member.
    fn member(&mut self, class: &'p str) -> Result<u32, PatternProblem> {
        if self.rest.starts_with('\\') {
            let start = self.rest;
            let escaped = self.escape()?;
            return Ok(escaped.map_or_else(|| surrogate(self.since(start)), u32::from));
        }
        self.take()
            .map(u32::from)
            .ok_or_else(|| malformed(class, "the class is not closed"))
    }

    /// `[:alpha:]` inside of brackets.
    fn posix(&mut self) -> Result<Option<ClassUnicode>, PatternProblem> {
        let Some((inner, rest)) = self
            .rest
            .strip_prefix("[:")
            .and_then(|inside| inside.split_once(":]"))
        else {
            return Ok(None);
        };
        let (name, negated) = match inner.strip_prefix('^') {
            Some(name) => (name, true),
            None => (inner, false),
        };
        let Some(class) = names::posix(name) else {
            return Err(PatternProblem::NotSupported(format!("[:{inner}:]")));
        };
        self.rest = rest;
        Ok(Some(unless(negated, self.folded(class))))
    }

    /// `\d`, `\W`, `\pL`, `\p{Greek}`: what stands for several characters, in brackets and outside.
    pub(super) fn class_escape(&mut self) -> Result<Option<ClassUnicode>, PatternProblem> {
        let mut chars = self.rest.chars();
        let (Some('\\'), Some(kind)) = (chars.next(), chars.next()) else {
            return Ok(None);
        };
        if let Some(class) = names::perl(kind.to_ascii_lowercase()) {
            self.rest = chars.as_str();
            let class = self.folded(class);
            return Ok(Some(unless(kind.is_ascii_uppercase(), class)));
        }
        if !matches!(kind, 'p' | 'P') {
            return Ok(None);
        }
        let start = self.rest;
        self.rest = chars.as_str();
        let Some(name) = self.property() else {
            return Err(malformed(start, "the name does not end"));
        };
        let (name, otherwise) = match name.strip_prefix('^') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let asked = (name, self.flags.fold);
        if !self.named.contains_key(&asked) {
            let Some(class) = names::unicode(name, self.flags.fold) else {
                return Err(PatternProblem::NotSupported(self.since(start).to_owned()));
            };
            self.named.insert(asked, class);
        }
        let class = self.named.get(&asked).cloned().unwrap_or_else(nothing);
        Ok(Some(unless((kind == 'P') != otherwise, class)))
    }

    /// `L`, or what stands in braces.
    fn property(&mut self) -> Option<&'p str> {
        if let Some(inside) = self.rest.strip_prefix('{') {
            let (name, rest) = inside.split_once('}')?;
            self.rest = rest;
            return Some(name);
        }
        let start = self.rest;
        self.take()?;
        Some(self.since(start))
    }

    fn folded(&self, class: ClassUnicode) -> ClassUnicode {
        if self.flags.fold {
            names::folded(class)
        } else {
            class
        }
    }
}

/// The class, or all other characters.
fn unless(negated: bool, class: ClassUnicode) -> ClassUnicode {
    if negated {
        names::negated(class)
    } else {
        class
    }
}

/// A range of code points. Surrogates among them are in no text.
fn characters(low: u32, high: u32) -> ClassUnicode {
    let low = (low..=high).find_map(char::from_u32);
    let high = char::from_u32(high).unwrap_or('\u{D7FF}');
    let range = low
        .filter(|low| *low <= high)
        .map(|low| ClassUnicodeRange::new(low, high));
    ClassUnicode::new(range)
}

/// The code point of an escaped surrogate, of which the digits are all that matters.
fn surrogate(escape: &str) -> u32 {
    let digits: String = escape.chars().filter(char::is_ascii_hexdigit).collect();
    u32::from_str_radix(&digits, 16).unwrap_or(0xD800)
}
