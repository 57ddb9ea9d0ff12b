//! Minting, and what minted tokens open.

use serde_json::{Value, json};
use simulator::{RepositorySelection, Route, Tamper, TamperMint};

use crate::client::ask;
use crate::world::{NOW, scene};

#[tokio::test]
async fn a_mint_answers_as_github_does() {
    let scene = scene().await;
    let request = json!({"repositories": ["APP"], "permissions": {"contents": "read"}});
    let answer = scene.mint(scene.acme, request.clone()).await;
    assert_eq!(answer.status, 201);
    assert!(answer.body.starts_with(b"{\"token\":\"ghs_"));
    let body = answer.json();
    assert_eq!(body["token"].as_str().map(str::len), Some(40));
    assert_eq!(body["expires_at"], "2027-01-15T09:00:00Z");
    assert_eq!(
        body["permissions"],
        json!({"contents": "read", "metadata": "read"})
    );
    assert_eq!(body["repository_selection"], "selected");
    assert_eq!(body["repositories"][0]["id"], 100);
    assert_eq!(body["repositories"][0]["full_name"], "Acme/app");
    assert_eq!(body["repositories"][0]["owner"]["id"], 7);
    assert_eq!(body["repositories"][0]["private"], true);
    let by_id = scene
        .mint(scene.acme, json!({"repository_ids": [100]}))
        .await;
    assert_eq!(by_id.json()["repositories"][0]["name"], "app");

    let all = scene.mint(scene.acme, json!({})).await.json();
    assert_eq!(all["repository_selection"], "all");
    assert_eq!(all.get("repositories"), None);
    assert_eq!(all["permissions"]["issues"], "read");
    let call = scene.sim.calls().into_iter().next().unwrap();
    assert_eq!(call.route, Route::AccessTokens);
    assert_eq!(call.installation, Some(scene.acme));
    assert_eq!((call.app, call.status), (Some(42), Some(201)));
    assert_eq!(call.body, Some(request));
    assert_eq!(scene.sim.count(Route::AccessTokens), 3);
}

#[tokio::test]
async fn a_mint_beyond_the_installation_is_refused() {
    let scene = scene().await;
    for (installation, request, wanted) in [
        (
            scene.acme,
            json!({"permissions": {"contents": "admin"}}),
            422,
        ),
        (scene.acme, json!({"permissions": {"issues": "write"}}), 422),
        (scene.acme, json!({"permissions": {"checks": "read"}}), 422),
        (scene.acme, json!({"permissions": {"contents": "all"}}), 422),
        (scene.acme, json!({"permissions": ["contents"]}), 422),
        (scene.acme, json!({"repositories": ["nope"]}), 422),
        (scene.acme, json!({"repositories": ["notes"]}), 422),
        (scene.acme, json!({"repositories": ["Acme/app"]}), 422),
        (scene.acme, json!({"repository_ids": [200]}), 422),
        (scene.jane, json!({"repositories": ["other"]}), 422),
        (scene.jane, json!({"repositories": ["notes"]}), 201),
        (1, json!({}), 404),
        (scene.acme, json!([]), 400),
    ] {
        let answer = scene.mint(installation, request.clone()).await;
        assert_eq!(answer.status, wanted, "{request}");
    }
    let path = format!("/app/installations/{}/access_tokens", scene.acme);
    let broken = scene.as_app("POST", &path).body("{").send().await;
    assert_eq!(broken.status, 400);
    scene.sim.github().suspend(scene.acme).unwrap();
    assert_eq!(scene.mint(scene.acme, json!({})).await.status, 403);
    let looked_up = scene.as_app("GET", "/orgs/acme/installation").send().await;
    assert_eq!(looked_up.json()["suspended_at"], "2027-01-15T08:00:00Z");
    scene.sim.github().unsuspend(scene.acme).unwrap();
    assert_eq!(scene.mint(scene.acme, json!({})).await.status, 201);
}

#[tokio::test]
async fn a_selection_is_by_id_so_a_recreated_repository_is_not_in_it() {
    let scene = scene().await;
    let github = scene.sim.github();
    github.delete_repository("jane", "notes").unwrap();
    github.add_repository("jane", "notes", 299, true).unwrap();
    let request = json!({"repositories": ["notes"]});
    assert_eq!(scene.mint(scene.jane, request.clone()).await.status, 422);
    github.select(scene.jane, RepositorySelection::All).unwrap();
    assert_eq!(scene.mint(scene.jane, request).await.status, 201);
}

#[tokio::test]
async fn a_token_opens_only_what_it_was_minted_for() {
    let scene = scene().await;
    scene.sim.github().set_private("Acme", "web", true).unwrap();
    let narrow = json!({"repositories": ["web"], "permissions": {"issues": "read"}});
    let token = scene.token(narrow).await;
    for (path, wanted) in [
        ("/repos/acme/web", 200),
        ("/repos/acme/web/issues", 200),
        ("/repos/acme/web/contents/x", 403),
        ("/repos/acme/app", 404),
        ("/repos/acme/app/contents/docs/a.md", 404),
        ("/repos/jane/notes", 404),
        ("/installation/repositories", 200),
    ] {
        assert_eq!(scene.get(path, &token).await.status, wanted, "{path}");
    }
    let list = scene.get("/installation/repositories", &token).await.json();
    assert_eq!(list["total_count"], 1);
    assert_eq!(list["repositories"][0]["name"], "web");
    let issueless = scene
        .token(json!({"permissions": {"contents": "read"}}))
        .await;
    let refused = scene.get("/repos/acme/web/issues", &issueless).await;
    assert_eq!(refused.status, 403);
    assert_eq!(refused.message(), "Resource not accessible by integration");
}

#[tokio::test]
async fn tokens_die_by_time_revocation_suspension_and_uninstalling() {
    let scene = scene().await;
    let github = scene.sim.github();
    let status = async |token: &str| scene.get("/repos/acme/app", token).await.status;
    let (first, second) = (scene.full_token().await, scene.full_token().await);
    assert_eq!(github.live_tokens(), 2);
    let revoke = ask("DELETE", scene.url("/installation/token")).bearer(&first);
    assert_eq!(revoke.send().await.status, 204);
    let dead = scene.get("/repos/acme/app", &first).await;
    assert_eq!(
        (dead.status, dead.message().as_str()),
        (401, "Bad credentials")
    );
    let again = ask("DELETE", scene.url("/installation/token")).bearer(&first);
    assert_eq!(again.send().await.status, 401);
    assert_eq!(status(&second).await, 200);
    assert_eq!(github.live_tokens(), 1);

    github.suspend(scene.acme).unwrap();
    assert_eq!(status(&second).await, 403);
    github.unsuspend(scene.acme).unwrap();
    scene.sim.clock().set(NOW + 3_599);
    assert_eq!(status(&second).await, 200);
    scene.sim.clock().advance(1);
    assert_eq!(status(&second).await, 401);
    assert_eq!(github.live_tokens(), 0);

    let third = scene.full_token().await;
    github.uninstall(scene.acme).unwrap();
    assert_eq!(status(&third).await, 401);
    assert_eq!(scene.mint(scene.acme, json!({})).await.status, 404);
    assert_eq!(status("ghs_madeup").await, 401);
}

#[tokio::test]
async fn the_long_form_has_dots_and_works() {
    let scene = scene().await;
    scene.sim.github().mint_long_tokens(true);
    let token = scene.full_token().await;
    assert!(token.starts_with("ghs_42_ey"), "{token}");
    assert_eq!(token.matches('.').count(), 2);
    assert!((480..=560).contains(&token.len()), "{}", token.len());
    assert_eq!(scene.get("/repos/acme/app", &token).await.status, 200);
}

#[tokio::test]
async fn fresh_tokens_can_be_refused_at_first() {
    let scene = scene().await;
    let old = scene.full_token().await;
    scene.sim.github().refuse_fresh_tokens(1, 401);
    let token = scene.full_token().await;
    scene.sim.github().refuse_fresh_tokens(2, 403);
    let other = scene.full_token().await;
    let status = async |token: &str| scene.get("/repos/acme/app", token).await.status;
    assert_eq!(status(&old).await, 200);
    assert_eq!([status(&token).await, status(&token).await], [401, 200]);
    assert_eq!(status(&other).await, 403);
    assert_eq!([status(&other).await, status(&other).await], [403, 200]);
}

#[tokio::test]
async fn mint_answers_can_be_tampered_with() {
    let scene = scene().await;
    let github = scene.sim.github();
    let request = json!({"repositories": ["app"], "permissions": {"contents": "read"}});
    let mint = async || scene.mint(scene.acme, request.clone()).await.json();
    let honest = mint().await;
    let wider = Tamper::Permission("contents".into(), "write".into());
    let edit = |_: &Value, answer: &mut Value| answer["permissions"] = json!("all");
    type Judge = fn(&Value) -> bool;
    let cases: [(Tamper, Judge); 8] = [
        (wider, |v| v["permissions"]["contents"] == "write"),
        (Tamper::MissingPermissions, |v| {
            v.get("permissions").is_none()
        }),
        (Tamper::MissingRepositories, |v| {
            v.get("repositories").is_none()
        }),
        (Tamper::SelectionAll, |v| v["repository_selection"] == "all"),
        (
            Tamper::AnotherRepository("jane".into(), "notes".into()),
            |v| v["repositories"][1]["id"] == 200,
        ),
        (Tamper::OtherOwner("evil".into(), 666), |v| {
            v["repositories"][0]["owner"]["id"] == 666
                && v["repositories"][0]["full_name"] == "evil/app"
        }),
        (Tamper::OtherRepositoryId(5), |v| {
            v["repositories"][0]["id"] == 5
        }),
        (Tamper::Edit(std::sync::Arc::new(edit)), |v| {
            v["permissions"] == "all"
        }),
    ];
    for (tamper, judge) in cases {
        assert!(!judge(&honest), "{tamper:?}");
        github.tamper_mint(TamperMint::next(tamper.clone()));
        assert!(judge(&mint().await), "{tamper:?}");
        assert!(!judge(&mint().await), "{tamper:?} once only");
    }
    let only_writes = TamperMint::next(Tamper::SelectionAll)
        .only(|request| request["permissions"]["contents"] == "write");
    github.tamper_mint(only_writes);
    github.tamper_mint(
        TamperMint::next(Tamper::MissingPermissions)
            .after(1)
            .times(9),
    );
    assert_eq!(mint().await["repository_selection"], "selected");
    assert!(mint().await.get("permissions").is_none());
    github.clear_tampers();
    assert!(mint().await.get("permissions").is_some());
}
