//! Short commands: clock, files, issuers, installations, accounts, limits.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::Error;
use crate::github::Bucket;
use crate::simulator::Simulator;

/// The addresses, as the program prints them.
pub(super) fn about(simulator: &Simulator) -> Value {
    let github = simulator.github();
    json!({
        "actions_issuer": simulator.actions_issuer().url(),
        "apps": github.apps().iter().map(|(id, name, _)| json!({"id": id, "name": name})).collect::<Vec<_>>(),
        "github": github.base_url(),
        "issuer": simulator.issuer().url(),
        "live_tokens": github.live_tokens(),
    })
}

/// Where the hand goes: `set` first, then `advance`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockCommand {
    set: Option<i64>,
    advance: Option<i64>,
}

pub(super) fn clock(simulator: &Simulator, command: ClockCommand) -> Value {
    if let Some(unix) = command.set {
        simulator.clock().set(unix);
    }
    if let Some(seconds) = command.advance {
        simulator.clock().advance(seconds);
    }
    json!({"now": simulator.clock().now()})
}

/// Writes a file, or removes it if there is no content. Path parts are taken as they come, without decoding.
pub(super) fn file(
    simulator: &Simulator,
    owner: &str,
    name: &str,
    path: &str,
    content: Option<&[u8]>,
) -> Result<Value, Error> {
    let github = simulator.github();
    match content {
        Some(bytes) => github.put_file(owner, name, path, bytes)?,
        None => {
            github.remove_file(owner, name, path)?;
        }
    }
    Ok(json!({}))
}

/// What an issuer does from now on; absent fields change nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerCommand {
    /// `actions`, `foreign` or an issuer's URL.
    issuer: String,
    /// A path (`/tenant`) below the foreign issuer's port: a new issuer there, which the other fields are about.
    add: Option<String>,
    #[serde(default)]
    rotate: bool,
    /// An algorithm's name.
    add_key: Option<String>,
    sign_with: Option<String>,
    remove_key: Option<String>,
    jwks_uri: Option<String>,
    named_issuer: Option<String>,
    discovery: Option<Value>,
    jwks: Option<Value>,
    cache_control: Option<String>,
    /// The path that redirects, and where to.
    redirect: Option<(String, String)>,
}

pub(super) fn issuer(simulator: &Simulator, command: IssuerCommand) -> Result<Value, Error> {
    let issuer = match &command.add {
        Some(path) => simulator.add_issuer(path, crate::Algorithm::Rs256)?,
        None => simulator.issuer_named(&command.issuer)?,
    };
    if command.rotate {
        issuer.rotate()?;
    }
    let added = match command.add_key {
        Some(algorithm) => Some(issuer.add_key(algorithm.parse()?)?),
        None => None,
    };
    if let Some(kid) = command.sign_with {
        issuer.sign_with(&kid)?;
    }
    if let Some(kid) = command.remove_key {
        issuer.remove_key(&kid);
    }
    if let Some(uri) = command.jwks_uri {
        issuer.set_jwks_uri(uri);
    }
    if let Some(named) = command.named_issuer {
        issuer.set_named_issuer(named);
    }
    if command.discovery.is_some() {
        issuer.set_discovery(command.discovery);
    }
    if command.jwks.is_some() {
        issuer.set_jwks(command.jwks);
    }
    if command.cache_control.is_some() {
        issuer.set_cache_control(command.cache_control);
    }
    if let Some((path, location)) = command.redirect {
        issuer.redirect(path, location);
    }
    let kid = issuer.signing_key().map(|key| key.kid().to_owned()).ok();
    Ok(json!({"url": issuer.url(), "kid": kid, "added_kid": added}))
}

/// What becomes of an installation.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum InstallationCommand {
    Suspend,
    Unsuspend,
    Uninstall,
}

pub(super) fn installation(
    simulator: &Simulator,
    id: &str,
    command: InstallationCommand,
) -> Result<Value, Error> {
    let id = id
        .parse()
        .map_err(|_| Error::Unreadable(format!("no installation {id:?}")))?;
    let github = simulator.github();
    match command {
        InstallationCommand::Suspend => github.suspend(id)?,
        InstallationCommand::Unsuspend => github.unsuspend(id)?,
        InstallationCommand::Uninstall => github.uninstall(id)?,
    }
    Ok(json!({}))
}

/// An account's new login.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccountCommand {
    rename: String,
}

pub(super) fn account(
    simulator: &Simulator,
    login: &str,
    command: AccountCommand,
) -> Result<Value, Error> {
    simulator.github().rename_account(login, &command.rename)?;
    Ok(json!({}))
}

/// Whose requests are limited, and how.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitCommand {
    app: Option<u64>,
    installation: Option<u64>,
    /// Primary: this many more requests, until `reset` (Unix seconds; an hour from now if absent).
    remaining: Option<u64>,
    reset: Option<i64>,
    #[serde(default = "forbidden")]
    status: u16,
    /// Secondary: so many refusals with `Retry-After` of so many seconds.
    secondary: Option<(usize, u64)>,
}

fn forbidden() -> u16 {
    403
}

pub(super) fn limit(simulator: &Simulator, command: LimitCommand) -> Result<Value, Error> {
    let bucket = match (command.app, command.installation) {
        (Some(app), None) => Bucket::App(app),
        (None, Some(installation)) => Bucket::Installation(installation),
        (None, None) => Bucket::Anonymous,
        (Some(_), Some(_)) => {
            return Err(Error::Unreadable(
                "app or installation, not both".to_owned(),
            ));
        }
    };
    let github = simulator.github();
    if let Some(remaining) = command.remaining {
        let hour = || simulator.clock().now().saturating_add(3_600);
        let reset = command.reset.unwrap_or_else(hour);
        github.limit_with(bucket, remaining, reset, command.status);
    }
    if let Some((times, retry_after)) = command.secondary {
        github.limit_secondary(bucket, times, retry_after);
    }
    Ok(json!({}))
}
