//! Events about exchanges (rule 34): after the answer, without a credential, and never in its way.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conformance::{Building, Policy, World, token_sha256};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// A sink that keeps what it was sent, and answers as it was told.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    seen: Vec<(HeaderMap, Value)>,
    answers: VecDeque<u16>,
    /// Answers nothing.
    hangs: bool,
}

impl Sink {
    /// Starts it; `answers` are given one by one, and then 202.
    async fn start(answers: &[u16]) -> (Self, String) {
        let sink = Self::default();
        sink.0.lock().unwrap().answers.extend(answers);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/in?tenant=1", listener.local_addr().unwrap());
        let taking = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let one = taking.clone();
                let service = hyper::service::service_fn(move |request| one.clone().take(request));
                let served = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(served);
            }
        });
        (sink, url)
    }

    async fn take(self, request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri(), "/in?tenant=1");
        let headers = request.headers().clone();
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let (status, hangs) = {
            let mut inner = self.0.lock().unwrap();
            let body = serde_json::from_slice(&body).unwrap();
            inner.seen.push((headers, body));
            (inner.answers.pop_front().unwrap_or(202), inner.hangs)
        };
        if hangs {
            std::future::pending::<()>().await;
        }
        let answer = Response::builder().status(status).body(Empty::new());
        Ok(answer.unwrap())
    }

    fn seen(&self) -> Vec<(HeaderMap, Value)> {
        self.0.lock().unwrap().seen.clone()
    }

    /// Waits for so many events.
    async fn until(&self, world: &World, events: usize) -> Vec<(HeaderMap, Value)> {
        world.until("events", |_| self.seen().len() >= events).await;
        self.seen()
    }
}

async fn world(url: &str) -> World {
    Building::default()
        .set("EVENT_INGRESS_URI", url)
        .start()
        .await
}

#[tokio::test]
async fn a_grant_and_a_refusal_are_events_with_octo_stss_payload() {
    let (sink, url) = Sink::start(&[]).await;
    let world = world(&url).await;
    let issuer = world.sim.actions_issuer().url();
    let main = "repo:acme/app:ref:refs/heads/main";
    let policy = Policy::new(&issuer, main).line("claim_pattern: {event_name: 'push'}");
    world.put_policy("acme/app", "ci", policy.text());
    let token = world.token(&world.run("acme", "app"));
    let ask = world.ask("GET", "/sts/exchange?scope=acme/app&identity=ci");
    let ask = ask.bearer(&token).header("user-agent", "a-client/1");
    let granted = ask.send().await.granted();
    let seen = sink.until(&world, 1).await;
    let (headers, event) = &seen[0];
    for (name, value) in [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-type", "dev.octo-sts.exchange"),
        ("ce-source", "https://sts.example.test"),
        ("ce-subject", "acme/app/ci"),
        ("ce-decision", &granted.decision),
    ] {
        assert_eq!(headers[name], *value, "{name}");
    }
    assert_eq!(headers["ce-id"].len(), 36);
    assert!(!headers.contains_key("authorization"), "no credential");
    let installation = event["installation_id"].as_u64().unwrap();
    assert!(installation > 0);
    let wanted = json!({
        "actor": {"iss": issuer, "sub": main, "claims": [{"name": "event_name", "value": "push"}]},
        "trust_policy": {
            "issuer": issuer,
            "subject": main,
            "claim_pattern": {"event_name": "push"},
            "permissions": {"contents": "read"},
            "repositories": ["app"],
        },
        "installation_id": installation,
        "scope": "acme/app",
        "identity": "ci",
        "user_agent": "a-client/1",
        "token_sha256": token_sha256(&granted.token),
        "time": event["time"],
    });
    assert_eq!(event, &wanted);
    assert_eq!(headers["ce-time"], event["time"].as_str().unwrap());

    let refused = world.exchange(&token, "acme/app", "none").await;
    assert_eq!(refused.status, 404);
    let seen = sink.until(&world, 2).await;
    let (_, event) = &seen[1];
    let error = "rpc error: code = NotFound desc = unable to find trust policy for \"none\"";
    assert_eq!(event["error"], error);
    assert_eq!(event["token_sha256"], "");
    assert_eq!(event["trust_policy"], Value::Null);
}

#[tokio::test]
async fn what_an_organisation_in_audit_mode_would_refuse_is_in_the_event() {
    let (sink, url) = Sink::start(&[]).await;
    let world = world(&url).await;
    let github = world.github();
    let path = ".github/chainguard/trusted-token-issuers.yaml";
    for (mode, allowed) in [("audit", true), ("enforce", false)] {
        let list = format!("mode: {mode}\nissuers: [https://elsewhere.example]\n");
        github.put_file("acme", ".github", path, list).unwrap();
        let answer = world.usual().await;
        assert_eq!(answer.status, if allowed { 200 } else { 403 });
        let seen = sink.until(&world, 1).await;
        let verdict = &seen.last().unwrap().1["issuer_allowlist"];
        let issuer = world.sim.actions_issuer().url();
        assert_eq!(
            verdict,
            &json!({"mode": mode, "allowed": allowed, "iss": issuer})
        );
        // The list is believed for five minutes.
        world.advance(301);
        sink.0.lock().unwrap().seen.clear();
    }
}

#[tokio::test]
async fn nothing_is_sent_before_a_token_is_verified_nor_for_explanations() {
    let (sink, url) = Sink::start(&[]).await;
    let mut world = world(&url).await;
    let ask = world.ask("GET", "/sts/exchange?scope=acme/app&identity=ci");
    assert_eq!(ask.bearer("a.b.c").send().await.status, 400);
    let token = world.token(&world.run("acme", "app"));
    let ask = world.ask("POST", "/sts/explain?scope=acme/app&identity=ci");
    assert_eq!(ask.bearer(&token).send().await.status, 200);
    world.close().await;
    assert!(sink.seen().is_empty());
}

#[tokio::test]
async fn a_sink_that_is_busy_is_asked_again_and_one_that_says_no_is_not() {
    let (sink, url) = Sink::start(&[503, 429, 400, 202]).await;
    let mut world = world(&url).await;
    let _ = world.usual().await.granted();
    let seen = sink.until(&world, 3).await;
    assert_eq!(seen[0].0["ce-id"], seen[2].0["ce-id"], "the same event");
    let decision = seen[0].0["ce-decision"].to_str().unwrap().to_owned();
    world
        .until("a line", |world| {
            world.logged(&decision, "an event could not be delivered")
        })
        .await;
    world.close().await;
    assert_eq!(sink.seen().len(), 3);
}

#[tokio::test]
async fn a_sink_that_is_away_delays_nothing_and_is_one_line_a_minute() {
    let (sink, url) = Sink::start(&[]).await;
    sink.0.lock().unwrap().hangs = true;
    let world = world(&url).await;
    let began = std::time::Instant::now();
    for _ in 0..3 {
        let _ = world.usual().await.granted();
    }
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "answers wait for nothing"
    );
    world
        .until("the first to be given up", |_| {
            let lines = world.log.json();
            lines
                .iter()
                .any(|line| line["msg"] == "an event could not be delivered")
        })
        .await;
    let asked = sink.seen().len();
    for _ in 0..5 {
        let _ = world.usual().await.granted();
    }
    let mut world = world;
    world.close().await;
    assert_eq!(sink.seen().len(), asked, "it is left alone for a while");
    let lines = world.log.json();
    let mut lines = lines
        .iter()
        .filter(|line| line["msg"] == "an event could not be delivered");
    assert!(lines.next().is_some());
    assert!(lines.next().is_none(), "the others are counted");
}

#[tokio::test]
async fn where_nothing_runs_after_the_answer_the_event_is_sent_before() {
    let (sink, url) = Sink::start(&[]).await;
    let building = Building::default().set("EVENT_INGRESS_URI", &url);
    let world = building.set("OCTOSTS_FINISH_FIRST", "true").start().await;
    let _ = world.usual().await.granted();
    assert_eq!(sink.seen().len(), 1);
}

#[tokio::test]
async fn without_metrics_there_are_no_events() {
    let (sink, url) = Sink::start(&[]).await;
    let building = Building::default().set("EVENT_INGRESS_URI", &url);
    let mut world = building.set("METRICS", "false").start().await;
    let _ = world.usual().await.granted();
    world.close().await;
    assert!(sink.seen().is_empty());
}
