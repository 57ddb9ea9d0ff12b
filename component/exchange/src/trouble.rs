//! Why a call to GitHub brought nothing, before it is known what that means for the exchange.

use crate::outside::{SendError, SignerFailure};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What went wrong with a look-up. Shared with those who waited for the same one.
#[derive(Debug, Clone, PartialEq, Eq, Error, Serialize, Deserialize)]
pub(crate) enum Trouble {
    #[error("GitHub limits for {retry_after} s")]
    Limited { retry_after: u64, primary: bool },
    #[error("GitHub answered 403")]
    Forbidden,
    #[error("GitHub answered 404{0}")]
    NotFound(String),
    #[error("GitHub answered 422")]
    Unprocessable,
    /// 422 for a repository id that came from memory: the repository may have been recreated.
    #[error("GitHub answered 422 for a remembered repository id")]
    StaleRepositoryId,
    #[error("GitHub refuses this App's key, or the clock is wrong")]
    AppRefused,
    #[error("GitHub refuses the token that it gave out")]
    TokenRefused,
    #[error("GitHub answered {0}")]
    Status(u16),
    #[error("{0}")]
    Unreadable(String),
    #[error("{0}")]
    Network(SendError),
    #[error("{0}")]
    Signer(String),
    #[error("the platform has no key for this App")]
    UnknownApp,
    #[error("the deadline is over")]
    Deadline,
    /// GitHub is not asked for this caller (rule 16).
    #[error("the caller was refused too often")]
    TooManyRefusals,
    #[error("others look it up, and are not done yet")]
    Busy,
    #[error("the answer is about another owner")]
    OtherOwner,
    #[error("the token is wider than asked: {0}")]
    Wider(String),
    #[error("a request could not be put together")]
    Internal,
}

impl Trouble {
    /// Whether the same call may succeed in a moment.
    pub(crate) fn passing(&self) -> bool {
        match self {
            // Where a platform lets nobody go, it does not the next moment either.
            Self::Network(error) => *error != SendError::Denied,
            Self::Status(_) | Self::Unreadable(_) => true,
            _ => false,
        }
    }

    /// Whether nobody knows if GitHub did what it was asked to: all but its own "no", and what was never sent.
    pub(crate) fn leaves_unsure(&self) -> bool {
        match self {
            Self::Network(error) => error.may_have_arrived(),
            Self::Status(_) | Self::Unreadable(_) | Self::Deadline => true,
            _ => false,
        }
    }

    /// Whether GitHub may have done what it was asked to.
    pub(crate) fn may_have_arrived(&self) -> bool {
        match self {
            Self::Network(error) => error.may_have_arrived(),
            Self::Unreadable(_) => true,
            _ => false,
        }
    }
}

impl From<github::Failure> for Trouble {
    fn from(failure: github::Failure) -> Self {
        use github::Failure;
        match failure {
            Failure::RateLimited {
                retry_after,
                primary,
            } => Self::Limited {
                retry_after,
                primary,
            },
            Failure::Unauthorized => Self::TokenRefused,
            Failure::Forbidden => Self::Forbidden,
            Failure::NotFound { to } => {
                Self::NotFound(to.map(|to| format!(", moved to {to}")).unwrap_or_default())
            }
            Failure::Unprocessable => Self::Unprocessable,
            Failure::Unavailable(status) => Self::Status(status),
            Failure::Unreadable(why) => Self::Unreadable(why),
        }
    }
}

impl From<SignerFailure> for Trouble {
    fn from(failure: SignerFailure) -> Self {
        match failure {
            SignerFailure::UnknownApp => Self::UnknownApp,
            SignerFailure::Unavailable(why) => Self::Signer(why),
        }
    }
}
