//! The control port and the program.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use simulator::control::{Control, DEFAULT_WORLD, build_world};
use simulator::{AppKey, Clock, Simulator};

use crate::client::{Answer, ask};

struct Remote {
    sim: Arc<Simulator>,
    control: Control,
}

async fn remote() -> Remote {
    let clock = Clock::fixed(1_000_000);
    let sim = Simulator::builder().clock(clock).start().await.unwrap();
    build_world(&sim, DEFAULT_WORLD.as_bytes()).unwrap();
    let sim = Arc::new(sim);
    let free = "127.0.0.1:0".parse().unwrap();
    let control = Control::start(Arc::clone(&sim), free).await.unwrap();
    Remote { sim, control }
}

impl Remote {
    async fn tell(&self, method: &str, path: &str, body: Value) -> Answer {
        let url = format!("{}{path}", self.control.url());
        ask(method, url).json(&body).send().await
    }

    fn app_jwt(&self) -> String {
        let (id, _, key) = self.sim.github().apps().remove(0);
        let now = self.sim.clock().now();
        key.app_jwt(id, now, now + 60).unwrap()
    }

    async fn org(&self, login: &str) -> Result<Answer, String> {
        let base = self.sim.github().base_url();
        let url = format!("{base}/orgs/{login}/installation");
        ask("GET", url).bearer(&self.app_jwt()).try_send().await
    }
}

#[tokio::test]
async fn commands_do_what_they_say() {
    let remote = remote().await;
    let workload = json!({"owner": "acme", "repository": "app", "audience": "me"});
    let wanted = json!({"workload": workload, "claims": {"actor": "x", "jti": null}});
    let token = remote.tell("POST", "/token", wanted).await;
    assert_eq!(
        token.json()["token"].as_str().unwrap().matches('.').count(),
        2
    );
    let forged = json!({"workload": workload, "forge": "alg_none"});
    let token = remote.tell("POST", "/token", forged).await.json();
    assert!(token["token"].as_str().unwrap().ends_with('.'));

    let fault = json!({"route": "org_installation", "fault": {"kind": "status", "code": 502}});
    assert_eq!(remote.tell("POST", "/faults", fault).await.status, 200);
    assert_eq!(remote.org("acme").await.unwrap().status, 502);
    assert_eq!(remote.org("acme").await.unwrap().status, 200);
    let calls = remote.tell("GET", "/calls", json!(null)).await.json();
    assert_eq!(calls["calls"][0]["status"], 502);

    let clock = remote.tell("POST", "/clock", json!({"advance": 60})).await;
    assert_eq!(clock.json()["now"], 1_000_060);
    assert_eq!(remote.sim.clock().now(), 1_000_060);
    let file = format!("{}/files/acme/app/a/b.txt", remote.control.url());
    assert_eq!(ask("PUT", file).body("hi").send().await.status, 200);
    assert!(
        remote
            .sim
            .github()
            .remove_file("acme", "app", "a/b.txt")
            .unwrap()
    );
    let rotated = json!({"issuer": "foreign", "rotate": true});
    let kid = remote.tell("POST", "/issuer", rotated).await.json()["kid"].clone();
    assert_eq!(remote.sim.issuer().signing_key().unwrap().kid(), kid);
    let limit = json!({"app": 1001, "remaining": 0});
    remote.tell("POST", "/limits", limit).await;
    assert_eq!(remote.org("acme").await.unwrap().status, 403);
    remote.tell("DELETE", "/limits", json!(null)).await;
    let id = remote.org("acme").await.unwrap().json()["id"].clone();
    remote
        .tell("POST", &format!("/installations/{id}"), json!("suspend"))
        .await;
    let suspended = remote.org("acme").await.unwrap().json();
    assert!(suspended["suspended_at"].is_string());
    remote
        .tell("POST", "/accounts/acme", json!({"rename": "emca"}))
        .await;
    assert_eq!(remote.org("emca").await.unwrap().status, 200);
}

#[tokio::test]
async fn what_a_data_case_orders_happens() {
    let remote = remote().await;
    let tell = async |method: &str, path: &str, body: Value| {
        let answer = remote.tell(method, path, body).await;
        assert_eq!(answer.status, 200, "{method} {path}");
        answer.json()
    };
    // An issuer more, with another's keys; a document that is replaced, and true again.
    let url = tell(
        "POST",
        "/issuer",
        json!({"add": "/x", "algorithm": "ES256"}),
    )
    .await["url"]
        .clone();
    let made = tell(
        "POST",
        "/issuer",
        json!({"issuer": url, "keys_of": "foreign"}),
    )
    .await;
    let own = remote.sim.issuer().signing_key().unwrap();
    assert_eq!(made["jwk"], own.jwk());
    let jwks = async || {
        ask("GET", format!("{}/jwks", url.as_str().unwrap()))
            .send()
            .await
            .json()
    };
    tell(
        "POST",
        "/issuer",
        json!({"issuer": url, "jwks": {"keys": []}}),
    )
    .await;
    assert_eq!(jwks().await, json!({"keys": []}));
    tell("POST", "/issuer", json!({"issuer": url, "jwks": null})).await;
    assert_eq!(jwks().await, json!({"keys": [own.jwk()]}));
    let off = json!({"listening": false});
    tell("POST", "/issuers", off).await;
    assert!(ask("GET", url.as_str().unwrap()).try_send().await.is_err());
    // Installations by login, logins and repositories that change hands.
    tell("POST", "/installations/acme", json!("suspend")).await;
    assert!(remote.org("acme").await.unwrap().json()["suspended_at"].is_string());
    tell("POST", "/repositories/acme/app", json!({"rename": "b"})).await;
    tell("DELETE", "/repositories/acme/b", json!(null)).await;
    assert!(remote.sim.github().workload("acme", "b").is_err());
    tell("POST", "/accounts/acme", json!({"recreate": 9001})).await;
    assert_eq!(remote.org("acme").await.unwrap().status, 404);
    assert_eq!(remote.sim.github().installations_of("acme-former").len(), 1);
    // Another key for the App: what it signed with is refused.
    let key = AppKey::generate().unwrap();
    let old = remote.app_jwt();
    tell("POST", "/apps/1001", json!({"keys": [key.pem()]})).await;
    let apps = format!("{}/app", remote.sim.github().base_url());
    assert_eq!(ask("GET", &apps).bearer(&old).send().await.status, 401);
    assert_eq!(
        ask("GET", &apps)
            .bearer(&remote.app_jwt())
            .send()
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn forged_tokens_are_what_their_order_says() {
    let remote = remote().await;
    let own = remote.sim.issuer().signing_key().unwrap();
    let header = async |order: Value| {
        let mut wanted = json!({"issuer": "foreign", "claims": {"sub": "s"}});
        let order = order.as_object().unwrap().clone();
        wanted.as_object_mut().unwrap().extend(order);
        let token = remote.tell("POST", "/token", wanted).await.json()["token"].clone();
        let first = token
            .as_str()
            .unwrap()
            .split('.')
            .next()
            .unwrap()
            .to_owned();
        serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(first).unwrap()).unwrap()
    };
    let kid = own.kid();
    for (order, wanted) in [
        (
            json!({"forge": "other_kind_of_key"}),
            json!({"alg": "ES256", "kid": kid, "typ": "JWT"}),
        ),
        (
            json!({"forge": {"signed_as": "RS384"}}),
            json!({"alg": "RS384", "kid": kid, "typ": "JWT"}),
        ),
        (
            json!({"header": {"crit": ["x"], "typ": null}}),
            json!({"alg": "RS256", "kid": kid, "crit": ["x"]}),
        ),
        (json!({"raw_header": "{}", "raw_payload": "x"}), json!({})),
    ] {
        assert_eq!(header(order.clone()).await, wanted, "{order}");
    }
    let jwk = header(json!({"forge": "key_in_header"})).await["jwk"].clone();
    assert!(jwk["n"].is_string() && jwk != own.jwk());
}

#[tokio::test]
async fn github_is_switched_off_and_on() {
    let remote = remote().await;
    let off = remote
        .tell("POST", "/github", json!({"listening": false}))
        .await;
    assert_eq!(off.status, 200);
    assert!(remote.org("acme").await.is_err());
    remote
        .tell("POST", "/github", json!({"listening": true}))
        .await;
    assert_eq!(remote.org("acme").await.unwrap().status, 200);
}

#[tokio::test]
async fn what_is_no_command_is_refused() {
    let remote = remote().await;
    for (method, path, body, wanted) in [
        ("GET", "/nothing", json!(null), 404),
        ("PUT", "/clock", json!({}), 404),
        ("POST", "/clock", json!({"sett": 1}), 400),
        ("POST", "/faults", json!({"fault": {"kind": "fire"}}), 400),
        (
            "POST",
            "/faults",
            json!({"route": "x", "fault": {"kind": "cut"}}),
            400,
        ),
        ("POST", "/token", json!({"issuer": "nobody"}), 400),
        (
            "POST",
            "/world",
            json!({"repositories": [{"owner": "x", "name": "y", "id": 1}]}),
            400,
        ),
    ] {
        let answer = remote.tell(method, path, body).await;
        assert_eq!(answer.status, wanted, "{method} {path}");
    }
}

/// Ends the program whatever happens to the test.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _reaped = self.0.wait();
    }
}

#[tokio::test]
async fn the_program_says_where_it_is_and_its_keys_work() {
    let keys = std::env::temp_dir().join(format!("simulator-test-{}", std::process::id()));
    let child = Command::new(env!("CARGO_BIN_EXE_octo-sts-simulator"))
        .args(["--tls", "--keys"])
        .arg(&keys)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut program = Program(child);
    let mut line = String::new();
    BufReader::new(program.0.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let about: Value = serde_json::from_str(&line).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let pem = std::fs::read_to_string(text(&about["apps"][0]["private_key_file"])).unwrap();
    let ca = std::fs::read_to_string(text(&about["ca"])).unwrap();
    let now = ask("GET", format!("{}/clock", text(&about["control"])))
        .send()
        .await;
    let now = now.json()["now"].as_i64().unwrap();
    let key = AppKey::from_pem(&pem).unwrap();
    let jwt = key.app_jwt(1001, now, now + 60).unwrap();
    let url = format!("{}/app/installations", text(&about["github"]));
    let answer = ask("GET", url).bearer(&jwt).trusting(&ca).send().await;
    assert_eq!(answer.json().as_array().map(Vec::len), Some(2));
    std::fs::remove_dir_all(&keys).unwrap();
}
