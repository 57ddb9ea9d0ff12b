//! What the replaceable parts of a host have in common.

use std::fmt;
use std::pin::Pin;

/// What a replaceable part gives back. The host bounds every one of them in time, and drops it when its time is over.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A part of the host can't do what it was asked now. The text is for the log: no secret, no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable(String);

impl Unavailable {
    /// For this reason.
    pub fn because(why: impl fmt::Display) -> Self {
        Self(why.to_string())
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unavailable {}
