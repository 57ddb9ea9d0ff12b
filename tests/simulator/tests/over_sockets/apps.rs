//! Lookups with the App's JWT.

use serde_json::Value;
use simulator::{AccountKind, AppKey, RepositorySelection};

use crate::client::ask;
use crate::world::{NOW, scene};

#[tokio::test]
async fn installations_are_found_without_case_by_the_right_kind_of_account() {
    let scene = scene().await;
    for (path, wanted) in [
        ("/orgs/ACME/installation", 200),
        ("/orgs/jane/installation", 404),
        ("/users/Jane/installation", 200),
        ("/users/acme/installation", 404),
        ("/orgs/nobody/installation", 404),
        ("/repos/acme/APP/installation", 200),
        ("/repos/jane/notes/installation", 200),
        ("/repos/jane/other/installation", 404),
        ("/app", 200),
        ("/app/installations/1", 404),
        ("/no/such/thing", 404),
    ] {
        let answer = scene.as_app("GET", path).send().await;
        assert_eq!(answer.status, wanted, "{path}");
    }
    // The form without /api/v3 too.
    let url = format!("{}/orgs/acme/installation", scene.sim.github().web_url());
    let answer = ask("GET", url).bearer(&scene.app_jwt()).send().await;
    let body = answer.json();
    assert_eq!(body["id"], scene.acme);
    assert_eq!(body["app_id"], 42);
    assert_eq!(body["app_slug"], "my-app");
    assert_eq!(body["account"]["login"], "Acme");
    assert_eq!(body["account"]["id"], 7);
    assert_eq!(body["target_type"], "Organization");
    assert_eq!(body["repository_selection"], "all");
    assert_eq!(body["suspended_at"], Value::Null);
    assert_eq!(body["permissions"]["metadata"], "read");
    assert!(!answer.header("x-github-request-id").is_empty());
    assert_eq!(answer.header("x-ratelimit-limit"), "5000");
}

#[tokio::test]
async fn the_jwt_is_checked_at_the_door() {
    let scene = scene().await;
    let stranger = AppKey::generate().unwrap();
    for (jwt, wanted) in [
        (scene.key.app_jwt(42, NOW, NOW + 600).unwrap(), 200),
        (scene.key.app_jwt(42, NOW, NOW + 601).unwrap(), 401),
        (scene.key.app_jwt(42, NOW + 1, NOW + 60).unwrap(), 401),
        (scene.key.app_jwt(42, NOW - 60, NOW).unwrap(), 401),
        (scene.key.app_jwt(43, NOW, NOW + 60).unwrap(), 404),
        (stranger.app_jwt(42, NOW, NOW + 60).unwrap(), 401),
        (String::new(), 401),
        (scene.full_token().await, 401),
    ] {
        let answer = scene.get("/app", &jwt).await;
        assert_eq!(answer.status, wanted, "{}", answer.message());
    }
    let bare = ask("GET", scene.url("/app")).send().await;
    assert_eq!(bare.status, 401);
    assert_eq!(bare.message(), "A JSON web token could not be decoded");
    // A remembered signature still ages with the clock.
    let jwt = scene.key.app_jwt(42, NOW, NOW + 60).unwrap();
    assert_eq!(scene.get("/app", &jwt).await.status, 200);
    scene.sim.clock().advance(60);
    assert_eq!(scene.get("/app", &jwt).await.status, 401);
}

#[tokio::test]
async fn a_request_without_user_agent_is_refused() {
    let scene = scene().await;
    let ask = scene.as_app("GET", "/app").without_user_agent();
    assert_eq!(ask.send().await.status, 403);
}

#[tokio::test]
async fn a_replaced_key_signs_no_more() {
    let scene = scene().await;
    let new = AppKey::generate().unwrap();
    let old_jwt = scene.app_jwt();
    assert_eq!(scene.get("/app", &old_jwt).await.status, 200);
    let github = scene.sim.github();
    github.set_app_keys(42, vec![new.clone()]).unwrap();
    assert_eq!(scene.get("/app", &old_jwt).await.status, 401);
    let jwt = new.app_jwt(42, NOW, NOW + 60).unwrap();
    assert_eq!(scene.get("/app", &jwt).await.status, 200);
}

#[tokio::test]
async fn the_list_comes_in_pages_and_only_of_this_app() {
    let scene = scene().await;
    let github = scene.sim.github();
    let other = github.add_app(43, "other").unwrap();
    github
        .install(43, "acme", [("contents", "read")], RepositorySelection::All)
        .unwrap();
    let first = scene
        .as_app("GET", "/app/installations?per_page=1")
        .send()
        .await;
    assert_eq!(first.json().as_array().map(Vec::len), Some(1));
    let next = first.header("link").split(['<', '>']).nth(1).unwrap();
    assert!(first.header("link").contains("rel=\"next\""));
    let second = ask("GET", next).bearer(&scene.app_jwt()).send().await;
    assert_eq!(second.json()[0]["id"], scene.jane);
    assert!(!second.header("link").contains("rel=\"next\""));
    let whole = scene.as_app("GET", "/app/installations").send().await;
    assert_eq!(whole.json().as_array().map(Vec::len), Some(2));
    assert_eq!(whole.header("link"), "");
    // The other App sees its own, and not ours.
    let jwt = other.app_jwt(43, NOW, NOW + 60).unwrap();
    let list = scene.get("/app/installations", &jwt).await;
    assert_eq!(list.json().as_array().map(Vec::len), Some(1));
    let ours = format!("/app/installations/{}", scene.acme);
    assert_eq!(scene.get(&ours, &jwt).await.status, 404);
}

#[tokio::test]
async fn renamed_and_recreated_accounts_are_told_apart() {
    let scene = scene().await;
    let github = scene.sim.github();
    github.rename_account("acme", "Emca").unwrap();
    let status = async |path: &str| scene.as_app("GET", path).send().await.status;
    assert_eq!(status("/orgs/acme/installation").await, 404);
    assert_eq!(status("/orgs/emca/installation").await, 200);
    let token = scene.full_token().await;
    let moved = scene
        .get("/repos/acme/app/contents/docs/a.md", &token)
        .await;
    assert_eq!(moved.status, 301);
    let to = moved.header("location").to_owned();
    assert!(to.ends_with("/repositories/100/contents/docs/a.md"), "{to}");
    assert_eq!(ask("GET", &to).bearer(&token).send().await.status, 200);
    // Whoever may not see it does not learn that it moved.
    let blind = ask("GET", scene.url("/repos/acme/app")).send().await;
    assert_eq!(blind.status, 404);
    // Somebody takes the name.
    github
        .add_account("acme", 9, AccountKind::Organization)
        .unwrap();
    assert_eq!(status("/orgs/acme/installation").await, 404);
    let gone = scene.get("/repos/acme/app", &token).await;
    assert_eq!(gone.status, 404);
}
