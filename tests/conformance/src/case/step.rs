//! What a step does and expects, once its placeholders are replaced.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use super::{Need, Needs};

/// One step: what is done comes in the order of the members up to `ask`; what is expected is compared afterwards.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Step {
    /// Said when it fails.
    pub(crate) about: String,
    /// Seconds that pass: by the clock where the kit moves it, else really.
    pub(crate) wait: Option<u64>,
    /// Seconds that the clock moves.
    pub(crate) advance: Option<u64>,
    /// What becomes of the store.
    pub(crate) store: Option<Store>,
    /// `OWNER/REPOSITORY/PATH` to content.
    pub(crate) files: BTreeMap<String, Content>,
    /// `OWNER/REPOSITORY/NAME` to a policy.
    pub(crate) policies: BTreeMap<String, Content>,
    /// Commands of the simulator's control port, each a table of one `METHOD /path` and its body.
    pub(crate) simulator: Vec<Map<String, Value>>,
    /// Tokens to be made, by name.
    pub(crate) tokens: BTreeMap<String, Map<String, Value>>,
    pub(crate) ask: Option<Ask>,

    pub(crate) granted: bool,
    pub(crate) refused: Option<Refusal>,
    pub(crate) answer: Option<AnswerRules>,
    /// What the token opens at GitHub: `METHOD /path` to status.
    pub(crate) opens: BTreeMap<String, u16>,
    /// All calls that the step led to, by route.
    pub(crate) calls: Option<BTreeMap<String, usize>>,
    /// The same for these routes only.
    pub(crate) some_calls: BTreeMap<String, usize>,
    /// The bodies of the mints, oldest first.
    pub(crate) mints: Option<Vec<Value>>,
    /// Tokens that are alive at GitHub, once what comes after the answer is done.
    pub(crate) live: Option<usize>,
    /// The same when the answer is there.
    pub(crate) live_now: Option<usize>,
    /// Members of the decision's audit record.
    pub(crate) record: Option<Value>,
    /// How many records there are so far.
    pub(crate) records: Option<usize>,
    /// Log lines about the decision.
    pub(crate) log: Vec<String>,
    /// How many log lines of this text there are so far.
    pub(crate) logged: BTreeMap<String, Count>,
    /// Name to `answer/MEMBER`, `record/MEMBER` or `simulator/MEMBER`.
    pub(crate) keep: BTreeMap<String, String>,
}

impl Step {
    fn looks_at_the_answer(&self) -> bool {
        self.granted
            || self.refused.is_some()
            || self.answer.is_some()
            || !self.opens.is_empty()
            || self.record.is_some()
            || !self.log.is_empty()
    }

    fn counts_calls(&self) -> bool {
        self.calls.is_some() || !self.some_calls.is_empty() || self.mints.is_some()
    }

    /// Whether anything is expected.
    pub(crate) fn expects(&self) -> bool {
        self.looks_at_the_answer()
            || self.counts_calls()
            || self.live.is_some()
            || self.live_now.is_some()
            || self.records.is_some()
            || !self.logged.is_empty()
    }

    /// What does not fit together.
    pub(crate) fn contradiction(&self) -> Option<&'static str> {
        if self.ask.is_none() && self.looks_at_the_answer() {
            return Some("expects an answer and asks nothing");
        }
        if self.granted && self.refused.is_some() {
            return Some("is granted and refused");
        }
        if !self.opens.is_empty() && !self.granted {
            return Some("opens something and is not granted");
        }
        let one_each = self.simulator.iter().all(|command| command.len() == 1);
        (!one_each).then_some("has a table of several commands")
    }

    /// What a host must have for this step.
    pub(crate) fn needs(&self) -> Needs {
        let commands = !self.simulator.is_empty();
        let counts = self.counts_calls() || self.live.is_some() || self.live_now.is_some();
        let several = self.ask.as_ref().is_some_and(|ask| ask.at_once > 1);
        [
            (self.advance.is_some(), Need::Clock),
            (self.store == Some(Store::Garbled), Need::Garble),
            (self.store.is_some_and(Store::is_mood), Need::Moods),
            (self.record.is_some() || self.records.is_some(), Need::Audit),
            (!self.log.is_empty() || !self.logged.is_empty(), Need::Log),
            (commands || several || counts, Need::Fresh),
        ]
        .into_iter()
        .filter_map(|(is, need)| is.then_some(need))
        .collect()
    }
}

/// What the kit does to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    /// Every value in it becomes another.
    Garbled,
    /// It is empty.
    Emptied,
    /// It opens, and every verb fails.
    Failing,
    /// It does not open.
    Closed,
    /// It takes values and has none.
    Forgetting,
    /// It works again.
    Working,
}

impl Store {
    fn is_mood(self) -> bool {
        self != Self::Garbled
    }
}

/// So many, or from the least to the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Count {
    Exactly(usize),
    Within(usize, usize),
}

impl std::fmt::Display for Count {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Exactly(count) => write!(f, "{count}"),
            Self::Within(least, most) => write!(f, "{least} to {most}"),
        }
    }
}

impl Count {
    pub(crate) fn least(self) -> usize {
        match self {
            Self::Exactly(count) | Self::Within(count, _) => count,
        }
    }

    pub(crate) fn has(self, count: usize) -> bool {
        match self {
            Self::Exactly(wanted) => count == wanted,
            Self::Within(least, most) => (least..=most).contains(&count),
        }
    }
}

/// A request to the service. What is left out is the usual: a push to `acme/app` asks for `acme/app`'s policy `ci`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Ask {
    pub(crate) method: String,
    /// Path and query; without it `/sts/exchange` with scope and identity in the query.
    pub(crate) target: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) identity: Option<String>,
    /// `OWNER/REPOSITORY` of the workflow run whose token is sent.
    pub(crate) run: Option<String>,
    /// A token, or what token to make.
    pub(crate) token: Option<Value>,
    /// The Authorization headers as they are, instead of a token.
    pub(crate) authorization: Option<Vec<String>>,
    pub(crate) headers: BTreeMap<String, String>,
    /// The media type.
    #[serde(rename = "type")]
    pub(crate) media_type: String,
    pub(crate) body: String,
    /// So many equal requests at the same time; each must be answered as the step says.
    pub(crate) at_once: usize,
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            target: None,
            scope: None,
            identity: None,
            run: None,
            token: None,
            authorization: None,
            headers: BTreeMap::new(),
            media_type: String::new(),
            body: String::new(),
            at_once: 1,
        }
    }
}

/// A refusal on one line: `STATUS CODE error: message`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// gRPC's.
    pub(crate) code: u8,
    /// The key to program against; ours.
    pub(crate) error: String,
    pub(crate) message: String,
}

impl TryFrom<String> for Refusal {
    type Error = String;

    fn try_from(line: String) -> Result<Self, String> {
        let parsed = || {
            let (head, message) = line.split_once(": ")?;
            let mut words = head.split(' ');
            let status = words.next()?.parse().ok()?;
            let code = words.next()?.parse().ok()?;
            let error = words.next()?.to_owned();
            words.next().is_none().then(|| Self {
                status,
                code,
                error,
                message: message.to_owned(),
            })
        };
        parsed().ok_or_else(|| format!("{line:?} is not `STATUS CODE error: message`"))
    }
}

/// More about an answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AnswerRules {
    /// This, or one of these.
    #[serde(deserialize_with = "one_or_many")]
    pub(crate) status: Vec<u16>,
    /// Name to value; empty: absent. Ours.
    pub(crate) headers: BTreeMap<String, String>,
    /// Members of the body.
    pub(crate) body: Option<Value>,
    /// The names of all members of the body. Ours.
    pub(crate) members: Option<Vec<String>>,
    /// Texts that are in the body.
    pub(crate) says: Vec<String>,
    /// Texts that are not.
    pub(crate) hides: Vec<String>,
    /// Ours.
    pub(crate) reason: Option<Reason>,
    /// Seconds of `Retry-After`: least and most. Ours.
    pub(crate) retry_after: Option<(u64, u64)>,
    /// Real seconds until the answer: least and most.
    pub(crate) seconds: Option<(f64, f64)>,
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u16>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(u16),
        Many(Vec<u16>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(status) => vec![status],
        OneOrMany::Many(statuses) => statuses,
    })
}

/// `reason` of a refusal: how it must be, or whether there is one.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Reason {
    Is(bool),
    Text(String),
}

/// A file.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Content {
    Text(String),
    Padded(Padded),
    Bytes(Bytes),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Padded {
    text: String,
    /// `#` is added up to so many bytes.
    pad_to: usize,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bytes {
    base64: String,
}

impl Content {
    /// The bytes of the file, after `expand` replaced the placeholders of its text.
    pub(crate) fn bytes(
        &self,
        expand: impl Fn(&str) -> Result<String, String>,
    ) -> Result<Vec<u8>, String> {
        match self {
            Self::Text(text) => Ok(expand(text)?.into_bytes()),
            Self::Padded(padded) => {
                let mut bytes = expand(&padded.text)?.into_bytes();
                bytes.resize(padded.pad_to.max(bytes.len()), b'#');
                Ok(bytes)
            }
            Self::Bytes(bytes) => STANDARD
                .decode(&bytes.base64)
                .map_err(|error| format!("base64: {error}")),
        }
    }
}
