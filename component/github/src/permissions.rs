//! Permission names and their ordered levels.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// How far a permission reaches. The order is GitHub's: a higher level includes the lower ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Read.
    Read,
    /// Read and write.
    Write,
    /// Administer.
    Admin,
}

impl Level {
    /// Reads `read`, `write` or `admin`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "read" => Some(Self::Read),
            "write" => Some(Self::Write),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        })
    }
}

/// Permissions by name, as GitHub's API writes them.
pub type Permissions = BTreeMap<String, Level>;
