#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::settings::{parse_host_port_list, parse_issuer_list};

const ACTIONS: &str = "https://token.actions.githubusercontent.com";

fn rules(allowed: Option<&str>, private: &str) -> IssuerRules {
    IssuerRules {
        allowed: allowed.map(|text| parse_issuer_list(text).unwrap()),
        private: parse_host_port_list(private).unwrap(),
        github: GitHubActionsIssuers::of("https://api.github.com"),
        github_authority: "api.github.com:443".into(),
        event_authority: Some("events.example:443".into()),
        vets_addresses: true,
        any_issuer: false,
    }
}

/// A GitHub Enterprise Server on loopback, as in tests and the demo.
fn server(private: &str) -> IssuerRules {
    IssuerRules {
        github: GitHubActionsIssuers::of("http://127.0.0.1:8080/api/v3"),
        github_authority: "127.0.0.1:8080".into(),
        ..rules(None, private)
    }
}

fn admit(rules: &IssuerRules, issuer: &str) -> Result<Standing, NotAdmitted> {
    rules
        .admit(&Issuer::parse(issuer).unwrap())
        .map(|admitted| admitted.standing())
}

fn url(rules: &IssuerRules, issuer: &str, url: &str) -> Result<(), NotAdmitted> {
    rules.admit_url(&rules.admit(&Issuer::parse(issuer).unwrap()).unwrap(), url)
}

fn redirect(rules: &IssuerRules, issuer: &str, url: &str) -> Result<(), NotAdmitted> {
    rules.admit_redirect(&rules.admit(&Issuer::parse(issuer).unwrap()).unwrap(), url)
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
        allowed: Some(Vec::new()),
        ..server("")
    };
    assert_eq!(
        admit(&listed, "http://127.0.0.1:8080/_services/token"),
        Err(NotAdmitted::NotListed)
    );
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
                allowed: Some(parse_issuer_list(issuer).unwrap()),
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

#[test]
fn keys_of_an_issuer_that_nobody_listed() {
    let rules = rules(None, "idp.corp:8443 localhost:9000");
    for (address, verdict) in [
        ("https://gitlab.com/oauth/keys", Ok(())),
        ("https://keys.example/k?tenant=1", Ok(())),
        ("https://keys.example:443/k", Ok(())),
        ("https://keys.example:8443/k", Err(NotAdmitted::Port)),
        ("http://gitlab.com/keys", Err(NotAdmitted::PlainHttp)),
        ("http://localhost/keys", Err(NotAdmitted::PrivateHost)),
        ("http://127.0.0.1/keys", Err(NotAdmitted::PlainHttp)),
        ("http://localhost:9000/keys", Err(NotAdmitted::PrivateHost)),
        ("https://idp.corp:8443/keys", Err(NotAdmitted::PrivateHost)),
        ("https://idp.corp/keys", Err(NotAdmitted::PrivateHost)),
        (
            "https://api.github.com/app",
            Err(NotAdmitted::GitHubAuthority),
        ),
        (
            "https://api.github.com.:443/app",
            Err(NotAdmitted::GitHubAuthority),
        ),
        ("https://events.example?x", Err(NotAdmitted::EventSink)),
        (
            "https://169.254.169.254/latest",
            Err(NotAdmitted::IpLiteral),
        ),
        (
            "https://[fd00:ec2::254]/latest",
            Err(NotAdmitted::IpLiteral),
        ),
        ("https://a'b/k", Err(NotAdmitted::HostName)),
        (
            "https://u@gitlab.com/k",
            Err(NotAdmitted::Url(UrlError::UserInfo)),
        ),
        (
            "https://gitlab.com/k#",
            Err(NotAdmitted::Url(UrlError::Fragment)),
        ),
        ("gitlab.com", Err(NotAdmitted::Url(UrlError::Scheme))),
    ] {
        assert_eq!(
            url(&rules, "https://gitlab.com", address),
            verdict,
            "{address}"
        );
    }
}

#[test]
fn keys_of_a_listed_issuer() {
    let private = rules(None, "idp.corp:8443 10.0.0.5:443 localhost:9000");
    let named = rules(Some("https://idp.example"), "10.0.0.5:443 localhost:9000");
    for (rules, issuer) in [
        (&private, "https://idp.corp:8443"),
        (&named, "https://idp.example"),
    ] {
        for (address, verdict) in [
            ("https://10.0.0.5/keys", Ok(())),
            ("http://localhost:9000/keys", Ok(())),
            ("https://keys.example:9443/keys", Ok(())),
            ("https://10.0.0.5:22/keys", Err(NotAdmitted::PrivateHost)),
            ("https://10.0.0.6/keys", Err(NotAdmitted::IpLiteral)),
            ("http://localhost:9001/keys", Err(NotAdmitted::PrivateHost)),
            ("http://10.0.0.5:443/keys", Err(NotAdmitted::PlainHttp)),
            (
                "https://api.github.com/keys",
                Err(NotAdmitted::GitHubAuthority),
            ),
            ("https://events.example/keys", Err(NotAdmitted::EventSink)),
        ] {
            assert_eq!(url(rules, issuer, address), verdict, "{issuer} {address}");
        }
    }
    let address = rules(Some("https://10.0.0.7:8443"), "");
    assert_eq!(
        url(
            &address,
            "https://10.0.0.7:8443",
            "https://10.0.0.7:8443/keys"
        ),
        Ok(())
    );
    assert_eq!(
        url(
            &address,
            "https://10.0.0.7:8443",
            "http://10.0.0.7:8443/keys"
        ),
        Err(NotAdmitted::PlainHttp)
    );
}

#[test]
fn keys_of_a_servers_own_issuer() {
    let own = "http://127.0.0.1:8080/_services/token";
    let rules = server("127.0.0.1:9000");
    for (address, verdict) in [
        (
            "http://127.0.0.1:8080/_services/token/.well-known/jwks",
            Ok(()),
        ),
        ("http://127.0.0.1:9000/keys", Ok(())),
        ("https://keys.example/k", Ok(())),
        ("http://127.0.0.1:8081/keys", Err(NotAdmitted::PrivateHost)),
        ("http://localhost:8080/keys", Err(NotAdmitted::PlainHttp)),
    ] {
        assert_eq!(url(&rules, own, address), verdict, "{address}");
    }
    // The issuer beside it, listed, has its own place and not GitHub's.
    let beside = "http://127.0.0.1:9000";
    assert_eq!(url(&rules, beside, "http://127.0.0.1:9000/keys"), Ok(()));
    assert_eq!(
        url(&rules, beside, "http://127.0.0.1:8080/api/v3/app"),
        Err(NotAdmitted::GitHubAuthority)
    );
    assert_eq!(
        url(
            &server(""),
            "https://gitlab.com",
            "https://127.0.0.1:8080/keys"
        ),
        Err(NotAdmitted::GitHubAuthority)
    );
}

#[test]
fn redirects_are_https() {
    let rules = server("localhost:9000");
    for (issuer, address, verdict) in [
        ("https://gitlab.com", "https://www.gitlab.com/x?y", Ok(())),
        (
            "https://gitlab.com",
            "http://gitlab.com/x",
            Err(NotAdmitted::PlainHttp),
        ),
        (
            "https://gitlab.com",
            "https://localhost:9000/x",
            Err(NotAdmitted::PrivateHost),
        ),
        (
            "https://gitlab.com",
            "https://127.0.0.1/x",
            Err(NotAdmitted::IpLiteral),
        ),
        (
            "https://gitlab.com",
            "/x",
            Err(NotAdmitted::Url(UrlError::Scheme)),
        ),
        ("http://localhost:9000", "https://localhost:9000/x", Ok(())),
        (
            "http://localhost:9000",
            "http://localhost:9000/x",
            Err(NotAdmitted::PlainHttp),
        ),
        (
            "http://127.0.0.1:8080/_services/token",
            "http://127.0.0.1:8080/x",
            Err(NotAdmitted::PlainHttp),
        ),
    ] {
        assert_eq!(
            redirect(&rules, issuer, address),
            verdict,
            "{issuer} {address}"
        );
    }
}
