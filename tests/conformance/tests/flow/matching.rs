//! What policies match, and octo-sts's sentences about what they do not.

use conformance::{Policy, World};
use serde_json::{Value, json};

/// A foreign issuer's token with these claims against a policy in a public repository: granted, or octo-sts's sentence.
async fn decide(world: &World, name: &str, lines: &[&str], claims: Value) -> Result<(), String> {
    let issuer = world.sim.issuer().url();
    let lines: Vec<String> = lines
        .iter()
        .map(|line| line.replace("ISSUER", &issuer))
        .collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    world.put_policy("acme/web", name, Policy::of(&lines).text());
    let token = world.foreign_token("job:7", claims);
    let answer = world.exchange(&token, "acme/web", name).await;
    if answer.status == 200 {
        let _ = answer.granted();
        return Ok(());
    }
    let message = answer.json()["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let error = if message.contains("audience not accepted") {
        "audience_not_accepted"
    } else {
        "permission_denied"
    };
    answer.refused(403, 7, error, &message);
    Err(message.replace(&issuer, "ISSUER"))
}

#[tokio::test]
async fn matchers_match_whole_and_octo_stss_sentences_say_what_did_not() {
    let world = World::new().await;
    let extra = || json!({"env": "prod", "number": 7, "ok": true});
    let elsewhere = || json!({"aud": ["a.example", "b.example"], "env": "prod"});
    let issuer = "issuer: ISSUER";
    let subject = "subject: job:7";
    for (number, (lines, claims, wanted)) in [
        (vec![issuer, subject], extra(), Ok(())),
        (
            vec![
                "issuer_pattern: 'ISSUE.*|http://127.*'",
                "subject_pattern: 'job:\\d'",
            ],
            extra(),
            Ok(()),
        ),
        (
            vec![issuer, "subject: job"],
            extra(),
            Err("trust policy: subject \"job:7\" did not match \"job\""),
        ),
        (
            vec![issuer, "subject: JOB:7"],
            extra(),
            Err("trust policy: subject \"job:7\" did not match \"JOB:7\""),
        ),
        (
            vec![issuer, "subject_pattern: job"],
            extra(),
            Err("trust policy: subject \"job:7\" did not match pattern \"job\""),
        ),
        (
            vec![issuer, "subject_pattern: ob:7|job"],
            extra(),
            Err("trust policy: subject \"job:7\" did not match pattern \"ob:7|job\""),
        ),
        (
            vec!["issuer: https://issuer.example", subject],
            extra(),
            Err("trust policy: issuer \"ISSUER\" did not match \"https://issuer.example\""),
        ),
        (
            vec!["issuer_pattern: https://.*", subject],
            extra(),
            Err("trust policy: issuer \"ISSUER\" did not match pattern \"https://.*\""),
        ),
        (
            vec![
                issuer,
                subject,
                "claim_pattern: {env: 'prod|dev', ok: 'true'}",
            ],
            extra(),
            Ok(()),
        ),
        (
            vec![issuer, subject, "claim_pattern: {env: pro}"],
            extra(),
            Err("trust policy: claim \"env\" did not match \"^(?:pro)$\""),
        ),
        (
            vec![issuer, subject, "claim_pattern: {absent: '.*'}"],
            extra(),
            Err("trust policy: expected claim \"absent\" not found in token"),
        ),
        (
            vec![issuer, subject, "claim_pattern: {number: '.*'}"],
            extra(),
            Err("trust policy: expected claim \"number\" not a string"),
        ),
        (
            vec![issuer, subject, "audience: b.example"],
            elsewhere(),
            Ok(()),
        ),
        (
            vec![issuer, subject, "audience_pattern: '[ab].example'"],
            elsewhere(),
            Ok(()),
        ),
        // Told first, to everybody: a token for somebody else says nothing about the policy (rule 3).
        (
            vec![issuer, "subject: x", "audience: c.example"],
            elsewhere(),
            Err("token does not match trust policy: audience not accepted"),
        ),
        (
            vec![issuer, subject, "audience_pattern: b"],
            elsewhere(),
            Err("token does not match trust policy: audience not accepted"),
        ),
        (
            vec![issuer, subject],
            elsewhere(),
            Err("token does not match trust policy: audience not accepted"),
        ),
        // For this server, but not for this policy: the rule is named.
        (
            vec![issuer, subject, "audience: c.example"],
            extra(),
            Err("trust policy: audience \"c.example\" did not match any of [\"sts.example.test\"]"),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let decided = decide(&world, &format!("p{number}"), &lines, claims).await;
        assert_eq!(decided, wanted.map_err(ToOwned::to_owned), "{lines:?}");
    }
}
