//! Requests as clients of octo-sts send them, and what is no request.
#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;

fn incoming(query: &str, content_type: &str, body: &str) -> Incoming {
    Incoming {
        protocol: Protocol::Sts,
        query: query.into(),
        content_type: Some(content_type.into()),
        body: body.into(),
        authorization: vec!["Bearer a.b.c".into()],
        user_agent: None,
    }
}

fn read(query: &str, content_type: &str, body: &str) -> Result<(String, String), ExchangeError> {
    TokenExchangeRequest::read(&incoming(query, content_type, body), "")
        .map(|request| (request.scope, request.identity))
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json; charset=utf-8";

#[test]
fn every_client_of_octo_sts_is_understood() {
    let wanted = Ok(("o/r".to_owned(), "ci".to_owned()));
    for (query, content_type, body) in [
        ("scope=o/r&scopes=o/r&identity=ci", "", ""),
        ("scope=o%2Fr&identity=ci", "text/plain", "anything"),
        ("", FORM, "scopes=o%2Fr&identity=ci&aud=x&cap=y"),
        ("scope=o/r", FORM, "scope=o/r&identity=ci"),
        (
            "",
            JSON,
            r#"{"scope":"o/r","identity":"ci","aud":["x"],"n":1}"#,
        ),
        ("", JSON, r#"{"scopes":["o/r"],"identity":"ci"}"#),
        ("scope=o/r&identity=ci", JSON, ""),
    ] {
        assert_eq!(
            read(query, content_type, body),
            wanted,
            "{query} {content_type} {body}"
        );
    }
    assert_eq!(read("", "", ""), Ok((String::new(), String::new())));
}

#[test]
fn two_values_are_an_error_and_not_a_choice() {
    for (query, content_type, body, error) in [
        ("scopes=a&scopes=b", "", "", ExchangeError::SeveralScopes),
        ("scope=a&scopes=b", "", "", ExchangeError::SeveralScopes),
        (
            "scope=a&scope=b",
            "",
            "",
            ExchangeError::TooManyValues("scope"),
        ),
        (
            "identity=a",
            FORM,
            "identity=b",
            ExchangeError::TooManyValues("identity"),
        ),
        (
            "",
            JSON,
            r#"{"scopes":["a","b"]}"#,
            ExchangeError::SeveralScopes,
        ),
        ("scope=%zz", "", "", ExchangeError::UnreadableParameters),
        ("scope=%f", "", "", ExchangeError::UnreadableParameters),
        ("scope=%ff", "", "", ExchangeError::UnreadableParameters),
        ("", JSON, "[]", ExchangeError::UnreadableParameters),
        ("", JSON, "{", ExchangeError::UnreadableParameters),
        (
            "",
            JSON,
            r#"{"scope":1}"#,
            ExchangeError::UnreadableParameters,
        ),
        (
            "permissions=contents:read&permissions=contents:write",
            "",
            "",
            ExchangeError::TooManyValues("permissions"),
        ),
        (
            "repositories=a",
            JSON,
            r#"{"repositories":["a","b"]}"#,
            ExchangeError::TooManyValues("repositories"),
        ),
        (
            "",
            JSON,
            r#"{"permissions":null}"#,
            ExchangeError::UnreadableParameters,
        ),
        (
            "",
            JSON,
            r#"{"permissions":["contents:read"]}"#,
            ExchangeError::UnreadableParameters,
        ),
        (
            "",
            JSON,
            r#"{"permissions":{"contents":1}}"#,
            ExchangeError::UnreadableParameters,
        ),
        (
            "",
            JSON,
            r#"{"repositories":{"a":"b"}}"#,
            ExchangeError::UnreadableParameters,
        ),
        (
            "",
            JSON,
            r#"{"repositories":[1]}"#,
            ExchangeError::UnreadableParameters,
        ),
    ] {
        assert_eq!(
            read(query, content_type, body),
            Err(error),
            "{query} {body}"
        );
    }
}

#[test]
fn less_is_asked_for_in_either_form() {
    let narrowing = |query, content_type, body| {
        TokenExchangeRequest::read(&incoming(query, content_type, body), "")
            .map(|all| all.narrowing)
    };
    let pair = |name: &str, level: &str| (name.to_owned(), level.to_owned());
    let wanted = UnverifiedNarrowing {
        permissions: Some(vec![pair("contents", "read"), pair("issues", "write")]),
        repositories: Some(vec!["a".to_owned(), "b".to_owned()]),
    };
    let form = "permissions=contents:read,issues:write&repositories=a,b";
    let json = r#"{"permissions":{"contents":"read","issues":"write"},"repositories":["a","b"]}"#;
    for (query, content_type, body) in [
        (form, "", ""),
        ("", FORM, form),
        (form, FORM, form),
        ("", JSON, json),
        (form, JSON, json),
    ] {
        assert_eq!(narrowing(query, content_type, body), Ok(wanted.clone()));
    }
    let empty = UnverifiedNarrowing {
        permissions: Some(Vec::new()),
        repositories: Some(Vec::new()),
    };
    assert_eq!(
        narrowing("permissions=&repositories=", "", ""),
        Ok(empty.clone())
    );
    let json = r#"{"permissions":{},"repositories":[]}"#;
    assert_eq!(narrowing("", JSON, json), Ok(empty));
    // One name is no two, whatever is in it.
    let odd = narrowing("", JSON, r#"{"permissions":{"a:read,b":"write"}}"#).unwrap();
    assert_eq!(odd.permissions, Some(vec![pair("a:read,b", "write")]));
    assert_eq!(narrowing("", "", ""), Ok(UnverifiedNarrowing::default()));
}

#[test]
fn exactly_one_credential() {
    let with = |headers: &[&str]| {
        let authorization = headers.iter().map(ToString::to_string).collect();
        let incoming = Incoming {
            authorization,
            ..incoming("", "", "")
        };
        TokenExchangeRequest::read(&incoming, "").map(|request| request.unverified_token)
    };
    for header in ["Bearer a.b.c", "a.b.c", "Bearer  a.b.c"] {
        assert_eq!(with(&[header]), Ok("a.b.c".into()));
    }
    assert_eq!(with(&[]), Err(ExchangeError::AuthorizationCount));
    assert_eq!(
        with(&["a.b.c", "a.b.c"]),
        Err(ExchangeError::AuthorizationCount)
    );
    assert_eq!(
        with(&[&"x".repeat(MAX_BEARER + 1)]),
        Err(ExchangeError::RequestTooLarge)
    );
    assert_eq!(with(&["bearer a.b.c"]), Ok("bearer a.b.c".into()));
}
