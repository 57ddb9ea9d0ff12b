//! The keys of a file with their types: all of an organisation's, and what a policy shares with it.

use oidc::Issuer;

use crate::compile::known_by_one_name;
use crate::document::Text;
use crate::keys::nearest;
use crate::problem::{PolicyError, Position, Problem};
use crate::yaml::{Entry, Node, Value};

/// The most entries of `claim_pattern`. Each is compiled on its own, so their number is memory and time.
const MAX_CLAIMS: usize = 64;

pub(crate) struct Fields<'d, 'p> {
    pub(crate) entries: &'d [Entry],
    pub(crate) problems: &'p mut Vec<PolicyError>,
}

impl<'d, 'p> Fields<'d, 'p> {
    /// Reads a file's root. Nothing at all is a file without keys.
    pub(crate) fn new(root: &'d Node, problems: &'p mut Vec<PolicyError>) -> Self {
        let entries = match &root.value {
            Value::Map(entries) => entries.as_slice(),
            Value::Null => &[],
            Value::Text(_) | Value::List(_) => {
                problems.push(PolicyError::new(root.position, Problem::NotAMapping));
                &[]
            }
        };
        Self { entries, problems }
    }

    /// There are no other keys than these.
    pub(crate) fn only(&mut self, keys: &[&'static str]) {
        for entry in self.entries {
            if !keys.contains(&entry.key.as_str()) {
                let problem = Problem::UnknownKey {
                    name: entry.key.clone(),
                    hint: nearest(&entry.key, keys.iter().copied()).map(str::to_owned),
                    known: keys.to_vec(),
                };
                self.problems
                    .push(PolicyError::new(entry.position, problem));
            }
        }
    }

    fn find(&self, key: &str) -> Option<&'d Node> {
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(&entry.node)
    }

    /// A text. Absent, null and empty are the same, as in octo-sts.
    pub(crate) fn text(&mut self, key: &'static str) -> Option<Text> {
        let node = self.find(key)?;
        match &node.value {
            Value::Null => None,
            Value::Text(text) if text.is_empty() => None,
            Value::Text(text) => Some(Text {
                text: text.clone(),
                position: node.position,
            }),
            Value::List(_) | Value::Map(_) => {
                let key = key.to_owned();
                self.problems
                    .push(PolicyError::new(node.position, Problem::NotText { key }));
                None
            }
        }
    }

    /// Whether it is the first of two words, which is also what its absence means.
    pub(crate) fn choice(&mut self, key: &'static str, words: [&'static str; 2]) -> bool {
        let Some(text) = self.text(key) else {
            return true;
        };
        match words.iter().position(|word| text.text == *word) {
            Some(index) => index == 0,
            None => {
                let problem = Problem::UnknownWord {
                    key,
                    word: text.text,
                    words,
                };
                self.problems.push(PolicyError::new(text.position, problem));
                true
            }
        }
    }

    /// The same, but a key without a value is an error: whoever writes it wants to forbid something.
    pub(crate) fn switch(&mut self, key: &'static str, words: [&'static str; 2]) -> bool {
        let empty = self.find(key).filter(|node| match &node.value {
            Value::Null => true,
            Value::Text(text) => text.is_empty(),
            Value::List(_) | Value::Map(_) => false,
        });
        if let Some(node) = empty {
            let key = key.to_owned();
            self.problem(node, Problem::NoValue { key });
        }
        self.choice(key, words)
    }

    /// An issuer that a token can have, in its one spelling.
    pub(crate) fn issuer(&mut self, text: Option<Text>) -> Option<Text> {
        let text = text?;
        if Issuer::parse(&text.text).is_err() {
            let problem = Problem::InvalidIssuer(text.text.clone());
            self.problems.push(PolicyError::new(text.position, problem));
        }
        Some(known_by_one_name(text))
    }

    /// The patterns of `claim_pattern`, in order of name. `typed`: a bool or a number is text too, as in octo-sts's policies of
    /// repositories, and not in an organisation's.
    pub(crate) fn claims(&mut self, typed: bool) -> Vec<(String, Text)> {
        let Some((position, entries)) = self.map("claim_pattern") else {
            return Vec::new();
        };
        if entries.len() > MAX_CLAIMS {
            let problem = Problem::TooManyClaims { limit: MAX_CLAIMS };
            self.problems.push(PolicyError::new(position, problem));
            return Vec::new();
        }
        let mut claims = Vec::new();
        for entry in entries {
            let key = || format!("claim_pattern[{:?}]", entry.key);
            let node = &entry.node;
            match &node.value {
                Value::Text(text) if node.typed && !typed => {
                    self.problem(node, Problem::QuoteText(text.clone()));
                }
                Value::Text(text) => {
                    let position = node.position;
                    let text = text.clone();
                    claims.push((entry.key.clone(), Text { text, position }));
                }
                Value::Null => self.problem(node, Problem::NoValue { key: key() }),
                Value::List(_) | Value::Map(_) => {
                    self.problem(node, Problem::NotText { key: key() });
                }
            }
        }
        claims.sort_by(|(left, _), (right, _)| left.cmp(right));
        claims
    }

    /// A list. Null is an error: what was meant is unknown.
    pub(crate) fn list(&mut self, key: &'static str) -> &'d [Node] {
        let Some(node) = self.find(key) else {
            return &[];
        };
        let problem = match &node.value {
            Value::List(items) => return items,
            Value::Null => Problem::NoValue {
                key: key.to_owned(),
            },
            Value::Text(_) | Value::Map(_) => Problem::NotAList(key),
        };
        self.problem(node, problem);
        &[]
    }

    /// A mapping. Null is an error.
    pub(crate) fn map(&mut self, key: &'static str) -> Option<(Position, &'d [Entry])> {
        let node = self.find(key)?;
        let problem = match &node.value {
            Value::Map(entries) => return Some((node.position, entries)),
            Value::Null => Problem::NoValue {
                key: key.to_owned(),
            },
            Value::Text(_) | Value::List(_) => Problem::NotAMap { key },
        };
        self.problem(node, problem);
        None
    }

    fn problem(&mut self, node: &Node, problem: Problem) {
        self.problems.push(PolicyError::new(node.position, problem));
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, key: &'static str) -> Vec<Text> {
        let mut texts = Vec::new();
        for item in self.list(key) {
            let key = format!("an entry of {key}");
            let problem = match &item.value {
                Value::Text(text) => {
                    texts.push(Text {
                        text: text.clone(),
                        position: item.position,
                    });
                    continue;
                }
                Value::Null => Problem::NoValue { key },
                Value::List(_) | Value::Map(_) => Problem::NotText { key },
            };
            self.problem(item, problem);
        }
        texts
    }
}
