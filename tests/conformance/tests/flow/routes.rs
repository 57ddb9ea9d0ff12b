//! Paths, methods, health, and the answers of the host itself.

use conformance::{Building, World};
use host_wasmtime::Fixed;
use serde_json::json;

#[tokio::test]
async fn paths_and_methods_are_known_or_named() {
    let world = World::new().await;
    for (method, path, allow) in [
        ("DELETE", "/", "GET, POST"),
        ("PUT", "/sts/exchange", "GET, POST"),
        ("DELETE", "/sts/exchange/", "GET, POST"),
        ("PATCH", "/exchange", "GET, POST"),
        ("POST", "/healthz", "GET"),
        ("GET", "/sts/exchange_refresh_token", "POST"),
    ] {
        let answer = world.ask(method, path).send().await;
        answer.refused(405, 12, "invalid_request", "Method Not Allowed");
        assert_eq!(answer.header("allow"), allow, "{method} {path}");
    }
    for path in [
        "/x",
        "/sts",
        "/sts/exchange/x",
        "//sts/exchange",
        "/STS/exchange",
        "/sts/exchange%2f",
        "/token",
        "/healthz/x",
    ] {
        let answer = world.ask("GET", path).send().await;
        answer.refused(404, 5, "not_found", "Not Found");
        assert_eq!(answer.header("allow"), "");
    }
    let answer = world
        .ask("POST", "/sts/exchange_refresh_token")
        .send()
        .await;
    answer.refused(
        501,
        12,
        "unimplemented",
        "octo-sts does not support refresh tokens",
    );
    assert_eq!(world.sim.calls().len(), 0);
}

#[tokio::test]
async fn the_root_says_where_the_documentation_is() {
    let world = World::new().await;
    let answer = world.ask("GET", "/").send().await;
    assert_eq!(answer.status, 200);
    let wanted =
        json!({"msg": "please check documentation for usage: https://github.com/octo-sts/app"});
    assert_eq!(answer.json(), wanted);
    assert_eq!(answer.header("content-type"), "application/json");
}

#[tokio::test]
async fn health_is_ok_or_names_every_problem_without_values() {
    let world = World::new().await;
    for path in ["/healthz", "/healthz/"] {
        let answer = world.ask("GET", path).send().await;
        assert_eq!(
            (answer.status, answer.json()),
            (200, json!({"status": "ok"}))
        );
    }
    assert_eq!(world.host.ready().await, Ok(()));

    let secret = "not-a-key-but-secret";
    let broken = Building::default()
        .unset("STS_DOMAIN")
        .set("APP_SECRET_CERTIFICATE_ENV_VAR", secret)
        .set("OCTOSTS_DEADLINE", "soon-and-secret")
        .set("OCTOSTS_MINT_CHECK", "maybe-and-secret")
        .set("OCTOSTS_REQUIRED_ORGS", "acme-and-secret");
    let world = broken.start().await;
    let answer = world.ask("GET", "/healthz").send().await;
    assert_eq!(answer.status, 503);
    let body = answer.json();
    assert_eq!(body["status"], "not ready");
    let problems: Vec<&str> = body["problems"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|text| text.as_str())
        .collect();
    for name in [
        "STS_DOMAIN",
        "APP_SECRET_CERTIFICATE_ENV_VAR",
        "OCTOSTS_DEADLINE",
        "OCTOSTS_MINT_CHECK",
        "OCTOSTS_REQUIRED_ORGS",
    ] {
        let named = problems
            .iter()
            .filter(|problem| problem.starts_with(&format!("{name}:")));
        assert_eq!(named.count(), 1, "{name}: {problems:?}");
    }
    assert!(!answer.text().contains("secret"), "{problems:?}");
    // Such a server decides nothing.
    let answer = world.usual().await;
    answer.refused(503, 14, "unavailable", "server is not configured");
    assert_eq!(world.sim.calls().len(), 0);
}

#[test]
fn the_hosts_own_answers_are_rows_of_the_table() {
    let table = include_str!("../../../../docs/ERRORS.md");
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    for fixed in Fixed::ALL {
        let answer = fixed.answer();
        let (code, status) = (answer.code.to_string(), answer.status.to_string());
        let wanted = [code.as_str(), &status, answer.error, answer.message];
        let row = rows.iter().find(|row| row.get(1..) == Some(&wanted[..]));
        let row = row.unwrap_or_else(|| panic!("docs/ERRORS.md lacks {wanted:?}"));
        assert_eq!(
            answer.retry_after.is_some(),
            row[0].contains("(R)"),
            "{wanted:?}"
        );
    }
}
