//! Policies: which file, what it must be, what it matches.

use conformance::{Policy, World};

const MAIN: &str = "repo:acme/app:ref:refs/heads/main";

#[tokio::test]
async fn a_missing_policy_is_remembered_for_five_minutes() {
    let mut world = World::new().await;
    let missing = (
        404,
        5,
        "policy_not_found",
        "unable to find trust policy for \"nope\"",
    );
    let ask = async |world: &World| {
        let token = world.token(&world.run("acme", "app"));
        world.exchange(&token, "acme/app", "nope").await
    };
    ask(&world)
        .await
        .refused(missing.0, missing.1, missing.2, missing.3);
    world.until_live(0).await;
    assert_eq!(world.github_calls(), 4);
    world.put_policy(
        "acme/app",
        "nope",
        Policy::new(&world.sim.actions_issuer().url(), MAIN).text(),
    );
    world.forget_calls();
    world.advance(299);
    ask(&world)
        .await
        .refused(missing.0, missing.1, missing.2, missing.3);
    assert_eq!(world.github_calls(), 0);
    world.advance(1);
    let _ = ask(&world).await.granted();
    world.close().await;
    assert_eq!(world.github().live_tokens(), 1);
}

#[tokio::test]
async fn a_policy_is_read_again_after_five_minutes() {
    let world = World::new().await;
    let _ = world.usual().await.granted();
    world.put_policy(
        "acme/app",
        "ci",
        Policy::new(&world.sim.actions_issuer().url(), "x").text(),
    );
    world.advance(299);
    let _ = world.usual().await.granted();
    world.advance(1);
    let answer = world.usual().await;
    let sentence = format!("trust policy: subject {MAIN:?} did not match \"x\"");
    answer.refused(403, 7, "permission_denied", &sentence);
}

#[tokio::test]
async fn after_three_missing_names_a_listing_answers_for_a_minute() {
    let mut world = World::new().await;
    let token = world.token(&world.run("acme", "app"));
    let missing = async |world: &World, name: &str| {
        let answer = world.exchange(&token, "acme/app", name).await;
        let message = format!("unable to find trust policy for \"{name}\"");
        answer.refused(404, 5, "policy_not_found", &message);
    };
    for name in ["a", "b", "c"] {
        missing(&world, name).await;
    }
    world.until_live(0).await;
    world.forget_calls();
    missing(&world, "d").await;
    world.until_live(0).await;
    let paths: Vec<String> = world
        .sim
        .calls()
        .into_iter()
        .map(|call| call.path)
        .collect();
    assert!(
        paths.contains(&"/repos/acme/app/contents/.github/chainguard".to_owned()),
        "{paths:?}"
    );
    world.forget_calls();
    for name in ["e", "f", "g"] {
        missing(&world, name).await;
    }
    assert_eq!(world.github_calls(), 0);
    // Only "absent" comes from a listing: what is in it is read all the same.
    let _ = world.exchange(&token, "acme/app", "ci").await.granted();
    // A policy that is written now is seen within a minute, also by its first name.
    let policy = Policy::new(&world.sim.actions_issuer().url(), MAIN).text();
    for name in ["h", "e"] {
        world.put_policy("acme/app", name, &policy);
    }
    missing(&world, "h").await;
    world.advance(60);
    let _ = world.exchange(&token, "acme/app", "h").await.granted();
    let _ = world.exchange(&token, "acme/app", "e").await.granted();
    world.close().await;
}

/// Name, bytes, how far it came, and what those who may see it are told.
fn broken() -> Vec<(&'static str, Vec<u8>, &'static str, Option<&'static str>)> {
    let good = Policy::of(&["issuer: https://issuer.example", "subject: s"]);
    let with = |line: &str| good.clone().line(line).text().into_bytes();
    let mut latin = with("# x");
    latin.push(0xff);
    let none = b"issuer: https://issuer.example\nsubject: s\n".to_vec();
    vec![
        ("yaml", b"issuer: [".to_vec(), "parse", Some("line ")),
        (
            "key",
            with("subjekt: s"),
            "parse",
            Some("line 3: unknown key \"subjekt\""),
        ),
        (
            "twice",
            with("subject: t"),
            "parse",
            Some("line 3: the key \"subject\" is given twice"),
        ),
        (
            "plural",
            with("claim_patterns: {}"),
            "parse",
            Some("line 3: "),
        ),
        ("list", with("audience: [a, b]"), "parse", Some("line 3: ")),
        (
            "number",
            with("audience: 1_000"),
            "parse",
            Some("line 3: quote it"),
        ),
        ("second", with("---"), "parse", Some("line ")),
        ("empty", Vec::new(), "compile", Some("line 1: ")),
        (
            "pattern",
            with("audience_pattern: '('"),
            "compile",
            Some("line 3: audience_pattern: "),
        ),
        (
            "look",
            with("audience_pattern: '(?=a)a'"),
            "compile",
            Some("line 3: "),
        ),
        ("both", with("subject_pattern: s"), "compile", Some("line ")),
        (
            "neither",
            Policy::of(&["subject: s"]).text().into_bytes(),
            "compile",
            Some("line "),
        ),
        (
            "nothing",
            none,
            "compile",
            Some("line 1: permissions are missing"),
        ),
        (
            "unknown",
            good.clone()
                .permissions(&["contants: read"])
                .text()
                .into_bytes(),
            "compile",
            Some("line 4: unknown permission \"contants\", did you mean contents?"),
        ),
        (
            "level",
            good.clone()
                .permissions(&["contents: all"])
                .text()
                .into_bytes(),
            "compile",
            Some("line 4: "),
        ),
        (
            "once",
            with("single_use: true"),
            "compile",
            Some("line 3: "),
        ),
        ("app", with("app: x"), "compile", Some("line 3: ")),
        ("latin", latin, "read", None),
        ("large", vec![b'#'; 64 * 1024 + 1], "read", None),
    ]
}

#[tokio::test]
async fn a_policy_that_cannot_decide_is_invalid_and_its_readers_learn_why() {
    let world = World::new().await;
    let own = world.token(&world.run("acme", "app"));
    let sibling = world.token(&world.run("acme", "lib"));
    let stranger = world.token(&world.run("globex", "tool"));
    let elsewhere = world.token(
        &world
            .run("acme", "app")
            .audience("https://elsewhere.example"),
    );
    for (name, bytes, stage, reason) in broken() {
        world.put_policy("acme/app", name, &bytes);
        let sentence = format!("unable to {stage} trust policy found for \"{name}\"");
        for token in [&sibling, &stranger, &elsewhere] {
            let answer = world.exchange(token, "acme/app", name).await;
            answer.refused(404, 5, "policy_invalid", &sentence);
            assert_eq!(answer.reason(), None, "{name}");
        }
        let answer = world.exchange(&own, "acme/app", name).await;
        answer.refused(404, 5, "policy_invalid", &sentence);
        let Some(reason) = reason else { continue };
        let told = answer.reason().unwrap_or_default();
        assert!(told.starts_with(reason), "{name}: {told}");
    }
    // A directory of that name.
    let path = ".github/chainguard/dir.sts.yaml/file";
    world.github().put_file("acme", "app", path, "x").unwrap();
    let answer = world.exchange(&own, "acme/app", "dir").await;
    answer.refused(
        404,
        5,
        "policy_invalid",
        "unable to read trust policy found for \"dir\"",
    );
    // 64 KiB are not too many.
    let mut text = Policy::new(&world.sim.actions_issuer().url(), MAIN).text();
    text.push_str(&"#".repeat(64 * 1024 - text.len()));
    world.put_policy("acme/app", "full", text);
    let _ = world.exchange(&own, "acme/app", "full").await.granted();
}

#[tokio::test]
async fn readers_learn_why_a_file_is_unreadable() {
    let world = World::new().await;
    world.put_policy("acme/app", "latin", b"issuer: \xff");
    let own = world.token(&world.run("acme", "app"));
    let answer = world.exchange(&own, "acme/app", "latin").await;
    let sentence = "unable to read trust policy found for \"latin\"";
    answer.refused(404, 5, "policy_invalid", sentence);
    assert_eq!(answer.reason().as_deref(), Some("not UTF-8"));
}

#[tokio::test]
async fn in_a_public_repository_everybody_learns_why() {
    let world = World::new().await;
    world.put_policy("acme/web", "bad", "issuer: [");
    for run in [world.run("globex", "tool"), world.run("acme", "lib")] {
        let answer = world.exchange(&world.token(&run), "acme/web", "bad").await;
        let reason = answer.reason().unwrap_or_default();
        assert!(reason.starts_with("line "), "{reason}");
    }
    // But only where the token is for this server.
    let elsewhere = world
        .run("globex", "tool")
        .audience("https://elsewhere.example");
    let answer = world
        .exchange(&world.token(&elsewhere), "acme/web", "bad")
        .await;
    assert_eq!(answer.reason(), None);
}
