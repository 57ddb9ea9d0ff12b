//! GitHub's REST API as values: requests to send, answers to read, limits. Pure: no clock, no network, no key.
//!
//! | module | what it is about |
//! |---|---|
//! | [`base_url`] | where this GitHub is (`GITHUB_BASE_URL`) |
//! | [`names`] | owner and repository names (rule 5 of docs/SECURITY.md) |
//! | [`secret`] | App JWTs and installation access tokens, which never show themselves |
//! | [`requests`] | the requests that the service makes |
//! | [`failure`] | what an answer that is no success means: limits, refusals, outages |
//! | [`installations`] | finding an App's installation for an owner |
//! | [`permissions`] | permission names and ordered levels |
//! | [`access_token`] | asking for an installation access token, and checking that it is no wider (rules 1 and 29) |
//! | [`contents`] | files and directories |

pub mod access_token;
pub mod base_url;
pub mod contents;
pub mod failure;
pub mod installations;
pub mod names;
pub mod permissions;
pub mod requests;
pub mod secret;

pub use access_token::{AccessToken, AccessTokenRequest, Reach, Wider};
pub use base_url::{BaseUrl, BaseUrlError};
pub use failure::Failure;
pub use installations::Installation;
pub use names::{NameError, Owner, RepositoryName};
pub use permissions::{Level, Permissions};
pub use secret::{AppJwt, InstallationAccessToken};

/// The largest answer that is read, in bytes; a longer one is an error, not a cut.
pub const MAX_ANSWER: usize = 2 * 1024 * 1024;
/// The largest answer to a mint, in bytes: it lists whole repositories.
pub const MAX_MINT_ANSWER: usize = 8 * 1024 * 1024;
