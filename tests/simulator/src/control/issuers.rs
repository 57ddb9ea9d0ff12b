//! `/_simulator/issuer`: what issuers publish, and who signs.

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::error::Error;
use crate::issuer::Issuer;
use crate::keys::Algorithm;
use crate::simulator::Simulator;

/// What an issuer does from now on; absent fields change nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerCommand {
    /// `actions`, `foreign` or an issuer's URL.
    #[serde(default)]
    issuer: String,
    /// A path (`/tenant`) below the foreign issuer's port: a new issuer there, which the other fields are about.
    add: Option<String>,
    /// Of the first key of a new issuer; RS256 if absent.
    algorithm: Option<String>,
    /// Publishes, and signs with, the keys of this issuer.
    keys_of: Option<String>,
    #[serde(default)]
    rotate: bool,
    /// An algorithm's name.
    add_key: Option<String>,
    sign_with: Option<String>,
    remove_key: Option<String>,
    jwks_uri: Option<String>,
    named_issuer: Option<String>,
    /// `null`: the true document again.
    #[serde(default, deserialize_with = "or_null")]
    discovery: Option<Value>,
    /// `null`: the true set again.
    #[serde(default, deserialize_with = "or_null")]
    jwks: Option<Value>,
    cache_control: Option<String>,
    /// The path that redirects, and where to.
    redirect: Option<(String, String)>,
}

/// Tells `null` from a field that is absent.
fn or_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

pub(super) fn issuer(simulator: &Simulator, command: IssuerCommand) -> Result<Value, Error> {
    let issuer = match &command.add {
        Some(path) => {
            let algorithm = command.algorithm.as_deref().unwrap_or("RS256");
            simulator.add_issuer(path, algorithm.parse::<Algorithm>()?)?
        }
        None => simulator.issuer_named(&command.issuer)?,
    };
    let added = change_keys(simulator, &issuer, &command)?;
    if let Some(uri) = command.jwks_uri {
        issuer.set_jwks_uri(uri);
    }
    if let Some(named) = command.named_issuer {
        issuer.set_named_issuer(named);
    }
    if let Some(document) = command.discovery {
        issuer.set_discovery(Some(document).filter(|document| !document.is_null()));
    }
    if let Some(document) = command.jwks {
        issuer.set_jwks(Some(document).filter(|document| !document.is_null()));
    }
    if command.cache_control.is_some() {
        issuer.set_cache_control(command.cache_control);
    }
    if let Some((path, location)) = command.redirect {
        issuer.redirect(path, location);
    }
    let key = issuer.signing_key().ok();
    Ok(json!({
        "url": issuer.url(),
        "kid": key.as_ref().map(|key| key.kid().to_owned()),
        "jwk": key.map(|key| key.jwk()),
        "added_kid": added,
    }))
}

/// Says the `kid` of a key that was added.
fn change_keys(
    simulator: &Simulator,
    issuer: &Issuer,
    command: &IssuerCommand,
) -> Result<Option<String>, Error> {
    if let Some(other) = &command.keys_of {
        issuer.set_keys(simulator.issuer_named(other)?.keys());
    }
    if command.rotate {
        issuer.rotate()?;
    }
    let added = match &command.add_key {
        Some(algorithm) => Some(issuer.add_key(algorithm.parse()?)?),
        None => None,
    };
    if let Some(kid) = &command.sign_with {
        issuer.sign_with(kid)?;
    }
    if let Some(kid) = &command.remove_key {
        issuer.remove_key(kid);
    }
    Ok(added)
}
