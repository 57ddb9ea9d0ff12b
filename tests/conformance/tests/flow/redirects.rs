//! Issuers behind TLS: at most three redirects, https only (rule 20).

use conformance::{Building, DOMAIN, Policy, World};
use serde_json::json;
use simulator::{Algorithm, Simulator};

/// Where the authority of this process's simulators with TLS is written down for the host.
fn ca_file(sim: &Simulator) -> String {
    let url = sim.github().web_url();
    let port = url.rsplit(':').next().unwrap();
    let name = format!("conformance-ca-{}-{port}.pem", std::process::id());
    let path = std::env::temp_dir().join(name);
    std::fs::write(&path, sim.ca_pem().unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

async fn encrypted() -> World {
    let building = Building::default().tls().set_by("SSL_CERT_FILE", ca_file);
    let world = building.start().await;
    std::fs::remove_file(ca_file(&world.sim)).unwrap();
    world
}

#[tokio::test]
async fn everything_works_over_tls() {
    let world = encrypted().await;
    assert!(world.sim.actions_issuer().url().starts_with("https://"));
    let _ = world.usual().await.granted();
    world.until_live(1).await;
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_is_nobody() {
    let world = Building::default().tls().start().await;
    let answer = world.usual().await;
    answer.refused(
        400,
        3,
        "provider_error",
        "unable to fetch or create the provider",
    );
    assert_eq!(world.sim.calls().len(), 0);
}

#[tokio::test]
async fn three_redirects_are_followed_and_not_four() {
    let world = encrypted().await;
    for (number, (hops, served)) in (0..).zip([(1, true), (3, true), (4, false)]) {
        let name = format!("i{number}");
        let issuer = world
            .sim
            .add_issuer(&format!("/{name}"), Algorithm::Es256)
            .unwrap();
        world.put_policy("acme/app", &name, Policy::new(&issuer.url(), "job").text());
        // /jwks → /hop1 → … → the keys at another issuer's address.
        let keys = world
            .sim
            .add_issuer(&format!("/{name}-keys"), Algorithm::Es256)
            .unwrap();
        keys.set_keys(vec![issuer.signing_key().unwrap()]);
        for hop in 1..=hops {
            let from = if hop == 1 {
                "/jwks".to_owned()
            } else {
                format!("/hop{hop}")
            };
            let to = format!("{}/hop{}", issuer.url(), hop + 1);
            let last = format!("{}/jwks", keys.url());
            issuer.redirect(from, if hop == hops { last } else { to });
        }
        let token = issuer.token(json!({"sub": "job", "aud": DOMAIN})).unwrap();
        let answer = world.exchange(&token, "acme/app", &name).await;
        if served {
            let _ = answer.granted();
        } else {
            answer.refused(
                400,
                3,
                "provider_error",
                "unable to fetch or create the provider",
            );
        }
        let authorized = world
            .sim
            .calls()
            .into_iter()
            .filter(|call| call.site != "github" && call.authorized);
        assert_eq!(authorized.count(), 0, "issuers never see credentials");
    }
}

#[tokio::test]
async fn redirects_lead_to_no_place_that_an_issuer_could_not_name() {
    let world = encrypted().await;
    let github = format!("{}/api/v3/app", world.github().web_url());
    for (number, to) in (0..).zip([
        "http://127.0.0.1:1/jwks",
        "http://keys.example/jwks",
        "https://127.0.0.1:1/jwks",
        "https://169.254.169.254/latest/meta-data",
        "//keys.example/jwks",
        "file:///etc/passwd",
        "",
        github.as_str(),
    ]) {
        let issuer = world
            .sim
            .add_issuer(&format!("/i{number}"), Algorithm::Es256)
            .unwrap();
        issuer.redirect("/jwks", to);
        let token = issuer.token(json!({"sub": "job", "aud": DOMAIN})).unwrap();
        let answer = world.exchange(&token, "acme/app", "ci").await;
        assert_eq!(answer.status, 400, "{to}: {}", answer.text());
        answer.refused(
            400,
            3,
            "provider_error",
            "unable to fetch or create the provider",
        );
    }
    assert!(world.sim.calls().iter().all(|call| call.site != "github"));
}
