//! The artifact: `wasi:http` in and out around the token exchange. Glue only; every rule is in the pure crates.
//!
//! | module | what it does |
//! |---|---|
//! | [`respond`] | the only map from what happened to code, HTTP status and body |
//! | `routes` | which path and method means what |
//! | `configuration` | the settings, read from the platform and checked |
//! | `outside` | `exchange`'s world over WASI and `octo-sts:platform` |
//! | `outbound` | one outbound HTTP call, bounded |
//! | `bindings` | the generated bindings of `wit/` |

pub mod respond;

#[cfg(target_family = "wasm")]
mod bindings;
#[cfg(target_family = "wasm")]
mod configuration;
#[cfg(target_family = "wasm")]
mod outbound;
#[cfg(target_family = "wasm")]
mod outside;
#[cfg(target_family = "wasm")]
mod routes;
