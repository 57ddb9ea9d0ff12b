//! docs/ERRORS.md and the code are one table, and bodies have the form that clients read.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use exchange::error::PolicyStage;
use serde_json::Value;
use std::collections::BTreeSet;

/// One of each error, with the words that the page uses. `variant` below makes sure that none is missing.
fn every_error() -> Vec<ExchangeError> {
    let (owner, what, identity) = (
        || "OWNER".to_owned(),
        || "NAME".to_owned(),
        || "NAME".to_owned(),
    );
    let invalid = |stage| ExchangeError::PolicyInvalid {
        identity: identity(),
        stage,
        reason: None,
    };
    let retry_after = 5;
    vec![
        ExchangeError::SeveralScopes,
        ExchangeError::TooManyValues("NAME"),
        ExchangeError::UnreadableParameters,
        ExchangeError::Narrowing {
            parameter: "NAME",
            problem: "WHAT".into(),
        },
        ExchangeError::TokenRequest {
            code: OAuthErrorCode::InvalidRequest,
            problem: "WHAT",
        },
        ExchangeError::TooManyRequests { retry_after },
        ExchangeError::TooManyRefusals { retry_after },
        ExchangeError::NoScope,
        ExchangeError::NoIdentity,
        ExchangeError::MalformedScope,
        ExchangeError::MalformedIdentity,
        ExchangeError::AuthorizationCount,
        ExchangeError::MalformedToken,
        ExchangeError::IssuerFormat,
        ExchangeError::ClaimFormat("CLAIM"),
        ExchangeError::IssuerNotPermitted,
        ExchangeError::ProviderRefused,
        ExchangeError::ProviderUnavailable { retry_after },
        ExchangeError::NotVerified,
        ExchangeError::KeysPending { retry_after },
        ExchangeError::NoApp { owner: owner() },
        ExchangeError::NotInstalled { owner: owner() },
        ExchangeError::Suspended { owner: owner() },
        ExchangeError::Limited {
            what: what(),
            retry_after,
        },
        ExchangeError::AppRefused,
        ExchangeError::OrganisationIssuer,
        ExchangeError::OrganisationIssuersInvalid,
        ExchangeError::OrganisationUnavailable { retry_after },
        ExchangeError::OrganisationLimited { retry_after },
        ExchangeError::OrganisationRequired,
        ExchangeError::GuardRail,
        ExchangeError::GuardRailsInvalid,
        ExchangeError::PolicyNotFound {
            identity: identity(),
        },
        invalid(PolicyStage::Read),
        invalid(PolicyStage::Parse),
        invalid(PolicyStage::Compile),
        ExchangeError::PolicyForbidden {
            identity: identity(),
        },
        ExchangeError::GitHubUnavailable { retry_after },
        ExchangeError::AudienceNotAccepted,
        ExchangeError::Denied("token does not match trust policy".into()),
        ExchangeError::NoAppMatches,
        ExchangeError::AlreadyUsed,
        ExchangeError::NotForOnce,
        ExchangeError::UseNotRecorded { retry_after },
        ExchangeError::MintUnprocessable,
        ExchangeError::MintForbidden,
        ExchangeError::MintUnavailable { retry_after },
        ExchangeError::TokenWider,
        ExchangeError::NotRecorded { retry_after },
        ExchangeError::Deadline,
        ExchangeError::NotConfigured { retry_after },
        ExchangeError::RequestTooLarge,
        ExchangeError::WrongMethod { allow: "GET" },
        ExchangeError::NoSuchPath,
        ExchangeError::RefreshTokens,
        ExchangeError::Internal,
    ]
}

type Row = (String, String, String, String, bool);

fn row(error: &ExchangeError) -> Row {
    let (code, status) = code_and_status(error);
    (
        code.to_string(),
        status.to_string(),
        error.key().to_owned(),
        error.to_string(),
        error.retry_after().is_some(),
    )
}

/// The rows of the page that the component answers; the host's own one is compared by the host's test.
fn documented() -> BTreeSet<Row> {
    let page = include_str!("../../../docs/ERRORS.md");
    let rows = page.lines().filter_map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [what, code, status, key, message] = cells[..] else {
            return None;
        };
        code.parse::<u8>().ok()?;
        let retry = what.contains("(R)");
        Some((
            code.to_owned(),
            status.to_owned(),
            key.to_owned(),
            message.to_owned(),
            retry,
        ))
    });
    rows.filter(|row| row.3 != "server is busy").collect()
}

#[test]
fn the_page_and_the_code_are_one_table() {
    let coded: BTreeSet<Row> = every_error().iter().map(row).collect();
    let documented = documented();
    assert!(documented.len() > 30, "the page was not read");
    assert_eq!(
        documented.difference(&coded).collect::<Vec<_>>(),
        Vec::<&Row>::new(),
        "only on the page"
    );
    assert_eq!(
        coded.difference(&documented).collect::<Vec<_>>(),
        Vec::<&Row>::new(),
        "only in the code"
    );
}

#[test]
fn the_list_above_names_every_variant() {
    let source = include_str!("../../exchange/src/error.rs");
    let body = source
        .split("pub enum ExchangeError {")
        .nth(1)
        .unwrap()
        .split("\n}")
        .next()
        .unwrap();
    let variants: BTreeSet<&str> = body
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()))
        .map(|line| {
            line.split(|c: char| !c.is_ascii_alphanumeric())
                .next()
                .unwrap()
        })
        .collect();
    let listed: BTreeSet<String> = every_error()
        .iter()
        .map(|error| {
            format!("{error:?}")
                .split(|c: char| !c.is_ascii_alphanumeric())
                .next()
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(variants, listed.iter().map(String::as_str).collect());
}

#[test]
fn a_refusal_has_the_form_that_clients_read() {
    let response = refused(
        &ExchangeError::Limited {
            what: "acme".into(),
            retry_after: 90_000,
        },
        "abc",
    );
    let body: Value = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "3600");
    assert_eq!(response.headers()["octo-sts-decision"], "abc");
    let expected = serde_json::json!({
        "code": 8, "message": "GitHub API rate limit exceeded for \"acme\"", "details": [], "error": "rate_limited",
        "decision": "abc",
    });
    assert_eq!(body, expected);
}

#[test]
fn a_challenge_says_what_was_sent() {
    let challenge = |error| refused(&error, "abc").headers()["www-authenticate"].clone();
    assert_eq!(challenge(ExchangeError::AuthorizationCount), "Bearer");
    assert_eq!(
        challenge(ExchangeError::NotVerified),
        "Bearer error=\"invalid_token\""
    );
    assert!(
        !refused(&ExchangeError::MalformedToken, "abc")
            .headers()
            .contains_key("www-authenticate")
    );
}
