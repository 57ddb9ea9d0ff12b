//! Keys: those of GitHub Apps and those that issuers sign with.

mod app_key;
mod pem;
mod signing_key;

pub use app_key::AppKey;
pub use signing_key::{Algorithm, SigningKey};
