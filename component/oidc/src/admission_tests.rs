#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::settings::{parse_host_port_list, parse_issuer_list};

pub(super) const ACTIONS: &str = "https://token.actions.githubusercontent.com";

pub(super) fn rules(allowed: Option<&str>, private: &str) -> IssuerRules {
    IssuerRules {
        allowed: allowed.map(|text| AllowedIssuers {
            exact: parse_issuer_list(text).unwrap(),
            patterns: Vec::new(),
        }),
        static_keys: StaticKeys::default(),
        private: parse_host_port_list(private).unwrap(),
        github: GitHubActionsIssuers::of("https://api.github.com"),
        github_authority: "api.github.com:443".into(),
        event_authority: Some("events.example:443".into()),
        vets_addresses: true,
        any_issuer: false,
    }
}

/// A GitHub Enterprise Server on loopback, as in tests and the demo.
pub(super) fn server(private: &str) -> IssuerRules {
    IssuerRules {
        github: GitHubActionsIssuers::of("http://127.0.0.1:8080/api/v3"),
        github_authority: "127.0.0.1:8080".into(),
        ..rules(None, private)
    }
}

pub(super) fn admit(rules: &IssuerRules, issuer: &str) -> Result<Standing, NotAdmitted> {
    rules
        .admit(&Issuer::parse(issuer).unwrap())
        .map(|admitted| admitted.standing())
}

#[test]
fn without_a_list_public_names_on_443() {
    let rules = rules(None, "");
    for (issuer, verdict) in [
        (ACTIONS, Ok(Standing::Own)),
        (
            "https://token.actions.githubusercontent.com/octo-corp",
            Ok(Standing::Own),
        ),
        ("https://gitlab.com", Ok(Standing::Other)),
        ("https://gitlab.com:443/a", Ok(Standing::Other)),
        ("https://gitlab.com:", Ok(Standing::Other)),
        ("accounts.google.com", Ok(Standing::Other)),
        ("https://gitlab.com:8443", Err(NotAdmitted::Port)),
        ("https://gitlab.com:99999", Err(NotAdmitted::Port)),
        ("https://gitlab.com:0", Err(NotAdmitted::Port)),
        (
            "https://token.actions.githubusercontent.com:8443",
            Err(NotAdmitted::Port),
        ),
        ("https://10.0.0.1", Err(NotAdmitted::IpLiteral)),
        ("https://8.8.8.8", Err(NotAdmitted::IpLiteral)),
        ("https://8.8.8.8.", Err(NotAdmitted::IpLiteral)),
        ("https://2130706433", Err(NotAdmitted::IpLiteral)),
        ("https://0x7f.1", Err(NotAdmitted::IpLiteral)),
        ("https://[::1]", Err(NotAdmitted::IpLiteral)),
        ("http://localhost", Err(NotAdmitted::PlainHttp)),
        ("http://127.0.0.1:8080", Err(NotAdmitted::PlainHttp)),
        ("https://a..b", Err(NotAdmitted::HostName)),
        ("https://a'b", Err(NotAdmitted::HostName)),
        ("https://api.github.com", Err(NotAdmitted::GitHubAuthority)),
        (
            "https://API.github.com./x",
            Err(NotAdmitted::GitHubAuthority),
        ),
        ("https://events.example", Err(NotAdmitted::EventSink)),
    ] {
        assert_eq!(admit(&rules, issuer), verdict, "{issuer}");
    }
}

#[test]
fn a_list_names_the_only_ones() {
    let rules = rules(
        Some(
            "https://idp.example:8443/a https://10.0.0.1 http://localhost:9000 https://api.github.com",
        ),
        "idp.example:8443",
    );
    for (issuer, verdict) in [
        ("https://idp.example:8443/a", Ok(Standing::Listed)),
        ("https://10.0.0.1", Ok(Standing::Listed)),
        ("https://api.github.com", Ok(Standing::Listed)),
        // Plain http also needs its host and port among the private ones.
        ("http://localhost:9000", Err(NotAdmitted::PlainHttp)),
        ("https://idp.example:8443/a/", Err(NotAdmitted::NotListed)),
        ("https://IDP.example:8443/a", Err(NotAdmitted::NotListed)),
        ("https://idp.example:8443/b", Err(NotAdmitted::NotListed)),
        (ACTIONS, Err(NotAdmitted::NotListed)),
        ("https://gitlab.com", Err(NotAdmitted::NotListed)),
        ("https://10.0.0.2:1", Err(NotAdmitted::NotListed)),
    ] {
        assert_eq!(admit(&rules, issuer), verdict, "{issuer}");
    }
    assert_eq!(
        admit(&self::rules(Some(""), ""), ACTIONS),
        Err(NotAdmitted::NotListed)
    );
    assert_eq!(
        admit(&self::rules(Some(ACTIONS), ""), ACTIONS),
        Ok(Standing::Own)
    );
}

#[test]
fn private_hosts_and_ports() {
    let rules = rules(None, "localhost:9000 10.0.0.5:8443 idp.corp:8443");
    for (issuer, verdict) in [
        ("http://localhost:9000/a", Ok(Standing::Listed)),
        ("https://localhost:9000", Ok(Standing::Listed)),
        ("https://10.0.0.5:8443", Ok(Standing::Listed)),
        ("https://idp.corp:8443/realm", Ok(Standing::Listed)),
        ("https://idp.corp", Err(NotAdmitted::PrivateHost)),
        ("https://idp.corp.:22", Err(NotAdmitted::PrivateHost)),
        ("https://10.0.0.5", Err(NotAdmitted::PrivateHost)),
        ("http://localhost:9001", Err(NotAdmitted::PrivateHost)),
        ("https://10.0.0.6:8443", Err(NotAdmitted::IpLiteral)),
        ("http://127.0.0.1:9000", Err(NotAdmitted::PlainHttp)),
    ] {
        assert_eq!(admit(&rules, issuer), verdict, "{issuer}");
    }
}

#[test]
fn where_nobody_vets_addresses_issuers_are_named() {
    let blind = |allowed, private| IssuerRules {
        vets_addresses: false,
        ..rules(allowed, private)
    };
    assert_eq!(admit(&blind(None, ""), ACTIONS), Err(NotAdmitted::NoList));
    assert_eq!(
        admit(&blind(None, ""), "https://gitlab.com"),
        Err(NotAdmitted::NoList)
    );
    assert_eq!(admit(&blind(Some(ACTIONS), ""), ACTIONS), Ok(Standing::Own));
    assert_eq!(
        admit(&blind(None, "idp.corp:443"), "https://idp.corp"),
        Ok(Standing::Listed)
    );
    assert_eq!(
        admit(&blind(None, "idp.corp:443"), "https://gitlab.com"),
        Err(NotAdmitted::NoList)
    );
    let any = IssuerRules {
        any_issuer: true,
        ..blind(None, "")
    };
    assert_eq!(admit(&any, "https://gitlab.com"), Ok(Standing::Other));
    assert_eq!(admit(&any, "https://10.0.0.1"), Err(NotAdmitted::IpLiteral));
}

#[test]
fn a_servers_own_issuer_follows_its_base_url() {
    let rules = server("");
    assert_eq!(
        admit(&rules, "http://127.0.0.1:8080/_services/token"),
        Ok(Standing::Own)
    );
    for other in [
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8080/_services/token/a",
        "https://127.0.0.1:8080/_services/token",
    ] {
        assert_eq!(
            admit(&rules, other),
            Err(NotAdmitted::GitHubAuthority),
            "{other}"
        );
    }
    assert_eq!(
        admit(&rules, "http://localhost:8080/_services/token"),
        Err(NotAdmitted::PlainHttp)
    );
    assert_eq!(admit(&rules, ACTIONS), Ok(Standing::Other));
    let listed = IssuerRules {
        allowed: Some(AllowedIssuers::default()),
        ..server("")
    };
    assert_eq!(
        admit(&listed, "http://127.0.0.1:8080/_services/token"),
        Err(NotAdmitted::NotListed)
    );
}

/// Stands for every issuer that begins so.
#[derive(Debug)]
struct Below(&'static str);

impl IssuerPattern for Below {
    fn matches(&self, issuer: &str) -> bool {
        issuer.starts_with(self.0)
    }
}

fn described(exact: &str, below: &'static str) -> IssuerRules {
    IssuerRules {
        allowed: Some(AllowedIssuers {
            exact: parse_issuer_list(exact).unwrap(),
            patterns: vec![Arc::new(Below(below))],
        }),
        vets_addresses: false,
        ..rules(None, "idp.corp:22")
    }
}

#[test]
fn what_a_pattern_describes_is_admitted_as_a_stranger() {
    let rules = described("https://gitlab.com", "https://ci.example");
    for (issuer, verdict) in [
        ("https://gitlab.com", Ok(Standing::Listed)),
        ("https://ci.example/team", Ok(Standing::Other)),
        ("https://ci.example:8443", Ok(Standing::Other)),
        ("https://gitlab.com/team", Err(NotAdmitted::NotListed)),
        ("https://idp.corp:22", Err(NotAdmitted::NotListed)),
        (ACTIONS, Err(NotAdmitted::NotListed)),
    ] {
        assert_eq!(admit(&rules, issuer), verdict, "{issuer}");
    }
    let google = described("", "https://accounts.google.com");
    assert_eq!(admit(&google, "accounts.google.com"), Ok(Standing::Other));
    // Whoever writes a token chooses among what is described, and not among what is named.
    for (issuer, inventable) in [
        ("https://gitlab.com", false),
        ("https://ci.example/x", true),
    ] {
        let admitted = rules.admit(&Issuer::parse(issuer).unwrap()).unwrap();
        assert_eq!(admitted.is_inventable(), inventable, "{issuer}");
    }
}

#[test]
fn a_pattern_opens_no_place_that_is_closed() {
    let all = described("", "https://");
    for (issuer, error) in [
        ("https://api.github.com", NotAdmitted::GitHubAuthority),
        ("https://events.example", NotAdmitted::EventSink),
        ("https://idp.corp", NotAdmitted::PrivateHost),
        ("https://169.254.169.254/oidc", NotAdmitted::IpLiteral),
        ("https://[::1]", NotAdmitted::IpLiteral),
    ] {
        assert_eq!(admit(&all, issuer), Err(error), "{issuer}");
    }
    let tenant = all
        .admit(&Issuer::parse("https://tenant.example").unwrap())
        .unwrap();
    for (url, error) in [
        ("https://idp.corp:22/v1", NotAdmitted::PrivateHost),
        ("https://keys.example:22/", NotAdmitted::Port),
        ("https://10.0.0.1/", NotAdmitted::IpLiteral),
        ("https://api.github.com/x", NotAdmitted::GitHubAuthority),
    ] {
        assert_eq!(all.admit_url(&tenant, url), Err(error), "{url}");
        assert_eq!(all.admit_redirect(&tenant, url), Err(error), "{url}");
    }
    assert_eq!(all.admit_url(&tenant, "https://keys.example/k?a"), Ok(()));
}

#[test]
fn whose_keys_the_operator_knows_is_somebody() {
    let keys = r#"{"https://a.b":{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}}"#;
    let blind = IssuerRules {
        vets_addresses: false,
        ..rules(None, "")
    };
    let told = IssuerRules {
        static_keys: StaticKeys::parse(keys).unwrap(),
        ..blind.clone()
    };
    assert!(blind.admits_nobody() && !told.admits_nobody());
    // Its keys open no connection to it, nor to anybody else.
    for issuer in ["https://a.b", "https://c.d"] {
        assert_eq!(admit(&told, issuer), Err(NotAdmitted::NoList));
    }
}

#[test]
fn only_two_refusals_are_the_operators() {
    assert!(NotAdmitted::NotListed.is_by_operator() && NotAdmitted::NoList.is_by_operator());
    for other in [
        NotAdmitted::GitHubAuthority,
        NotAdmitted::EventSink,
        NotAdmitted::PrivateHost,
        NotAdmitted::Port,
        NotAdmitted::IpLiteral,
        NotAdmitted::HostName,
        NotAdmitted::PlainHttp,
        NotAdmitted::Url(UrlError::Text),
    ] {
        assert!(!other.is_by_operator(), "{other}");
    }
}

#[test]
fn strangers_can_invent_some_issuers() {
    let rules = rules(None, "idp.corp:443");
    let inventable = |rules: &IssuerRules, issuer: &str| {
        rules
            .admit(&Issuer::parse(issuer).unwrap())
            .unwrap()
            .is_inventable()
    };
    assert!(!inventable(&rules, ACTIONS));
    for issuer in [
        "https://token.actions.githubusercontent.com/x",
        "https://idp.corp/x",
        "https://gitlab.com",
    ] {
        assert!(inventable(&rules, issuer), "{issuer}");
        assert!(!inventable(
            &IssuerRules {
                allowed: Some(AllowedIssuers {
                    exact: parse_issuer_list(issuer).unwrap(),
                    patterns: Vec::new(),
                }),
                ..rules.clone()
            },
            issuer
        ));
    }
    assert!(!inventable(
        &server(""),
        "http://127.0.0.1:8080/_services/token"
    ));
}
