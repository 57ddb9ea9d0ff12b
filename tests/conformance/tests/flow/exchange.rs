//! What a permitted exchange costs, and what it brings.

use conformance::{Building, DOMAIN, Policy, World};
use serde_json::json;
use simulator::Algorithm;

const HOUR_LATER: &str = "2026-09-21T15:13:20Z";

#[tokio::test]
async fn cold_makes_four_calls_and_a_revocation_warm_makes_one() {
    let mut world = World::new().await;
    let first = world.usual().await.granted();
    world.until_live(1).await;
    let cold = json!({
        "discovery": 1, "jwks": 1,
        "app_installations": 1, "access_tokens": 2, "read_contents": 1, "revoke_token": 1,
    });
    assert_eq!(json!(world.calls()), cold);
    assert_eq!(
        world.mints(),
        [
            json!({"repositories": ["app"], "permissions": {"contents": "read"}}),
            json!({"repository_ids": [8001], "permissions": {"contents": "read"}}),
        ]
    );

    world.forget_calls();
    let second = world.usual().await.granted();
    assert_ne!(first.token, second.token);
    assert_ne!(first.decision, second.decision);
    world.close().await;
    assert_eq!(json!(world.calls()), json!({"access_tokens": 1}));
    assert_eq!(
        world.github().live_tokens(),
        2,
        "the callers' tokens are theirs"
    );
}

#[tokio::test]
async fn the_read_token_is_revoked_before_the_answer_where_nothing_runs_after_it() {
    for name in ["OCTOSTS_FINISH_FIRST", "K_SERVICE"] {
        let value = if name == "K_SERVICE" {
            "octo-sts"
        } else {
            "true"
        };
        let world = Building::default().set(name, value).start().await;
        let _ = world.usual().await.granted();
        assert_eq!(world.github().live_tokens(), 1, "{name}");
    }
}

#[tokio::test]
async fn the_token_opens_what_was_granted_and_nothing_else() {
    let world = World::new().await;
    let granted = world.usual().await.granted();
    assert_eq!(granted.expiry, HOUR_LATER);
    assert_eq!(granted.body["expires_in"], 3600);
    let token = &granted.token;
    for (method, path, status) in [
        ("GET", "/repos/acme/app/contents/README.md", 200),
        ("GET", "/repos/acme/app/issues", 403),
        ("PUT", "/repos/acme/app/contents/README.md", 403),
        ("GET", "/repos/acme/lib/contents/README.md", 404),
        ("GET", "/repos/globex/tool/contents/README.md", 404),
    ] {
        let ask = world.ask_github(method, path).bearer(token);
        let body = json!({"message": "m", "content": "eA==", "sha": "x"});
        let ask = if method == "PUT" {
            ask.json(&body)
        } else {
            ask
        };
        assert_eq!(ask.send().await.status, status, "{method} {path}");
    }
    world.advance(3600);
    let late = world
        .ask_github("GET", "/repos/acme/app/contents/README.md")
        .bearer(token);
    assert_eq!(late.send().await.status, 401);
}

#[tokio::test]
async fn every_client_of_octo_sts_is_served() {
    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "application/json; charset=utf-8";
    let world = World::new().await;
    let token = world.token(&world.run("acme", "app"));
    let by_json = r#"{"scope":"acme/app","identity":"ci","aud":["x"]}"#;
    for (method, target, media_type, body, oauth_names) in [
        // octo-sts/action sends the slash as it is.
        (
            "GET",
            "/sts/exchange?scope=acme/app&identity=ci",
            "",
            "",
            true,
        ),
        (
            "GET",
            "/sts/exchange?scope=acme%2Fapp&identity=ci",
            "",
            "",
            true,
        ),
        (
            "POST",
            "/sts/exchange?scope=acme/app&identity=ci",
            "text/plain",
            "x",
            true,
        ),
        (
            "POST",
            "/sts/exchange?scope=acme/app&identity=ci",
            JSON,
            "",
            true,
        ),
        ("POST", "/sts/exchange", JSON, by_json, true),
        (
            "POST",
            "/sts/exchange",
            JSON,
            r#"{"scopes":["acme/app"],"identity":"ci"}"#,
            false,
        ),
        (
            "POST",
            "/sts/exchange",
            FORM,
            "scope=acme%2Fapp&identity=ci",
            false,
        ),
        (
            "POST",
            "/sts/exchange",
            FORM,
            "scopes=acme/app&identity=ci",
            false,
        ),
        (
            "GET",
            "/sts/exchange?scopes=acme/app&identity=ci",
            "",
            "",
            false,
        ),
        (
            "GET",
            "/sts/exchange?scope=acme/app&scopes=acme/app&identity=ci&cap=x",
            "",
            "",
            false,
        ),
        (
            "GET",
            "/sts/exchange/?scope=acme/app&identity=ci",
            "",
            "",
            true,
        ),
        ("GET", "/exchange?scope=acme/app&identity=ci", "", "", true),
        ("POST", "/exchange", JSON, by_json, true),
        ("POST", "/", JSON, by_json, true),
    ] {
        let ask = world
            .ask(method, target)
            .bearer(&token)
            .body(media_type, body);
        let answer = ask.send().await;
        let granted = answer.granted();
        let mut wanted = json!({"token": granted.token, "refreshToken": "", "expiry": HOUR_LATER});
        if oauth_names {
            wanted["access_token"] = json!(granted.token);
            wanted["token_type"] = json!("bearer");
            wanted["expires_in"] = json!(3600);
        }
        assert_eq!(granted.body, wanted, "{method} {target} {body}");
        assert!(!answer.text().contains(": "), "compact");
    }
    // octo-sts takes the bare token too.
    let bare = world.ask("GET", "/sts/exchange?scope=acme/app&identity=ci");
    let _ = bare.header("authorization", token).send().await.granted();
}

#[tokio::test]
async fn what_cannot_be_read_or_means_two_things_is_refused_before_anything_is_asked() {
    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "application/json";
    let world = World::new().await;
    let token = world.token(&world.run("acme", "app"));
    let twice = |name: &str| format!("too many values for field \"{name}\"");
    let narrowed = |name: &str| format!("narrowing by \"{name}\" is not served yet");
    let several = || "multiple scopes not supported".to_owned();
    let unreadable = || "parameters could not be read".to_owned();
    for (query, media_type, body, message) in [
        ("scopes=acme/app&scopes=acme/lib", "", "", several()),
        ("scope=acme/app&scopes=acme/lib", "", "", several()),
        ("", JSON, r#"{"scopes":["a","b"]}"#, several()),
        ("scope=a&scope=b", "", "", twice("scope")),
        ("scope=a&identity=a", FORM, "identity=b", twice("identity")),
        (
            "scope=acme/app&identity=ci&permissions=contents:read",
            "",
            "",
            narrowed("permissions"),
        ),
        (
            "scope=acme/app&identity=ci&repositories=app",
            "",
            "",
            narrowed("repositories"),
        ),
        (
            "scope=acme/app&identity=ci",
            JSON,
            r#"{"repositories":["app"]}"#,
            narrowed("repositories"),
        ),
        ("scope=%zz&identity=ci", "", "", unreadable()),
        ("scope=%ff&identity=ci", "", "", unreadable()),
        ("", JSON, "[1]", unreadable()),
        ("", JSON, r#"{"scope":7}"#, unreadable()),
        ("", JSON, "{", unreadable()),
    ] {
        let ask = world
            .ask("POST", format!("/sts/exchange?{query}"))
            .bearer(&token);
        let answer = ask.body(media_type, body).send().await;
        answer.refused(400, 3, "invalid_request", &message);
    }
    assert_eq!(world.sim.calls().len(), 0, "nobody was asked");
    assert!(world.records().is_empty());
    // Scope and identity are judged once the token is verified, so that they can be recorded.
    let scope = "scope must be OWNER or OWNER/REPOSITORY";
    let identity = "identity must be one path segment";
    for (query, message) in [
        ("", "scope must be provided"),
        ("scope=acme/app", "identity must be provided"),
        ("scope=acme/app/x&identity=ci", scope),
        ("scope=acme/..&identity=ci", scope),
        ("scope=acme/&identity=ci", scope),
        ("scope=ac.me/app&identity=ci", scope),
        ("scope=acme/app&identity=a/b", identity),
        ("scope=acme/app&identity=..", identity),
        ("scope=acme/app&identity=%00", identity),
    ] {
        let ask = world
            .ask("GET", format!("/sts/exchange?{query}"))
            .bearer(&token);
        ask.send().await.refused(400, 3, "invalid_request", message);
    }
    assert_eq!(world.github_calls(), 0);
    assert_eq!(world.records().len(), 9);
}

#[tokio::test]
async fn owners_and_repositories_have_no_case_identities_have() {
    let world = World::new().await;
    let token = world.token(&world.run("acme", "app"));
    let _ = world.exchange(&token, "ACME/App", "ci").await.granted();
    let _ = world.exchange(&token, "acme/app", "ci").await.granted();
    world.until_live(2).await;
    assert_eq!(world.calls()["read_contents"], 1, "one place in memory");
    let answer = world.exchange(&token, "acme/app", "CI").await;
    answer.refused(
        404,
        5,
        "policy_not_found",
        "unable to find trust policy for \"CI\"",
    );
}

#[tokio::test]
async fn an_organisation_policy_reaches_what_it_lists() {
    let world = World::new().await;
    let policy = Policy::new(
        &world.sim.actions_issuer().url(),
        "repo:acme/app:ref:refs/heads/main",
    );
    for (name, line) in [
        ("listed", "repositories: [app, LIB]"),
        ("every", "repositories: []"),
        ("absent", ""),
    ] {
        world.put_policy("acme/.github", name, policy.clone().line(line).text());
    }
    let token = world.token(&world.run("acme", "app"));
    let read = json!({"contents": "read"});
    let own = json!({"repository_ids": [8004], "permissions": read});
    let all = json!({"permissions": read});
    let named = json!({"repositories": ["app", "LIB"], "permissions": read});
    for (scope, identity, body, opens) in [
        ("acme", "listed", &named, ["app", "lib"].as_slice()),
        ("acme/.github", "listed", &named, &["app", "lib"]),
        ("acme", "every", &all, &["app", "lib", ".github"]),
        ("acme/.github", "every", &all, &["app", "lib", ".github"]),
        ("acme", "absent", &all, &["app", "lib", ".github"]),
        ("acme/.github", "absent", &own, &[".github"]),
    ] {
        let granted = world.exchange(&token, scope, identity).await.granted();
        assert_eq!(world.mints().last(), Some(body), "{scope} {identity}");
        for repository in ["app", "lib", ".github"] {
            let path = format!("/repos/acme/{repository}/contents/README.md");
            let status = world
                .ask_github("GET", path)
                .bearer(&granted.token)
                .send()
                .await
                .status;
            let wanted = if opens.contains(&repository) {
                200
            } else {
                404
            };
            assert_eq!(status, wanted, "{scope} {identity} {repository}");
        }
    }
    // A repository's policy can't speak for others.
    let greedy = policy.line("repositories: [lib]").text();
    world.put_policy("acme/app", "greedy", greedy);
    let answer = world.exchange(&token, "acme/app", "greedy").await;
    let sentence = "unable to parse trust policy found for \"greedy\"";
    answer.refused(404, 5, "policy_invalid", sentence);
}

#[tokio::test]
async fn every_algorithm_of_an_issuer_is_verified() {
    let world = World::new().await;
    for algorithm in Algorithm::ALL {
        let name = algorithm.name();
        let issuer = world
            .sim
            .add_issuer(&format!("/{name}"), algorithm)
            .unwrap();
        world.put_policy("acme/app", name, Policy::new(&issuer.url(), "a-job").text());
        let claims = || json!({"sub": "a-job", "aud": DOMAIN});
        let token = issuer.token(claims()).unwrap();
        let _ = world.exchange(&token, "acme/app", name).await.granted();
        let broken = issuer.forge(claims()).broken_signature().build().unwrap();
        let answer = world.exchange(&broken, "acme/app", name).await;
        answer.refused(
            401,
            16,
            "token_verification_failed",
            "unable to verify bearer token",
        );
    }
    assert_eq!(
        world.records().len(),
        Algorithm::ALL.len(),
        "of the genuine ones"
    );
}
