//! Whom the service never connects to, whatever a token says (rules 19 to 23).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use conformance::{DOMAIN, World};
use serde_json::json;
use tokio::net::TcpListener;

/// A port of this machine, and how many connections it got.
async fn trap() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let accepted = Arc::new(AtomicUsize::new(0));
    let count = accepted.clone();
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, accepted)
}

/// A token of an issuer of this name, which nobody has to run: signed by the foreign issuer's key.
fn token_of(world: &World, issuer: &str) -> String {
    let claims = json!({"iss": issuer, "sub": "job", "aud": DOMAIN});
    world.sim.issuer().token(claims).unwrap()
}

#[tokio::test]
async fn private_addresses_that_nobody_listed_are_never_connected_to() {
    let (port, accepted) = trap().await;
    let mut world = World::new().await;
    for issuer in [
        format!("https://127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
        format!("https://localhost:{port}"),
        format!("https://[::1]:{port}"),
        "https://127.0.0.1".to_owned(),
        "https://localhost".to_owned(),
        "https://10.0.0.1".to_owned(),
        "https://169.254.169.254".to_owned(),
        "https://[::ffff:127.0.0.1]".to_owned(),
        "https://issuer.example:8443".to_owned(),
    ] {
        let answer = world
            .exchange(&token_of(&world, &issuer), "acme/app", "ci")
            .await;
        println!("{issuer}: {}", answer.text());
        answer.refused(
            400,
            3,
            "provider_error",
            "unable to fetch or create the provider",
        );
    }
    world.close().await;
    assert_eq!(accepted.load(Ordering::SeqCst), 0);
    assert_eq!(world.sim.calls().len(), 0);
}

#[tokio::test]
async fn what_a_listed_issuer_names_is_judged_too() {
    let (port, accepted) = trap().await;
    let mut world = World::new().await;
    for (number, uri) in (0..).zip([
        format!("http://127.0.0.1:{port}/jwks"),
        format!("https://127.0.0.1:{port}/jwks"),
        format!("https://localhost:{port}/jwks"),
    ]) {
        let issuer = world
            .sim
            .add_issuer(&format!("/x{number}"), simulator::Algorithm::Es256)
            .unwrap();
        issuer.set_jwks_uri(&uri);
        let token = issuer.token(json!({"sub": "job", "aud": DOMAIN})).unwrap();
        let answer = world.exchange(&token, "acme/app", "ci").await;
        println!("{uri}: {}", answer.text());
        answer.refused(
            400,
            3,
            "provider_error",
            "unable to fetch or create the provider",
        );
        issuer.set_jwks_uri(format!("{}/jwks", issuer.url()));
        issuer.redirect("/jwks", &uri);
        world.advance(2);
        let answer = world.exchange(&token, "acme/app", "ci").await;
        answer.refused(
            400,
            3,
            "provider_error",
            "unable to fetch or create the provider",
        );
    }
    world.close().await;
    assert_eq!(accepted.load(Ordering::SeqCst), 0);
}
