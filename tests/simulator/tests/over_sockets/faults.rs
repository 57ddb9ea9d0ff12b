//! Failures on order, and ports that close and open.

use std::time::{Duration, Instant};

use http::Method;
use simulator::{Error, Fault, Route, Simulator, Target};
use tokio::time::timeout;

use crate::client::ask;
use crate::world::scene;

#[tokio::test]
async fn each_fault_is_met_once_and_then_all_is_well() {
    let scene = scene().await;
    let faults = scene.sim.github().faults();
    let app = || scene.as_app("GET", "/app");
    let honest = app().send().await;

    faults.next(
        Route::App,
        1,
        Fault::status(502).with_header("retry-after", "3"),
    );
    let answer = app().send().await;
    assert_eq!((answer.status, answer.header("retry-after")), (502, "3"));
    faults.next(Route::App, 1, Fault::Cut);
    assert!(app().try_send().await.is_err());
    faults.next(Route::App, 1, Fault::CutMidBody);
    assert!(app().try_send().await.is_err());
    faults.next(Route::App, 1, Fault::Garbage);
    let answer = app().send().await;
    assert_eq!(answer.status, 200);
    assert!(answer.json().is_null());
    faults.next(Route::App, 1, Fault::HugeBody(3_000_000));
    let answer = app().send().await;
    assert_eq!(answer.body.len(), 3_000_000);
    assert_eq!(answer.json(), honest.json());
    for fault in [Fault::Hang, Fault::HangMidBody] {
        faults.next(Route::App, 1, fault);
        let waiting = timeout(Duration::from_millis(200), app().try_send());
        assert!(waiting.await.is_err());
    }
    faults.next(Route::App, 1, Fault::Delay(Duration::from_millis(150)));
    let start = Instant::now();
    assert_eq!(app().send().await.status, 200);
    assert!(start.elapsed() >= Duration::from_millis(150));
    assert_eq!(app().send().await.json(), honest.json());
    assert_eq!(faults.left(), 0);
    let statuses: Vec<_> = scene.sim.calls().iter().map(|call| call.status).collect();
    assert_eq!(statuses.first(), Some(&Some(200)));
    assert_eq!(statuses.get(2), Some(&None), "a cut has no status");
}

#[tokio::test]
async fn faults_keep_to_their_route_path_and_site() {
    let scene = scene().await;
    let faults = scene.sim.github().faults();
    faults.next(
        Target::path("/orgs/acme").method(Method::GET),
        1,
        Fault::status(500),
    );
    assert_eq!(scene.as_app("GET", "/app").send().await.status, 200);
    let discovery = format!(
        "{}/.well-known/openid-configuration",
        scene.sim.actions_issuer().url()
    );
    assert_eq!(ask("GET", &discovery).send().await.status, 200);
    let org = || scene.as_app("GET", "/orgs/acme/installation");
    assert_eq!(org().send().await.status, 500);
    assert_eq!(org().send().await.status, 200);
    let actions = scene.sim.actions_issuer().faults();
    actions.next(Route::Discovery, 1, Fault::status(503));
    assert_eq!(ask("GET", &discovery).send().await.status, 503);
    assert_eq!(ask("GET", &discovery).send().await.status, 200);
}

#[tokio::test]
async fn a_cut_mint_has_no_effect_and_one_cut_in_its_answer_has() {
    let scene = scene().await;
    let path = format!("/app/installations/{}/access_tokens", scene.acme);
    for (fault, live) in [
        (Fault::Cut, 0),
        (Fault::status(500), 0),
        (Fault::CutMidBody, 1),
    ] {
        scene
            .sim
            .github()
            .faults()
            .next(Route::AccessTokens, 1, fault);
        let _lost = scene.as_app("POST", &path).try_send().await;
        assert_eq!(scene.sim.github().live_tokens(), live);
    }
}

#[tokio::test]
async fn github_goes_away_and_comes_back_on_its_port() {
    let scene = scene().await;
    let github = scene.sim.github();
    let token = scene.full_token().await;
    // A call that hangs when the port closes is cut with it.
    github.faults().next(Route::App, 1, Fault::Hang);
    let hanging = tokio::spawn(scene.as_app("GET", "/app").try_send());
    while scene.sim.count(Route::App) == 0 {
        tokio::task::yield_now().await;
    }
    github.stop_listening().await;
    assert!(hanging.await.unwrap().is_err());
    assert!(scene.as_app("GET", "/app").try_send().await.is_err());
    github.stop_listening().await;
    // The foreign issuer is elsewhere.
    let issuer = format!("{}/jwks", scene.sim.issuer().url());
    assert_eq!(ask("GET", &issuer).send().await.status, 200);
    github.listen_again().await.unwrap();
    github.listen_again().await.unwrap();
    assert_eq!(scene.get("/repos/acme/app", &token).await.status, 200);
    scene.sim.stop_issuer().await;
    assert!(ask("GET", &issuer).try_send().await.is_err());
    scene.sim.start_issuer().await.unwrap();
    assert_eq!(ask("GET", &issuer).send().await.status, 200);
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let wide = "0.0.0.0:0".parse().unwrap();
    let refused = Simulator::builder().github_at(wide).start().await;
    assert!(matches!(refused, Err(Error::NotLoopback(_))));
}

#[tokio::test]
async fn with_tls_only_who_trusts_the_authority_gets_through() {
    let sim = Simulator::builder().tls(true).start().await.unwrap();
    let other = Simulator::builder().tls(true).start().await.unwrap();
    let url = format!(
        "{}/.well-known/openid-configuration",
        sim.actions_issuer().url()
    );
    assert!(url.starts_with("https://127.0.0.1:"));
    let ca = sim.ca_pem().unwrap();
    let answer = ask("GET", &url).trusting(&ca).send().await;
    assert_eq!(answer.json()["issuer"], sim.actions_issuer().url());
    let stranger = other.ca_pem().unwrap();
    assert!(
        ask("GET", &url)
            .trusting(&stranger)
            .try_send()
            .await
            .is_err()
    );
    assert!(ask("GET", &url).try_send().await.is_err());
}
