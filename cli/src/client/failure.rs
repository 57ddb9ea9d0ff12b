//! Why there is no result, in words that are safe to print: servers choose theirs, and are not trusted.

use super::Answer;
use crate::secret::Secret;
use serde::Serialize;
use serde_json::Value;
use std::process::ExitCode;

/// Of what a server says, so many characters are shown.
const MOST_SHOWN: usize = 500;

/// A sentence, and what the server added to it.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Failure {
    ok: bool,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<String>,
    /// Somebody decided, and said no.
    #[serde(skip)]
    refused: bool,
}

impl Failure {
    /// Nobody decided.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..Self::default()
        }
    }

    /// Another answer than was hoped for. `sent` is taken out of it, should it be repeated there.
    pub(crate) fn answered(who: &str, answer: &Answer, sent: Option<&Secret>) -> Self {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let text = |member: &str| {
            let text = body.get(member)?.as_str()?;
            let without = sent.map(|sent| text.replace(sent.reveal(), "***"));
            Some(shown(without.as_deref().unwrap_or(text)))
        };
        let (message, error) = (text("message"), text("error"));
        let said_no = (400..500).contains(&answer.status) && answer.status != 429;
        let redirect = (300..400).contains(&answer.status);
        Self {
            refused: said_no && (message.is_some() || error.is_some()),
            message: message.unwrap_or_else(|| match error {
                Some(_) => format!("{who} said no more"),
                None if redirect => format!("{who} answered a redirect, which is not followed"),
                None => format!("{who} answered nothing that can be used"),
            }),
            status: Some(answer.status),
            error,
            reason: text("reason"),
            decision: text("decision").or_else(|| answer.decision.as_deref().map(shown)),
            ok: false,
        }
    }

    /// The same where nobody decided about the request itself.
    pub(crate) fn undecided(self, what: &str) -> Self {
        Self {
            message: format!("{what}: {}", self.message),
            refused: false,
            ..self
        }
    }

    /// Says it on standard error, and as JSON on standard output if that is wanted. 1 is a refusal, 2 all else.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        let reason = self.reason.iter().map(|reason| format!(": {reason}"));
        let reason: String = reason.collect();
        let status = self.status.iter().map(u16::to_string);
        let error = self.error.iter().cloned();
        let decision = self.decision.iter().map(|id| format!("decision {id}"));
        let facts: Vec<String> = status.chain(error).chain(decision).collect();
        let facts = match facts.join(", ") {
            none if none.is_empty() => none,
            some => format!(" ({some})"),
        };
        eprintln!("octo-sts: {}{reason}{facts}", self.message);
        if json {
            println!("{}", serde_json::to_string(self).unwrap_or_default());
        }
        ExitCode::from(if self.refused { 1 } else { 2 })
    }
}

/// Text of a server: its beginning, with nothing in it that steers a terminal or a CI runner.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::new();
    for character in text.chars().take(MOST_SHOWN) {
        if steers(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    if text.chars().nth(MOST_SHOWN).is_some() {
        shown.push('…');
    }
    // GitHub's runners look for this anywhere in a line; for `::` at its start only.
    shown.replace("##[", "# #[")
}

/// Control characters, line ends, and what changes the direction of text or can't be seen.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_servers_say_steers_nothing() {
        for (said, is_shown) in [
            ("plain, ünïcode “too”", "plain, ünïcode “too”"),
            ("\u{1b}[2Ja\nb\r\t\0", "\\u{1b}[2Ja\\nb\\r\\t\\u{0}"),
            ("\u{202e}a\u{2028}b\u{9b}", "\\u{202e}a\\u{2028}b\\u{9b}"),
            ("a ##[stop-commands]x", "a # #[stop-commands]x"),
        ] {
            assert_eq!(shown(said), is_shown);
        }
        assert_eq!(shown(&"ä".repeat(500)), "ä".repeat(500));
        assert_eq!(shown(&"ä".repeat(501)), format!("{}…", "ä".repeat(500)));
    }
}
