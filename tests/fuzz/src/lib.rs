//! What the readers of hostile bytes promise, whatever the bytes: each target is a function that panics when a promise is
//! broken. `cargo test` runs them over the corpus and over seeded mutations of it; `libfuzzer/` runs them for as long as one
//! likes (README.md).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "this is a test, and a panic is how it says so"
)]

mod mutate;
mod targets;

pub use mutate::Mutator;
pub use targets::discovery::discovery;
pub use targets::guard_rails::guard_rails;
pub use targets::jwks::jwks;
pub use targets::jws::jws;
pub use targets::pattern::pattern;
pub use targets::policy::policy;
pub use targets::trusted_issuers::trusted_issuers;

/// A target by its name, which is that of its folder in `corpus/`.
pub struct Target {
    /// The name.
    pub name: &'static str,
    /// Panics when a promise is broken; says whether the bytes were accepted.
    pub run: fn(&[u8]) -> bool,
    /// Pieces that its language is made of.
    pub pieces: &'static [&'static str],
}

/// All of them.
pub const TARGETS: [Target; 7] = [
    target("jws", jws, targets::jws::PIECES),
    target("jwks", jwks, targets::jwks::PIECES),
    target("discovery", discovery, targets::discovery::PIECES),
    target("policy", policy, targets::policy::PIECES),
    target("trusted_issuers", trusted_issuers, targets::policy::PIECES),
    target("guard_rails", guard_rails, targets::policy::PIECES),
    target("pattern", pattern, targets::pattern::PIECES),
];

const fn target(
    name: &'static str,
    run: fn(&[u8]) -> bool,
    pieces: &'static [&'static str],
) -> Target {
    Target { name, run, pieces }
}
