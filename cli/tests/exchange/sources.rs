//! Where the OIDC token comes from.

use super::script::{Nobody, Script, answer};
use super::{ASK, GRANTED, OIDC, assert_fails, octo_sts, stderr, stdout};
use std::process::Output;

/// An exchange at this server with a token from somewhere.
fn exchange(url: &str, more: &[&str], environment: &[(&str, &str)], input: &str) -> Output {
    octo_sts(
        &[&ASK[..], &["--url", url], more].concat(),
        environment,
        input,
    )
}

#[test]
fn a_token_can_be_given() {
    let file = std::env::temp_dir().join(format!("octo-sts-oidc-{}", std::process::id()));
    std::fs::write(&file, format!("{OIDC}\n")).unwrap();
    let path = file.to_str().unwrap();
    for (flags, variables, input) in [
        (["--token-file", path], &[][..], ""),
        (["--token-file", "-"], &[], "aGVhZA.Ym9keQ.c2ln\n"),
        (["--token-env", "MINE"], &[("MINE", OIDC)], ""),
        (["--token", OIDC], &[], ""),
    ] {
        let server = Script::new(&[&answer(200, &[], GRANTED)]);
        let output = exchange(&server.url, &flags, variables, input);
        assert_eq!(
            stdout(&output),
            "ghs_abc\n",
            "{flags:?} {}",
            stderr(&output)
        );
        let bearer = format!("authorization: Bearer {OIDC}\r\n");
        assert!(server.asked().concat().contains(&bearer));
    }
    std::fs::remove_file(file).unwrap();
}

#[test]
fn what_is_no_oidc_token_is_sent_to_nobody() {
    let server = Nobody::new();
    let long = format!("a.{}.c", "b".repeat(16 * 1024));
    for (flags, input, said) in [
        (["--token-file", "-"], "", "-: there is no token in it"),
        (["--token-file", "-"], " \n", "-: there is no token in it"),
        (
            ["--token-file", "-"],
            &long,
            "-: a token has at most 16 KiB",
        ),
        (["--token-file", "-"], "ghp_secret", "this is no OIDC token"),
        (
            ["--token-file", "-"],
            "a.b.c\nd.e.f",
            "this is no OIDC token",
        ),
        (["--token-file", "-"], "a..c", "this is no OIDC token"),
        (["--token-file", "-"], "a.b.c.d.e", "this is no OIDC token"),
        (
            ["--token-file", "/no/such/file"],
            "",
            "/no/such/file: No such file",
        ),
        (
            ["--token-env", "NOT_SET"],
            "",
            "variable NOT_SET holds no token",
        ),
        (["--token", "a.b"], "", "this is no OIDC token"),
    ] {
        let output = exchange(&server.url(), &flags, &[], input);
        assert_fails(&output, 2, said);
        assert!(!stderr(&output).contains("ghp_secret"));
    }
    server.assert_not_called();
}

#[test]
fn one_source_at_a_time() {
    for more in [
        ["--token-file", "-", "--token-env", "A"],
        ["--token-file", "-", "--from", "google"],
        ["--token-env", "A", "--audience", "b"],
    ] {
        let output = exchange("https://a.example", &more, &[], "");
        assert_fails(&output, 2, "cannot be used with");
    }
}

#[test]
fn github_actions_is_asked_for_the_servers_audience() {
    for (more, asked) in [
        (&[][..], "/oidc?api-version=2.0&audience=127.0.0.1 "),
        (&["--from", "actions"], "&audience=127.0.0.1 "),
        (&["--audience", "a b&c"], "&audience=a+b%26c "),
    ] {
        let busy = answer(503, &[("retry-after", "0")], "");
        let value = answer(200, &[], &format!(r#"{{"value":"{OIDC}"}}"#));
        let actions = Script::new(&[&busy, &value]);
        let server = Script::new(&[&answer(200, &[], GRANTED)]);
        let url = format!("{}/oidc?api-version=2.0", actions.url);
        let output = exchange(&server.url, more, &actions_variables(&url), "");
        assert_eq!(stdout(&output), "ghs_abc\n", "{}", stderr(&output));
        let request = actions.asked().concat();
        assert!(request.contains(asked), "{request}");
        assert!(request.contains("authorization: Bearer request-token\r\n"));
        assert!(
            server
                .asked()
                .concat()
                .contains(&format!("Bearer {OIDC}\r\n"))
        );
    }
}

fn actions_variables(url: &str) -> [(&str, &str); 3] {
    [
        ("GITHUB_ACTIONS", "true"),
        ("ACTIONS_ID_TOKEN_REQUEST_URL", url),
        ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "request-token"),
    ]
}

#[test]
fn a_job_without_the_permission_is_told_so() {
    let metadata = Nobody::new();
    let authority = metadata.url().replace("http://", "");
    for variables in [
        &[("GITHUB_ACTIONS", "true")][..],
        &[
            ("GITHUB_ACTIONS", "true"),
            ("GCE_METADATA_HOST", &authority),
        ],
        &[
            ("GITHUB_ACTIONS", "true"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://a.example"),
        ],
    ] {
        let output = exchange(&metadata.url(), &[], variables, "");
        assert_fails(&output, 2, "`permissions: id-token: write` is missing");
    }
    let output = exchange(&metadata.url(), &["--from", "actions"], &[], "");
    assert_fails(&output, 2, "this is no job of GitHub Actions");
    metadata.assert_not_called();
}

#[test]
fn the_token_of_the_request_goes_to_nobody_else() {
    let elsewhere = Nobody::new();
    let location = elsewhere.url();
    let redirect = answer(302, &[("location", &location)], "");
    let message = answer(403, &[], r#"{"message":"no request-token for you"}"#);
    for (said, text) in [
        (
            redirect,
            "no OIDC token: GitHub Actions answered a redirect",
        ),
        (message, "no OIDC token: no *** for you (403)"),
        (
            answer(200, &[], "{}"),
            "no OIDC token: GitHub Actions answered nothing",
        ),
        (
            answer(200, &[], r#"{"value":"a"}"#),
            "this is no OIDC token",
        ),
    ] {
        let actions = Script::new(&[&said]);
        let output = exchange(&location, &[], &actions_variables(&actions.url), "");
        assert_fails(&output, 2, text);
        assert_eq!(actions.asked().len(), 1);
    }
    let plain = actions_variables("http://actions.example");
    let output = exchange(&location, &[], &plain, "");
    assert_fails(
        &output,
        2,
        "ACTIONS_ID_TOKEN_REQUEST_URL: must be an https URL",
    );
    elsewhere.assert_not_called();
}

#[test]
fn google_is_asked_on_evidence() {
    for (more, evidence) in [
        (&[][..], ("A", "b")),
        (&[], ("K_SERVICE", "sts")),
        (&["--from", "google"], ("GITHUB_ACTIONS", "true")),
    ] {
        let metadata = Script::new(&[&answer(200, &[], &format!("{OIDC}\n"))]);
        let server = Script::new(&[&answer(200, &[], GRANTED)]);
        let variables = [("GCE_METADATA_HOST", metadata.authority()), evidence];
        let output = exchange(&server.url, more, &variables, "");
        assert_eq!(stdout(&output), "ghs_abc\n", "{}", stderr(&output));
        let request = metadata.asked().concat();
        let path = "GET /computeMetadata/v1/instance/service-accounts/default/identity?audience=127.0.0.1&format=full HTTP/1.1\r\n";
        assert!(request.starts_with(path), "{request}");
        assert!(
            request.contains("\r\nmetadata-flavor: Google\r\n"),
            "{request}"
        );
    }
    let none = exchange("https://a.example", &[], &[], "");
    assert_fails(&none, 2, "this is neither GitHub Actions nor Google");
}

#[test]
fn google_may_have_none() {
    let server = Nobody::new();
    for (said, text) in [
        (
            answer(404, &[], "not found"),
            "no OIDC token: Google's metadata server answered nothing that can be used (404)",
        ),
        (
            answer(302, &[("location", &server.url())], ""),
            "answered a redirect",
        ),
        (answer(200, &[], "<html>"), "this is no OIDC token"),
    ] {
        let metadata = Script::new(&[&said]);
        let variables = [("GCE_METADATA_HOST", metadata.authority())];
        assert_fails(&exchange(&server.url(), &[], &variables, ""), 2, text);
    }
    let wrong = [("GCE_METADATA_HOST", "a/b c")];
    assert_fails(
        &exchange(&server.url(), &[], &wrong, ""),
        2,
        "GCE_METADATA_HOST: ",
    );
    server.assert_not_called();
}
