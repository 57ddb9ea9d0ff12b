//! An organisation's guard-rails.

use super::assert_places;
use policy::{Claims, GuardRails, PolicyKind, Served, TrustPolicy};
use serde_json::Map;

const POLICY: &[u8] = b"issuer: i\nsubject: s\npermissions: {contents: write, issues: read}\n";

/// What is refused before a policy is read is refused whatever the policy says, and none of it depends on luck.
pub fn guard_rails(bytes: &[u8]) -> bool {
    let problems = GuardRails::check(bytes, &|_| false);
    assert_places(bytes, &problems);
    let rails = match GuardRails::parse(bytes, &|_| false) {
        Ok(rails) => rails,
        Err(error) => {
            assert_eq!(problems.first(), Some(&error));
            return false;
        }
    };
    assert!(problems.is_empty());
    let audience = ["a".to_owned()];
    let other = Map::new();
    let claims = Claims {
        issuer: "i",
        subject: "s",
        audience: &audience,
        other: &other,
    };
    let served = Served::everything(&|_| false);
    for kind in [PolicyKind::Repository, PolicyKind::Organization] {
        let _ = rails.before_the_policy(&claims, kind);
        let policy = TrustPolicy::parse(POLICY, kind, &served).unwrap();
        let elsewhere = rails.of_the_policy(&policy, kind, false);
        let here = rails.of_the_policy(&policy, kind, true);
        assert!(
            elsewhere.is_none() || here.is_some(),
            "reaching the policy repository permits nothing more"
        );
    }
    true
}
