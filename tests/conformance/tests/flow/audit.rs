//! What is written down: one record for each decision, before its answer (rule 33).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use conformance::{APP, Building, Policy, World, check_chain, token_sha256};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

const MAIN: &str = "repo:acme/app:ref:refs/heads/main";

#[tokio::test]
async fn a_grant_is_recorded_with_everything_that_led_to_it() {
    let world = World::new().await;
    let issuer = world.sim.actions_issuer().url();
    let policy =
        Policy::new(&issuer, MAIN).line("claim_pattern: {event_name: 'push|x', actor: '.*'}");
    world.put_policy("acme/app", "ci", policy.text());
    let token = world.token(&world.run("acme", "app"));
    let ask = world
        .ask("GET", "/sts/exchange?scope=acme/app&identity=ci")
        .bearer(&token);
    let granted = ask
        .header("user-agent", "a-client/1")
        .send()
        .await
        .granted();
    let mut record = world.record(&granted.decision);
    let digest = STANDARD.encode(Sha256::digest(&granted.token));
    let sha = record["policy"]["sha"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert_eq!(sha.len(), 40);
    let duration = record["duration_ms"].as_u64();
    assert!(duration.is_some_and(|ms| ms < 20_000));
    for name in ["chain", "duration_ms", "installation_id", "time"] {
        assert!(
            record.as_object_mut().unwrap().remove(name).is_some(),
            "{name}"
        );
    }
    let wanted = json!({
        "v": 1,
        "decision": granted.decision,
        "outcome": "granted",
        "actor": {"iss": issuer, "sub": MAIN, "claims": {"event_name": "push", "actor": "octocat"}},
        "scope": "acme/app",
        "identity": "ci",
        "owner_id": 7001,
        "repositories": ["acme/app"],
        "repository_ids": [8001],
        "permissions": {"contents": "read", "metadata": "read"},
        "policy": {"path": ".github/chainguard/ci.sts.yaml", "sha": sha, "stale": false},
        "app_id": APP,
        "token_sha256": token_sha256(&granted.token),
        "token_sha256_base64": digest,
        "user_agent": "a-client/1",
        "github_calls": 7,
    });
    assert_eq!(record, wanted);
}

#[tokio::test]
async fn a_chain_shows_what_was_done_to_it() {
    let world = World::new().await;
    for _ in 0..4 {
        let _ = world.usual().await.granted();
    }
    let lines = world.audit_lines();
    assert_eq!(check_chain(&lines), Ok(()));
    let mut edited = lines.clone();
    edited[1] = edited[1].replace("granted", "refused");
    let mut removed = lines.clone();
    removed.remove(2);
    let mut swapped = lines.clone();
    swapped.swap(1, 2);
    for broken in [edited, removed, swapped] {
        assert!(check_chain(&broken).is_err());
    }
}

#[tokio::test]
async fn the_head_of_the_chain_is_logged_at_the_end() {
    let mut world = World::new().await;
    let _ = world.usual().await.granted();
    world.close().await;
    let last = world.audit_lines().pop().unwrap();
    let head = conformance::token_sha256(&last);
    let logged = world
        .log
        .json()
        .into_iter()
        .any(|line| line["hash"] == head && line["seq"] == "1");
    assert!(logged, "{:?}", world.log.all());
}

#[tokio::test]
async fn without_its_record_no_answer_leaves_and_no_token_lives() {
    let world = World::new().await;
    let _ = world.usual().await.granted();
    world.until_live(1).await;
    world.audit.fail(true);
    let answer = world.usual().await;
    answer.refused(503, 14, "unavailable", "decision could not be recorded");
    assert_eq!(world.github().live_tokens(), 1, "revoked before the answer");
    assert!(world.logged(&answer.decision(), "the audit record could not be written"));
    // Refusals are decisions too.
    let token = world.token(&world.run("acme", "app"));
    let answer = world.exchange(&token, "acme/app", "missing").await;
    answer.refused(503, 14, "unavailable", "decision could not be recorded");
    world.audit.fail(false);
    let _ = world.usual().await.granted();
}

#[tokio::test]
async fn the_operator_may_answer_without_a_record() {
    let world = Building::default()
        .set("OCTOSTS_AUDIT", "best-effort")
        .start()
        .await;
    world.audit.fail(true);
    let _ = world.usual().await.granted();
    let token = world.token(&world.run("acme", "app"));
    let answer = world.exchange(&token, "acme/app", "missing").await;
    answer.refused(
        404,
        5,
        "policy_not_found",
        "unable to find trust policy for \"missing\"",
    );
    assert!(world.records().is_empty());
}

#[tokio::test]
async fn a_flood_of_unverified_tokens_is_ten_lines_a_second_and_a_count() {
    let world = World::new().await;
    let flood = async |times: usize| {
        for _ in 0..times {
            let ask = world
                .ask("GET", "/sts/exchange")
                .header("authorization", "Bearer x");
            assert_eq!(ask.send().await.status, 400);
        }
    };
    let lines = || {
        let mut lines = world.log.json();
        lines.retain(|line: &Value| line["msg"] == "invalid bearer token");
        lines
    };
    flood(25).await;
    assert_eq!(lines().len(), 10);
    world.advance(2);
    flood(1).await;
    assert_eq!(lines().len(), 11);
    assert_eq!(lines()[10]["left_out"], "15");
    assert!(world.records().is_empty());
}
