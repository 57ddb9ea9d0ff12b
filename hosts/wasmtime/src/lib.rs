//! Embeds the octo-sts component in a Rust program: serves it, and answers what it asks of a platform.
//!
//! The component holds every rule of the token service and sees nothing but `wasi:http` and `octo-sts:platform`
//! (`wit/platform.wit`). This crate is the other side of both, and knows no rule of the exchange.
//!
//! `README.md` beside this crate leads from nothing to an embedded service.
//!
//! | room | duty |
//! |---|---|
//! | `builder` | [`HostBuilder`]: the parts put together |
//! | `host` | [`Host`]: one request from door to answer |
//! | `serve`, `door` | sockets, connections, limits before an instance is asked |
//! | `compiled`, `engine`, `instance`, `guest_output` | the engine, instances, their deadline and memory |
//! | `platform`, `bindings` | `octo-sts:platform`, glued to the rooms below |
//! | `signer` | App keys and App JWTs |
//! | `verifier` | signatures of others |
//! | [`cache`] | values, leads, reservations, counters |
//! | `journal` | audit records, chained, and log lines |
//! | `outbound` | the guest's HTTP calls: which addresses, connections, TLS |
//! | `fixed` | the answers of the host itself |
//! | `clock` | what time it is |
//! | `boxed` | what replaceable parts have in common |
//! | `drafts` | other platforms' interfaces, for tests (feature `drafts`) |

mod bindings;
mod boxed;
mod builder;
pub mod cache;
mod clock;
mod compiled;
mod door;
#[cfg(feature = "drafts")]
mod drafts;
mod engine;
mod error;
mod fixed;
mod guest_output;
mod host;
mod instance;
mod journal;
mod outbound;
mod platform;
mod serve;
mod signer;
mod verifier;

pub use boxed::{BoxFuture, Unavailable};
pub use builder::{HostBuilder, read_settings};
pub use clock::{Clock, ManualClock, SystemClock};
pub use compiled::Compiled;
#[cfg(feature = "drafts")]
pub use drafts::{Interfaces, SharedStore, StoreMood};
pub use engine::Limits;
pub use error::Error;
pub use fixed::{Fixed, FixedAnswer};
pub use host::Host;
pub use journal::{AuditSink, LogSink, VerifiedAudit, verify_audit};
pub use outbound::{Body, Egress, HttpError, Timeouts};
pub use portable::{LogFormat, LogLevel, Settings};
pub use signer::{Signature, Signer};

/// The page's programs are compiled with the documentation's tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

#[cfg(test)]
pub(crate) mod tests;
