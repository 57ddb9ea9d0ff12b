//! Finding an App's installation for an owner
//! (<https://docs.github.com/rest/apps/apps>).

use crate::Owner;
use crate::failure::{Failure, success};
use http::Response;
use serde::{Deserialize, Serialize};

/// What the service needs to know of an installation. Kept in the cache as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation {
    /// The installation's id.
    pub id: u64,
    /// The account's numeric id: it stays when the account is renamed, and a recycled login has another (rule 1).
    pub account_id: u64,
    /// The account's login, as GitHub writes it.
    pub login: String,
    /// Whether GitHub refuses every token for it.
    pub suspended: bool,
    /// What the owner granted the App.
    pub permissions: Vec<String>,
}

/// A user or an organisation; an enterprise has no login, and no repositories.
#[derive(Deserialize)]
struct Account {
    #[serde(default)]
    login: Option<String>,
    id: u64,
}

#[derive(Deserialize)]
struct Body {
    id: u64,
    account: Option<Account>,
    #[serde(default)]
    suspended_at: Option<String>,
    #[serde(default)]
    permissions: serde_json::Map<String, serde_json::Value>,
}

impl Body {
    /// `None` for what is no user's or organisation's: it must not spoil a page that others are on.
    fn installation(self) -> Option<Installation> {
        let account = self.account?;
        Some(Installation {
            id: self.id,
            account_id: account.id,
            login: account.login?,
            suspended: self.suspended_at.is_some(),
            permissions: self.permissions.into_iter().map(|(name, _)| name).collect(),
        })
    }
}

impl Installation {
    /// Whether this is the owner's installation: logins compare without case.
    #[must_use]
    pub fn belongs_to(&self, owner: &Owner) -> bool {
        self.login.eq_ignore_ascii_case(owner.as_str())
    }

    /// Whether the owner granted the App a permission of this name, at whatever level.
    #[must_use]
    pub fn lists(&self, permission: &str) -> bool {
        self.permissions.iter().any(|name| name == permission)
    }
}

/// One page of `GET /app/installations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The installations on it.
    pub installations: Vec<Installation>,
    /// Whether it is the only page, so that an owner who is not on it has no installation.
    pub complete: bool,
}

/// Reads `GET /app/installations`.
///
/// # Errors
/// [`Failure`], also for a body that is no list of installations.
pub fn read_page(answer: &Response<Vec<u8>>, now: i64) -> Result<Page, Failure> {
    let bodies: Vec<Body> = json(success(answer, now)?)?;
    Ok(Page {
        installations: bodies.into_iter().filter_map(Body::installation).collect(),
        complete: !answer
            .headers()
            .get_all("link")
            .iter()
            .any(|link| names_next(link.as_bytes())),
    })
}

/// Reads `GET /orgs/{org}/installation` or `GET /users/{user}/installation`; `None` is GitHub's 404.
///
/// # Errors
/// [`Failure`] for anything else than an installation or "none".
pub fn read_one(answer: &Response<Vec<u8>>, now: i64) -> Result<Option<Installation>, Failure> {
    match success(answer, now) {
        Ok(body) => json::<Body>(body).map(Body::installation),
        Err(Failure::NotFound { .. }) => Ok(None),
        Err(other) => Err(other),
    }
}

/// `Link: <…>; rel="next"` (RFC 8288). Whatever looks like it counts: taking a page for the only one is the
/// dangerous mistake.
fn names_next(link: &[u8]) -> bool {
    String::from_utf8_lossy(link)
        .to_ascii_lowercase()
        .contains("next")
}

pub(crate) fn json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body)
        .map_err(|error| Failure::Unreadable(format!("{:?} error in JSON", error.classify())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const ONE: &str = r#"{"id":7,"account":{"login":"Acme","id":42,"type":"Organization"},"suspended_at":null,
        "permissions":{"contents":"read","metadata":"read"},"extra":1}"#;

    fn answer(status: u16, link: Option<&str>, body: String) -> Response<Vec<u8>> {
        let mut builder = Response::builder().status(status);
        if let Some(link) = link {
            builder = builder.header("link", link);
        }
        builder.body(body.into_bytes()).unwrap()
    }

    #[test]
    fn reads_one_installation() {
        let found = read_one(&answer(200, None, ONE.into()), 0)
            .unwrap()
            .unwrap();
        assert_eq!(
            (found.id, found.account_id, found.suspended),
            (7, 42, false)
        );
        assert!(found.belongs_to(&Owner::parse("aCME").unwrap()));
        assert!(!found.belongs_to(&Owner::parse("acme2").unwrap()));
        assert!(found.lists("contents") && !found.lists("issues"));
        let suspended = ONE.replace("null", "\"2026-01-01T00:00:00Z\"");
        assert!(
            read_one(&answer(200, None, suspended), 0)
                .unwrap()
                .unwrap()
                .suspended
        );
    }

    #[test]
    fn none_is_only_a_404() {
        assert_eq!(read_one(&answer(404, None, String::new()), 0), Ok(None));
        assert!(matches!(
            read_one(&answer(500, None, String::new()), 0),
            Err(Failure::Unavailable(500))
        ));
        assert!(matches!(
            read_one(&answer(200, None, "{}".into()), 0),
            Err(Failure::Unreadable(_))
        ));
        assert!(matches!(
            read_one(&answer(200, None, "null".into()), 0),
            Err(Failure::Unreadable(_))
        ));
    }

    #[test]
    fn a_page_with_a_next_one_proves_nothing() {
        let next = r#"<https://api.github.com/app/installations?per_page=100&page=2>; rel="next""#;
        let body = format!("[{ONE}]");
        assert!(
            read_page(&answer(200, None, body.clone()), 0)
                .unwrap()
                .complete
        );
        assert!(
            !read_page(&answer(200, Some(next), body.clone()), 0)
                .unwrap()
                .complete
        );
        let enterprise = r#"{"id":8,"account":{"slug":"big","id":9}},{"id":10,"account":null}"#;
        let mixed = answer(200, None, format!("[{enterprise},{ONE}]"));
        assert_eq!(read_page(&mixed, 0).unwrap().installations.len(), 1);
        assert!(
            read_page(&answer(200, Some(r#"<x>; rel="prev""#), body), 0)
                .unwrap()
                .complete
        );
        assert!(matches!(
            read_page(&answer(200, None, "[{}]".into()), 0),
            Err(Failure::Unreadable(_))
        ));
    }
}
