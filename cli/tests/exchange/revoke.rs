//! `octo-sts revoke` against odd servers.

use super::script::{Nobody, Script, answer};
use super::{assert_fails, octo_sts, stderr, stdout};

#[test]
fn a_server_or_github_is_asked() {
    for (flag, path, line) in [
        ("--url", "", "POST /sts/revoke HTTP/1.1\r\n"),
        (
            "--github-base-url",
            "/api/v3/",
            "DELETE /api/v3/installation/token HTTP/1.1\r\n",
        ),
    ] {
        let server = Script::new(&[&answer(204, &[], "")]);
        let url = format!("{}{path}", server.url);
        // The variable is for those who give no flag.
        let variables = [("OCTOSTS_URL", "https://sts.invalid")];
        let output = octo_sts(&["revoke", flag, &url], &variables, "ghs_abc\n");
        assert_eq!((stdout(&output), stderr(&output)), ("", ""));
        assert_eq!(output.status.code(), Some(0));
        let asked = server.asked().concat();
        assert!(asked.starts_with(line), "{asked}");
        assert!(
            asked.contains("\r\nauthorization: Bearer ghs_abc\r\n"),
            "{asked}"
        );
        assert!(asked.contains("\r\nuser-agent: octo-sts/"), "{asked}");
    }
}

#[test]
fn the_token_can_be_given_otherwise() {
    for (flags, variables) in [
        (["--token", "ghs_abc"], &[][..]),
        (["--token-env", "TOKEN"], &[("TOKEN", "ghs_abc")]),
        (["--token-file", "-"], &[]),
    ] {
        let busy = answer(429, &[("retry-after", "0")], "");
        let server = Script::new(&[&busy, &answer(204, &[], "")]);
        let url = ["revoke", "--format", "json", "--url", &server.url];
        let output = octo_sts(&[&url[..], &flags].concat(), variables, "ghs_abc");
        assert_eq!(stdout(&output), "{\"ok\":true}\n", "{flags:?}");
        assert_eq!(server.asked().len(), 2);
    }
}

#[test]
fn other_credentials_are_sent_to_nobody() {
    let server = Nobody::new();
    for input in ["ghp_abc", "a.b.c", "ghs_a\nghs_b", "ghs_a b", "", "xghs_a"] {
        let output = octo_sts(&["revoke", "--url", &server.url()], &[], input);
        let said = if input.is_empty() {
            "no token in it"
        } else {
            "this is no installation token"
        };
        assert_fails(&output, 2, said);
    }
    let output = octo_sts(&["revoke"], &[], "ghs_abc");
    assert_fails(
        &output,
        2,
        "give --url or --github-base-url, or set OCTOSTS_URL",
    );
    let both = [
        "revoke",
        "--url",
        "https://a.example",
        "--github-base-url",
        "https://b.example",
    ];
    assert_fails(&octo_sts(&both, &[], "ghs_abc"), 2, "cannot be used with");
    for flag in ["--url", "--github-base-url"] {
        let output = octo_sts(&["revoke", flag, "http://a.example"], &[], "ghs_abc");
        assert_fails(&output, 2, "must be an https URL");
    }
    server.assert_not_called();
}

#[test]
fn anything_but_204_is_a_failure() {
    let elsewhere = Nobody::new();
    let location = elsewhere.url();
    for (said, code, text) in [
        (
            answer(307, &[("location", &location)], ""),
            2,
            "a redirect, which is not followed (307)",
        ),
        (answer(200, &[], "{}"), 2, "nothing that can be used (200)"),
        (
            answer(
                400,
                &[],
                r#"{"message":"invalid bearer token","error":"invalid_token"}"#,
            ),
            1,
            "invalid bearer token (400, invalid_token)",
        ),
        (
            answer(401, &[], r#"{"message":"Bad credentials: ghs_abc"}"#),
            1,
            "Bad credentials: *** (401)",
        ),
    ] {
        let server = Script::new(&[&said]);
        assert_fails(
            &octo_sts(&["revoke", "--url", &server.url], &[], "ghs_abc"),
            code,
            text,
        );
    }
    elsewhere.assert_not_called();
}
