//! Discovery, keys, tokens.

use aws_lc_rs::signature;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use simulator::{ActionsWorkload, Algorithm, Clock, Issuer, Simulator};

use crate::client::ask;

async fn started() -> Simulator {
    let clock = Clock::fixed(1_000);
    Simulator::builder().clock(clock).start().await.unwrap()
}

async fn get(url: &str) -> Value {
    ask("GET", url).send().await.json()
}

/// The keys as a client finds them.
async fn keys(issuer: &Issuer) -> Vec<Value> {
    let url = format!("{}/.well-known/openid-configuration", issuer.url());
    let discovery = get(&url).await;
    assert_eq!(discovery["issuer"], issuer.url());
    let jwks = get(discovery["jwks_uri"].as_str().unwrap()).await;
    jwks["keys"].as_array().unwrap().clone()
}

fn decoded(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn part(token: &str, number: usize) -> Value {
    serde_json::from_slice(&decoded(token.split('.').nth(number).unwrap())).unwrap()
}

/// Whether one of the keys made this token's signature.
fn verifies(token: &str, keys: &[Value]) -> bool {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let header = part(token, 0);
    keys.iter()
        .filter(|key| key["kid"] == header["kid"] && key["alg"] == header["alg"])
        .any(|key| genuine(key, &header, input.as_bytes(), &decoded(signature)))
}

fn genuine(key: &Value, header: &Value, input: &[u8], signature: &[u8]) -> bool {
    let field = |name: &str| decoded(key[name].as_str().unwrap());
    let curve = match header["alg"].as_str().unwrap() {
        "RS256" => {
            let (n, e) = (field("n"), field("e"));
            let public = signature::RsaPublicKeyComponents { n: &n, e: &e };
            let rules = &signature::RSA_PKCS1_2048_8192_SHA256;
            return public.verify(rules, input, signature).is_ok();
        }
        "ES256" => &signature::ECDSA_P256_SHA256_FIXED,
        "ES512" => &signature::ECDSA_P521_SHA512_FIXED,
        other => panic!("{other}"),
    };
    let point = [vec![4], field("x"), field("y")].concat();
    let public = signature::UnparsedPublicKey::new(curve, point);
    public.verify(input, signature).is_ok()
}

#[tokio::test]
async fn honest_tokens_verify_and_have_their_claims() {
    let sim = started().await;
    for issuer in [sim.issuer(), sim.actions_issuer()] {
        let run = ActionsWorkload::new("acme", 7, "app", 9).audience("me");
        let token = issuer.token(run.claims()).unwrap();
        assert!(verifies(&token, &keys(issuer).await));
        let claims = part(&token, 1);
        assert_eq!(claims["iss"], issuer.url());
        assert_eq!(claims["aud"], "me");
        assert_eq!(
            (&claims["iat"], &claims["exp"]),
            (&json!(1_000), &json!(1_300))
        );
        assert_eq!(part(&token, 0)["alg"], "RS256");
    }
    let base = sim.github().web_url();
    assert_eq!(
        sim.actions_issuer().url(),
        format!("{base}/_services/token")
    );
    let bare = sim
        .issuer()
        .token(json!({"sub": "x", "nbf": null}))
        .unwrap();
    assert_eq!(part(&bare, 1).get("nbf"), None);
}

#[tokio::test]
async fn keys_rotate_and_several_algorithms_live_together() {
    let sim = started().await;
    let issuer = sim.issuer();
    let old = issuer.token(json!({"sub": "x"})).unwrap();
    let kid = issuer.rotate().unwrap();
    let new = issuer.token(json!({"sub": "x"})).unwrap();
    assert_eq!(part(&new, 0)["kid"], kid);
    let published = keys(issuer).await;
    assert!(verifies(&new, &published));
    assert!(!verifies(&old, &published));
    for algorithm in [Algorithm::Es256, Algorithm::Es512] {
        let kid = issuer.add_key(algorithm).unwrap();
        issuer.sign_with(&kid).unwrap();
        let token = issuer.token(json!({"sub": "x"})).unwrap();
        assert_eq!(part(&token, 0)["alg"], algorithm.name());
        assert!(verifies(&token, &keys(issuer).await));
    }
    assert_eq!(keys(issuer).await.len(), 3);
    issuer.remove_key(&kid);
    assert!(!verifies(&new, &keys(issuer).await));
    assert!(issuer.sign_with(&kid).is_err());
    issuer.set_keys(Vec::new());
    assert!(keys(issuer).await.is_empty());
    assert!(issuer.token(json!({})).is_err());
}

#[tokio::test]
async fn forged_tokens_are_wrong_in_the_way_that_was_asked_for() {
    let sim = started().await;
    let issuer = sim.issuer();
    let published = keys(issuer).await;
    let forge = || issuer.forge(json!({"sub": "x"}));
    let stranger = forge().signed_by_stranger().unwrap().build().unwrap();
    assert_eq!(
        part(&stranger, 0),
        part(&issuer.token(json!({})).unwrap(), 0)
    );
    assert!(!verifies(&stranger, &published));
    let unknown = forge().kid("no").build().unwrap();
    assert_eq!(part(&unknown, 0)["kid"], "no");
    assert_eq!(part(&forge().no_kid().build().unwrap(), 0).get("kid"), None);
    let none = forge().alg_none().build().unwrap();
    assert!(none.ends_with('.') && part(&none, 0)["alg"] == "none");
    let broken = forge().broken_signature().build().unwrap();
    assert!(!verifies(&broken, &published));
    let raw = forge()
        .raw_payload("{\"sub\":1,\"sub\":2}")
        .build()
        .unwrap();
    assert!(verifies(&raw, &published));

    let hs = forge().hs256_with_public_key().unwrap().build().unwrap();
    let (input, tag) = hs.rsplit_once('.').unwrap();
    let pem = issuer.signing_key().unwrap().public_pem().unwrap();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, pem.as_bytes());
    aws_lc_rs::hmac::verify(&key, input.as_bytes(), &decoded(tag)).unwrap();
    assert_eq!(part(&hs, 0)["alg"], "HS256");
}

#[tokio::test]
async fn documents_can_lie_and_lead_elsewhere() {
    let sim = started().await;
    let issuer = sim.issuer();
    let url = format!("{}/.well-known/openid-configuration", issuer.url());
    issuer.set_named_issuer("https://evil.example");
    issuer.set_jwks_uri("http://169.254.169.254/keys?x=1");
    issuer.set_cache_control(Some("max-age=9".to_owned()));
    let answer = ask("GET", &url).send().await;
    assert_eq!(answer.json()["issuer"], "https://evil.example");
    assert_eq!(answer.json()["jwks_uri"], "http://169.254.169.254/keys?x=1");
    assert_eq!(answer.header("cache-control"), "max-age=9");
    issuer.set_discovery(Some(json!({"x": 1})));
    assert_eq!(get(&url).await, json!({"x": 1}));
    issuer.set_jwks(Some(json!({"keys": "no"})));
    let jwks = format!("{}/jwks", issuer.url());
    assert_eq!(get(&jwks).await, json!({"keys": "no"}));
    issuer.redirect("/jwks", "http://127.0.0.1:1/");
    let moved = ask("GET", &jwks).send().await;
    assert_eq!(
        (moved.status, moved.header("location")),
        (302, "http://127.0.0.1:1/")
    );
    issuer.clear_redirects();
    assert_eq!(ask("GET", &jwks).send().await.status, 200);
    let absent = format!("{}/nothing", issuer.url());
    assert_eq!(ask("GET", absent).send().await.status, 404);
}

#[tokio::test]
async fn issuers_below_paths_are_others() {
    let sim = started().await;
    let tenant = sim.add_issuer("/tenant", Algorithm::Es256).unwrap();
    let token = tenant.token(json!({"sub": "x"})).unwrap();
    assert!(verifies(&token, &keys(&tenant).await));
    assert!(!verifies(&token, &keys(sim.issuer()).await));
    let elsewhere = format!("{}s/jwks", tenant.url());
    assert_eq!(ask("GET", elsewhere).send().await.status, 404);
}
