//! Embeds the octo-sts component in a Rust program: serves it, and answers what it asks of a platform.
//!
//! The component holds every rule of the token service and sees nothing but `wasi:http` and `octo-sts:platform`
//! (`wit/platform.wit`). This crate is the other side of both, and knows no rule of the exchange.
//!
//! | room | duty |
//! |---|---|
//! | `host` | [`Host`]: the parts put together, one request from door to answer |
//! | `serve`, `door` | sockets, connections, limits before an instance is asked |
//! | `engine`, `instance`, `guest_output` | the engine, instances, their deadline and memory |
//! | `platform`, `bindings` | `octo-sts:platform`, glued to the rooms below |
//! | `signer` | App keys and App JWTs |
//! | `verifier` | signatures of others |
//! | `cache` | values, leads, reservations, counters |
//! | `journal` | audit records, chained, and log lines |
//! | `outbound` | the guest's HTTP calls: which addresses, connections, TLS |
//! | `fixed` | the answers of the host itself |
//! | `clock` | what time it is |

mod bindings;
mod cache;
mod clock;
mod door;
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

pub use clock::{Clock, ManualClock, SystemClock};
pub use engine::Limits;
pub use error::Error;
pub use fixed::{Fixed, FixedAnswer};
pub use host::{Host, HostBuilder};
pub use journal::{AuditSink, LogSink};
pub use portable::{LogFormat, LogLevel, Settings};

#[cfg(test)]
mod tests;
