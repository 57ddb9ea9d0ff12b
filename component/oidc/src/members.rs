//! A JSON object with every member that it has, also those of the same name.

use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;

/// The members of an object in their order. Ordinary maps keep the last of several with one name, and other readers
/// the first: a signed text that two readers understand differently is how one of them is deceived.
#[derive(Clone)]
pub(crate) struct Members<T = Value>(pub(crate) Vec<(String, T)>);

impl<T: DeserializeOwned> Members<T> {
    /// Reads an object; `None` if the bytes are not exactly one.
    pub(crate) fn parse(json: &[u8]) -> Option<Self> {
        serde_json::from_slice(json).ok()
    }

    /// The first member of that name.
    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value)
    }

    /// A name that occurs more than once.
    pub(crate) fn duplicate(&self) -> Option<&str> {
        let mut seen = BTreeSet::new();
        self.0
            .iter()
            .map(|(name, _)| name.as_str())
            .find(|name| !seen.insert(*name))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(AllMembers(PhantomData))
    }
}

struct AllMembers<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AllMembers<T> {
    type Value = Members<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<T>, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// What of a stranger's text goes into an error: enough to recognise it, too little to flood a log.
pub(crate) fn clipped(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn keeps_every_member() {
        let members = Members::<Value>::parse(br#" {"a":1,"b":{"x":[]},"a":2} "#).unwrap();
        assert_eq!(members.0.len(), 3);
        assert_eq!(members.get("a"), Some(&Value::from(1)));
        assert_eq!(members.duplicate(), Some("a"));
        assert_eq!(
            Members::<Value>::parse(br#"{"a":1,"A":2}"#)
                .unwrap()
                .duplicate(),
            None
        );
    }

    #[test]
    fn takes_one_object_and_nothing_else() {
        let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(200), "]".repeat(200));
        for text in [
            "",
            "[]",
            "null",
            "1",
            "{",
            r#"{"a":1}{}"#,
            r#"{"a":1} x"#,
            r#"{a:1}"#,
            r#"{"a":1,}"#,
            deep.as_str(),
        ] {
            assert!(Members::<Value>::parse(text.as_bytes()).is_none(), "{text}");
        }
        assert!(Members::<Value>::parse(b"{\"a\":\"\xff\"}").is_none());
        assert!(Members::<Value>::parse(b"\xef\xbb\xbf{}").is_none());
    }
}
