//! A trust policy.

use super::assert_places;
use policy::{Claims, PolicyKind, Served, TrustPolicy};
use serde_json::json;

pub(crate) const PIECES: &[&str] = &[
    "\n",
    " ",
    "  ",
    "\t",
    ":",
    ": ",
    "- ",
    "?",
    "!",
    "&a ",
    "*a",
    "#",
    " #",
    "'",
    "\"",
    "|\n",
    ">-\n ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "%",
    "\\",
    "\\x",
    "~",
    "yes",
    "0",
    "<<: ",
    "---\n",
    "...\n",
    "\r",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "é",
    "(",
    ")*",
    "{2}",
    "[^",
    "\\b",
    "null",
    "true",
    "0x1F",
    "issuer: i\n",
    "subject_pattern: .*\n",
    "permissions:\n",
    "  contents: read\n",
    "claim_pattern:\n",
    "repositories: []\n",
    "app: x\n",
    "single_use: true\n",
    "mode: audit\n",
    "deny:\n",
    "ceiling: {}\n",
    "issuer_patterns: ['https://[a-z]+\\.b']\n",
    "https://",
];

/// What compiles has no problems and grants something; what does not has its first problem at a place.
pub fn policy(bytes: &[u8]) -> bool {
    let served = Served::everything(&|_| false);
    let mut compiled = false;
    for kind in [PolicyKind::Repository, PolicyKind::Organization] {
        let problems = TrustPolicy::check(bytes, kind, &served);
        assert_places(bytes, &problems);
        match TrustPolicy::parse(bytes, kind, &served) {
            Ok(policy) => {
                assert!(problems.is_empty());
                assert!(!policy.permissions().is_empty());
                decide(&policy);
                compiled = true;
            }
            Err(error) => assert_eq!(problems.first(), Some(&error)),
        }
    }
    compiled
}

fn decide(policy: &TrustPolicy) {
    let audience = ["a".to_owned()];
    let other = json!({"iss": "i", "sub": "s", "n": 1, "a": "b", "yes": true});
    let claims = Claims {
        issuer: "i",
        subject: "s",
        audience: &audience,
        other: other.as_object().unwrap(),
    };
    let decision = policy.decide(&claims, &["a"]);
    assert_eq!(decision.permits(), decision.mismatches().next().is_none());
    assert!(decision.rules().len() >= 3);
    for mismatch in decision.mismatches() {
        assert!(mismatch.sentence().starts_with("trust policy: "));
        assert!(!mismatch.sentence().contains('\n'));
    }
    // Nothing is for a token without an audience.
    let nobody = Claims {
        issuer: "",
        subject: "",
        audience: &[],
        other: &serde_json::Map::new(),
    };
    assert!(!policy.decide(&nobody, &[""]).permits());
}
