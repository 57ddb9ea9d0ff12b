//! Which of GitHub's REST endpoints a request is for.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::route::Route;

/// A repository in a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RepositoryName {
    /// `/repos/{owner}/{repo}`
    Named(String, String),
    /// `/repositories/{id}`, where redirects of renamed repositories lead.
    Id(u64),
}

/// A request's endpoint with what its path names, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    App,
    AppInstallations,
    AppInstallation(u64),
    OrgInstallation(String),
    UserInstallation(String),
    RepositoryInstallation(RepositoryName),
    AccessTokens(u64),
    Repository(RepositoryName),
    ReadContents(RepositoryName, String),
    WriteContents(RepositoryName, String),
    Issues(RepositoryName),
    InstallationRepositories,
    RevokeToken,
    RateLimit,
    Other,
}

impl Asked {
    /// Reads method and path (without `/api/v3`).
    pub(crate) fn parse(method: &Method, path: &str) -> Self {
        let segments: Option<Vec<String>> = path
            .trim_matches('/')
            .split('/')
            .map(|segment| {
                let decoded = percent_decode_str(segment).decode_utf8().ok()?;
                Some(decoded.into_owned())
            })
            .collect();
        let segments = segments.unwrap_or_default();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (method.as_str(), segments.as_slice()) {
            ("GET", ["app"]) => Self::App,
            ("GET", ["app", "installations"]) => Self::AppInstallations,
            ("GET", ["app", "installations", id]) => numbered(id, Self::AppInstallation),
            ("POST", ["app", "installations", id, "access_tokens"]) => {
                numbered(id, Self::AccessTokens)
            }
            ("GET", ["orgs", org, "installation"]) => Self::OrgInstallation((*org).to_owned()),
            ("GET", ["users", user, "installation"]) => Self::UserInstallation((*user).to_owned()),
            ("GET", ["installation", "repositories"]) => Self::InstallationRepositories,
            ("DELETE", ["installation", "token"]) => Self::RevokeToken,
            ("GET", ["rate_limit"]) => Self::RateLimit,
            (method, ["repos", owner, name, rest @ ..]) => {
                let name = RepositoryName::Named((*owner).to_owned(), (*name).to_owned());
                Self::below(method, name, rest)
            }
            (method, ["repositories", id, rest @ ..]) => {
                numbered(id, |id| Self::below(method, RepositoryName::Id(id), rest))
            }
            _ => Self::Other,
        }
    }

    fn below(method: &str, name: RepositoryName, rest: &[&str]) -> Self {
        match (method, rest) {
            ("GET", []) => Self::Repository(name),
            ("GET", ["installation"]) => Self::RepositoryInstallation(name),
            ("GET", ["issues"]) => Self::Issues(name),
            ("GET", ["contents", path @ ..]) => Self::ReadContents(name, path.join("/")),
            ("PUT", ["contents", path @ ..]) if !path.is_empty() => {
                Self::WriteContents(name, path.join("/"))
            }
            _ => Self::Other,
        }
    }

    pub(crate) const fn route(&self) -> Route {
        match self {
            Self::App => Route::App,
            Self::AppInstallations => Route::AppInstallations,
            Self::AppInstallation(_) => Route::AppInstallation,
            Self::OrgInstallation(_) => Route::OrgInstallation,
            Self::UserInstallation(_) => Route::UserInstallation,
            Self::RepositoryInstallation(_) => Route::RepositoryInstallation,
            Self::AccessTokens(_) => Route::AccessTokens,
            Self::Repository(_) => Route::Repository,
            Self::ReadContents(..) => Route::ReadContents,
            Self::WriteContents(..) => Route::WriteContents,
            Self::Issues(_) => Route::Issues,
            Self::InstallationRepositories => Route::InstallationRepositories,
            Self::RevokeToken => Route::RevokeToken,
            Self::RateLimit => Route::RateLimit,
            Self::Other => Route::Other,
        }
    }

    /// Whether GitHub wants the App's JWT here, not a token.
    pub(crate) const fn is_for_apps(&self) -> bool {
        matches!(
            self,
            Self::App
                | Self::AppInstallations
                | Self::AppInstallation(_)
                | Self::OrgInstallation(_)
                | Self::UserInstallation(_)
                | Self::RepositoryInstallation(_)
                | Self::AccessTokens(_)
        )
    }
}

fn numbered(text: &str, asked: impl FnOnce(u64) -> Asked) -> Asked {
    text.parse().map_or(Asked::Other, asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_where_the_documentation_says() {
        let named = || RepositoryName::Named("O".into(), "r".into());
        for (method, path, wanted) in [
            (Method::GET, "/app", Asked::App),
            (Method::GET, "/app/installations", Asked::AppInstallations),
            (
                Method::GET,
                "/app/installations/7",
                Asked::AppInstallation(7),
            ),
            (
                Method::POST,
                "/app/installations/7/access_tokens",
                Asked::AccessTokens(7),
            ),
            (
                Method::GET,
                "/orgs/o/installation",
                Asked::OrgInstallation("o".into()),
            ),
            (Method::GET, "/repos/O/r", Asked::Repository(named())),
            (
                Method::GET,
                "/repos/O/r/contents",
                Asked::ReadContents(named(), String::new()),
            ),
            (
                Method::GET,
                "/repos/O/r/contents/a%20b/c.yaml",
                Asked::ReadContents(named(), "a b/c.yaml".into()),
            ),
            (
                Method::GET,
                "/repositories/9/issues",
                Asked::Issues(RepositoryName::Id(9)),
            ),
            (Method::DELETE, "/installation/token", Asked::RevokeToken),
        ] {
            assert_eq!(Asked::parse(&method, path), wanted, "{method} {path}");
        }
    }

    #[test]
    fn other_methods_and_paths_are_other() {
        for (method, path) in [
            (Method::POST, "/app"),
            (Method::GET, "/app/installations/x"),
            (Method::GET, "/app/installations/7/access_tokens"),
            (Method::PUT, "/repos/o/r/contents"),
            (Method::DELETE, "/repos/o/r"),
            (Method::GET, "/"),
            (Method::GET, "/repos/o/%ff"),
        ] {
            assert_eq!(Asked::parse(&method, path), Asked::Other, "{method} {path}");
        }
    }
}
