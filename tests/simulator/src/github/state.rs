//! What GitHub's endpoints share.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use http::StatusCode;

use super::app_jwt::AppJwts;
use super::limits::{Bucket, Limits};
use super::objects::Objects;
use super::refusal::Refusal;
use super::routing::{Asked, RepositoryName};
use super::tamper::Tampers;
use super::tokens::{Token, Tokens};
use crate::clock::Clock;
use crate::faults::Faults;
use crate::guarded::Guarded;
use crate::server::{Received, Reply};
use crate::world::{Found, Repository, World};

/// The simulated GitHub behind its sockets.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) objects: Objects,
    pub(super) clock: Clock,
    pub(super) world: Guarded<World>,
    pub(super) app_jwts: AppJwts,
    pub(super) tokens: Tokens,
    pub(super) limits: Limits,
    pub(super) tampers: Tampers,
    pub(crate) faults: Faults,
    /// Mint the long form of tokens.
    pub(super) long_tokens: AtomicBool,
    /// How often, and with what, tokens minted from now on are refused at first.
    pub(super) refuse_fresh: Guarded<(u32, StatusCode)>,
    request: AtomicU64,
}

/// Who asks.
#[derive(Clone, Debug)]
pub(super) enum Caller {
    App(u64),
    Installation(Arc<Token>),
    Anonymous,
}

impl Caller {
    fn bucket(&self) -> Bucket {
        match self {
            Self::App(id) => Bucket::App(*id),
            Self::Installation(token) => Bucket::Installation(token.installation),
            Self::Anonymous => Bucket::Anonymous,
        }
    }
}

impl State {
    pub(crate) fn new(web: String, clock: Clock) -> Self {
        Self {
            objects: Objects {
                api: format!("{web}/api/v3"),
                web,
            },
            clock,
            world: Guarded::default(),
            app_jwts: AppJwts::default(),
            tokens: Tokens::default(),
            limits: Limits::default(),
            tampers: Tampers::default(),
            faults: Faults::default(),
            long_tokens: AtomicBool::new(false),
            refuse_fresh: Guarded::new((0, StatusCode::UNAUTHORIZED)),
            request: AtomicU64::new(0),
        }
    }

    /// The answer to a request, with the headers that every answer has.
    pub(crate) fn answer(&self, received: &Received, path: &str) -> Reply {
        let asked = Asked::parse(&received.method, path);
        let mut reply = self
            .authorised(received, &asked)
            .unwrap_or_else(Refusal::into_reply);
        if let Asked::AccessTokens(id) | Asked::AppInstallation(id) = asked {
            reply.installation = Some(id);
        }
        let number = self.request.fetch_add(1, Ordering::Relaxed);
        reply.set(
            "x-github-request-id",
            &format!("51A0:{number:04X}:{:X}", self.clock.now()),
        );
        reply.set("x-github-media-type", "github.v3; format=json");
        reply.set("x-github-api-version-selected", "2022-11-28");
        reply.set("server", "github.com");
        reply
    }

    /// Authenticates, counts, and lets the endpoint answer.
    fn authorised(&self, received: &Received, asked: &Asked) -> Result<Reply, Refusal> {
        if received.header("user-agent").is_empty() {
            // GitHub's page "Getting started with the REST API": a request without User-Agent is rejected.
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "Request forbidden by administrative rules. Please make sure your request has a User-Agent header",
            ));
        }
        let caller = self.authenticate(received, asked)?;
        let now = self.clock.now();
        let (quota, counted) = if matches!(asked, Asked::RateLimit) {
            (self.limits.look(caller.bucket(), now), Ok(()))
        } else {
            self.limits.charge(caller.bucket(), now)
        };
        let mut reply = counted
            .and_then(|()| self.endpoint(received, asked, &caller))
            .unwrap_or_else(Refusal::into_reply);
        quota.set_headers(&mut reply);
        match &caller {
            Caller::App(id) => reply.app = Some(*id),
            Caller::Installation(token) => {
                reply.app = Some(token.app);
                reply.installation = Some(token.installation);
            }
            Caller::Anonymous => {}
        }
        Ok(reply)
    }

    fn authenticate(&self, received: &Received, asked: &Asked) -> Result<Caller, Refusal> {
        let now = self.clock.now();
        let world = self.world.read();
        if asked.is_for_apps() {
            let jwt = credential(received).unwrap_or_default();
            return Ok(Caller::App(self.app_jwts.authenticate(&world, jwt, now)?));
        }
        if received.header("authorization").is_empty() || matches!(asked, Asked::Other) {
            return Ok(Caller::Anonymous);
        }
        let text = credential(received).ok_or_else(Refusal::bad_credentials)?;
        let token = self.tokens.open(text, now)?;
        match world.installations.get(&token.installation) {
            None => Err(Refusal::bad_credentials()),
            Some(installation) if installation.suspended_at.is_some() => Err(Refusal::suspended()),
            Some(_) => Ok(Caller::Installation(token)),
        }
    }

    fn endpoint(
        &self,
        received: &Received,
        asked: &Asked,
        caller: &Caller,
    ) -> Result<Reply, Refusal> {
        match (asked, caller) {
            (Asked::App, Caller::App(app)) => self.app(*app),
            (Asked::AppInstallations, Caller::App(app)) => {
                Ok(self.app_installations(*app, received))
            }
            (Asked::AppInstallation(id), Caller::App(app)) => self.app_installation(*app, *id),
            (Asked::OrgInstallation(login), Caller::App(app)) => {
                self.account_installation(*app, login, crate::world::AccountKind::Organization)
            }
            (Asked::UserInstallation(login), Caller::App(app)) => {
                self.account_installation(*app, login, crate::world::AccountKind::User)
            }
            (Asked::RepositoryInstallation(name), Caller::App(app)) => {
                self.repository_installation(*app, name, received)
            }
            (Asked::AccessTokens(id), Caller::App(app)) => self.mint(*app, *id, received),
            (Asked::Repository(name), caller) => self.repository(name, caller, received),
            (Asked::ReadContents(name, path), caller) => {
                self.read_contents(name, path, caller, received)
            }
            (Asked::WriteContents(name, path), caller) => {
                self.write_contents(name, path, caller, received)
            }
            (Asked::Issues(name), caller) => self.issues(name, caller, received),
            (Asked::InstallationRepositories, Caller::Installation(token)) => {
                Ok(self.installation_repositories(token, received))
            }
            (Asked::RevokeToken, Caller::Installation(_)) => {
                self.tokens.revoke(credential(received).unwrap_or_default());
                Ok(Reply::empty(StatusCode::NO_CONTENT))
            }
            (Asked::RateLimit, caller) => Ok(self.rate_limit(caller)),
            (Asked::InstallationRepositories | Asked::RevokeToken, _) => {
                Err(Refusal::unauthorized("Requires authentication"))
            }
            _ => Err(Refusal::not_found()),
        }
    }

    fn rate_limit(&self, caller: &Caller) -> Reply {
        let core = self
            .limits
            .look(caller.bucket(), self.clock.now())
            .to_json();
        Reply::json(
            StatusCode::OK,
            &serde_json::json!({"rate": core, "resources": {"core": core}}),
        )
    }

    /// The repository that a path names, as far as `token` may know of it: 404 for private ones out of its reach, a
    /// redirect for renamed ones. Says whether the token reaches it.
    pub(super) fn visible<'a>(
        &self,
        world: &'a World,
        name: &RepositoryName,
        caller: &Caller,
        received: &Received,
    ) -> Result<(&'a Repository, bool), Refusal> {
        let found = match name {
            RepositoryName::Named(owner, name) => world.find_repository(owner, name),
            RepositoryName::Id(id) => Found::Here(*id),
        };
        let (id, moved) = match found {
            Found::Here(id) => (id, false),
            Found::Moved(id) => (id, true),
            Found::Nowhere => return Err(Refusal::not_found()),
        };
        let repository = world.repositories.get(&id).ok_or_else(Refusal::not_found)?;
        let reached = match caller {
            Caller::Installation(token) => reaches(world, token, repository),
            Caller::App(app) => world
                .installation_of(*app, repository.owner)
                .is_some_and(|installation| installation.reach.has(id)),
            Caller::Anonymous => false,
        };
        if repository.private && !reached {
            return Err(Refusal::not_found());
        }
        if moved {
            return Err(self.moved(id, received));
        }
        Ok((repository, reached))
    }

    fn moved(&self, id: u64, received: &Received) -> Refusal {
        // The path behind `/repos/{owner}/{repo}`, as it came.
        let path = received
            .path
            .strip_prefix("/api/v3")
            .unwrap_or(&received.path);
        let rest = path.splitn(5, '/').nth(4);
        let rest = rest.map_or_else(String::new, |rest| format!("/{rest}"));
        let to = format!("{}/repositories/{id}{rest}", self.objects.api);
        Refusal::moved(to, received.method == http::Method::GET)
    }
}

/// Whether a token reaches a repository: it is in the token's selection, and the installation still covers it.
fn reaches(world: &World, token: &Token, repository: &Repository) -> bool {
    repository.owner == token.account
        && token.reach.has(repository.id)
        && world
            .installations
            .get(&token.installation)
            .is_some_and(|installation| installation.reach.has(repository.id))
}

/// What follows `Bearer` or `token` in the Authorization header.
pub(super) fn credential(received: &Received) -> Option<&str> {
    let (scheme, credential) = received.header("authorization").split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("token");
    known.then(|| credential.trim())
}
