//! Which installation serves an owner (rules 1 and 15).

use conformance::{APP, Answer, Policy, World};
use serde_json::json;
use simulator::{AccountKind, RepositorySelection, Route};

const READ: [(&str, &str); 2] = [("contents", "read"), ("metadata", "read")];

#[track_caller]
fn not_installed(answer: &Answer, owner: &str) {
    let message = format!("no installation found for \"{owner}\"");
    answer.refused(404, 5, "installation_not_found", &message);
}

#[tokio::test]
async fn one_page_answers_for_every_owner_for_a_minute() {
    let world = World::new().await;
    let token = world.token(&world.run("acme", "app"));
    for owner in ["nobody", "jane", "Jane", "nobody-else"] {
        not_installed(
            &world.exchange(&token, &format!("{owner}/x"), "ci").await,
            owner,
        );
    }
    assert_eq!(json!(world.calls())["app_installations"], 1);
    assert_eq!(world.github_calls(), 1);
    let all = RepositorySelection::All;
    world.github().install(APP, "jane", READ, all).unwrap();
    world.advance(59);
    not_installed(&world.exchange(&token, "jane/notes", "ci").await, "jane");
    assert_eq!(world.github_calls(), 1);
    world.advance(1);
    let answer = world.exchange(&token, "jane/notes", "ci").await;
    answer.refused(
        404,
        5,
        "policy_not_found",
        "unable to find trust policy for \"ci\"",
    );
}

#[tokio::test]
async fn an_app_with_more_than_a_page_asks_by_name_and_never_walks() {
    let world = World::new().await;
    let github = world.github();
    for number in 0..110 {
        let login = format!("org-{number:03}");
        github
            .add_account(&login, 20_000 + number, AccountKind::Organization)
            .unwrap();
        github
            .add_repository(&login, "r", 30_000 + number, false)
            .unwrap();
        let all = RepositorySelection::All;
        github.install(APP, &login, READ, all).unwrap();
    }
    github
        .install(APP, "jane", READ, RepositorySelection::All)
        .unwrap();
    let token = world.token(&world.run("acme", "app"));
    let policy = Policy::new(
        &world.sim.actions_issuer().url(),
        "repo:acme/app:ref:refs/heads/main",
    );
    let serve = async |scope: &str| {
        world.put_policy(scope, "ci", policy.text());
        world.forget_calls();
        let _ = world.exchange(&token, scope, "ci").await.granted();
        let route = |route| world.sim.count(route);
        [
            route(Route::AppInstallations),
            route(Route::OrgInstallation),
            route(Route::UserInstallation),
        ]
    };
    assert_eq!(serve("acme/app").await, [1, 0, 0], "on the first page");
    assert_eq!(
        serve("org-109/r").await,
        [0, 1, 0],
        "an organisation beyond it"
    );
    assert_eq!(serve("jane/notes").await, [0, 1, 1], "a user");
    assert_eq!(serve("org-109/r").await, [0, 0, 0], "remembered");
    world.forget_calls();
    for _ in 0..2 {
        not_installed(&world.exchange(&token, "nobody/x", "ci").await, "nobody");
    }
    assert_eq!(
        world.github_calls(),
        2,
        "asked once for each kind of account"
    );
    world.advance(299);
    not_installed(&world.exchange(&token, "nobody/x", "ci").await, "nobody");
    assert_eq!(world.github_calls(), 2);
}

#[tokio::test]
async fn a_suspended_installation_is_named() {
    let world = World::new().await;
    let installation = installation_of(&world).await;
    world.advance(3601);
    world.github().suspend(installation).unwrap();
    world.forget_calls();
    let answer = world.usual().await;
    let message = "installation for \"acme\" is suspended";
    answer.refused(403, 7, "installation_suspended", message);
    assert_eq!(world.sim.count(Route::AccessTokens), 0);
}

/// The id of `acme`'s installation, as an audit record has it.
async fn installation_of(world: &World) -> u64 {
    let granted = world.usual().await.granted();
    world.record(&granted.decision)["installation_id"]
        .as_u64()
        .unwrap()
}

#[tokio::test]
async fn an_installation_that_is_gone_is_looked_up_once_more() {
    let world = World::new().await;
    let installation = installation_of(&world).await;
    world.until_live(1).await;
    world.github().uninstall(installation).unwrap();
    world.forget_calls();
    not_installed(&world.usual().await, "acme");
    assert_eq!(
        json!(world.calls()),
        json!({"access_tokens": 1, "app_installations": 1})
    );
    // And once it is back, under another id, the first request is served.
    world.advance(60);
    let all = RepositorySelection::All;
    let again = world.github().install(APP, "acme", READ, all).unwrap();
    assert_ne!(again, installation);
    assert_eq!(installation_of(&world).await, again);
}

#[tokio::test]
async fn a_reinstalled_app_is_found_by_the_first_request() {
    let world = World::new().await;
    let installation = installation_of(&world).await;
    world.github().uninstall(installation).unwrap();
    let again = world
        .github()
        .install(APP, "acme", READ, RepositorySelection::All)
        .unwrap();
    world.forget_calls();
    assert_eq!(installation_of(&world).await, again, "warm: the mint's 404");
    assert_eq!(
        json!(world.calls()),
        json!({"access_tokens": 2, "app_installations": 1})
    );
    // Cold as far as the policy goes: the read token's 404.
    world.github().uninstall(again).unwrap();
    let third = world
        .github()
        .install(APP, "acme", READ, RepositorySelection::All)
        .unwrap();
    world.advance(301);
    assert_eq!(installation_of(&world).await, third);
}

#[tokio::test]
async fn an_installation_is_believed_for_an_hour() {
    let world = World::new().await;
    let _ = world.usual().await.granted();
    world.advance(3599);
    world.forget_calls();
    let _ = world.usual().await.granted();
    assert_eq!(world.sim.count(Route::AppInstallations), 0);
    world.advance(1);
    let _ = world.usual().await.granted();
    assert_eq!(world.sim.count(Route::AppInstallations), 1);
}

#[tokio::test]
async fn a_suspension_is_felt_before_it_is_known() {
    let world = World::new().await;
    let installation = installation_of(&world).await;
    world.until_live(1).await;
    world.github().suspend(installation).unwrap();
    let answer = world.usual().await;
    answer.refused(403, 7, "permission_denied", "failed to get token");
    world.github().unsuspend(installation).unwrap();
    let _ = world.usual().await.granted();
}
