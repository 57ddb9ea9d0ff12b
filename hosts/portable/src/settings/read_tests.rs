//! Rows after octo-sts's own tests of its configuration (spec 12.7), and ours.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::super::KeySource;
use super::*;

/// The smallest deployment that has nothing to complain about.
const BASE: &[(&str, &str)] = &[
    ("PORT", "8080"),
    ("STS_DOMAIN", "sts.example"),
    ("GITHUB_APP_IDS", "123"),
    ("APP_SECRET_CERTIFICATE_FILE", "/key.pem"),
];

/// The smallest deployment, with `changes`: a value to set, or none to leave out.
fn with(changes: &[(&str, Option<&str>)]) -> Settings {
    let mut vars: BTreeMap<String, String> = BASE
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    for (name, value) in changes {
        match value {
            Some(value) => vars.insert((*name).to_owned(), (*value).to_owned()),
            None => vars.remove(*name),
        };
    }
    Settings::from_vars(vars)
}

#[test]
fn deployments_without_a_problem() {
    for changes in [
        &[][..],
        &[("STS_DOMAIN", Some(""))],
        &[("STS_DOMAIN", None), ("DOMAIN", Some("sts.example"))],
        &[("DOMAIN", Some("sts.example"))],
        &[("GITHUB_APP_IDS", None), ("GITHUB_APP_ID", Some("123"))],
        &[("GITHUB_APP_IDS", Some("0x7b"))],
        &[
            ("APP_SECRET_CERTIFICATE_FILE", None),
            ("APP_SECRET_CERTIFICATE_ENV_VAR", Some("pem")),
        ],
        &[
            ("APP_SECRET_CERTIFICATE_FILE", None),
            ("GITHUB_APP_PRIVATE_KEY", Some("pem")),
        ],
        &[("APP_SECRET_CERTIFICATE_ENV_VAR", Some(""))],
        &[("KMS_KEYS", Some(""))],
        &[("APP_CONFIG_FILE", Some(""))],
        &[("GITHUB_BASE_URL", Some(""))],
        &[("GITHUB_BASE_URL", Some("https://ghes.corp/api/v3"))],
        &[("GITHUB_BASE_URL", Some("http://127.0.0.1:9"))],
        &[("ORG_POLICY_REPO", Some("policies"))],
        &[("OCTOSTS_DEADLINE", Some("1m30s"))],
        &[("OCTOSTS_PRIVATE_ISSUERS", Some("a:1, b:2\nc:3"))],
        &[("OCTOSTS_PRIVATE_ISSUERS", Some(""))],
        &[("OCTOSTS_STATIC_KEYS", Some(""))],
        &[("LOG_FORMAT", Some("JSON")), ("LOG_LEVEL", Some("WARN"))],
        &[("OCTOSTS_AUDIT_SYNC", Some("T"))],
        &[("PORT", None)],
        &[("OCTOSTS_STICKY_STORE", Some("memory"))],
    ] {
        assert_eq!(with(changes).problems(), [""; 0], "{changes:?}");
    }
}

#[test]
fn deployments_with_one_problem() {
    for (changes, problem) in [
        (&[("PORT", Some(""))][..], "PORT: must be a port number"),
        (&[("PORT", Some("65536"))], "PORT: must be a port number"),
        (
            &[("STS_DOMAIN", None)],
            "STS_DOMAIN: is required (it may be empty)",
        ),
        (
            &[("DOMAIN", Some("other"))],
            "STS_DOMAIN: differs from its alias DOMAIN",
        ),
        (
            &[("GITHUB_APP_ID", Some("124"))],
            "GITHUB_APP_IDS: differs from its alias GITHUB_APP_ID",
        ),
        (&[("GITHUB_APP_IDS", None)], "GITHUB_APP_IDS: is required"),
        (
            &[("GITHUB_APP_IDS", Some(" "))],
            "GITHUB_APP_IDS: is required",
        ),
        (
            &[("GITHUB_APP_IDS", Some("0"))],
            "GITHUB_APP_IDS: must be the numeric id of an App, or several with commas",
        ),
        (
            &[("GITHUB_APP_IDS", Some("-1"))],
            "GITHUB_APP_IDS: must be the numeric id of an App, or several with commas",
        ),
        (
            &[("GITHUB_APP_IDS", Some("Iv1.8a61f9"))],
            "GITHUB_APP_IDS: must be the numeric id of an App, or several with commas",
        ),
        (
            &[("GITHUB_APP_IDS", Some("1,"))],
            "GITHUB_APP_IDS: must be the numeric id of an App, or several with commas",
        ),
        (
            &[("APP_CONFIG_FILE", Some("/apps.yaml"))],
            "APP_CONFIG_FILE: cannot be read",
        ),
        (
            &[
                ("KMS_KEYS", Some("k")),
                ("APP_SECRET_CERTIFICATE_FILE", None),
            ],
            "KMS_KEYS: not served yet",
        ),
        (
            &[("APP_SECRET_CERTIFICATE_FILE", None)],
            "APP_SECRET_CERTIFICATE_FILE: is required (or APP_SECRET_CERTIFICATE_ENV_VAR)",
        ),
        (
            &[("GITHUB_APP_PRIVATE_KEY", Some("pem"))],
            "APP_SECRET_CERTIFICATE_FILE: only one of KMS_KEYS, APP_SECRET_CERTIFICATE_FILE, APP_SECRET_CERTIFICATE_ENV_VAR may be set",
        ),
        (
            &[("GITHUB_BASE_URL", Some("http://ghes.corp"))],
            "GITHUB_BASE_URL: must be an https URL (plain http: loopback only)",
        ),
        (
            &[("GITHUB_BASE_URL", Some("garbage"))],
            "GITHUB_BASE_URL: must be an https URL (plain http: loopback only)",
        ),
        (
            &[("ORG_POLICY_REPO", Some(""))],
            "ORG_POLICY_REPO: must not be empty",
        ),
        (
            &[("OCTOSTS_DEADLINE", Some(""))],
            "OCTOSTS_DEADLINE: must be a duration above 0 and at most 10m",
        ),
        (
            &[("OCTOSTS_DEADLINE", Some("0s"))],
            "OCTOSTS_DEADLINE: must be a duration above 0 and at most 10m",
        ),
        (
            &[("OCTOSTS_DEADLINE", Some("11m"))],
            "OCTOSTS_DEADLINE: must be a duration above 0 and at most 10m",
        ),
        (
            &[("OCTOSTS_PRIVATE_ISSUERS", Some("issuer"))],
            "OCTOSTS_PRIVATE_ISSUERS: must be a list of host:port",
        ),
        (
            &[("LOG_FORMAT", Some("xml"))],
            "LOG_FORMAT: must be text or json",
        ),
        (
            &[("LOG_LEVEL", Some(""))],
            "LOG_LEVEL: must be error, warn, info or debug",
        ),
        (
            &[("OCTOSTS_AUDIT_SYNC", Some("yes"))],
            "OCTOSTS_AUDIT_SYNC: must be true or false",
        ),
    ] {
        assert_eq!(with(changes).problems(), [problem], "{changes:?}");
    }
}

#[test]
fn every_problem_is_named_at_once_and_no_value() {
    let settings = Settings::from_vars([
        ("PORT".to_owned(), "s3cret-port".to_owned()),
        ("GITHUB_APP_ID".to_owned(), "s3cret-id".to_owned()),
        ("GITHUB_BASE_URL".to_owned(), "ftp://s3cret".to_owned()),
        ("GITHUB_APP_PRIVATE_KEY".to_owned(), "s3cret-key".to_owned()),
        ("GITHUB_WEBHOOK_SECRET".to_owned(), "s3cret-hook".to_owned()),
        ("OCTOSTS_CACHE_SECRET".to_owned(), "s3cret-cache".to_owned()),
        ("OCTOSTS_DEADLINE".to_owned(), "s3cret".to_owned()),
    ]);
    let names: Vec<_> = settings
        .problems()
        .iter()
        .map(|problem| problem.split(':').next().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "GITHUB_APP_IDS",
            "STS_DOMAIN",
            "PORT",
            "OCTOSTS_DEADLINE",
            "GITHUB_BASE_URL"
        ]
    );
    let said = format!("{:?} {:?}", settings.problems(), settings.notices());
    assert!(!said.contains("s3cret"), "{said}");
    let shown = format!("{settings:?}");
    for secret in ["s3cret-key", "s3cret-hook", "s3cret-cache"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn the_guest_reads_names_in_lower_case_and_no_secret() {
    let settings = with(&[
        ("STS_DOMAIN", None),
        ("DOMAIN", Some("sts.example")),
        ("ORG_POLICY_REPO", Some("policies")),
        ("GITHUB_BASE_URL", Some("")),
        ("APP_SECRET_CERTIFICATE_FILE", None),
        ("GITHUB_APP_PRIVATE_KEY", Some("pem")),
        ("GITHUB_WEBHOOK_SECRET", Some("hook")),
        ("OCTOSTS_CACHE_SECRET", Some("seal")),
        ("OCTOSTS_AUDIT_FILE", Some("/audit")),
        ("PATH", Some("/bin")),
    ]);
    assert_eq!(settings.get("sts_domain"), Some("sts.example"));
    assert_eq!(settings.get("org_policy_repo"), Some("policies"));
    assert_eq!(
        settings.get("github_base_url"),
        Some(""),
        "empty is not unset"
    );
    for name in [
        "octosts_allowed_issuers",
        "domain",
        "STS_DOMAIN",
        "app_secret_certificate_env_var",
        "github_app_private_key",
        "github_webhook_secret",
        "octosts_cache_secret",
        "octosts_audit_file",
        "path",
        "PATH",
    ] {
        assert_eq!(settings.get(name), None, "{name}");
    }
}

#[test]
fn what_has_no_effect_is_said() {
    let settings = with(&[
        ("GITHUB_WEBHOOK_SECRET", Some("x")),
        ("METRICS_PORT", Some("2112")),
        ("OCTOSTS_STICKY_STORE", Some("")),
        ("OCTOSTS_ALOWED_ISSUERS", Some("x")),
    ]);
    assert_eq!(
        settings.notices(),
        [
            "GITHUB_WEBHOOK_SECRET: not served yet",
            "METRICS_PORT: not served yet",
            "OCTOSTS_ALOWED_ISSUERS: no such setting",
        ]
    );
    assert_eq!(settings.problems(), [""; 0]);
}

#[test]
fn values_of_the_host() {
    let settings = with(&[
        ("APP_SECRET_CERTIFICATE_FILE", None),
        ("GITHUB_APP_PRIVATE_KEY", Some("a\\nb")),
        ("GITHUB_WEBHOOK_SECRET", Some("one,literal")),
        ("OCTOSTS_DEADLINE", Some("5s")),
    ]);
    assert_eq!(settings.port(), Some(8080));
    assert_eq!(settings.deadline(), Duration::from_secs(5));
    assert_eq!(settings.app_ids().collect::<Vec<_>>(), [123]);
    assert_eq!(settings.apps[0].key, KeySource::Text(Secret::new("a\nb")));
    assert_eq!(settings.webhook_secrets, [Secret::new("one,literal")]);
    assert_eq!(with(&[]).deadline(), Duration::from_secs(25));
}

#[test]
fn a_program_needs_a_port() {
    for (port, problem) in [
        (Some("80"), None),
        (None, Some("PORT: is required")),
        (Some("x"), Some("PORT: must be a port number")),
    ] {
        let mut settings = with(&[("PORT", port)]);
        settings.require_port();
        assert_eq!(settings.problems().first().map(String::as_str), problem);
        assert!(settings.problems().len() < 2);
    }
}
