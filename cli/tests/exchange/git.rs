//! As git's credential helper.

use super::script::{Nobody, Script, answer};
use super::{ASK, GRANTED, OIDC, assert_fails, octo_sts, run, stderr, stdout};
use std::process::{Command, Output};

const CREDENTIAL: &str = "protocol=https\nhost=github.com\nusername=x-access-token\npassword=ghs_abc\npassword_expiry_utc=1795212000\n";

fn helper(url: &str, more: &[&str], input: &str) -> Output {
    let flags = [
        "--url",
        url,
        "--token-env",
        "OIDC",
        "--format",
        "git-credential",
    ];
    octo_sts(&[&ASK[..], &flags, more].concat(), &[("OIDC", OIDC)], input)
}

#[test]
fn it_gives_a_credential() {
    for (more, input) in [
        (&[][..], ""),
        (
            &["get"],
            "protocol=https\nhost=github.com\npath=acme/app.git\n\n",
        ),
        (&["get"], "capability[]=authtype\n"),
    ] {
        let server = Script::new(&[&answer(200, &[], GRANTED)]);
        let output = helper(&server.url, more, input);
        assert_eq!(
            (output.status.code(), stdout(&output)),
            (Some(0), CREDENTIAL)
        );
    }
    let server = Script::new(&[&answer(200, &[], r#"{"token":"ghs_abc","expiry":null}"#)]);
    let output = helper(
        &server.url,
        &["--git-host", "ghes.example:8443", "get"],
        "host=ghes.example:8443\n",
    );
    assert!(stdout(&output).starts_with("protocol=https\nhost=ghes.example:8443\n"));
    assert!(!stdout(&output).contains("password_expiry_utc"));
}

#[test]
fn it_is_silent_for_others_and_asks_nobody() {
    let server = Nobody::new();
    for (operation, input) in [
        ("get", "protocol=https\nhost=example.com\n\n"),
        ("get", "protocol=http\nhost=github.com\n\n"),
        ("store", CREDENTIAL),
        ("erase", CREDENTIAL),
        ("capability", ""),
    ] {
        let output = helper(&server.url(), &[operation], input);
        assert_eq!(output.status.code(), Some(0), "{operation}");
        assert_eq!((stdout(&output), stderr(&output)), ("", ""), "{operation}");
    }
    server.assert_not_called();
}

#[test]
fn it_is_a_helper_only_in_that_format() {
    let flags = ["--url", "https://a.example", "--token-env", "OIDC", "get"];
    let output = octo_sts(&[&ASK[..], &flags].concat(), &[("OIDC", OIDC)], "");
    assert_fails(&output, 2, "for --format git-credential only");
    let flags = ["--token-file", "-", "--format", "git-credential", "get"];
    let output = octo_sts(&[&ASK[..], &flags].concat(), &[], OIDC);
    assert_fails(&output, 2, "standard input has git's request");
    let output = helper("https://a.example", &["get"], &"a=b\n".repeat(20_000));
    assert_fails(
        &output,
        2,
        "git's request on standard input: it is too long",
    );
    let output = helper("https://a.example", &["--git-host", "a\nb"], "");
    assert_fails(&output, 2, "a host is a name");
}

/// git itself, with the helper as the documentation configures it.
#[test]
fn git_takes_what_it_says() {
    let server = Script::new(&[&answer(200, &[], GRANTED)]);
    let program = env!("CARGO_BIN_EXE_octo-sts");
    let helper = format!(
        "credential.helper=!'{program}' exchange --url {} --scope acme/app --identity ci --token-env OIDC --format git-credential",
        server.url
    );
    let git = |host: &str| {
        let mut git = Command::new("git");
        git.args([
            "-c",
            "credential.helper=",
            "-c",
            &helper,
            "credential",
            "fill",
        ]);
        git.envs([
            ("OIDC", OIDC),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_ASKPASS", ""),
        ]);
        git.env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1");
        run(&mut git, &format!("protocol=https\nhost={host}\n\n"))
    };
    let filled = git("github.com");
    assert!(
        stdout(&filled).contains("username=x-access-token\npassword=ghs_abc\n"),
        "{}",
        stderr(&filled)
    );
    let foreign = git("example.com");
    assert_eq!(stdout(&foreign), "");
    assert_eq!(server.asked().len(), 1);
}
