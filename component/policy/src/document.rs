//! The keys of a policy file with their types. Nothing is compiled here; every problem is collected.

use crate::compile::{PolicyKind, Served};
use crate::fields::Fields;
use crate::keys::{Key, known_keys, nearest_key};
use crate::permissions::{self, Permissions};
use crate::problem::{PolicyError, Position, Problem};
use crate::repositories::{self, Repositories};
use crate::yaml::{Entry, Node, Value};

/// A text and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    pub(crate) text: String,
    pub(crate) position: Position,
}

/// What a policy file says. Absent, null and empty text are the same for the first six, as in octo-sts.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) issuer: Option<Text>,
    pub(crate) issuer_pattern: Option<Text>,
    pub(crate) subject: Option<Text>,
    pub(crate) subject_pattern: Option<Text>,
    pub(crate) audience: Option<Text>,
    pub(crate) audience_pattern: Option<Text>,
    /// In order of name.
    pub(crate) claim_pattern: Vec<(String, Text)>,
    pub(crate) permissions: Permissions,
    pub(crate) repositories: Repositories,
    pub(crate) app: Option<Text>,
    pub(crate) app_pattern: Option<Text>,
    pub(crate) single_use: bool,
}

/// Reads the tree of a file. The document is only complete if no problem was added.
pub(crate) fn read(
    root: &Node,
    kind: PolicyKind,
    served: &Served<'_>,
    problems: &mut Vec<PolicyError>,
) -> Document {
    let entries = Fields::new(root, problems).entries;
    let mut reader = Reader {
        kind,
        entries,
        problems,
    };
    reader.check_keys(served);
    Document {
        issuer: reader.text(Key::Issuer),
        issuer_pattern: reader.text(Key::IssuerPattern),
        subject: reader.text(Key::Subject),
        subject_pattern: reader.text(Key::SubjectPattern),
        audience: reader.text(Key::Audience),
        audience_pattern: reader.text(Key::AudiencePattern),
        claim_pattern: reader.claims(),
        permissions: reader.permissions(served.permission),
        repositories: match (kind, reader.find(Key::Repositories)) {
            (PolicyKind::Organization, Some(entry)) => {
                repositories::read(&entry.node, reader.problems)
            }
            _ => Repositories::Absent,
        },
        app: reader.text(Key::App),
        app_pattern: reader.text(Key::AppPattern),
        single_use: reader.flag(Key::SingleUse),
    }
}

struct Reader<'d> {
    kind: PolicyKind,
    entries: &'d [Entry],
    problems: &'d mut Vec<PolicyError>,
}

impl<'d> Reader<'d> {
    fn find(&self, key: Key) -> Option<&'d Entry> {
        self.entries.iter().find(|entry| entry.key == key.name())
    }

    fn problem(&mut self, position: Position, problem: Problem) {
        self.problems.push(PolicyError::new(position, problem));
    }

    fn check_keys(&mut self, served: &Served<'_>) {
        for entry in self.entries {
            match Key::parse(&entry.key) {
                None => {
                    let problem = Problem::UnknownKey {
                        name: entry.key.clone(),
                        hint: nearest_key(&entry.key),
                        known: known_keys(self.kind == PolicyKind::Organization),
                    };
                    self.problem(entry.position, problem);
                }
                Some(key @ Key::Repositories) if self.kind == PolicyKind::Repository => {
                    self.problem(entry.position, Problem::OrganizationsKey(key.name()));
                }
                Some(key @ (Key::App | Key::AppPattern)) if !served.apps => {
                    self.problem(entry.position, Problem::NotServed(key.name()));
                }
                Some(key @ Key::SingleUse) if !served.single_use => {
                    self.problem(entry.position, Problem::NotServed(key.name()));
                }
                Some(_) => {}
            }
        }
    }

    fn text(&mut self, key: Key) -> Option<Text> {
        let node = &self.find(key)?.node;
        match &node.value {
            Value::Null => None,
            Value::Text(text) if text.is_empty() => None,
            // An App's id is a number; octo-sts has no such key.
            Value::Text(text) if key == Key::App => Some(Text {
                text: text.clone(),
                position: node.position,
            }),
            Value::Text(text) if node.typed && self.kind == PolicyKind::Organization => {
                self.problem(node.position, Problem::QuoteText(text.clone()));
                None
            }
            Value::Text(text) => Some(Text {
                text: text.clone(),
                position: node.position,
            }),
            Value::List(_) if key == Key::Audience => {
                self.problem(node.position, Problem::AudienceList);
                None
            }
            Value::List(_) | Value::Map(_) => {
                self.problem(
                    node.position,
                    Problem::NotText {
                        key: key.name().to_owned(),
                    },
                );
                None
            }
        }
    }

    /// `true` or `false`. Anything else, null among it, is an error: what was meant is unknown.
    fn flag(&mut self, key: Key) -> bool {
        let Some(entry) = self.find(key) else {
            return false;
        };
        match &entry.node.value {
            Value::Text(text) if entry.node.typed && text == "true" => return true,
            Value::Text(text) if entry.node.typed && text == "false" => {}
            _ => self.problem(entry.node.position, Problem::NotAFlag { key: key.name() }),
        }
        false
    }

    /// The entries of a mapping. Null is an error: `claim_pattern:` with its entries commented out would otherwise be a
    /// policy that compares no claim.
    fn map(&mut self, key: Key) -> Option<(Position, &'d [Entry])> {
        let entry = self.find(key)?;
        let problem = match &entry.node.value {
            Value::Map(entries) => return Some((entry.position, entries)),
            Value::Null => Problem::NoValue {
                key: key.name().to_owned(),
            },
            Value::Text(_) | Value::List(_) => Problem::NotAMap { key: key.name() },
        };
        self.problem(entry.node.position, problem);
        None
    }

    fn claims(&mut self) -> Vec<(String, Text)> {
        let entries = self.entries;
        let problems = &mut *self.problems;
        let typed = self.kind == PolicyKind::Repository;
        Fields { entries, problems }.claims(typed)
    }

    fn permissions(&mut self, known: &dyn Fn(&str) -> bool) -> Permissions {
        if self.find(Key::Permissions).is_none() {
            self.problem(Position::START, Problem::NoPermissions);
        }
        match self.map(Key::Permissions) {
            Some((position, entries)) => permissions::read(position, entries, known, self.problems),
            None => Permissions::new(),
        }
    }
}
