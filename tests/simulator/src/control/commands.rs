//! Short commands: clock, files, installations, accounts, repositories, Apps, limits.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::Error;
use crate::github::Bucket;
use crate::keys::AppKey;
use crate::simulator::Simulator;
use crate::world::AccountKind;

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

/// What becomes of an installation.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum InstallationCommand {
    Suspend,
    Unsuspend,
    Uninstall,
}

/// `id`: an installation's, or the login of its account.
pub(super) fn installation(
    simulator: &Simulator,
    id: &str,
    command: InstallationCommand,
) -> Result<Value, Error> {
    let github = simulator.github();
    let of_app = |(login, app): (&str, &str)| Some((login.to_owned(), app.parse().ok()?));
    let ids = match (id.parse(), id.split_once('@').and_then(of_app)) {
        (Ok(id), _) => vec![id],
        (Err(_), Some((login, app))) => github.installation_at(app, &login).into_iter().collect(),
        (Err(_), None) => github.installations_of(id),
    };
    if ids.is_empty() {
        return Err(no_installation(id));
    }
    for id in ids {
        match command {
            InstallationCommand::Suspend => github.suspend(id)?,
            InstallationCommand::Unsuspend => github.unsuspend(id)?,
            InstallationCommand::Uninstall => github.uninstall(id)?,
        }
    }
    Ok(json!({}))
}

fn no_installation(of: &str) -> Error {
    Error::Unreadable(format!("no installation {of:?}"))
}

/// What becomes of a login.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AccountCommand {
    /// The account has this one from now on.
    Rename(String),
    /// An organisation of this id takes it; the account that had it is `LOGIN-former`.
    Recreate(u64),
}

pub(super) fn account(
    simulator: &Simulator,
    login: &str,
    command: &AccountCommand,
) -> Result<Value, Error> {
    let github = simulator.github();
    match command {
        AccountCommand::Rename(new) => github.rename_account(login, new)?,
        AccountCommand::Recreate(id) => {
            github.recreate_account(login, *id, AccountKind::Organization)?;
        }
    }
    Ok(json!({}))
}

/// A repository's new name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RepositoryCommand {
    rename: String,
}

pub(super) fn repository(
    simulator: &Simulator,
    owner: &str,
    name: &str,
    command: &RepositoryCommand,
) -> Result<Value, Error> {
    let github = simulator.github();
    github.rename_repository(owner, name, &command.rename)?;
    Ok(json!({}))
}

/// The keys that an App has from now on, in PEM.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppCommand {
    keys: Vec<String>,
}

pub(super) fn app(simulator: &Simulator, id: &str, command: &AppCommand) -> Result<Value, Error> {
    let id = id
        .parse()
        .map_err(|_| Error::Unreadable(format!("no App {id:?}")))?;
    let keys: Result<Vec<AppKey>, Error> = command
        .keys
        .iter()
        .map(|pem| AppKey::from_pem(pem))
        .collect();
    simulator.github().set_app_keys(id, keys?)?;
    Ok(json!({}))
}

/// How GitHub mints from now on; absent fields change nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MintCommand {
    long_tokens: Option<bool>,
    /// How often a new token is refused at first, and with which status.
    refuse_fresh_tokens: Option<(u32, u16)>,
}

pub(super) fn mints(simulator: &Simulator, command: &MintCommand) -> Value {
    let github = simulator.github();
    if let Some(long) = command.long_tokens {
        github.mint_long_tokens(long);
    }
    if let Some((times, status)) = command.refuse_fresh_tokens {
        github.refuse_fresh_tokens(times, status);
    }
    json!({})
}

/// Whose requests are limited, and how.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LimitCommand {
    app: Option<u64>,
    installation: Option<u64>,
    /// With `app`: its installation at this login.
    account: Option<String>,
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
    let github = simulator.github();
    let bucket = match (command.app, command.installation, &command.account) {
        (Some(app), None, None) => Bucket::App(app),
        (None, Some(installation), None) => Bucket::Installation(installation),
        (None, None, None) => Bucket::Anonymous,
        (Some(app), None, Some(login)) => {
            let found = github.installation_at(app, login);
            Bucket::Installation(found.ok_or_else(|| no_installation(login))?)
        }
        _ => {
            let what = "app, installation, or app and account";
            return Err(Error::Unreadable(what.to_owned()));
        }
    };
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
