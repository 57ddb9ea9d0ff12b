//! The world of these tests: App 42 at `Acme` (all repositories) and at `jane` (one).

use serde_json::{Value, json};
use simulator::{AccountKind, AppKey, Clock, RepositorySelection, Simulator};

use crate::client::{Answer, Ask, ask};

pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) struct Scene {
    pub(crate) sim: Simulator,
    pub(crate) key: AppKey,
    pub(crate) acme: u64,
    pub(crate) jane: u64,
}

pub(crate) async fn scene() -> Scene {
    let clock = Clock::fixed(NOW);
    let sim = Simulator::builder().clock(clock).start().await.unwrap();
    let github = sim.github();
    let key = github.add_app(42, "My App").unwrap();
    github
        .add_account("Acme", 7, AccountKind::Organization)
        .unwrap();
    github.add_account("jane", 8, AccountKind::User).unwrap();
    github.add_repository("Acme", "app", 100, true).unwrap();
    github.add_repository("Acme", "web", 101, false).unwrap();
    github.add_repository("jane", "notes", 200, true).unwrap();
    github.add_repository("jane", "other", 201, true).unwrap();
    github
        .put_file("Acme", "app", "docs/a.md", "hello")
        .unwrap();
    let wide = [("contents", "write"), ("issues", "read")];
    let acme = github
        .install(42, "acme", wide, RepositorySelection::All)
        .unwrap();
    let one = RepositorySelection::Selected(vec!["notes".to_owned()]);
    let jane = github
        .install(42, "jane", [("contents", "read")], one)
        .unwrap();
    Scene {
        sim,
        key,
        acme,
        jane,
    }
}

impl Scene {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sim.github().base_url())
    }

    pub(crate) fn app_jwt(&self) -> String {
        let now = self.sim.clock().now();
        self.key.app_jwt(42, now - 60, now + 300).unwrap()
    }

    pub(crate) fn as_app<'a>(&self, method: &'a str, path: &str) -> Ask<'a> {
        ask(method, self.url(path)).bearer(&self.app_jwt())
    }

    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        ask("GET", self.url(path)).bearer(token).send().await
    }

    pub(crate) async fn mint(&self, installation: u64, request: Value) -> Answer {
        let path = format!("/app/installations/{installation}/access_tokens");
        self.as_app("POST", &path).json(&request).send().await
    }

    /// A token for Acme.
    pub(crate) async fn token(&self, request: Value) -> String {
        let answer = self.mint(self.acme, request).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn full_token(&self) -> String {
        self.token(json!({})).await
    }
}
