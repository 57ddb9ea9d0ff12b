//! Asking for an installation access token, and checking that GitHub's is no wider than asked
//! (<https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app>; rules 1 and 29 of
//! docs/SECURITY.md).

use crate::failure::{Failure, success};
use crate::{InstallationAccessToken, Level, Owner, Permissions};
use http::Response;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeSet;
use std::fmt;
use thiserror::Error;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The repositories that a token is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Every repository of the installation.
    All,
    /// By name: what a policy lists. Never empty.
    Names(Vec<String>),
    /// By id: the one repository that was read (rule 1).
    Id(u64),
}

/// The body of `POST /app/installations/{id}/access_tokens`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessTokenRequest {
    /// Never empty: GitHub's reading of `{}` is not documented.
    pub permissions: Permissions,
    /// Which repositories.
    pub reach: Reach,
}

impl Serialize for AccessTokenRequest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match &self.reach {
            Reach::All => {}
            Reach::Names(names) => map.serialize_entry("repositories", names)?,
            Reach::Id(id) => map.serialize_entry("repository_ids", &[id])?,
        }
        map.serialize_entry("permissions", &self.permissions)?;
        map.end()
    }
}

/// A repository, as far as a mint's answer needs to be believed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Repository {
    /// Its numeric id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// `owner/name`.
    pub full_name: String,
    /// Whether it is private or internal; missing counts as private.
    #[serde(default = "yes")]
    pub private: bool,
    /// Who owns it.
    pub owner: Account,
}

/// The owner of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Account {
    /// Numeric id.
    pub id: u64,
}

fn yes() -> bool {
    true
}

/// An installation access token with what GitHub says of it.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The token.
    pub token: InstallationAccessToken,
    /// When it ends, as GitHub wrote it (RFC 3339).
    pub expires_at: String,
    /// The same in Unix seconds.
    pub expires: i64,
    permissions: Option<Permissions>,
    repository_selection: Option<String>,
    repositories: Option<Vec<Repository>>,
}

/// GitHub's token reaches further than asked for, or does not say how far it reaches.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Wider {
    /// No `permissions` in the answer.
    #[error("the answer names no permissions")]
    PermissionsMissing,
    /// A permission that was not asked for, or at a higher level.
    #[error("permission {0} was not asked for at this level")]
    Permission(String),
    /// No `repositories` in the answer though some were asked for.
    #[error("the answer names no repositories")]
    RepositoriesMissing,
    /// `repository_selection` is `all`, or unknown, though repositories were asked for.
    #[error("the token reaches every repository")]
    Everything,
    /// A repository that was not asked for, or one of another owner.
    #[error("repository {0} was not asked for")]
    Repository(String),
}

/// What came of a mint that was answered: the token may be there even if the rest cannot be read, and then it has to be
/// revoked.
#[derive(Debug)]
pub struct Minted {
    /// The token, if the answer has one.
    pub token: Option<InstallationAccessToken>,
    /// The whole answer, or why it is none.
    pub answer: Result<AccessToken, Failure>,
}

/// Reads a mint's answer. The token is taken first, so that any later error can revoke it.
#[must_use]
pub fn read(answer: &Response<Vec<u8>>, now: i64) -> Minted {
    let body = match success(answer, now) {
        Ok(body) => body,
        Err(failure) => {
            return Minted {
                token: None,
                answer: Err(failure),
            };
        }
    };
    let token = find_token(body);
    let answer = match (&token, serde_json::from_slice::<Body>(body)) {
        (Some(token), Ok(body)) => body.with(token.clone()),
        (None, _) => Err(Failure::Unreadable("no token in the answer".into())),
        (_, Err(error)) => Err(Failure::Unreadable(format!(
            "{:?} error in JSON",
            error.classify()
        ))),
    };
    Minted { token, answer }
}

/// The token of an answer that may be cut off or spoilt after it.
#[must_use]
pub fn find_token(body: &[u8]) -> Option<InstallationAccessToken> {
    let mut found = None;
    let mut reader = serde_json::Deserializer::from_slice(body);
    // The error, if any, is what comes after the token.
    let _ = reader.deserialize_map(TokenFinder(&mut found));
    found
}

struct TokenFinder<'a>(&'a mut Option<InstallationAccessToken>);

impl<'de> Visitor<'de> for TokenFinder<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            if key == "token" {
                *self.0 = Some(InstallationAccessToken::new(map.next_value::<String>()?));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Body {
    expires_at: String,
    #[serde(default)]
    permissions: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(default)]
    repository_selection: Option<String>,
    #[serde(default)]
    repositories: Option<Vec<Repository>>,
}

impl Body {
    fn with(self, token: InstallationAccessToken) -> Result<AccessToken, Failure> {
        let expires = OffsetDateTime::parse(&self.expires_at, &Rfc3339)
            .map_err(|_| Failure::Unreadable("expires_at is no RFC 3339 time".into()))?
            .unix_timestamp();
        Ok(AccessToken {
            token,
            expires_at: self.expires_at,
            expires,
            permissions: self.permissions.map(levels).transpose()?,
            repository_selection: self.repository_selection,
            repositories: self.repositories,
        })
    }
}

fn levels(map: serde_json::Map<String, serde_json::Value>) -> Result<Permissions, Failure> {
    map.into_iter()
        .map(|(name, value)| {
            let level = value.as_str().and_then(Level::parse);
            level
                .map(|level| (name, level))
                .ok_or_else(|| Failure::Unreadable("unknown permission level".into()))
        })
        .collect()
}

impl AccessToken {
    /// The repositories that GitHub named.
    #[must_use]
    pub fn repositories(&self) -> &[Repository] {
        self.repositories.as_deref().unwrap_or_default()
    }

    /// The permissions that GitHub named.
    #[must_use]
    pub fn permissions(&self) -> Option<&Permissions> {
        self.permissions.as_ref()
    }

    /// Whether the token is no wider than `asked` (rule 29). One extra is allowed: `metadata: read`, which GitHub always
    /// adds.
    ///
    /// # Errors
    /// [`Wider`] names the first thing that is too much.
    pub fn no_wider_than(&self, asked: &AccessTokenRequest) -> Result<(), Wider> {
        self.check_permissions(&asked.permissions)?;
        self.check_reach(&asked.reach)
    }

    /// Whether all repositories that the answer names are `owner`'s, whose account has the id `account_id` (rule 1): a
    /// recycled login has the name and not the id, a renamed one the id and not the name. Where repositories were asked
    /// for, an answer that names none is not believed.
    ///
    /// # Errors
    /// [`Wider::Repository`] names the first one that is not; [`Wider::RepositoriesMissing`].
    pub fn belongs_to(&self, asked: &Reach, owner: &Owner, account_id: u64) -> Result<(), Wider> {
        if self.repositories().is_empty() && *asked != Reach::All {
            return Err(Wider::RepositoriesMissing);
        }
        for repository in self.repositories() {
            let expected = format!("{owner}/{}", repository.name);
            if repository.owner.id != account_id
                || !repository.full_name.eq_ignore_ascii_case(&expected)
            {
                return Err(Wider::Repository(repository.full_name.clone()));
            }
        }
        Ok(())
    }

    fn check_permissions(&self, asked: &Permissions) -> Result<(), Wider> {
        let granted = self.permissions.as_ref().ok_or(Wider::PermissionsMissing)?;
        for (name, level) in granted {
            let free = name == "metadata" && *level == Level::Read;
            if !free && asked.get(name).is_none_or(|wanted| level > wanted) {
                return Err(Wider::Permission(name.clone()));
            }
        }
        Ok(())
    }

    fn check_reach(&self, asked: &Reach) -> Result<(), Wider> {
        if matches!(asked, Reach::All) {
            return Ok(());
        }
        // GitHub's schema does not promise the member; the repositories are compared below in any case.
        if !matches!(
            self.repository_selection.as_deref(),
            None | Some("selected")
        ) {
            return Err(Wider::Everything);
        }
        let granted = self
            .repositories
            .as_ref()
            .filter(|list| !list.is_empty())
            .ok_or(Wider::RepositoriesMissing)?;
        let names: BTreeSet<String> = match asked {
            Reach::Names(names) => names.iter().map(|name| name.to_ascii_lowercase()).collect(),
            Reach::All | Reach::Id(_) => BTreeSet::new(),
        };
        let allowed = |repository: &Repository| match asked {
            Reach::Id(id) => repository.id == *id,
            Reach::All | Reach::Names(_) => names.contains(&repository.name.to_ascii_lowercase()),
        };
        match granted.iter().find(|repository| !allowed(repository)) {
            Some(repository) => Err(Wider::Repository(repository.full_name.clone())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
#[path = "access_token_tests.rs"]
mod tests;
