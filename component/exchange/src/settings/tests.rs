//! Settings that are taken, and every problem at once.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;

const TRAITS: Traits = Traits {
    vets_addresses: true,
    outlives: true,
    atomic: true,
};

fn read(rows: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
    let get = |name: &str| {
        rows.iter()
            .find(|(row, _)| row.eq_ignore_ascii_case(name))
            .map(|(_, value)| (*value).to_owned())
    };
    let pools = vec![Pool {
        owner: "*".into(),
        apps: vec![App { id: 7, name: None }],
    }];
    Settings::read(&get, pools, TRAITS)
}

fn first_app(settings: &Settings, owner: &Owner) -> Option<u64> {
    settings.pool_for(owner)?.apps.first().map(|app| app.id)
}

#[test]
fn the_least_is_a_domain_and_an_app() {
    let settings = read(&[("STS_DOMAIN", "sts.example")]).unwrap();
    assert_eq!(settings.base_url.as_str(), "https://api.github.com");
    assert_eq!(settings.policy_repository.as_str(), ".github");
    assert_eq!(settings.deadline, Duration::from_secs(25));
    assert_eq!(settings.issuer_grace, Duration::from_secs(6 * 3600));
    assert_eq!(settings.refusal_detail, RefusalDetail::Owner);
    assert_eq!(settings.mint_check, MintCheck::Enforce);
    assert!(settings.audit_required && !settings.finish_first);
    assert_eq!(
        first_app(&settings, &Owner::parse("anyone").unwrap()),
        Some(7)
    );
    assert!(read(&[("STS_DOMAIN", "")]).is_ok(), "empty is not unset");
}

#[test]
fn every_problem_is_named_at_once_and_without_its_value() {
    let problems = read(&[
        ("GITHUB_BASE_URL", "http://ghes.example"),
        ("ORG_POLICY_REPO", ""),
        ("OCTOSTS_REFUSAL_DETAIL", "everything"),
        ("OCTOSTS_MINT_CHECK", "off"),
        ("OCTOSTS_AUDIT", "never"),
        ("OCTOSTS_DEADLINE", "soon"),
        ("OCTOSTS_ISSUER_GRACE", "6"),
        ("OCTOSTS_DETAIL_FOR", "1234, nobody"),
        ("OCTOSTS_FINISH_FIRST", "perhaps"),
        ("OCTOSTS_ALLOWED_ISSUER_PATTERNS", "https://wide.*"),
        ("OCTOSTS_STATIC_KEYS", r#"{"https://closed.example": {}}"#),
        ("OCTOSTS_REQUIRED_ORGS", "acme, no/owner"),
        ("OCTOSTS_EXTRA_PERMISSIONS", "brand_new, Brand-New"),
        (
            "OCTOSTS_ALLOWED_ISSUERS",
            "https://good.example ftp://bad.example",
        ),
        ("OCTOSTS_PRIVATE_ISSUERS", "somewhere"),
    ])
    .unwrap_err();
    for name in [
        "GITHUB_BASE_URL",
        "STS_DOMAIN",
        "ORG_POLICY_REPO",
        "OCTOSTS_REFUSAL_DETAIL",
        "OCTOSTS_MINT_CHECK",
        "OCTOSTS_AUDIT",
        "OCTOSTS_DEADLINE",
        "OCTOSTS_ISSUER_GRACE",
        "OCTOSTS_DETAIL_FOR",
        "OCTOSTS_FINISH_FIRST",
        "OCTOSTS_ALLOWED_ISSUER_PATTERNS",
        "OCTOSTS_STATIC_KEYS",
        "OCTOSTS_REQUIRED_ORGS",
        "OCTOSTS_EXTRA_PERMISSIONS",
        "OCTOSTS_ALLOWED_ISSUERS",
        "OCTOSTS_PRIVATE_ISSUERS",
    ] {
        let named = problems
            .iter()
            .filter(|problem| problem.starts_with(&format!("{name}:")))
            .count();
        assert_eq!(named, 1, "{name} in {problems:#?}");
    }
    for value in [
        "everything",
        "soon",
        "nobody",
        "perhaps",
        "ghes.example",
        "bad.example",
        "somewhere",
        "wide",
        "closed.example",
    ] {
        assert!(
            !problems.iter().any(|problem| problem.contains(value)),
            "{value} is shown: {problems:#?}"
        );
    }
}

#[test]
fn issuers_are_named_described_or_known_by_their_keys() {
    const KEYS: &str = r#"{"https://closed.example": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}}"#;
    let issuers = |rows: &[(&str, &str)]| {
        let domain = [("STS_DOMAIN", "sts.example")];
        read(&[&domain[..], rows].concat()).unwrap().issuers
    };
    let named = ("OCTOSTS_ALLOWED_ISSUERS", "https://a.example");
    let described = (
        "OCTOSTS_ALLOWED_ISSUER_PATTERNS",
        "https://[a-z]+\\.ci\\.example(:8443)?",
    );
    let admitted = |rules: &IssuerRules| {
        let all = [
            "https://a.example",
            "https://b.ci.example",
            "https://b.ci.example:8443",
            "https://b.ci.example.evil.example",
        ];
        all.map(|issuer| rules.admit(&Issuer::parse(issuer).unwrap()).is_ok())
    };
    assert_eq!(admitted(&issuers(&[])), [true, true, false, true]);
    assert_eq!(admitted(&issuers(&[named])), [true, false, false, false]);
    assert_eq!(admitted(&issuers(&[described])), [false, true, true, false]);
    let both = issuers(&[named, described]);
    assert_eq!(admitted(&both), [true, true, true, false]);
    assert!(both.static_keys.is_empty());

    let told = issuers(&[("OCTOSTS_STATIC_KEYS", KEYS)]);
    let closed = Issuer::parse("https://closed.example").unwrap();
    assert!(told.static_keys.of(&closed).is_some());
    assert_eq!(admitted(&told), [true, true, false, true]);
    for unset in ["", " "] {
        let none = issuers(&[("OCTOSTS_STATIC_KEYS", unset)]);
        assert!(none.static_keys.is_empty());
    }
    for name in ["OCTOSTS_ALLOWED_ISSUERS", "OCTOSTS_ALLOWED_ISSUER_PATTERNS"] {
        let problems = read(&[("STS_DOMAIN", "sts.example"), (name, " ")]).unwrap_err();
        assert_eq!(
            problems,
            [format!(
                "{name}: names nobody; unset it to allow any issuer"
            )]
        );
    }
}

#[test]
fn an_owners_pool_wins_over_everybodys() {
    let get = |name: &str| (name == "sts_domain").then(|| "x".to_owned());
    let pool = |owner: &str, id| Pool {
        owner: owner.into(),
        apps: vec![App { id, name: None }],
    };
    let settings = Settings::read(&get, vec![pool("*", 1), pool("acme", 2)], TRAITS).unwrap();
    assert_eq!(
        first_app(&settings, &Owner::parse("ACME").unwrap()),
        Some(2)
    );
    assert_eq!(
        first_app(&settings, &Owner::parse("other").unwrap()),
        Some(1)
    );
    let settings = Settings::read(&get, vec![pool("acme", 2)], TRAITS).unwrap();
    assert_eq!(first_app(&settings, &Owner::parse("other").unwrap()), None);
    assert!(
        Settings::read(&get, vec![], TRAITS)
            .unwrap_err()
            .iter()
            .any(|p| p.starts_with("GITHUB_APP_IDS:"))
    );
}

#[test]
fn work_is_finished_first_where_nothing_runs_after_the_answer() {
    let pools = || {
        vec![Pool {
            owner: "*".into(),
            apps: vec![App { id: 7, name: None }],
        }]
    };
    for (outlives, said, wanted) in [
        (true, "", false),
        (false, "", true),
        (false, "octosts_finish_first=false", false),
        (true, "octosts_finish_first=true", true),
        (true, "k_service=octo-sts", true),
        (true, "aws_lambda_function_name=octo-sts", true),
        (true, "k_service=", false),
    ] {
        let get = |name: &str| match said.split_once('=') {
            Some((set, value)) if set == name => Some(value.to_owned()),
            _ => (name == "sts_domain").then(|| "x".to_owned()),
        };
        let traits = Traits { outlives, ..TRAITS };
        let settings = Settings::read(&get, pools(), traits).unwrap();
        assert_eq!(settings.finish_first, wanted, "{outlives} {said}");
    }
}

#[test]
fn floors_are_in_order() {
    let quota = |names: &[(&str, &str)]| {
        let get = |name: &str| {
            let usual = (name == "sts_domain").then(|| "x".to_owned());
            let named = names.iter().find(|(n, _)| *n == name);
            named.map(|(_, value)| (*value).to_owned()).or(usual)
        };
        let pool = Pool {
            owner: "*".into(),
            apps: vec![App { id: 7, name: None }],
        };
        Settings::read(&get, vec![pool], TRAITS).map(|settings| settings.quota)
    };
    let usual = quota(&[]).unwrap();
    assert_eq!((usual.soft_floor, usual.hard_floor), (5000, 1500));
    assert_eq!(usual.stale, Duration::from_secs(300));
    let equal = quota(&[
        ("octosts_quota_floor_soft", "9"),
        ("octosts_quota_floor_hard", "9"),
    ]);
    assert!(equal.is_ok());
    for (wrong, problem) in [
        (
            [("octosts_quota_floor_soft", "1499")],
            "OCTOSTS_QUOTA_FLOOR_SOFT: must be at least OCTOSTS_QUOTA_FLOOR_HARD",
        ),
        (
            [("octosts_quota_floor_hard", "x")],
            "OCTOSTS_QUOTA_FLOOR_HARD: not a number",
        ),
        (
            [("octosts_quota_floor_soft", "-1")],
            "OCTOSTS_QUOTA_FLOOR_SOFT: not a number",
        ),
        (
            [("octosts_quota_floor_hard", "-1")],
            "OCTOSTS_QUOTA_FLOOR_HARD: not a number",
        ),
        (
            [("octosts_quota_stale", "0s")],
            "OCTOSTS_QUOTA_STALE: must be above 0",
        ),
    ] {
        assert_eq!(quota(&wrong).unwrap_err(), [problem]);
    }
}

#[test]
fn events_go_over_https_or_stay_near() {
    let sink = |uri: &str, metrics: Option<&str>, vets_addresses: bool| {
        let get = |name: &str| match name {
            "sts_domain" => Some("x".to_owned()),
            "octosts_allowed_issuers" => Some("https://issuer.example".to_owned()),
            "event_ingress_uri" => Some(uri.to_owned()),
            "metrics" => metrics.map(str::to_owned),
            _ => None,
        };
        let traits = Traits {
            vets_addresses,
            ..TRAITS
        };
        let pool = Pool {
            owner: "*".into(),
            apps: vec![App { id: 7, name: None }],
        };
        let settings = Settings::read(&get, vec![pool], traits)?;
        Ok::<_, Vec<String>>((settings.event_sink, settings.issuers.event_authority))
    };
    for (uri, vets, authority) in [
        ("https://Sink.example/in?x=1", false, "sink.example:443"),
        ("http://10.0.0.7/in", false, "10.0.0.7:80"),
        ("http://[fd00::1]:8080/in", false, "[fd00::1]:8080"),
        ("http://127.0.0.1:9/", false, "127.0.0.1:9"),
        ("http://localhost:9/", false, "localhost:9"),
        (
            "http://broker.svc.cluster.local/in",
            true,
            "broker.svc.cluster.local:80",
        ),
    ] {
        let wanted = (Some(uri.to_owned()), Some(authority.to_owned()));
        assert_eq!(sink(uri, None, vets), Ok(wanted), "{uri}");
        let place = Some(authority.to_owned());
        assert_eq!(sink(uri, Some("false"), vets), Ok((None, place)), "{uri}");
    }
    assert_eq!(sink("", None, true), Ok((None, None)));
    for (uri, vets) in [
        ("http://broker.svc.cluster.local/in", false),
        ("http://8.8.8.8/in", true),
        ("http://[2001:db8::1]/in", true),
        ("ftp://10.0.0.7/in", true),
        ("sink.example", true),
        ("https://user@sink.example/", true),
        ("https://sink.example/#x", true),
    ] {
        let problem = "EVENT_INGRESS_URI: must be an https URL, or http to a private address";
        assert_eq!(
            sink(uri, None, vets),
            Err(vec![problem.to_owned()]),
            "{uri}"
        );
    }
}
