//! A discovery document, and where it sends us.

use http::Uri;
use oidc::{
    GitHubActionsIssuers, HostPort, Issuer, IssuerRules, MAX_DOCUMENT, ProviderMetadata,
    StaticKeys, parse_host_port_list,
};

pub(crate) const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\/",
    "\\u002f",
    "null",
    "\"issuer\":\"https://issuer.example\"",
    "\"jwks_uri\":\"https://issuer.example/keys\"",
    "\"id_token_signing_alg_values_supported\":[\"ES256\"]",
    "https://",
    "http://",
    "HTTPS://",
    "api.github.com",
    "idp.corp:22",
    "127.0.0.1",
    "[::1]",
    "localhost",
    "@",
    "#",
    "?",
    "\\\\",
    "%2e",
    ":443",
    ":8443",
    ":0",
    "//",
    "/../",
    "..",
    "\\t",
    "0x7f.1",
    "2130706433",
    "\u{3002}",
    "\u{ff0f}",
];

const LISTED: &str = "localhost:9000 idp.corp:22";

/// What we would connect to is what the library that connects reads in the same text.
pub fn discovery(bytes: &[u8]) -> bool {
    let issuer = Issuer::parse("https://issuer.example").unwrap();
    let Ok(metadata) = ProviderMetadata::parse(bytes, &issuer) else {
        return false;
    };
    assert!(bytes.len() <= MAX_DOCUMENT);
    assert_eq!(metadata.issuer(), &issuer);
    assert!(!metadata.algorithms().is_empty());
    let rules = IssuerRules {
        allowed: None,
        private: parse_host_port_list(LISTED).unwrap(),
        static_keys: StaticKeys::default(),
        github: GitHubActionsIssuers::of("https://api.github.com"),
        github_authority: "api.github.com:443".to_owned(),
        event_authority: None,
        vets_addresses: true,
        any_issuer: false,
    };
    let admitted = rules.admit(&issuer).unwrap();
    let url = metadata.jwks_uri();
    let redirect = rules.admit_redirect(&admitted, url);
    if rules.admit_url(&admitted, url).is_err() {
        assert!(redirect.is_err(), "a redirect leads nowhere else");
        return false;
    }
    // What the library cannot read is not connected to.
    if let Ok(uri) = url.parse::<Uri>() {
        assert_eq!(uri.scheme_str(), Some("https"), "{url}");
        let authority = uri.authority().unwrap();
        assert!(!authority.as_str().contains('@'), "{url}");
        let port = authority.port_u16().unwrap_or(443);
        assert_eq!(port, 443, "{url}");
        let at = HostPort::parse(&format!("{}:{port}", authority.host())).unwrap();
        assert!(!at.is_ip_literal(), "{url}");
        let reserved = ["api.github.com", "localhost", "idp.corp"];
        assert!(!reserved.contains(&at.host()), "{url}");
    }
    true
}
