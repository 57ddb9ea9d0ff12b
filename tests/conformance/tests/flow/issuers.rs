//! What issuers publish, and what becomes of it when they don't (rules 12, 17, 18 and 20).

use conformance::{Answer, Building, DOMAIN, Policy, World, signing_key};
use serde_json::{Value, json};
use simulator::{Algorithm, Fault, Issuer, Route};

#[track_caller]
fn wrong(answer: &Answer) {
    answer.refused(
        400,
        3,
        "provider_error",
        "unable to fetch or create the provider",
    );
}

#[track_caller]
fn away(answer: &Answer) {
    answer.refused(
        503,
        14,
        "unavailable",
        "unable to fetch or create the provider",
    );
}

#[track_caller]
fn unverified(answer: &Answer) {
    answer.refused(
        401,
        16,
        "token_verification_failed",
        "unable to verify bearer token",
    );
}

/// A world in which the foreign issuer's `job` may read `acme/app`.
async fn trusting(building: Building) -> World {
    let world = building.start().await;
    let policy = Policy::new(&world.sim.issuer().url(), "job");
    world.put_policy("acme/app", "job", policy.text());
    world
}

async fn ask(world: &World) -> Answer {
    let token = world.foreign_token("job", json!({}));
    world.exchange(&token, "acme/app", "job").await
}

/// One more issuer at the foreign port, and a token of it.
fn another(world: &World, path: &str) -> (Issuer, String) {
    let issuer = world.sim.add_issuer(path, Algorithm::Es256).unwrap();
    let token = issuer.token(json!({"sub": "job", "aud": DOMAIN})).unwrap();
    (issuer, token)
}

#[tokio::test]
async fn documents_that_are_wrong_are_a_wrong_provider() {
    let world = World::new().await;
    let elsewhere = |uri: &str| json!({"issuer": "ISSUER", "jwks_uri": uri, "id_token_signing_alg_values_supported": ["ES256"]});
    let github = world.github().base_url();
    let documents: Vec<(&str, Value)> = vec![
        (
            "another issuer",
            json!({"issuer": "https://issuer.example", "jwks_uri": "ISSUER/jwks"}),
        ),
        (
            "a slash more",
            json!({"issuer": "ISSUER/", "jwks_uri": "ISSUER/jwks"}),
        ),
        ("no issuer", json!({"jwks_uri": "ISSUER/jwks"})),
        ("no keys", json!({"issuer": "ISSUER"})),
        ("a list", json!([])),
        ("keys at GitHub's API", elsewhere(&format!("{github}/app"))),
        ("keys without TLS", elsewhere("http://keys.example/jwks")),
        (
            "keys at a private address",
            elsewhere("https://10.0.0.1/jwks"),
        ),
        (
            "keys at another port of this machine",
            elsewhere("http://127.0.0.1:1/jwks"),
        ),
        (
            "keys with user information",
            elsewhere("https://u:p@keys.example/jwks"),
        ),
        ("keys with a fragment", elsewhere("ISSUER/jwks#x")),
        ("keys of another scheme", elsewhere("file:///etc/passwd")),
    ];
    for (number, (what, document)) in (0..).zip(documents) {
        let (issuer, token) = another(&world, &format!("/wrong{number}"));
        let document = document.to_string().replace("ISSUER", &issuer.url());
        issuer.set_discovery(Some(serde_json::from_str(&document).unwrap()));
        world.forget_calls();
        let answer = world.exchange(&token, "acme/app", "job").await;
        println!("{what}: {}", answer.text());
        wrong(&answer);
        assert_eq!(json!(world.calls()), json!({"discovery": 1}), "{what}");
    }
    let github_calls = world
        .sim
        .calls()
        .iter()
        .filter(|call| call.site == "github")
        .count();
    assert_eq!(github_calls, 0);
}

#[tokio::test]
async fn answers_that_are_wrong_are_too_and_are_not_asked_for_again() {
    let world = World::new().await;
    for (number, (route, fault)) in (0..).zip([
        (Route::Discovery, Fault::status(404)),
        (Route::Discovery, Fault::status(401)),
        (Route::Discovery, Fault::Garbage),
        (Route::Discovery, Fault::HugeBody(100 * 1024 + 1)),
        (Route::Jwks, Fault::status(404)),
        (Route::Jwks, Fault::Garbage),
        (Route::Jwks, Fault::HugeBody(100 * 1024 + 1)),
    ]) {
        let (issuer, token) = another(&world, &format!("/spoilt{number}"));
        issuer.faults().next(route, 1, fault);
        wrong(&world.exchange(&token, "acme/app", "ci").await);
        world.forget_calls();
        wrong(&world.exchange(&token, "acme/app", "ci").await);
        assert_eq!(world.sim.calls().len(), 0, "remembered for a moment");
        world.advance(2);
        let answer = world.exchange(&token, "acme/app", "ci").await;
        assert_eq!(answer.status, 403, "{}", answer.text());
    }
    // 100 KiB are not too many.
    let (issuer, token) = another(&world, "/full");
    issuer
        .faults()
        .next(Route::Jwks, 1, Fault::HugeBody(100 * 1024));
    assert_eq!(world.exchange(&token, "acme/app", "ci").await.status, 403);
}

#[tokio::test]
async fn an_issuer_that_is_away_is_tried_twice_and_unavailable() {
    let world = World::new().await;
    for (number, (route, fault)) in (0..).zip([
        (Route::Discovery, Fault::status(500)),
        (Route::Discovery, Fault::Cut),
        (Route::Jwks, Fault::status(503)),
        (Route::Jwks, Fault::CutMidBody),
    ]) {
        let (issuer, token) = another(&world, &format!("/away{number}"));
        issuer.faults().next(route, 2, fault.clone());
        world.forget_calls();
        away(&world.exchange(&token, "acme/app", "ci").await);
        assert_eq!(world.sim.count(route), 2, "{fault:?}");
        world.advance(2);
        // One failure is survived.
        issuer.faults().next(route, 1, fault);
        let answer = world.exchange(&token, "acme/app", "ci").await;
        assert_eq!(answer.status, 403, "{}", answer.text());
    }
    let (_, token) = another(&world, "/port");
    world.sim.stop_issuer().await;
    away(&world.exchange(&token, "acme/app", "ci").await);
}

#[tokio::test]
async fn a_slow_issuer_has_a_part_of_the_deadline() {
    let world = Building::default()
        .set("OCTOSTS_DEADLINE", "2s")
        .start()
        .await;
    let (issuer, token) = another(&world, "/slow");
    issuer.faults().next(Route::Jwks, 9, Fault::HangMidBody);
    let began = std::time::Instant::now();
    let answer = world.exchange(&token, "acme/app", "ci").await;
    assert!(matches!(answer.status, 503 | 504), "{}", answer.text());
    assert!(began.elapsed().as_secs() < 8, "{:?}", began.elapsed());
}

#[tokio::test]
async fn keys_serve_for_an_hour_and_old_ones_for_six_when_their_issuer_is_away() {
    let world = trusting(Building::default()).await;
    // Whatever the issuer says about caching (rule 17).
    world
        .sim
        .issuer()
        .set_cache_control(Some("max-age=1, no-store".to_owned()));
    let _ = ask(&world).await.granted();
    world.forget_calls();
    world.advance(3600);
    let _ = ask(&world).await.granted();
    assert_eq!(world.sim.count(Route::Jwks), 0);
    world.advance(1);
    let _ = ask(&world).await.granted();
    assert_eq!(world.sim.count(Route::Jwks), 1, "renewed");

    world.sim.stop_issuer().await;
    for hours in 1..=5 {
        world.advance(3600);
        let granted = ask(&world).await.granted();
        if hours > 1 {
            let line = "an issuer's keys could not be renewed; the old ones serve";
            assert!(world.logged(&granted.decision, line), "hour {hours}");
        }
    }
    world.advance(3599);
    let _ = ask(&world).await.granted();
    world.advance(1);
    away(&ask(&world).await);
    world.sim.start_issuer().await.unwrap();
    world.advance(2);
    let _ = ask(&world).await.granted();
}

#[tokio::test]
async fn a_spoilt_document_does_not_replace_good_ones() {
    let world = trusting(Building::default()).await;
    let _ = ask(&world).await.granted();
    let issuer = world.sim.issuer();
    for (route, fault) in [
        (Route::Discovery, Fault::status(404)),
        (Route::Jwks, Fault::Garbage),
        (Route::Jwks, Fault::HugeBody(200 * 1024)),
        (Route::Discovery, Fault::status(500)),
    ] {
        world.advance(3601);
        issuer.faults().next(route, 2, fault);
        let _ = ask(&world).await.granted();
        issuer.faults().clear();
        world.advance(20);
        let _ = ask(&world).await.granted();
    }
}

#[tokio::test]
async fn the_operator_says_how_long_old_keys_serve() {
    let world = trusting(Building::default().set("OCTOSTS_ISSUER_GRACE", "2h")).await;
    let _ = ask(&world).await.granted();
    world.sim.stop_issuer().await;
    world.advance(7199);
    let _ = ask(&world).await.granted();
    world.advance(1);
    away(&ask(&world).await);
}

#[tokio::test]
async fn a_document_of_another_issuer_stops_the_issuer() {
    let world = trusting(Building::default()).await;
    let _ = ask(&world).await.granted();
    world
        .sim
        .issuer()
        .set_named_issuer("https://issuer.example");
    world.advance(3601);
    let answer = ask(&world).await;
    assert!(matches!(answer.status, 400 | 401), "{}", answer.text());
    world.advance(2);
    wrong(&ask(&world).await);
}

#[tokio::test]
async fn an_empty_set_refuses_and_is_asked_again_after_a_minute() {
    let world = trusting(Building::default()).await;
    let _ = ask(&world).await.granted();
    let token = world.foreign_token("job", json!({"exp": conformance::NOW + 90_000}));
    let again = async || world.exchange(&token, "acme/app", "job").await;
    let issuer = world.sim.issuer();
    issuer.set_jwks(Some(json!({"keys": []})));
    world.advance(3601);
    unverified(&again().await);
    world.forget_calls();
    issuer.set_jwks(None);
    world.advance(60);
    unverified(&again().await);
    assert_eq!(world.sim.count(Route::Jwks), 0);
    world.advance(1);
    let _ = again().await.granted();
    assert_eq!(world.sim.count(Route::Jwks), 1);
}

#[tokio::test]
async fn keys_that_cannot_be_used_harm_no_other() {
    let world = trusting(Building::default()).await;
    let issuer = world.sim.issuer();
    let good = issuer.signing_key().unwrap().jwk();
    let small = json!({"kty": "RSA", "kid": "small", "n": "AQAB", "e": "AQAB"});
    let odd = json!({"kty": "XYZ", "kid": "odd"});
    let mut encrypts = good.clone();
    encrypts["kid"] = json!("enc");
    encrypts["use"] = json!("enc");
    issuer.set_jwks(Some(json!({"keys": [odd, small, 7, encrypts, good]})));
    let _ = ask(&world).await.granted();
    // Signed by the genuine key, under the name of one that is not for signing.
    let claims = || json!({"sub": "job", "aud": DOMAIN});
    for kid in ["enc", "small", "odd"] {
        let token = issuer.forge(claims()).kid(kid).build().unwrap();
        let answer = world.exchange(&token, "acme/app", "job").await;
        assert!(
            matches!(answer.status, 401 | 503),
            "{kid}: {}",
            answer.text()
        );
        world.advance(20);
    }
    // A symmetric key in the set makes no HS256.
    issuer.set_jwks(Some(
        json!({"keys": [{"kty": "oct", "kid": "foreign-RS256", "k": "c2VjcmV0"}]}),
    ));
    world.advance(3601);
    let token = issuer
        .forge(claims())
        .hs256_with_public_key()
        .unwrap()
        .build()
        .unwrap();
    unverified(&world.exchange(&token, "acme/app", "job").await);
}

#[tokio::test]
async fn a_rotation_beside_old_keys_is_seen_at_once() {
    let world = trusting(Building::default()).await;
    let _ = ask(&world).await.granted();
    let issuer = world.sim.issuer();
    let old = issuer.signing_key().unwrap();
    issuer.set_keys(vec![signing_key(Algorithm::Rs256, "rotated"), old]);
    let _ = ask(&world).await.granted();
    issuer.remove_key("foreign-RS256");
    let _ = ask(&world).await.granted();
}

#[tokio::test]
async fn redirects_without_tls_are_not_followed() {
    let world = World::new().await;
    let (issuer, token) = another(&world, "/moved");
    issuer.redirect("/jwks", format!("{}/jwks", world.sim.issuer().url()));
    world.forget_calls();
    wrong(&world.exchange(&token, "acme/app", "ci").await);
    assert_eq!(world.calls()["jwks"], 1);
}

#[tokio::test]
async fn an_issuers_keys_may_be_at_another_listed_place() {
    let world = World::new().await;
    let (issuer, token) = another(&world, "/split");
    let (keys, _) = another(&world, "/keys");
    keys.set_keys(vec![issuer.signing_key().unwrap()]);
    issuer.set_jwks_uri(format!("{}/jwks?v=1", keys.url()));
    let answer = world.exchange(&token, "acme/app", "ci").await;
    assert_eq!(answer.status, 403, "verified: {}", answer.text());
}
