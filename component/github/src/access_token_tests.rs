//! What a mint's answer may be, and what makes it wider.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use super::*;
use serde_json::{Value, json};

fn asked(reach: Reach) -> AccessTokenRequest {
    AccessTokenRequest {
        permissions: Permissions::from([("contents".into(), Level::Write)]),
        reach,
    }
}

fn body() -> Value {
    json!({
        "token": "ghs_abc", "expires_at": "2026-11-20T22:00:00Z",
        "permissions": {"contents": "write", "metadata": "read"}, "repository_selection": "selected",
        "repositories": [{"id": 9, "name": "app", "full_name": "Acme/app", "private": true, "owner": {"login": "Acme", "id": 42}}],
    })
}

fn answer(body: &Value) -> Minted {
    read(
        &Response::builder()
            .status(201)
            .body(body.to_string().into_bytes())
            .unwrap(),
        0,
    )
}

fn check(change: impl FnOnce(&mut Value), reach: Reach) -> Result<(), Wider> {
    let mut body = body();
    change(&mut body);
    let token = answer(&body).answer.unwrap();
    let asked = asked(reach);
    let owner = Owner::parse("acme").unwrap();
    let narrow = token.no_wider_than(&asked);
    narrow.and(token.belongs_to(&asked.reach, &owner, 42))
}

#[test]
fn what_was_asked_for_passes() {
    for reach in [
        Reach::Id(9),
        Reach::Names(vec!["APP".into(), "other".into()]),
        Reach::All,
    ] {
        assert_eq!(check(|_| {}, reach), Ok(()));
    }
    assert_eq!(
        check(
            |body| body["permissions"]["contents"] = json!("read"),
            Reach::Id(9)
        ),
        Ok(())
    );
    let everything = |body: &mut Value| {
        body["repository_selection"] = json!("all");
        body.as_object_mut().unwrap().remove("repositories");
    };
    assert_eq!(check(everything, Reach::All), Ok(()));
    let silent = |body: &mut Value| {
        body.as_object_mut().unwrap().remove("repository_selection");
    };
    assert_eq!(
        check(silent, Reach::Id(9)),
        Ok(()),
        "the repositories are compared"
    );
}

#[test]
fn wider_permissions_are_refused() {
    let extra = |name: &str| Err(Wider::Permission(name.into()));
    assert_eq!(
        check(
            |body| body["permissions"]["issues"] = json!("read"),
            Reach::Id(9)
        ),
        extra("issues")
    );
    assert_eq!(
        check(
            |body| body["permissions"]["contents"] = json!("admin"),
            Reach::Id(9)
        ),
        extra("contents")
    );
    assert_eq!(
        check(
            |body| body["permissions"]["metadata"] = json!("write"),
            Reach::Id(9)
        ),
        extra("metadata")
    );
    assert_eq!(
        check(|body| body["permissions"] = json!(null), Reach::Id(9)),
        Err(Wider::PermissionsMissing)
    );
}

#[test]
fn wider_reach_is_refused() {
    let other = json!({"id": 10, "name": "other", "full_name": "acme/other", "private": true, "owner": {"id": 42}});
    let more = |body: &mut Value| {
        body["repositories"]
            .as_array_mut()
            .unwrap()
            .push(other.clone())
    };
    assert_eq!(
        check(more, Reach::Id(9)),
        Err(Wider::Repository("acme/other".into()))
    );
    assert_eq!(
        check(more, Reach::Names(vec!["app".into()])),
        Err(Wider::Repository("acme/other".into()))
    );
    assert_eq!(
        check(
            |body| body["repository_selection"] = json!("all"),
            Reach::Id(9)
        ),
        Err(Wider::Everything)
    );
    assert_eq!(
        check(
            |body| body["repository_selection"] = json!("some"),
            Reach::Id(9)
        ),
        Err(Wider::Everything)
    );
    assert_eq!(
        check(|body| body["repositories"] = json!([]), Reach::Id(9)),
        Err(Wider::RepositoriesMissing)
    );
    assert_eq!(
        check(|body| body["repositories"] = json!(null), Reach::Id(9)),
        Err(Wider::RepositoriesMissing)
    );
}

#[test]
fn another_owner_is_refused_even_by_the_same_name() {
    let renamed = Err(Wider::Repository("acme2/app".into()));
    assert_eq!(
        check(
            |body| body["repositories"][0]["full_name"] = json!("acme2/app"),
            Reach::All
        ),
        renamed
    );
    let recycled = Err(Wider::Repository("Acme/app".into()));
    assert_eq!(
        check(
            |body| body["repositories"][0]["owner"]["id"] = json!(43),
            Reach::Id(9)
        ),
        recycled
    );
}

#[test]
fn the_token_is_found_whatever_comes_after_it() {
    let whole = body().to_string();
    for cut in [
        r#"{"token":"ghs_abc""#,
        r#"{"x":[1,{}],"token":"ghs_abc","#,
        r#"{"token":"ghs_abc","repositories":[{"id""#,
    ] {
        assert_eq!(
            find_token(cut.as_bytes()).unwrap().reveal(),
            "ghs_abc",
            "{cut}"
        );
    }
    assert_eq!(find_token(whole.as_bytes()).unwrap().reveal(), "ghs_abc");
    for none in ["", "[]", r#"{"a":{"token":"ghs_inner"}}"#, r#"{"token":7}"#] {
        assert!(find_token(none.as_bytes()).is_none(), "{none}");
    }
    let spoilt = answer(&json!({"token": "ghs_abc", "expires_at": "soon"}));
    assert!(spoilt.token.is_some() && spoilt.answer.is_err());
    let level = answer(
        &json!({"token": "ghs_abc", "expires_at": "2026-11-20T22:00:00Z", "permissions": {"a": "owner"}}),
    );
    assert!(level.token.is_some() && matches!(level.answer, Err(Failure::Unreadable(_))));
}

#[test]
fn the_request_names_what_it_wants_and_nothing_else() {
    let text = |reach| serde_json::to_string(&asked(reach)).unwrap();
    assert_eq!(text(Reach::All), r#"{"permissions":{"contents":"write"}}"#);
    assert_eq!(
        text(Reach::Id(9)),
        r#"{"repository_ids":[9],"permissions":{"contents":"write"}}"#
    );
    assert_eq!(
        text(Reach::Names(vec!["a".into()])),
        r#"{"repositories":["a"],"permissions":{"contents":"write"}}"#
    );
}

#[test]
fn an_answer_without_repositories_belongs_to_nobody_that_was_named() {
    let mut silent = body();
    silent["repositories"] = json!([]);
    let token = answer(&silent).answer.unwrap();
    let owner = Owner::parse("acme").unwrap();
    for reach in [Reach::Id(9), Reach::Names(vec!["app".into()])] {
        assert_eq!(
            token.belongs_to(&reach, &owner, 42),
            Err(Wider::RepositoriesMissing)
        );
    }
    assert_eq!(token.belongs_to(&Reach::All, &owner, 42), Ok(()));
}
