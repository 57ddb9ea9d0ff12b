//! The names of what the simulator serves, for faults and for counting calls.

use std::str::FromStr;

use crate::error::Error;

macro_rules! routes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A kind of request, as GitHub's REST documentation and OIDC Discovery know it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Route {
            $($(#[$doc])* $variant,)*
        }

        impl Route {
            /// Every route.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in the control interface and in the call log.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

routes! {
    /// `GET /app`
    App = "app",
    /// `GET /app/installations`
    AppInstallations = "app_installations",
    /// `GET /app/installations/{id}`
    AppInstallation = "app_installation",
    /// `GET /orgs/{org}/installation`
    OrgInstallation = "org_installation",
    /// `GET /users/{user}/installation`
    UserInstallation = "user_installation",
    /// `GET /repos/{owner}/{repo}/installation`
    RepositoryInstallation = "repository_installation",
    /// `POST /app/installations/{id}/access_tokens`
    AccessTokens = "access_tokens",
    /// `GET /repos/{owner}/{repo}`
    Repository = "repository",
    /// `GET /repos/{owner}/{repo}/contents/{path}`
    ReadContents = "read_contents",
    /// `PUT /repos/{owner}/{repo}/contents/{path}`
    WriteContents = "write_contents",
    /// `GET /repos/{owner}/{repo}/issues`
    Issues = "issues",
    /// `GET /installation/repositories`
    InstallationRepositories = "installation_repositories",
    /// `DELETE /installation/token`
    RevokeToken = "revoke_token",
    /// `GET /rate_limit`
    RateLimit = "rate_limit",
    /// `GET {issuer}/.well-known/openid-configuration`
    Discovery = "discovery",
    /// `GET {issuer}/jwks`
    Jwks = "jwks",
    /// Anything else.
    Other = "other",
}

impl FromStr for Route {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .iter()
            .copied()
            .find(|route| route.name() == name)
            .ok_or_else(|| Error::Unreadable(format!("no route {name:?}")))
    }
}
