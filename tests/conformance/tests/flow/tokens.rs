//! Tokens that are not believed. None of them makes the service ask GitHub.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use conformance::{Answer, DOMAIN, NOW, Policy, World, signing_key};
use serde_json::{Value, json};
use simulator::Algorithm;

const UNVERIFIED: (u16, u8, &str, &str) = (
    401,
    16,
    "token_verification_failed",
    "unable to verify bearer token",
);

#[track_caller]
fn unverified(answer: &Answer) {
    let (status, code, error, message) = UNVERIFIED;
    answer.refused(status, code, error, message);
}

/// The usual run's claims, with others.
fn claims(world: &World, others: Value) -> Value {
    let mut claims = world.run("acme", "app").claims();
    let others = others.as_object().unwrap().clone();
    claims.as_object_mut().unwrap().extend(others);
    claims
}

async fn present(world: &World, token: &str) -> Answer {
    world.exchange(token, "acme/app", "ci").await
}

#[tokio::test]
async fn a_token_counts_only_in_its_time() {
    let world = World::new().await;
    let issuer = world.sim.actions_issuer();
    for (others, genuine) in [
        (json!({"exp": NOW + 1}), true),
        (json!({"exp": NOW}), false),
        (json!({"exp": NOW - 1}), false),
        (json!({"exp": NOW - 86_400}), false),
        (json!({"exp": null}), false),
        (json!({"exp": "never"}), false),
        (json!({"exp": -1}), false),
        (json!({"nbf": NOW + 300}), true),
        (json!({"nbf": NOW + 301}), false),
        (json!({"nbf": "now"}), false),
        (json!({"nbf": null}), true),
        (json!({"iat": null}), true),
    ] {
        let token = issuer.token(claims(&world, others.clone())).unwrap();
        let answer = present(&world, &token).await;
        if genuine {
            let _ = answer.granted();
        } else {
            unverified(&answer);
        }
        println!("{others}");
    }
    // The same token, a second before its end and at it.
    let token = issuer.token(claims(&world, json!({}))).unwrap();
    world.advance(299);
    let _ = present(&world, &token).await.granted();
    world.advance(1);
    unverified(&present(&world, &token).await);
}

#[tokio::test]
async fn a_signature_must_be_the_issuers_own() {
    let world = World::new().await;
    let issuer = world.sim.actions_issuer();
    let forge = || issuer.forge(claims(&world, json!({})));
    let stranger =
        signing_key(Algorithm::Rs256, "stranger").with_kid(issuer.signing_key().unwrap().kid());
    let on_a_curve = signing_key(Algorithm::Es256, "stranger").with_kid(stranger.kid());
    let honest = forge().build().unwrap();
    let signature = honest.rsplit('.').next().unwrap();
    let other_payload = forge().raw_signature(URL_SAFE_NO_PAD.decode(signature).unwrap());
    let other_payload = other_payload
        .raw_payload(claims(&world, json!({"iss": issuer.url(), "exp": NOW + 9})).to_string());
    for (what, token) in [
        ("alg none", forge().alg_none().build()),
        ("alg None", forge().alg_none().alg("None").build()),
        ("no alg", forge().header_field("alg", Value::Null).build()),
        (
            "HS256 with the public key",
            forge().hs256_with_public_key().unwrap().build(),
        ),
        (
            "another key, same kid",
            forge().signed_by(&stranger).build(),
        ),
        (
            "another kind of key, same kid",
            forge().signed_by(&on_a_curve).build(),
        ),
        (
            "a key of the header's",
            forge()
                .signed_by(&stranger)
                .header_field("jwk", stranger.jwk())
                .build(),
        ),
        ("one bit", forge().broken_signature().build()),
        ("none at all", forge().raw_signature([]).build()),
        ("of other claims", other_payload.build()),
        ("as another algorithm", forge().alg("PS256").build()),
        ("unknown algorithm", forge().alg("RS257").build()),
        (
            "critical extensions",
            forge().header_field("crit", json!(["b64"])).build(),
        ),
        (
            "no kid, another key",
            forge().signed_by(&stranger).no_kid().build(),
        ),
    ] {
        println!("{what}");
        unverified(&present(&world, &token.unwrap()).await);
    }
    assert_eq!(world.github_calls(), 0);
    assert!(
        world.records().is_empty(),
        "no decision about a token that nobody signed"
    );
    let _ = present(&world, &honest).await.granted();
    let no_kid = forge().no_kid().build().unwrap();
    let _ = present(&world, &no_kid).await.granted();
}

#[tokio::test]
async fn claims_that_can_be_read_in_two_ways_are_not_believed() {
    let world = World::new().await;
    let issuer = world.sim.actions_issuer();
    let honest = claims(&world, json!({"iss": issuer.url(), "exp": NOW + 300}));
    let text = honest.to_string();
    let with = |member: &str| format!("{},{member}}}", text.strip_suffix('}').unwrap());
    for payload in [
        with(r#""sub":"repo:globex/tool:ref:refs/heads/main""#),
        with(r#""ref":"refs/heads/main""#),
        with(r#""Sub":"repo:globex/tool:ref:refs/heads/main""#),
        with(r#""AUD":"x""#),
        with(r#""Exp":9999999999"#),
        with(r#""\u0073ub":"x""#),
        with(r#""jti":7"#),
    ] {
        let token = issuer
            .forge(json!({}))
            .raw_payload(payload.clone())
            .build()
            .unwrap();
        unverified(&present(&world, &token).await);
        println!("{payload}");
    }
    let header = format!(
        r#"{{"alg":"RS256","kid":"x","kid":"{}"}}"#,
        issuer.signing_key().unwrap().kid()
    );
    let twice = issuer.forge(honest).raw_header(header).build().unwrap();
    unverified(&present(&world, &twice).await);
    let honest = issuer
        .forge(json!({}))
        .raw_payload(text.clone())
        .build()
        .unwrap();
    let _ = present(&world, &honest).await.granted();
}

#[tokio::test]
async fn what_is_no_token_is_refused_before_anybody_is_asked() {
    let world = World::new().await;
    let token = world.token(&world.run("acme", "app"));
    let two_parts = token.rsplit_once('.').unwrap().0.to_owned();
    let not_json = format!("{}.e30.c2ln", URL_SAFE_NO_PAD.encode("[]"));
    let long = |length: usize| "x".repeat(length);
    let subject_no_text = world
        .sim
        .actions_issuer()
        .forge(json!({"sub": 7}))
        .build()
        .unwrap();
    for token in [
        "",
        "x",
        "a.b.c",
        &two_parts,
        &format!("{token}.x"),
        &not_json,
        &subject_no_text,
        &long(16 * 1024),
        &format!(" {}", two_parts),
        "ghs_0123456789",
    ] {
        let answer = world.ask("GET", "/sts/exchange?scope=acme/app&identity=ci");
        let answer = answer
            .header("authorization", format!("Bearer {token}"))
            .send()
            .await;
        answer.refused(400, 3, "invalid_token", "invalid bearer token");
    }
    let ask = || world.ask("POST", "/sts/exchange?scope=acme/app&identity=ci");
    let one = "expected exactly one authorization header";
    ask().send().await.refused(401, 16, "invalid_request", one);
    let two = ask().bearer(&token).bearer(&token);
    two.send().await.refused(401, 16, "invalid_request", one);
    let large = ask().header("authorization", format!("Bearer {}", long(16 * 1024 + 1)));
    large
        .send()
        .await
        .refused(413, 3, "invalid_request", "request too large");
    let body = |length: usize| ask().bearer(&token).body("text/plain", long(length));
    body(64 * 1024 + 1)
        .send()
        .await
        .refused(413, 3, "invalid_request", "request too large");
    assert_eq!(world.sim.calls().len(), 0);
    let _ = body(64 * 1024).send().await.granted();
}

#[tokio::test]
async fn headers_above_32_kib_are_too_large() {
    let world = World::new().await;
    let large = world.ask("GET", "/sts/exchange?scope=acme/app&identity=ci");
    let large = large
        .header("x-padding", "x".repeat(33 * 1024))
        .send()
        .await;
    large.refused(413, 3, "invalid_request", "request too large");
}

#[tokio::test]
async fn issuers_have_the_form_of_issuers() {
    let world = World::new().await;
    for issuer in [
        "",
        "not a URL",
        "ftp://issuer.example",
        "http://issuer.example",
        "issuer.example",
        "https://user@issuer.example",
        "https://issuer.example?q",
        "https://issuer.example#f",
        "https://issuer.example/a/../b",
        "https://issuer.example//a",
        "https://",
        "https://issuer.example:x",
        "https://ïssuer.example",
    ] {
        let token = world
            .sim
            .issuer()
            .token(json!({"iss": issuer, "sub": "s", "aud": DOMAIN}))
            .unwrap();
        let answer = present(&world, &token).await;
        answer.refused(400, 3, "invalid_token", "invalid issuer format");
    }
    assert_eq!(world.sim.calls().len(), 0);
}

#[tokio::test]
async fn subjects_and_audiences_have_a_form_too() {
    let world = World::new().await;
    let subject = "invalid subject in token";
    let audience = "invalid audience in token";
    for (claims, message) in [
        (json!({"sub": ""}), subject),
        (json!({"sub": null}), subject),
        (json!({"sub": "a b"}), subject),
        (json!({"sub": "a\nb"}), subject),
        (json!({"sub": "$(id)"}), subject),
        (json!({"sub": "x".repeat(1025)}), subject),
        (json!({"sub": "s", "aud": ""}), audience),
        (json!({"sub": "s", "aud": [DOMAIN, "a b"]}), audience),
        (json!({"sub": "s", "aud": "x".repeat(256)}), audience),
    ] {
        let token = world.foreign_token("s", claims);
        present(&world, &token)
            .await
            .refused(400, 3, "invalid_token", message);
    }
    assert_eq!(world.github_calls(), 0);
    let long = "x".repeat(1024);
    world.put_policy(
        "acme/app",
        "long",
        Policy::new(&world.sim.issuer().url(), &long).text(),
    );
    let token = world.foreign_token(&long, json!({}));
    let _ = world.exchange(&token, "acme/app", "long").await.granted();
}

#[tokio::test]
async fn an_unknown_key_is_looked_for_once_in_twenty_seconds() {
    let world = World::new().await;
    let issuer = world.sim.actions_issuer();
    let known = issuer.token(claims(&world, json!({}))).unwrap();
    let _ = present(&world, &known).await.granted();
    let flood = signing_key(Algorithm::Rs256, "stranger");
    let forged = issuer
        .forge(claims(&world, json!({})))
        .signed_by(&flood)
        .build()
        .unwrap();
    world.forget_calls();
    unverified(&present(&world, &forged).await);
    assert_eq!(world.calls()["jwks"], 1, "looked for");

    // A real rotation in the middle of the flood is told to wait, not that its tokens are bad.
    issuer.set_keys(vec![signing_key(Algorithm::Rs256, "rotated")]);
    let rotated = issuer.token(claims(&world, json!({}))).unwrap();
    for token in [&forged, &rotated] {
        let answer = present(&world, token).await;
        answer.refused(503, 14, "unavailable", "unable to verify bearer token");
        assert!(answer.retry_after().is_some_and(|seconds| seconds <= 20));
    }
    world.advance(19);
    let answer = present(&world, &rotated).await;
    answer.refused(503, 14, "unavailable", "unable to verify bearer token");
    assert_eq!(world.calls()["jwks"], 1, "and not again");
    let _ = present(&world, &known).await.granted();

    world.advance(1);
    let _ = present(&world, &rotated).await.granted();
    assert_eq!(world.calls()["jwks"], 2);
    // The key that is gone counts no more: a valid document replaces the set at once (rule 17).
    let answer = present(&world, &known).await;
    answer.refused(503, 14, "unavailable", "unable to verify bearer token");
}
