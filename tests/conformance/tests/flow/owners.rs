//! Renamed and recycled owners, recreated repositories (rule 1): what was remembered of one never serves another.

use conformance::{APP, Policy, World, token_sha256};
use serde_json::json;
use simulator::{AccountKind, RepositorySelection};

const FILE: &str = ".github/chainguard/ci.sts.yaml";
const READ: [(&str, &str); 1] = [("contents", "read")];

/// Whether this token opens a repository.
async fn opens(world: &World, token: &str, path: &str) -> bool {
    let ask = world.ask_github("GET", format!("/repos/{path}/contents/README.md"));
    ask.bearer(token).send().await.status == 200
}

/// Somebody else takes the login `acme`, with repositories of the same names and a policy that lets its own runs in.
fn recycle(world: &World, installed: bool) {
    let github = world.github();
    github
        .recreate_account("acme", 9001, AccountKind::Organization)
        .unwrap();
    let policy = Policy::new(
        &world.sim.actions_issuer().url(),
        "repo:acme/app:ref:refs/heads/main",
    );
    for (name, id) in [("app", 9101), (".github", 9104)] {
        github.add_repository("acme", name, id, true).unwrap();
        github
            .put_file("acme", name, "README.md", "the new acme's")
            .unwrap();
        github.put_file("acme", name, FILE, policy.text()).unwrap();
    }
    if installed {
        github
            .install(APP, "acme", READ, RepositorySelection::All)
            .unwrap();
    }
}

/// Asks until the service has noticed, at most a few times: what is never wrong is a token for the former owner.
async fn never_the_former_owners(world: &World, scope: &str) {
    let token = world.token(&world.run("acme", "app"));
    for _ in 0..4 {
        let answer = world.exchange(&token, scope, "ci").await;
        if answer.status != 200 {
            continue;
        }
        let granted = answer.granted();
        for name in ["app", "lib", ".github"] {
            let path = format!("acme-former/{name}");
            assert!(
                !opens(world, &granted.token, &path).await,
                "{scope} opens {path}"
            );
        }
    }
}

#[tokio::test]
async fn a_recycled_owner_is_never_served_by_its_predecessors_installation() {
    for installed in [false, true] {
        let world = World::new().await;
        let _ = world.usual().await.granted();
        world.until_live(1).await;
        recycle(&world, installed);
        // The token's own owner id gives the change away before anything is minted.
        never_the_former_owners(&world, "acme/app").await;
        let answer = world.usual().await;
        if installed {
            let granted = answer.granted();
            assert!(opens(&world, &granted.token, "acme/app").await);
            assert_eq!(world.record(&granted.decision)["owner_id"], 9001);
        } else {
            let message = "no installation found for \"acme\"";
            answer.refused(404, 5, "installation_not_found", message);
        }
    }
}

#[tokio::test]
async fn nor_where_the_policy_is_read_anew() {
    let world = World::new().await;
    let _ = world.usual().await.granted();
    recycle(&world, true);
    world.advance(301);
    let granted = world.usual().await.granted();
    assert!(opens(&world, &granted.token, "acme/app").await);
    assert!(!opens(&world, &granted.token, "acme-former/app").await);
    world.until_live(1 + 1).await;
}

#[tokio::test]
async fn a_runs_owner_is_known_by_its_id() {
    let world = World::new().await;
    let _ = world.usual().await.granted();
    world.until_live(1).await;
    let mut claims = world.run("acme", "app").claims();
    claims["repository_owner_id"] = json!("9999");
    let token = world.sim.actions_issuer().token(claims).unwrap();
    world.forget_calls();
    let answer = world.exchange(&token, "acme/app", "ci").await;
    let message = "no installation found for \"acme\"";
    answer.refused(404, 5, "installation_not_found", message);
    // Looked up once more, and nothing else: neither the policy nor the mint is reached.
    assert_eq!(json!(world.calls()), json!({"app_installations": 1}));
    let _ = world.usual().await.granted();
}

#[tokio::test]
async fn a_recycled_owner_is_not_given_everything_of_its_predecessor() {
    let world = World::new().await;
    let policy = Policy::new(
        &world.sim.actions_issuer().url(),
        "repo:acme/app:ref:refs/heads/main",
    );
    world.put_policy("acme/.github", "ci", policy.line("repositories: []").text());
    let token = world.token(&world.run("acme", "app"));
    let _ = world.exchange(&token, "acme", "ci").await.granted();
    recycle(&world, false);
    never_the_former_owners(&world, "acme").await;
}

#[tokio::test]
async fn a_renamed_owner_is_served_by_its_new_name_only() {
    let world = World::new().await;
    let before = world.token(&world.run("acme", "app"));
    let _ = world.exchange(&before, "acme/app", "ci").await.granted();
    world.github().rename_account("acme", "emca").unwrap();
    let answer = world.exchange(&before, "acme/app", "ci").await;
    answer.refused(500, 13, "upstream_error", "failed to get token");
    let answer = world.exchange(&before, "acme/app", "ci").await;
    let message = "no installation found for \"acme\"";
    answer.refused(404, 5, "installation_not_found", message);
    world.until_live(1).await;
    world.advance(60);
    // The file is still there, and still names the old subject.
    let after = world.token(&world.run("emca", "app"));
    let answer = world.exchange(&after, "emca/app", "ci").await;
    let sentence = "trust policy: subject \"repo:emca/app:ref:refs/heads/main\" did not match \"repo:acme/app:ref:refs/heads/main\"";
    answer.refused(403, 7, "permission_denied", sentence);
}

#[tokio::test]
async fn a_recreated_repository_is_read_once_more_and_decides_for_itself() {
    let world = World::new().await;
    let _ = world.usual().await.granted();
    world.until_live(1).await;
    let github = world.github();
    github.delete_repository("acme", "app").unwrap();
    github.add_repository("acme", "app", 8900, true).unwrap();
    let closed = Policy::new(&world.sim.actions_issuer().url(), "nobody");
    world.put_policy("acme/app", "ci", closed.text());
    world.forget_calls();
    let answer = world.usual().await;
    assert_eq!(answer.json()["error"], "permission_denied", "{answer:?}");
    assert!(
        answer.json()["message"]
            .as_str()
            .unwrap()
            .contains("did not match \"nobody\"")
    );
    world.until_live(1).await;
    assert_eq!(
        json!(world.calls()),
        json!({"access_tokens": 2, "read_contents": 1, "revoke_token": 1})
    );
}

#[tokio::test]
async fn a_recreated_repository_that_permits_is_served() {
    let world = World::new().await;
    let _ = world.usual().await.granted();
    let github = world.github();
    github.delete_repository("acme", "app").unwrap();
    github.add_repository("acme", "app", 8900, true).unwrap();
    github.put_file("acme", "app", "README.md", "new").unwrap();
    let open = Policy::new(
        &world.sim.actions_issuer().url(),
        "repo:acme/app:ref:refs/heads/main",
    );
    world.put_policy("acme/app", "ci", open.text());
    let granted = world.usual().await.granted();
    assert!(opens(&world, &granted.token, "acme/app").await);
    let record = world.record(&granted.decision);
    assert_eq!(record["repository_ids"], json!([8900]));
    assert_eq!(record["token_sha256"], token_sha256(&granted.token));
}

#[tokio::test]
async fn a_repository_that_moved_away_has_no_policy_here() {
    let world = World::new().await;
    world
        .github()
        .rename_repository("acme", "app", "application")
        .unwrap();
    let token = world.token(&world.run("acme", "application"));
    let answer = world.exchange(&token, "acme/app", "ci").await;
    answer.refused(
        404,
        5,
        "policy_not_found",
        "unable to find trust policy for \"ci\"",
    );
}
