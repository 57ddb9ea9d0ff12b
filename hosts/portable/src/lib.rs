//! What the platforms of octo-sts share. It does no I/O: bytes, times and randomness come in as values.
//!
//! Our own host uses the first half and has native signatures and a cache in memory; the platform components of Spin,
//! wasmCloud and plain WASI are a few lines over [`platform`], which puts all of it together.
//!
//! | room | duty |
//! |---|---|
//! | [`settings`] | names and values to what they mean; every problem at once |
//! | [`grid`] | the times of App JWTs |
//! | [`proof`] | the proof that a verifier works |
//! | [`delivery`] | webhook signatures |
//! | [`log_line`], [`time`] | log lines |
//! | [`signature`] | signatures of others, in pure Rust |
//! | [`app_key`] | App keys and App JWTs, in pure Rust |
//! | [`table`] | the sealed store table |
//! | [`platform`], `answers` | a whole platform over its clock, store, settings and output |

mod answers;
pub mod app_key;
pub mod delivery;
pub mod grid;
pub mod log_line;
pub mod platform;
pub mod proof;
pub mod settings;
pub mod signature;
pub mod table;
pub mod time;

pub use settings::{AppSettings, HostPort, KeySource, LogFormat, LogLevel, Secret, Settings};

#[cfg(test)]
mod testing;
