//! CloudEvents 1.0 about exchanges, with octo-sts's payload, to `EVENT_INGRESS_URI` (rule 34 of docs/SECURITY.md). No
//! credential goes with them, nothing waits for them where the platform goes on after the answer, and none is about a token
//! that was not verified.

use crate::audit::Record;
use crate::memory::{self, Keep};
use crate::outside::{CacheName, Limits, LogLevel, Outside};
use crate::recording;
use crate::settings::Settings;
use http::Request;
use policy::{AudienceMatcher, Matcher, Repositories, TrustPolicy};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::time::Duration;

/// `ce-type`.
const TYPE: &str = "dev.octo-sts.exchange";
/// Before the second, third and fourth try.
const PAUSES: [Duration; 3] = [
    Duration::from_millis(10),
    Duration::from_millis(20),
    Duration::from_millis(40),
];
/// Statuses that a retry may cure.
const AGAIN: [u16; 7] = [404, 413, 425, 429, 502, 503, 504];
const LIMITS: Limits = Limits {
    connect: Duration::from_secs(1),
    total: Duration::from_secs(2),
    max_answer: 64 * 1024,
};

/// Seconds for which a sink that did not answer in time is left alone; what is not sent meanwhile is counted.
const AWAY: u64 = 30;

fn away() -> CacheName {
    memory::name("sink-away", &[])
}

/// One event, ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    id: String,
    decision: String,
    subject: String,
    time: String,
    data: Vec<u8>,
}

impl Event {
    /// About a decision. `error`: octo-sts's text of a refusal.
    pub(crate) fn about(record: &Record, decision: &str, error: Option<&str>) -> Self {
        let data = record.event(error);
        let (scope, identity) = record.names();
        Self {
            id: uuid(decision),
            decision: decision.to_owned(),
            subject: encoded(&format!("{scope}/{identity}")),
            time: record.time().to_owned(),
            data: data.to_string().into_bytes(),
        }
    }

    /// Sends it; a failure is counted, and logged once a minute.
    pub(crate) async fn send<O: Outside>(self, outside: &O, settings: &Settings) {
        let Some(sink) = &settings.event_sink else {
            return;
        };
        let because = if memory::get(outside, &away()).unwrap_or(false) {
            "the sink was away a moment ago".to_owned()
        } else {
            match self
                .deliver(outside, sink, &settings.default_audience)
                .await
            {
                Ok(()) => return,
                Err(because) => because,
            }
        };
        if let Some(before) = recording::once_a_minute(outside, "events") {
            let fields = [("because", because), ("left_out", before.to_string())];
            let message = "an event could not be delivered";
            outside.log(LogLevel::Warn, &self.decision, message, &fields);
        }
    }

    async fn deliver<O: Outside>(
        &self,
        outside: &O,
        sink: &str,
        domain: &str,
    ) -> Result<(), String> {
        let (mut pauses, began) = (PAUSES.into_iter(), outside.elapsed());
        loop {
            let request = self.request(sink, domain);
            let request = request.map_err(|_| "it cannot be put together".to_owned())?;
            let because = match outside.send(request, LIMITS).await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) if !AGAIN.contains(&answer.status().as_u16()) => {
                    return Err(format!("the sink answered {}", answer.status().as_u16()));
                }
                Ok(answer) => format!("the sink answered {}", answer.status().as_u16()),
                Err(unanswered) => unanswered.error.to_string(),
            };
            // A sink that is slow would hold the places of requests: nobody is sent there for a while.
            if outside.elapsed().saturating_sub(began) >= LIMITS.connect {
                memory::put(outside, &away(), Keep::negative(AWAY), &true);
                return Err(because);
            }
            match pauses.next() {
                Some(pause) => outside.sleep(pause).await,
                None => return Err(because),
            }
        }
    }

    /// Binary mode of the HTTP binding: attributes are headers.
    fn request(&self, sink: &str, domain: &str) -> Result<Request<Vec<u8>>, http::Error> {
        Request::post(sink)
            .header("content-type", "application/json")
            .header("user-agent", "octo-sts")
            .header("ce-specversion", "1.0")
            .header("ce-id", &self.id)
            .header("ce-type", TYPE)
            .header("ce-source", encoded(&format!("https://{domain}")))
            .header("ce-subject", &self.subject)
            .header("ce-time", &self.time)
            .header("ce-decision", &self.decision)
            .body(self.data.clone())
    }
}

/// A UUID (RFC 9562, version 8) that belongs to a decision.
fn uuid(decision: &str) -> String {
    let digest = Sha256::digest(decision.as_bytes());
    let mut bytes: [u8; 16] = std::array::from_fn(|at| digest.get(at).copied().unwrap_or(0));
    bytes[6] = (bytes[6] & 0x0f) | 0x80;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let mut text = String::with_capacity(36);
    for (at, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            text.push('-');
        }
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// A header's value (CloudEvents HTTP binding 3.1.3.2): all but printable ASCII, and `"`, `%` and space, percent-encoded.
fn encoded(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'!'..=b'~' if !matches!(byte, b'"' | b'%') => value.push(char::from(byte)),
            _ => {
                let _ = write!(value, "%{byte:02X}");
            }
        }
    }
    value
}

/// A policy in octo-sts's JSON. `read`: the repository that a repository's policy is for.
pub(crate) fn policy(policy: &TrustPolicy, read: Option<&str>) -> Value {
    let mut members = Map::new();
    let mut add = |exact: &str, pattern: &str, matcher: &Matcher| {
        let (name, text) = match matcher {
            Matcher::Exact(text) => (exact, text.as_str()),
            Matcher::Pattern(text) => (pattern, text.as_str()),
        };
        members.insert(name.to_owned(), json!(text));
    };
    add("issuer", "issuer_pattern", policy.issuer());
    add("subject", "subject_pattern", policy.subject());
    if let AudienceMatcher::Named(matcher) = policy.audience() {
        add("audience", "audience_pattern", matcher);
    }
    let claims: Map<String, Value> = policy
        .claim_patterns()
        .map(|(name, pattern)| (name.to_owned(), json!(pattern)))
        .collect();
    if !claims.is_empty() {
        members.insert("claim_pattern".to_owned(), Value::Object(claims));
    }
    let permissions: Map<String, Value> = policy
        .permissions()
        .iter()
        .map(|(name, level)| (name.clone(), json!(level.as_str())))
        .collect();
    members.insert("permissions".to_owned(), Value::Object(permissions));
    let repositories = match (read, policy.repositories()) {
        (Some(read), _) => json!([read]),
        (None, Repositories::Some(names)) => json!(names),
        (None, Repositories::Absent | Repositories::All) => return Value::Object(members),
    };
    members.insert("repositories".to_owned(), repositories);
    Value::Object(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line_of_printable_ascii() {
        for (text, header) in [
            ("acme/app/ci", "acme/app/ci"),
            ("a b\"c%d", "a%20b%22c%25d"),
            ("x\r\nce-type: y", "x%0D%0Ace-type:%20y"),
            ("Ünï", "%C3%9Cn%C3%AF"),
            ("\u{7f}~!", "%7F~!"),
        ] {
            assert_eq!(encoded(text), header);
            assert!(http::HeaderValue::from_str(header).is_ok());
        }
    }

    #[test]
    fn an_id_is_a_uuid_of_its_decision() {
        let id = uuid("abc");
        assert_eq!(id.len(), 36);
        assert_eq!(
            id.split('-').map(str::len).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
        assert_eq!(id.get(14..15), Some("8"));
        assert_eq!(id, uuid("abc"));
        assert_ne!(id, uuid("abd"));
    }
}
