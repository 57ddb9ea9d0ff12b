//! The verifier of the platform components against Wycheproof (<https://github.com/C2SP/wycheproof>).
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod vectors;

#[test]
fn the_portable_verifier_answers_wycheproof_rightly() {
    let counts = vectors::put_to(portable::signature::verify);
    println!("{counts:?}");
    assert_eq!(counts, vectors::EXPECTED);
}
