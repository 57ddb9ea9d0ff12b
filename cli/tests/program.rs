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

/// A folder that is removed with this value.
struct Folder(std::path::PathBuf);

impl Folder {
    fn with(name: &str, files: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("octo-sts-{name}-{}", std::process::id()));
        for (file, text) in files {
            let file = folder.join(file);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text).unwrap();
        }
        Self(folder)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

const GOOD: &str = "issuer: https://a.example\nsubject: s\npermissions:\n  contents: read\n";

#[test]
fn policy_check_names_every_problem_and_its_remedy() {
    let bad = "issuer: https://a.example\nsubject_pattern: 'a**'\npermissions:\n  pull-requests: read\n  brand_new: read\n";
    let folder = Folder::with(
        "check",
        &[
            ("app/.github/chainguard/good.sts.yaml", GOOD),
            ("app/.github/chainguard/bad.sts.yaml", bad),
            (
                ".github/.github/chainguard/all.sts.yaml",
                &format!("{GOOD}repositories: ['*']\n"),
            ),
            (
                ".github/.github/chainguard/trusted-token-issuers.yaml",
                "issuers: [a]\n",
            ),
            (
                ".github/.github/chainguard/guard-rails.yaml",
                "cieling: {}\n",
            ),
            ("app/guard-rails.yaml", "of something else\n"),
            ("app/README.md", "no policy"),
        ],
    );
    let checked = octo_sts(&["policy", "check", folder.path()]);
    assert_eq!(checked.status.code(), Some(1));
    let text = stdout(&checked);
    for said in [
        "/app/.github/chainguard/bad.sts.yaml:2:18: error: subject_pattern: `**` repeats a repetition",
        "bad.sts.yaml:4:3: error: unknown permission \"pull-requests\", did you mean pull_requests?",
        "bad.sts.yaml:5:3: warning: unknown permission \"brand_new\": refused unless the App's installation has it, or OCTOSTS_EXTRA_PERMISSIONS names it",
        "all.sts.yaml:5:16: error: \"*\": repositories are names, not patterns; for every repository write `repositories: []`",
        "trusted-token-issuers.yaml:1:11: error: invalid issuer \"a\"",
        "guard-rails.yaml:1:1: error: unknown key \"cieling\", did you mean ceiling?",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert_eq!(text.lines().count(), 6, "{text}");
    assert!(stderr(&checked).contains("5 files: 5 errors, 1 warnings"));
    let json = octo_sts(&["policy", "check", folder.path(), "--format", "json"]);
    assert_eq!(json.status.code(), Some(1));
    assert!(stdout(&json).contains("\"severity\":\"warning\""));
    let good = format!("{}/app/.github/chainguard/good.sts.yaml", folder.path());
    let checked = octo_sts(&["policy", "check", &good]);
    assert_eq!(
        (checked.status.code(), stdout(&checked)),
        (Some(0), String::new())
    );
}

#[test]
fn policy_check_that_cannot_run_ends_with_2() {
    let folder = Folder::with("none", &[("README.md", "no policy")]);
    for path in [folder.path(), "/no/such/place"] {
        let checked = octo_sts(&["policy", "check", path]);
        assert_eq!(checked.status.code(), Some(2), "{path}");
        assert!(!stderr(&checked).is_empty());
    }
}

/// The YAML of docs/POLICIES.md, by the name in its first line.
#[test]
fn the_examples_of_the_page_on_policies_are_good() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/POLICIES.md"));
    let page = page.unwrap();
    let blocks = page.split("```yaml\n").skip(1);
    let examples: Vec<_> = blocks
        .map(|block| block.split("```").next().unwrap())
        .collect();
    assert_eq!(examples.len(), 6);
    for (number, example) in examples.iter().enumerate() {
        let name = ["trusted-token-issuers.yaml", "guard-rails.yaml"]
            .into_iter()
            .find(|name| example.starts_with(&format!("# {name}")))
            .unwrap_or("example.sts.yaml");
        let folder = if example.starts_with("# acme/.github") {
            ".github"
        } else {
            "app"
        };
        let file = format!("{folder}/.github/chainguard/{name}");
        let folder = Folder::with(&format!("page{number}"), &[(file.as_str(), example)]);
        let checked = octo_sts(&["policy", "check", folder.path()]);
        assert_eq!(stdout(&checked), "", "{example}");
        assert_eq!(checked.status.code(), Some(0), "{example}");
    }
}

/// Two records of one boot, as our host writes them.
const FIRST: &str = r#"{"outcome":"granted","chain":{"boot":"b","seq":1,"previous":"0000000000000000000000000000000000000000000000000000000000000000"}}"#;

#[test]
fn audit_verify_names_the_first_broken_line() {
    let head = "HEAD";
    let second =
        format!(r#"{{"outcome":"refused","chain":{{"boot":"b","seq":2,"previous":"{head}"}}}}"#);
    let folder = Folder::with(
        "audit",
        &[("one", &format!("{FIRST}\n")), ("none", "no record\n")],
    );
    let one = format!("{}/one", folder.path());
    let whole = octo_sts(&["audit", "verify", &one]);
    assert_eq!(whole.status.code(), Some(0), "{}", stderr(&whole));
    let text = stdout(&whole);
    let head_of_one = text.trim().rsplit(' ').next().unwrap().to_owned();
    assert!(text.starts_with("1 lines of 1 boots\nends with "), "{text}");

    let both = format!("{FIRST}\n{}\n", second.replace(head, &head_of_one));
    let edited = both.replace("granted", "refused");
    let folder = Folder::with(
        "audits",
        &[("both", &both), ("edited", &edited), ("none", "x\n")],
    );
    let file = |name: &str| format!("{}/{name}", folder.path());
    for (arguments, code, said) in [
        (
            vec![file("both"), "--head".into(), head_of_one.clone()],
            0,
            "the head is line 1",
        ),
        (
            vec![file("both"), "--head".into(), "00".into()],
            1,
            "no record has this head",
        ),
        (
            vec![file("edited")],
            1,
            "broken at line 2: it does not follow from the line before",
        ),
        (
            vec![file("none")],
            1,
            "broken at line 1: it is no record with a chain",
        ),
        (
            vec![file("edited"), "--format".into(), "json".into()],
            1,
            "\"ok\":false",
        ),
    ] {
        let arguments: Vec<&str> = ["audit", "verify"]
            .into_iter()
            .chain(arguments.iter().map(String::as_str))
            .collect();
        let verified = octo_sts(&arguments);
        assert_eq!(verified.status.code(), Some(code), "{arguments:?}");
        assert!(
            stdout(&verified).contains(said),
            "{arguments:?} {}",
            stdout(&verified)
        );
    }
    let absent = octo_sts(&["audit", "verify", "/no/such/file"]);
    assert_eq!(absent.status.code(), Some(2));
}
