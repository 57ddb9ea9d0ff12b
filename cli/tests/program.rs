//! The program from outside: help, completions, exit codes.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::process::{Command, Output};

fn octo_sts(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_octo-sts"));
    command.args(arguments).env_clear().output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn help_names_every_flag_and_its_setting() {
    let help = octo_sts(&["serve", "--help"]);
    assert_eq!(help.status.code(), Some(0));
    for (flag, setting) in [
        ("--port", "PORT"),
        ("--github-app-ids", "GITHUB_APP_IDS"),
        (
            "--app-secret-certificate-file",
            "APP_SECRET_CERTIFICATE_FILE",
        ),
        ("--sts-domain", "STS_DOMAIN"),
        ("--github-base-url", "GITHUB_BASE_URL"),
        ("--org-policy-repo", "ORG_POLICY_REPO"),
        ("--log-format", "LOG_FORMAT"),
        ("--log-level", "LOG_LEVEL"),
    ] {
        let text = stdout(&help);
        assert!(
            text.contains(flag) && text.contains(&format!("setting: {setting}")),
            "{flag}"
        );
    }
}

#[test]
fn shells_get_their_completions() {
    for (shell, mark) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef"),
        ("fish", "complete -c"),
    ] {
        let script = octo_sts(&["completions", shell]);
        assert_eq!(script.status.code(), Some(0));
        assert!(stdout(&script).contains(mark), "{shell}");
    }
}

#[test]
fn wrong_arguments_end_with_2() {
    for arguments in [
        &[][..],
        &["serv"],
        &["serve", "--prot", "1"],
        &["serve", "--address", "here"],
    ] {
        let output = octo_sts(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(stderr(&output).contains("--help"), "{arguments:?}");
    }
}

#[test]
fn a_component_that_cannot_be_read_ends_with_1() {
    let output = octo_sts(&["serve", "--component", "no-such-file.wasm"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("cannot read no-such-file.wasm"));
}
