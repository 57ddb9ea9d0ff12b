//! GitHub's answer is compared with what was asked (rules 1 and 29): what is wider is revoked and never given out.

use std::sync::Arc;

use conformance::{Answer, Building, Policy, World};
use serde_json::{Value, json};
use simulator::{Tamper, TamperMint};

/// A change to the next mint but the read token's.
fn tamper(world: &World, change: Tamper) {
    let of_caller =
        |request: &Value| request.get("permissions") != Some(&json!({"contents": "read"}));
    world
        .github()
        .tamper_mint(TamperMint::next(change).only(of_caller));
}

fn edit(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Tamper {
    Tamper::Edit(Arc::new(move |_: &Value, answer: &mut Value| {
        change(answer)
    }))
}

/// A world whose policy `ci` grants `issues: write`, so that the caller's mint can be told from the read token's.
async fn granting(building: Building) -> World {
    let world = building.start().await;
    let policy = Policy::new(
        &world.sim.actions_issuer().url(),
        "repo:acme/app:ref:refs/heads/main",
    );
    let policy = policy.permissions(&["issues: write"]);
    world.put_policy("acme/app", "ci", policy.text());
    let many = policy.line("repositories: [app, lib]");
    world.put_policy("acme/.github", "many", many.text());
    world
}

#[track_caller]
fn too_wide(answer: &Answer) {
    answer.refused(500, 13, "upstream_error", "failed to get token");
}

fn wider() -> Vec<(&'static str, Tamper)> {
    let text = ToOwned::to_owned;
    vec![
        (
            "another permission",
            Tamper::Permission(text("contents"), text("read")),
        ),
        (
            "a higher level",
            Tamper::Permission(text("issues"), text("admin")),
        ),
        (
            "metadata above read",
            Tamper::Permission(text("metadata"), text("write")),
        ),
        ("no permissions", Tamper::MissingPermissions),
        ("no repositories", Tamper::MissingRepositories),
        (
            "an empty list",
            edit(|answer| answer["repositories"] = json!([])),
        ),
        ("every repository", Tamper::SelectionAll),
        (
            "an unknown selection",
            edit(|answer| answer["repository_selection"] = json!("some")),
        ),
        (
            "a repository more",
            Tamper::AnotherRepository(text("acme"), text("web")),
        ),
        (
            "a stranger's repository more",
            Tamper::AnotherRepository(text("globex"), text("tool")),
        ),
        ("another repository id", Tamper::OtherRepositoryId(8002)),
    ]
}

#[tokio::test]
async fn a_wider_token_is_revoked_and_refused() {
    let world = granting(Building::default()).await;
    let _ = world.usual().await.granted();
    world.until_live(1).await;
    for (what, change) in wider() {
        tamper(&world, change);
        world.forget_calls();
        let answer = world.usual().await;
        too_wide(&answer);
        assert_eq!(
            world.github().live_tokens(),
            1,
            "{what}: revoked before the answer"
        );
        let record = world.record(&answer.decision());
        assert_eq!(record["outcome"], "failed");
        assert_eq!(record.get("token_sha256"), None);
    }
    let _ = world.usual().await.granted();
}

#[tokio::test]
async fn so_is_one_for_other_repositories_than_were_named() {
    let world = granting(Building::default()).await;
    let token = world.token(&world.run("acme", "app"));
    let text = ToOwned::to_owned;
    let _ = world.exchange(&token, "acme", "many").await.granted();
    world.until_live(1).await;
    for change in [
        Tamper::AnotherRepository(text("acme"), text("web")),
        Tamper::SelectionAll,
        Tamper::MissingRepositories,
        Tamper::OtherOwner(text("globex"), 7002),
    ] {
        tamper(&world, change);
        too_wide(&world.exchange(&token, "acme", "many").await);
        world.until_live(1).await;
    }
}

#[tokio::test]
async fn metadata_read_and_fewer_permissions_are_no_wider() {
    let world = granting(Building::default()).await;
    for change in [
        Tamper::Permission("metadata".to_owned(), "read".to_owned()),
        Tamper::Permission("issues".to_owned(), "read".to_owned()),
        edit(|answer| answer["permissions"] = json!({})),
        edit(|answer| answer["unknown"] = json!({"a": [1]})),
        // GitHub's schema does not promise it; the repositories are compared.
        edit(|answer| {
            drop(
                answer
                    .as_object_mut()
                    .unwrap()
                    .remove("repository_selection"),
            )
        }),
    ] {
        tamper(&world, change);
        let _ = world.usual().await.granted();
    }
}

#[tokio::test]
async fn the_operator_may_let_wider_tokens_pass_but_never_another_owners() {
    let world = granting(Building::default().set("OCTOSTS_MINT_CHECK", "warn")).await;
    let _ = world.usual().await.granted();
    for (what, change) in wider() {
        // Whose they are is rule 1, and no matter of width; an answer that names none does not say it.
        let stranger = [
            "a stranger's repository more",
            "no repositories",
            "an empty list",
        ]
        .contains(&what);
        tamper(&world, change);
        let answer = world.usual().await;
        if stranger {
            too_wide(&answer);
            // What was remembered of the owner is forgotten, and the next request finds it again.
            let _ = world.usual().await.granted();
            continue;
        }
        let granted = answer.granted();
        let warned = world.logged(&granted.decision, "GitHub's token is wider than asked");
        assert!(warned, "{what}");
    }
    // The same for read tokens.
    world.advance(301);
    let more = Tamper::Permission("issues".to_owned(), "read".to_owned());
    world.github().tamper_mint(TamperMint::next(more));
    let granted = world.usual().await.granted();
    assert!(world.logged(&granted.decision, "GitHub's token is wider than asked"));
    world
        .github()
        .tamper_mint(TamperMint::next(Tamper::OtherOwner(
            "globex".to_owned(),
            7002,
        )));
    too_wide(&world.usual().await);
}

#[tokio::test]
async fn a_read_token_for_something_else_reads_nothing() {
    let text = ToOwned::to_owned;
    let world = granting(Building::default()).await;
    for change in [
        Tamper::Permission(text("contents"), text("write")),
        Tamper::Permission(text("issues"), text("read")),
        Tamper::SelectionAll,
        Tamper::MissingRepositories,
        edit(|answer| answer["repositories"] = json!([])),
        Tamper::AnotherRepository(text("acme"), text("lib")),
    ] {
        world.forget_calls();
        world.github().tamper_mint(TamperMint::next(change.clone()));
        let answer = world.usual().await;
        assert_eq!(answer.status, 500, "{change:?}: {}", answer.text());
        too_wide(&answer);
        world.until_live(0).await;
        assert!(!world.calls().contains_key("read_contents"), "{change:?}");
        // The failure is shared for a second with those who wait for the same.
        world.advance(2);
    }
}

#[tokio::test]
async fn a_read_token_of_another_owner_is_revoked_and_the_owner_looked_up_once_more() {
    let world = granting(Building::default()).await;
    let other = || TamperMint::next(Tamper::OtherOwner("globex".to_owned(), 7002));
    world.github().tamper_mint(other());
    let _ = world.usual().await.granted();
    world.until_live(1).await;
    let cold = json!({
        "discovery": 1, "jwks": 1,
        "app_installations": 2, "access_tokens": 3, "read_contents": 1, "revoke_token": 2,
    });
    assert_eq!(json!(world.calls()), cold);
    // Once more, and no further.
    world.advance(3601);
    world.forget_calls();
    world.github().tamper_mint(other().times(9));
    let answer = world.usual().await;
    let message = "no installation found for \"acme\"";
    answer.refused(404, 5, "installation_not_found", message);
    world.until_live(0).await;
    assert_eq!(world.calls()["access_tokens"], 2);
    assert!(!world.calls().contains_key("read_contents"));
}

#[tokio::test]
async fn what_github_does_not_grant_is_a_refusal() {
    let world = World::new().await;
    let policy = Policy::new(
        &world.sim.actions_issuer().url(),
        "repo:acme/app:ref:refs/heads/main",
    );
    for (name, entry) in [
        ("more", "administration: write"),
        ("other", "packages: read"),
    ] {
        world.put_policy(
            "acme/app",
            name,
            policy.clone().permissions(&[entry]).text(),
        );
        let token = world.token(&world.run("acme", "app"));
        let answer = world.exchange(&token, "acme/app", name).await;
        let message = "token exchange failure (StatusUnprocessableEntity)";
        answer.refused(403, 7, "permission_denied", message);
    }
    world.until_live(0).await;
}

#[tokio::test]
async fn long_tokens_are_tokens() {
    let world = World::new().await;
    world.github().mint_long_tokens(true);
    let granted = world.usual().await.granted();
    assert!(granted.token.len() > 400);
    world.until_live(1).await;
}
