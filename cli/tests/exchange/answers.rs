//! What servers answer, good and odd.

use super::script::{Nobody, Script, answer};
use super::{GRANTED, OIDC, assert_fails, exchange, octo_sts, stderr, stdout};

const DECISION: (&str, &str) = ("octo-sts-decision", "k5z");

#[test]
fn a_token_is_printed_and_nothing_else() {
    let server = Script::new(&[&answer(200, &[], GRANTED)]);
    let output = exchange(&format!("{}/", server.url), &[]);
    assert_eq!((stdout(&output), stderr(&output)), ("ghs_abc\n", ""));
    assert_eq!(output.status.code(), Some(0));
    let asked = server.asked();
    let [request] = asked.as_slice() else {
        panic!("{asked:?}");
    };
    assert!(request.starts_with("GET /sts/exchange?scope=acme%2Fapp&identity=ci HTTP/1.1\r\n"));
    assert!(
        request.contains(&format!("\r\nauthorization: Bearer {OIDC}\r\n")),
        "{request}"
    );
    assert!(request.contains("\r\nuser-agent: octo-sts/"), "{request}");
}

#[test]
fn json_is_the_answer_of_the_server() {
    let server = Script::new(&[&answer(200, &[], GRANTED)]);
    let output = exchange(&server.url, &["--format", "json"]);
    let expected =
        r#"{"expiry":"2026-11-20T22:00:00Z","ok":true,"refreshToken":"","token":"ghs_abc"}"#;
    assert_eq!(stdout(&output), format!("{expected}\n"));
}

#[test]
fn the_runner_is_told_to_mask_only_if_asked_and_there() {
    for (more, environment, said) in [
        (
            &["--mask"][..],
            &[("GITHUB_ACTIONS", "true")][..],
            "::add-mask::ghs_abc\n",
        ),
        (&["--mask"], &[], ""),
        (&[], &[("GITHUB_ACTIONS", "true")], ""),
    ] {
        let server = Script::new(&[&answer(200, &[], GRANTED)]);
        let flags = ["--url", &server.url, "--token-file", "-"];
        let output = octo_sts(&[&super::ASK, &flags[..], more].concat(), environment, OIDC);
        assert_eq!((stdout(&output), stderr(&output)), ("ghs_abc\n", said));
    }
}

#[test]
fn redirects_are_not_followed() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = Nobody::new();
        let location = ("location", elsewhere.url());
        let server = Script::new(&[&answer(status, &[(location.0, &location.1)], "")]);
        let output = exchange(&server.url, &[]);
        assert_fails(&output, 2, "redirect, which is not followed");
        elsewhere.assert_not_called();
    }
}

#[test]
fn what_is_no_answer_is_none() {
    let huge = format!(r#"{{"token":"ghs_{}"}}"#, "a".repeat(2 * 1024 * 1024));
    for (said, text) in [
        (answer(200, &[], &huge), "answered more than 1 MiB"),
        (answer(200, &[], "<html>"), "answered 200, but no token"),
        (answer(200, &[], "[]"), "answered 200, but no token"),
        (answer(200, &[], r#"{"token":""}"#), "but no token"),
        (
            answer(200, &[], r#"{"token":{"token":"a"}}"#),
            "but no token",
        ),
        (
            answer(200, &[], r#"{"token":"a\n::set-output::"}"#),
            "but no token",
        ),
        (answer(200, &[], r#"{"token":"\u001b[2J"}"#), "but no token"),
        (
            answer(
                200,
                &[],
                &format!(r#"{{"token":"{}"}}"#, "a".repeat(17_000)),
            ),
            "but no token",
        ),
        (answer(204, &[], ""), "nothing that can be used (204)"),
        (answer(404, &[], "<html>"), "nothing that can be used (404)"),
        (
            answer(502, &[], "bad gateway"),
            "nothing that can be used (502)",
        ),
        ("SSH-2.0-OpenSSH\r\n\r\n".into(), "cannot ask 127.0.0.1"),
        (
            "HTTP/1.1 200 S\r\ncontent-length: 99\r\n\r\n{".into(),
            "cannot ask 127.0.0.1",
        ),
    ] {
        let server = Script::new(&[&said]);
        assert_fails(&exchange(&server.url, &[]), 2, text);
    }
}

#[test]
fn who_says_nothing_is_not_waited_for_any_longer() {
    let server = Script::new(&[""]);
    assert_fails(&exchange(&server.url, &["--timeout", "1"]), 2, "timeout");
}

#[test]
fn the_busy_are_asked_again() {
    for status in [429, 503] {
        let busy = answer(status, &[("retry-after", "0")], "{}");
        let server = Script::new(&[&busy, &busy, &answer(200, &[], GRANTED)]);
        assert_eq!(stdout(&exchange(&server.url, &[])), "ghs_abc\n");
        assert_eq!(server.asked().len(), 3);
    }
}

#[test]
fn not_for_ever_nor_before_they_want() {
    let body = r#"{"message":"server is busy","error":"unavailable"}"#;
    for (status, retry_after, retries, timeout, times) in [
        (503, "0", "1", "60", 2),
        (429, "0", "0", "60", 1),
        (503, "31", "2", "600", 1),
        (429, "20", "2", "20", 1),
    ] {
        let busy = answer(status, &[("retry-after", retry_after)], body);
        let server = Script::new(&[&busy, &busy, &busy]);
        let output = exchange(&server.url, &["--retries", retries, "--timeout", timeout]);
        let said = format!("server is busy ({status}, unavailable)");
        assert_fails(&output, 2, &said);
        assert_eq!(server.asked().len(), times, "{retry_after} {retries}");
    }
}

#[test]
fn other_failures_are_not_repeated() {
    let failed = answer(
        500,
        &[("retry-after", "0")],
        r#"{"message":"internal error"}"#,
    );
    let server = Script::new(&[&failed, &failed]);
    assert_fails(&exchange(&server.url, &[]), 2, "internal error (500)");
    assert_eq!(server.asked().len(), 1);
}

#[test]
fn a_refusal_is_said_with_its_key_and_decision() {
    let body = r#"{"code":5,"message":"unable to parse","details":[],"error":"policy_invalid","decision":"k5z","reason":"line 7"}"#;
    let server = Script::new(&[answer(404, &[], body).as_str(); 2]);
    let output = exchange(&server.url, &[]);
    assert_fails(
        &output,
        1,
        "octo-sts: unable to parse: line 7 (404, policy_invalid, decision k5z)\n",
    );
    let output = exchange(&server.url, &["--format", "json"]);
    assert_eq!(
        stdout(&output),
        "{\"ok\":false,\"message\":\"unable to parse\",\"status\":404,\"error\":\"policy_invalid\",\"reason\":\"line 7\",\"decision\":\"k5z\"}\n"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn refusals_of_other_servers_are_refusals() {
    for (body, said) in [
        (
            r#"{"error":"trust policy not found"}"#,
            "said no more (403, trust policy not found, decision k5z)",
        ),
        (
            r#"{"code":7,"message":"no","details":[]}"#,
            "no (403, decision k5z)",
        ),
    ] {
        let server = Script::new(&[&answer(403, &[DECISION], body)]);
        assert_fails(&exchange(&server.url, &[]), 1, said);
    }
}

#[test]
fn what_a_server_says_steers_no_terminal_and_repeats_no_token() {
    let long = "x".repeat(5_000);
    let body =
        format!(r#"{{"message":"\u001b[2J\r\n::error::{OIDC} ##[group]","error":"\u202e{long}"}}"#);
    let server = Script::new(&[answer(403, &[], &body).as_str(); 2]);
    for format in ["token", "json"] {
        let output = exchange(&server.url, &["--format", format]);
        let text = format!("{}{}", stderr(&output), stdout(&output));
        assert!(
            stderr(&output).starts_with(r"octo-sts: \u{1b}[2J\r\n::error::*** # #[group]"),
            "{text}"
        );
        assert!(
            text.chars()
                .all(|c| c == '\n' || (c.is_ascii_graphic() || c == ' ' || c == '…')),
            "{text}"
        );
        assert!(text.len() < 2_000 && !text.contains(OIDC), "{text}");
        assert_eq!(stderr(&output).lines().count(), 1);
    }
}

#[test]
fn narrowing_is_asked_of_servers_that_know_it() {
    let flags = [
        "--permissions",
        "contents:read,issues:write",
        "--repositories",
        "app,web",
    ];
    let server = Script::new(&[&answer(200, &[DECISION], GRANTED)]);
    assert_eq!(stdout(&exchange(&server.url, &flags)), "ghs_abc\n");
    let asked = "&permissions=contents%3Aread%2Cissues%3Awrite&repositories=app%2Cweb HTTP";
    assert!(server.asked().concat().contains(asked));

    let server = Script::new(&[&answer(200, &[], GRANTED)]);
    let output = exchange(&server.url, &flags);
    assert_fails(&output, 2, "does not know --permissions and --repositories");
    assert!(!stderr(&output).contains("ghs_abc"));
}
