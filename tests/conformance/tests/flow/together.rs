//! Many at once: each look-up is made once, and what is too much is told so.

use std::sync::Arc;
use std::time::Duration;

use conformance::{Building, World};
use host_wasmtime::Limits;
use serde_json::json;
use simulator::{Fault, Route};
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_equal_requests_make_each_look_up_once() {
    let mut world = World::new().await;
    // All of them are there before the first look-up is answered.
    world.github().faults().next(
        Route::AppInstallations,
        1,
        Fault::Delay(Duration::from_millis(500)),
    );
    let token = world.token(&world.run("acme", "app"));
    let mut requests = JoinSet::new();
    for _ in 0..50 {
        let ask = world
            .ask("GET", "/sts/exchange?scope=acme/app&identity=ci")
            .bearer(&token);
        requests.spawn(ask.send());
    }
    let answers = requests.join_all().await;
    let mut tokens: Vec<String> = answers
        .iter()
        .map(|answer| answer.granted().token)
        .collect();
    tokens.sort();
    tokens.dedup();
    assert_eq!(tokens.len(), 50);
    world.close().await;
    assert_eq!(
        json!(world.calls()),
        json!({
            "discovery": 1, "jwks": 1,
            "app_installations": 1, "access_tokens": 51, "read_contents": 1, "revoke_token": 1,
        })
    );
    assert_eq!(world.github().live_tokens(), 50);
    assert_eq!(world.records().len(), 50);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_look_up_is_made_once_for_all_who_wait() {
    let world = World::new().await;
    world
        .github()
        .faults()
        .next(Route::AppInstallations, 9, Fault::status(502));
    let token = world.token(&world.run("acme", "app"));
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        let ask = world
            .ask("GET", "/sts/exchange?scope=acme/app&identity=ci")
            .bearer(&token);
        requests.spawn(ask.send());
    }
    for answer in requests.join_all().await {
        answer.refused(503, 14, "unavailable", "GitHub is unavailable");
    }
    assert_eq!(
        world.sim.count(Route::AppInstallations),
        3,
        "three tries, by one of them"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_unknown_keys_fetches_once() {
    let world = World::new().await;
    let _ = world.usual().await.granted();
    world.until_live(1).await;
    world.forget_calls();
    let issuer = world.sim.actions_issuer();
    let stranger = conformance::signing_key(simulator::Algorithm::Rs256, "stranger");
    let forged = issuer
        .forge(world.run("acme", "app").claims())
        .signed_by(&stranger)
        .build()
        .unwrap();
    let mut requests = JoinSet::new();
    for _ in 0..20 {
        let ask = world
            .ask("GET", "/sts/exchange?scope=acme/app&identity=ci")
            .bearer(&forged);
        requests.spawn(ask.send());
    }
    for answer in requests.join_all().await {
        assert!(matches!(answer.status, 401 | 503), "{}", answer.text());
    }
    assert_eq!(json!(world.calls()), json!({"discovery": 1, "jwks": 1}));
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_there_is_room_for_are_told_that_the_server_is_busy() {
    let limits = Limits {
        in_flight: 1,
        waiting: 0,
        ..Limits::default()
    };
    let world = Arc::new(Building::default().limits(limits).start().await);
    let slow = Fault::Delay(Duration::from_secs(1));
    world
        .github()
        .faults()
        .next(Route::AppInstallations, 1, slow);
    let first = tokio::spawn({
        let world = world.clone();
        async move { world.usual().await }
    });
    world
        .until("the first is inside", |world| {
            world.calls().contains_key("discovery")
        })
        .await;
    let second = world.usual().await;
    second.refused(503, 14, "unavailable", "server is busy");
    assert_eq!(second.retry_after(), Some(1));
    let _ = first.await.unwrap().granted();
    assert_eq!(world.records().len(), 1);
}
