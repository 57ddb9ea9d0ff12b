//! The token exchange: a workload's OIDC token and a trust policy in, a GitHub installation access token out. Pure: the
//! world is one trait, [`Outside`].
//!
//! Read [`story`] first: it is the whole exchange. The other modules are its steps, in order:
//!
//! | module | step |
//! |---|---|
//! | [`request`] | the request, in every form that clients of octo-sts send |
//! | [`oauth`] | the same in RFC 8693's words |
//! | `provider` | which issuer, its keys, the signature |
//! | [`target`] | whose installation, which policy |
//! | `apps`, `installation` | which App serves, and its installation for the owner |
//! | `organisation` | whose tokens the organisation takes, and what it lets no policy do |
//! | `asked` | what the target's policy says, and who mints what it grants |
//! | `policy_file`, `read_token` | the policy's text |
//! | [`narrowing`] | less than the policy grants, if that is asked for |
//! | `authorize` | the policy's decision, and the grant that only it can make |
//! | `single_use` | whether the token was used before, where the policy asks |
//! | `mint` | the token, compared with the grant |
//! | `audit`, `recording` | the record, written before the answer |
//! | `events` | the event about it, sent after the answer |
//! | `refusals` | who is refused too often |
//! | `detail` | what a caller may know of a refusal |
//! | `explain`, `trace` | the same without the mint, rule by rule |
//!
//! Beside them: [`settings`], [`error`], [`outside`], `context` (calls to GitHub), `memory` (what is remembered), and
//! `trouble` (calls that failed).

mod apps;
mod asked;
mod audit;
mod authorize;
mod context;
mod decision_id;
mod detail;
pub mod duration;
pub mod error;
mod events;
mod explain;
mod installation;
mod memory;
mod mint;
pub mod narrowing;
pub mod oauth;
mod organisation;
pub mod outside;
mod policy_file;
mod provider;
mod read_token;
mod recording;
mod refusals;
pub mod request;
mod revocation;
pub mod settings;
mod single_use;
pub mod story;
pub mod target;
mod trace;
mod trouble;

pub use decision_id::decision_id;
pub use error::{ExchangeError, Refusal};
pub use explain::Explanation;
pub use outside::{
    CacheName, Led, Limits, LogLevel, Outside, Reservation, Room, SendError, SignerFailure,
    Unanswered,
};
pub use request::{Incoming, Protocol};
pub use revocation::revoke;
pub use settings::{App, Pool, Settings, Traits};
pub use story::{Afterwards, Exchanged, Granted, exchange, explain};

/// The verified claims in the form that `policy` decides about.
fn claims_for_policy(claims: &oidc::Claims) -> policy::Claims<'_> {
    policy::Claims {
        issuer: &claims.issuer,
        subject: &claims.subject,
        audience: &claims.audience,
        other: &claims.other,
    }
}
