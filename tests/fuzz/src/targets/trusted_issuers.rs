//! An organisation's list of issuers.

use super::assert_places;
use policy::TrustedIssuers;

/// Whatever a list says, one issuer does not hide behind another.
pub fn trusted_issuers(bytes: &[u8]) -> bool {
    let problems = TrustedIssuers::check(bytes);
    assert_places(bytes, &problems);
    match TrustedIssuers::parse(bytes) {
        Ok(list) => {
            assert!(problems.is_empty());
            for hidden in [
                "https://evil.example/https://a.example",
                "https://evil.example/a.example",
                "https://evil.example/x/b.example/y",
            ] {
                // A list may name a path of evil.example, and nothing that only ends like something else.
                let named = String::from_utf8_lossy(bytes).contains("evil");
                assert!(named || !list.allow(hidden), "{hidden}");
            }
            assert!(!list.allow(""));
        }
        Err(error) => assert_eq!(problems.first(), Some(&error)),
    }
    problems.is_empty()
}
