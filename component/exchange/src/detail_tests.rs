//! Who is told what (rules 2 and 3).
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::settings::{App, Pool, Traits};
use serde_json::{Map, json};

const ACTIONS: &str = "https://token.actions.githubusercontent.com";

fn settings(rows: &[(&str, &str)]) -> Settings {
    let get = |name: &str| match rows.iter().find(|(row, _)| row.eq_ignore_ascii_case(name)) {
        Some((_, value)) => Some((*value).to_owned()),
        None => (name == "sts_domain").then(|| "sts".to_owned()),
    };
    let pools = vec![Pool {
        owner: "*".into(),
        apps: vec![App { id: 7, name: None }],
    }];
    Settings::read(
        &get,
        pools,
        Traits {
            vets_addresses: true,
            outlives: true,
            atomic: true,
        },
    )
    .unwrap()
}

fn claims(issuer: &str, owner_id: &str, repository_id: &str) -> Claims {
    let value = json!({
        "iss": issuer, "sub": "s", "aud": "sts", "exp": 1, "repository_owner_id": owner_id, "repository_id": repository_id,
    });
    Claims::from_json(value.as_object().cloned().unwrap_or_else(Map::new)).unwrap()
}

fn sight(rows: &[(&str, &str)], private: bool, claims: &Claims) -> Sight {
    let installation = Installation {
        id: 1,
        account_id: 42,
        login: "acme".into(),
        suspended: false,
        permissions: Vec::new(),
    };
    Seen {
        settings: &settings(rows),
        claims,
        installation: &installation,
        repository_id: 9,
        private,
    }
    .sight()
}

#[test]
fn a_public_policy_is_no_secret() {
    assert_eq!(
        sight(&[], false, &claims("https://stranger.example", "1", "1")),
        Sight::Everything
    );
}

#[test]
fn a_private_policy_is_shown_by_who_asks() {
    assert_eq!(
        sight(&[], true, &claims(ACTIONS, "42", "9")),
        Sight::Everything
    );
    assert_eq!(sight(&[], true, &claims(ACTIONS, "42", "10")), Sight::Rule);
    assert_eq!(
        sight(&[], true, &claims(ACTIONS, "43", "9")),
        Sight::Nothing
    );
    assert_eq!(
        sight(&[], true, &claims(&format!("{ACTIONS}/slug"), "42", "9")),
        Sight::Everything
    );
}

#[test]
fn an_owner_is_believed_only_from_this_githubs_own_issuer() {
    for issuer in [
        "https://stranger.example",
        "https://token.actions.githubusercontent.com.evil.example",
        "https://token.actions.githubusercontent.com/a/b",
    ] {
        assert_eq!(
            sight(&[], true, &claims(issuer, "42", "9")),
            Sight::Nothing,
            "{issuer}"
        );
    }
}

#[test]
fn the_operator_may_name_who_sees_as_much() {
    let named = [("OCTOSTS_DETAIL_FOR", "77, https://ops.example")];
    assert_eq!(
        sight(&named, true, &claims(ACTIONS, "77", "1")),
        Sight::Everything
    );
    assert_eq!(
        sight(&named, true, &claims("https://ops.example", "1", "1")),
        Sight::Everything
    );
    assert_eq!(
        sight(&named, true, &claims("https://stranger.example", "77", "1")),
        Sight::Nothing
    );
}

#[test]
fn all_and_none_are_for_everybody() {
    let stranger = claims("https://stranger.example", "1", "1");
    assert_eq!(
        sight(&[("OCTOSTS_REFUSAL_DETAIL", "all")], true, &stranger),
        Sight::Everything
    );
    assert_eq!(
        sight(
            &[("OCTOSTS_REFUSAL_DETAIL", "none")],
            false,
            &claims(ACTIONS, "42", "9")
        ),
        Sight::Nothing
    );
}

#[test]
fn with_none_a_policy_that_refuses_and_one_that_is_not_there_answer_alike() {
    let not_there = ExchangeError::PolicyNotFound {
        identity: "ci".into(),
    };
    let none = settings(&[("OCTOSTS_REFUSAL_DETAIL", "none")]);
    for error in [
        ExchangeError::Denied("x".into()),
        ExchangeError::AudienceNotAccepted,
        ExchangeError::PolicyForbidden {
            identity: "ci".into(),
        },
        ExchangeError::PolicyInvalid {
            identity: "ci".into(),
            stage: PolicyStage::Parse,
            reason: Some("line 1".into()),
        },
        not_there.clone(),
    ] {
        let refusal = masked(&none, "ci", Refusal::new(error.clone(), "because"));
        assert_eq!(refusal.public(), &not_there);
        assert_eq!(refusal.error, error, "the record says what happened");
    }
    let other = Refusal::new(
        ExchangeError::Suspended {
            owner: "acme".into(),
        },
        "",
    );
    assert_eq!(masked(&none, "ci", other.clone()), other);
}
