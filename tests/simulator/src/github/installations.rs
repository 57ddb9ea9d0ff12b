//! Endpoints about Apps, installations and what they reach (GitHub's pages "REST API endpoints for GitHub Apps" and
//! "… for GitHub App installations").

use http::StatusCode;
use serde_json::{Value, json};

use super::paging::Page;
use super::refusal::Refusal;
use super::routing::RepositoryName;
use super::state::{Caller, State};
use super::tokens::Token;
use crate::server::{Received, Reply};
use crate::world::{AccountKind, Level};

impl State {
    pub(super) fn app(&self, app: u64) -> Result<Reply, Refusal> {
        let world = self.world.read();
        let count = world
            .installations
            .values()
            .filter(|installation| installation.app == app)
            .count();
        let app = world.apps.get(&app).ok_or_else(Refusal::not_found)?;
        Ok(Reply::json(StatusCode::OK, &self.objects.app(app, count)))
    }

    pub(super) fn app_installations(&self, app: u64, received: &Received) -> Reply {
        let world = self.world.read();
        let all = || {
            world
                .installations
                .values()
                .filter(|installation| installation.app == app)
        };
        let page = Page::of(received);
        let shown: Vec<Value> = page
            .cut(all())
            .into_iter()
            .map(|installation| self.objects.installation(&world, installation))
            .collect();
        let mut reply = Reply::json(StatusCode::OK, &Value::Array(shown));
        let url = format!("{}/app/installations", self.objects.api);
        page.link(&mut reply, &url, received, all().count());
        reply
    }

    pub(super) fn app_installation(&self, app: u64, id: u64) -> Result<Reply, Refusal> {
        let world = self.world.read();
        let installation = world
            .installations
            .get(&id)
            .filter(|installation| installation.app == app)
            .ok_or_else(Refusal::not_found)?;
        Ok(Reply::json(
            StatusCode::OK,
            &self.objects.installation(&world, installation),
        ))
    }

    /// By login, without case. A former login finds nothing, unlike a repository's.
    pub(super) fn account_installation(
        &self,
        app: u64,
        login: &str,
        kind: AccountKind,
    ) -> Result<Reply, Refusal> {
        let world = self.world.read();
        let installation = world
            .account(login)
            .filter(|account| account.kind == kind)
            .and_then(|account| world.installation_of(app, account.id))
            .ok_or_else(Refusal::not_found)?;
        let mut reply = Reply::json(
            StatusCode::OK,
            &self.objects.installation(&world, installation),
        );
        reply.installation = Some(installation.id);
        Ok(reply)
    }

    pub(super) fn repository_installation(
        &self,
        app: u64,
        name: &RepositoryName,
        received: &Received,
    ) -> Result<Reply, Refusal> {
        let world = self.world.read();
        let (repository, reached) = self.visible(&world, name, &Caller::App(app), received)?;
        let installation = world
            .installation_of(app, repository.owner)
            .filter(|_| reached)
            .ok_or_else(Refusal::not_found)?;
        let mut reply = Reply::json(
            StatusCode::OK,
            &self.objects.installation(&world, installation),
        );
        reply.installation = Some(installation.id);
        Ok(reply)
    }

    pub(super) fn installation_repositories(&self, token: &Token, received: &Received) -> Reply {
        let world = self.world.read();
        let all = || world.reached(token.account, &token.reach);
        let page = Page::of(received);
        let shown: Vec<Value> = page
            .cut(all())
            .into_iter()
            .map(|repository| self.objects.repository(&world, repository))
            .collect();
        let total = all().count();
        let body = json!({
            "total_count": total,
            "repository_selection": token.reach.name(),
            "repositories": shown,
        });
        let mut reply = Reply::json(StatusCode::OK, &body);
        let url = format!("{}/installation/repositories", self.objects.api);
        page.link(&mut reply, &url, received, total);
        reply
    }

    pub(super) fn repository(
        &self,
        name: &RepositoryName,
        caller: &Caller,
        received: &Received,
    ) -> Result<Reply, Refusal> {
        let world = self.world.read();
        let (repository, _) = self.visible(&world, name, caller, received)?;
        Ok(Reply::json(
            StatusCode::OK,
            &self.objects.repository(&world, repository),
        ))
    }

    /// No repository has issues; who may not read them is told so.
    pub(super) fn issues(
        &self,
        name: &RepositoryName,
        caller: &Caller,
        received: &Received,
    ) -> Result<Reply, Refusal> {
        let world = self.world.read();
        let (_, reached) = self.visible(&world, name, caller, received)?;
        match caller {
            Caller::Installation(token) if reached && !token.may("issues", Level::Read) => {
                Err(Refusal::not_accessible())
            }
            _ => Ok(Reply::json(StatusCode::OK, &json!([]))),
        }
    }
}
