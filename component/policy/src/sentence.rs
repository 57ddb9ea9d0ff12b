//! The sentences about a rule that is not met.

use std::fmt::Write as _;

use crate::decide::{Got, Rule, RuleOutcome, Verdict, Wanted};

/// A rule that is not met.
#[derive(Clone, Copy, Debug)]
pub struct Mismatch<'d>(&'d RuleOutcome);

impl<'d> Mismatch<'d> {
    pub(crate) fn new(outcome: &'d RuleOutcome) -> Option<Self> {
        (outcome.verdict == Verdict::Fail).then_some(Self(outcome))
    }

    /// The rule with all that is known about it.
    #[must_use]
    pub fn outcome(self) -> &'d RuleOutcome {
        self.0
    }

    /// octo-sts's sentence. It shows what the policy says, so it is only for those who may read the policy (rule 3).
    #[must_use]
    pub fn sentence(self) -> String {
        let RuleOutcome {
            rule, wanted, got, ..
        } = self.0;
        match rule {
            Rule::Issuer => comparison("issuer", got, wanted),
            Rule::Subject => comparison("subject", got, wanted),
            Rule::Audience => audience(wanted, got),
            Rule::Claim(name) => claim(name, wanted, got),
        }
    }

    /// The sentence that shows only which rule it was.
    #[must_use]
    pub fn brief(self) -> String {
        match &self.0.rule {
            Rule::Issuer => "trust policy: issuer did not match".to_owned(),
            Rule::Subject => "trust policy: subject did not match".to_owned(),
            Rule::Audience => "trust policy: audience did not match".to_owned(),
            Rule::Claim(name) => format!("trust policy: claim {} did not match", quote(name)),
        }
    }
}

fn comparison(what: &str, got: &Got, wanted: &Wanted) -> String {
    let got = got_text(got);
    match wanted {
        Wanted::Pattern(pattern) => {
            format!(
                "trust policy: {what} {got} did not match pattern {}",
                quote(pattern)
            )
        }
        Wanted::Exact(text) => format!("trust policy: {what} {got} did not match {}", quote(text)),
        Wanted::DefaultAudience(texts) => format!(
            "trust policy: {what} {got} did not match any of {}",
            quote_list(texts)
        ),
    }
}

fn audience(wanted: &Wanted, got: &Got) -> String {
    let got = got_text(got);
    match wanted {
        Wanted::Pattern(pattern) => {
            format!(
                "trust policy: audience_pattern {} did not match any of {got}",
                quote(pattern)
            )
        }
        Wanted::Exact(text) => format!(
            "trust policy: audience {} did not match any of {got}",
            quote(text)
        ),
        Wanted::DefaultAudience(texts) => {
            let first = texts.first().map_or("", String::as_str);
            format!(
                "trust policy: audience {} did not match any of {got}",
                quote(first)
            )
        }
    }
}

fn claim(name: &str, wanted: &Wanted, got: &Got) -> String {
    let name = quote(name);
    match got {
        Got::Absent => format!("trust policy: expected claim {name} not found in token"),
        Got::NotAString => format!("trust policy: expected claim {name} not a string"),
        Got::Text(_) | Got::List(_) => {
            // octo-sts shows the expression that it compiled, with its anchors.
            let wanted = match wanted {
                Wanted::Pattern(pattern) => format!("^(?:{pattern})$"),
                Wanted::Exact(text) => text.clone(),
                Wanted::DefaultAudience(texts) => texts.join(" "),
            };
            format!(
                "trust policy: claim {name} did not match {}",
                quote(&wanted)
            )
        }
    }
}

fn got_text(got: &Got) -> String {
    match got {
        Got::Text(text) => quote(text),
        Got::List(texts) => quote_list(texts),
        Got::NotAString | Got::Absent => quote(""),
    }
}

/// Go's `%q` of a list of strings.
fn quote_list(texts: &[String]) -> String {
    format!(
        "[{}]",
        texts
            .iter()
            .map(|text| quote(text))
            .collect::<Vec<_>>()
            .join(" ")
    )
}

/// Go's `%q` of a string (`strconv.Quote`).
fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0c' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x0b' => quoted.push_str("\\v"),
            '\'' => quoted.push(c),
            c if is_print(c) => quoted.push(c),
            c => push_escape(&mut quoted, c),
        }
    }
    quoted.push('"');
    quoted
}

fn push_escape(quoted: &mut String, c: char) {
    let code = u32::from(c);
    // Writing to a String cannot fail.
    let _ = match code {
        0..=0x1f | 0x7f => write!(quoted, "\\x{code:02x}"),
        0..=0xffff => write!(quoted, "\\u{code:04x}"),
        _ => write!(quoted, "\\U{code:08x}"),
    };
}

/// Go's `unicode.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space. The standard library
/// escapes exactly the others; a combining mark is escaped only where it has no base, hence the `a`.
fn is_print(c: char) -> bool {
    let mut escaped = ['a', c]
        .iter()
        .collect::<String>()
        .escape_debug()
        .skip(1)
        .collect::<String>();
    escaped.pop() == Some(c) && escaped.is_empty()
}

#[cfg(test)]
mod tests {
    use super::{quote, quote_list};

    #[test]
    fn quotes_as_go_does() {
        let rows = [
            ("", r#""""#),
            ("repo:o/r", r#""repo:o/r""#),
            ("a\"b\\c'", r#""a\"b\\c'""#),
            ("\x07\x08\x0c\n\r\t\x0b", r#""\a\b\f\n\r\t\v""#),
            ("\0\x1b\x7f", r#""\x00\x1b\x7f""#),
            (
                "\u{a0}\u{ad}\u{200b}\u{2028}\u{feff}",
                r#""\u00a0\u00ad\u200b\u2028\ufeff""#,
            ),
            (
                "\u{e000}\u{10ffff}\u{e0001}",
                r#""\ue000\U0010ffff\U000e0001""#,
            ),
            ("é世🦀e\u{301}\u{301}", "\"é世🦀e\u{301}\u{301}\""),
        ];
        for (text, wanted) in rows {
            assert_eq!(quote(text), wanted, "{text:?}");
        }
        assert_eq!(quote_list(&[]), "[]");
        assert_eq!(
            quote_list(&["a".to_owned(), "b c".to_owned()]),
            r#"["a" "b c"]"#
        );
    }
}
