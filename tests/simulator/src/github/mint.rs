//! `POST /app/installations/{id}/access_tokens` (GitHub's page "Create an installation access token for an app").

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::objects;
use super::refusal::Refusal;
use super::state::State;
use super::tokens::{self, LIFETIME, NotYet, Token};
use crate::clock::rfc3339;
use crate::server::{Received, Reply};
use crate::world::{Installation, Level, Permissions, Reach, World};

/// A request names so many repositories at most.
const MOST_REPOSITORIES: usize = 500;

const NOT_GRANTED: &str = "The permissions requested are not granted to this installation.";
const NO_REPOSITORY: &str = "There is at least one repository that does not exist or is not accessible to the parent installation.";
const PAGE: &str =
    "https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app";

impl State {
    pub(super) fn mint(&self, app: u64, id: u64, received: &Received) -> Result<Reply, Refusal> {
        let request = request(&received.body)?;
        let world = self.world.read();
        let installation = world
            .installations
            .get(&id)
            .filter(|installation| installation.app == app)
            .ok_or_else(|| Refusal::not_found().documented(PAGE))?;
        if installation.suspended_at.is_some() {
            return Err(Refusal::suspended());
        }
        let permissions = permissions(installation, request.get("permissions"))?;
        let named = repositories(&world, installation, &request)?;
        let now = self.clock.now();
        let (times, status) = *self.refuse_fresh.read();
        let token = Token {
            app,
            installation: id,
            account: installation.account,
            permissions,
            reach: named
                .clone()
                .map_or_else(|| installation.reach.clone(), Reach::Selected),
            expires_at: now.saturating_add(LIFETIME),
            not_yet: NotYet {
                left: AtomicU32::new(times),
                status,
            },
        };
        let mut answer = self.answer_to_mint(&world, &token, named.as_ref());
        drop(world);
        let text = if self.long_tokens.load(Ordering::SeqCst) {
            tokens::long_text(app, id, now)
        } else {
            tokens::short_text()
        };
        self.tokens.add(text.clone(), token);
        self.tamper(&Value::Object(request), &mut answer);
        Ok(created(&text, &answer))
    }

    /// What GitHub says beside the token: `repositories` only where some were asked for.
    fn answer_to_mint(&self, world: &World, token: &Token, named: Option<&BTreeSet<u64>>) -> Value {
        let mut answer = json!({
            "expires_at": rfc3339(token.expires_at),
            "permissions": objects::permissions(&token.permissions),
            "repository_selection": token.reach.name(),
        });
        if let (Some(ids), Some(answer)) = (named, answer.as_object_mut()) {
            let list: Vec<Value> = ids
                .iter()
                .filter_map(|id| world.repositories.get(id))
                .map(|repository| self.objects.repository(world, repository))
                .collect();
            answer.insert("repositories".to_owned(), Value::Array(list));
        }
        answer
    }
}

/// The body as an object; nothing at all is an empty one.
fn request(body: &Bytes) -> Result<Map<String, Value>, Refusal> {
    if body.trim_ascii().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(request)) => Ok(request),
        Ok(_) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "Body should be a JSON object",
        )),
        Err(_) => Err(Refusal::not_json()),
    }
}

/// What the token may do: what was asked for if the installation has it, else everything that it has.
fn permissions(installation: &Installation, asked: Option<&Value>) -> Result<Permissions, Refusal> {
    let refused = || Refusal::unprocessable(NOT_GRANTED).documented(PAGE);
    let asked = match asked {
        None | Some(Value::Null) => return Ok(installation.permissions.clone()),
        Some(Value::Object(asked)) => asked,
        Some(_) => return Err(Refusal::unprocessable("Invalid request.").documented(PAGE)),
    };
    if asked.is_empty() {
        return Ok(installation.permissions.clone());
    }
    let mut permissions = Permissions::new();
    for (name, level) in asked {
        let level = level.as_str().and_then(Level::parse).ok_or_else(refused)?;
        let granted = installation.permissions.get(name).ok_or_else(refused)?;
        if level > *granted {
            return Err(refused());
        }
        permissions.insert(name.clone(), level);
    }
    permissions
        .entry("metadata".to_owned())
        .or_insert(Level::Read);
    Ok(permissions)
}

/// The repositories that were asked for, by name or id; none if the request has no such list.
fn repositories(
    world: &World,
    installation: &Installation,
    request: &Map<String, Value>,
) -> Result<Option<BTreeSet<u64>>, Refusal> {
    let invalid = || Refusal::unprocessable("Invalid request.").documented(PAGE);
    let list = |field: &str| match request.get(field) {
        None | Some(Value::Null) => Ok(&[][..]),
        Some(Value::Array(list)) => Ok(list.as_slice()),
        Some(_) => Err(invalid()),
    };
    let (names, ids) = (list("repositories")?, list("repository_ids")?);
    if names.is_empty() && ids.is_empty() {
        return Ok(None);
    }
    if names.len().saturating_add(ids.len()) > MOST_REPOSITORIES {
        return Err(invalid());
    }
    let mut wanted = BTreeSet::new();
    for name in names {
        let name = name.as_str().ok_or_else(invalid)?;
        wanted.insert(named(world, installation, name).ok_or_else(no_repository)?);
    }
    for id in ids {
        wanted.insert(id.as_u64().ok_or_else(invalid)?);
    }
    let covered = |id: &u64| {
        installation.reach.has(*id)
            && world
                .repositories
                .get(id)
                .is_some_and(|repository| repository.owner == installation.account)
    };
    if wanted.iter().all(covered) {
        Ok(Some(wanted))
    } else {
        Err(no_repository())
    }
}

fn no_repository() -> Refusal {
    Refusal::unprocessable(NO_REPOSITORY).documented(PAGE)
}

/// By its present name; former names and `owner/name` are no names here.
fn named(world: &World, installation: &Installation, name: &str) -> Option<u64> {
    world
        .reached(installation.account, &installation.reach)
        .find(|repository| repository.name.eq_ignore_ascii_case(name))
        .map(|repository| repository.id)
}

/// 201, with `token` first as GitHub sends it: clients that stop early have read it.
fn created(token: &str, answer: &Value) -> Reply {
    let rest = answer.to_string();
    let rest = rest.strip_prefix('{').unwrap_or("}");
    let comma = if rest == "}" { "" } else { "," };
    Reply::new(
        StatusCode::CREATED,
        "application/json; charset=utf-8",
        Bytes::from(format!("{{\"token\":\"{token}\"{comma}{rest}")),
    )
}
