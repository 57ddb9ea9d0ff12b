//! An organisation's list of issuers.

use super::assert_places;
use policy::TrustedIssuers;

/// `check` and `parse` agree, and every problem has a place.
pub fn trusted_issuers(bytes: &[u8]) -> bool {
    let problems = TrustedIssuers::check(bytes);
    assert_places(bytes, &problems);
    match TrustedIssuers::parse(bytes) {
        Ok(list) => {
            assert!(problems.is_empty());
            // What is listed exactly has a scheme in lower case.
            assert!(!list.allow("HTTPS://issuer.example"));
        }
        Err(error) => assert_eq!(problems.first(), Some(&error)),
    }
    problems.is_empty()
}
