//! The requests that the service makes of GitHub.

use crate::access_token::AccessTokenRequest;
use crate::{
    AppJwt, BaseUrl, InstallationAccessToken, MAX_ANSWER, MAX_MINT_ANSWER, Owner, RepositoryName,
};
use http::Request;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// GitHub refuses requests without one.
const AGENT: &str = concat!("octo-sts-wasm/", env!("CARGO_PKG_VERSION"));
/// The version of the REST API that the answers are read as.
const API_VERSION: &str = "2022-11-28";

/// What Go's URL path escaping leaves alone is left alone, so that octo-sts and this service name the same file.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// A request and the largest answer that it may have, in bytes.
#[derive(Debug)]
pub struct Call {
    /// What to send.
    pub request: Request<Vec<u8>>,
    /// Bytes of the answer's body.
    pub max_answer: usize,
}

/// Why a request could not be put together: only a base URL that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request could not be put together")]
pub struct BadRequest;

/// Makes the requests of one GitHub.
#[derive(Debug, Clone)]
pub struct Requests<'a> {
    base: &'a BaseUrl,
}

impl<'a> Requests<'a> {
    /// For the GitHub at `base`.
    #[must_use]
    pub fn to(base: &'a BaseUrl) -> Self {
        Self { base }
    }

    /// The first page of `GET /app/installations`, 100 on a page.
    ///
    /// # Errors
    /// [`BadRequest`], as for every request here.
    pub fn installations(&self, jwt: &AppJwt) -> Result<Call, BadRequest> {
        self.call(
            "GET",
            "/app/installations?per_page=100",
            jwt.reveal(),
            Vec::new(),
            MAX_ANSWER,
        )
    }

    /// `GET /orgs/{org}/installation`.
    ///
    /// # Errors
    /// [`BadRequest`].
    pub fn organization_installation(
        &self,
        jwt: &AppJwt,
        owner: &Owner,
    ) -> Result<Call, BadRequest> {
        self.call(
            "GET",
            &format!("/orgs/{owner}/installation"),
            jwt.reveal(),
            Vec::new(),
            MAX_ANSWER,
        )
    }

    /// `GET /users/{username}/installation`.
    ///
    /// # Errors
    /// [`BadRequest`].
    pub fn user_installation(&self, jwt: &AppJwt, owner: &Owner) -> Result<Call, BadRequest> {
        self.call(
            "GET",
            &format!("/users/{owner}/installation"),
            jwt.reveal(),
            Vec::new(),
            MAX_ANSWER,
        )
    }

    /// `POST /app/installations/{id}/access_tokens`.
    ///
    /// # Errors
    /// [`BadRequest`].
    pub fn access_token(
        &self,
        jwt: &AppJwt,
        id: u64,
        wanted: &AccessTokenRequest,
    ) -> Result<Call, BadRequest> {
        let body = serde_json::to_vec(wanted).map_err(|_| BadRequest)?;
        self.call(
            "POST",
            &format!("/app/installations/{id}/access_tokens"),
            jwt.reveal(),
            body,
            MAX_MINT_ANSWER,
        )
    }

    /// `GET /repos/{owner}/{repo}/contents/{path}` on the default branch.
    ///
    /// # Errors
    /// [`BadRequest`].
    pub fn contents(
        &self,
        token: &InstallationAccessToken,
        owner: &Owner,
        repository: &RepositoryName,
        path: &str,
    ) -> Result<Call, BadRequest> {
        let path = format!("/repos/{owner}/{repository}/contents/{}", escape_path(path));
        self.call("GET", &path, token.reveal(), Vec::new(), MAX_ANSWER)
    }

    /// `DELETE /installation/token`: the token revokes itself.
    ///
    /// # Errors
    /// [`BadRequest`].
    pub fn revoke(&self, token: &InstallationAccessToken) -> Result<Call, BadRequest> {
        self.call(
            "DELETE",
            "/installation/token",
            token.reveal(),
            Vec::new(),
            MAX_ANSWER,
        )
    }

    fn call(
        &self,
        method: &str,
        path: &str,
        bearer: &str,
        body: Vec<u8>,
        max_answer: usize,
    ) -> Result<Call, BadRequest> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base.as_str()))
            .header(ACCEPT, "application/vnd.github+json")
            .header(AUTHORIZATION, format!("Bearer {bearer}"))
            .header(USER_AGENT, AGENT)
            .header("x-github-api-version", API_VERSION);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(body).map_err(|_| BadRequest)?;
        Ok(Call {
            request,
            max_answer,
        })
    }
}

/// A path inside a repository as a URL path: `/` stays, everything that would end or change the path is escaped.
#[must_use]
pub fn escape_path(path: &str) -> String {
    utf8_percent_encode(path, PATH).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]
    use super::*;

    const VECTORS: &str = include_str!("../../../tests/vectors/octo-sts.json");

    #[test]
    fn escapes_as_octo_sts_does() {
        let vectors: serde_json::Value = serde_json::from_str(VECTORS).unwrap();
        let mut rows = 0;
        for row in vectors["contents_path_escape"].as_array().unwrap() {
            let identity = row["identity"].as_str().unwrap();
            if identity.contains('/')
                || identity.contains(char::is_control)
                || matches!(identity, "." | "..")
            {
                continue;
            }
            rows += 1;
            let path = format!(".github/chainguard/{identity}.sts.yaml");
            assert_eq!(
                escape_path(&path),
                row["escaped"].as_str().unwrap(),
                "{identity:?}"
            );
        }
        assert!(rows >= 5, "{rows} rows");
    }

    #[test]
    fn a_call_names_its_credential_once() {
        let base = BaseUrl::parse("https://ghes.example/api/v3/").unwrap();
        let owner = Owner::parse("acme").unwrap();
        let call = Requests::to(&base)
            .organization_installation(&AppJwt::new("j.w.t"), &owner)
            .unwrap();
        assert_eq!(
            call.request.uri(),
            "https://ghes.example/api/v3/orgs/acme/installation"
        );
        assert_eq!(call.request.headers()[AUTHORIZATION], "Bearer j.w.t");
        assert_eq!(
            call.request.headers().get_all(AUTHORIZATION).iter().count(),
            1
        );
        assert!(call.request.headers().contains_key(USER_AGENT));
    }

    #[test]
    fn a_token_revokes_itself() {
        for (base, uri) in [
            (
                "https://api.github.com",
                "https://api.github.com/installation/token",
            ),
            (
                "https://api.github.com/",
                "https://api.github.com/installation/token",
            ),
            (
                "https://ghes.example/api/v3/",
                "https://ghes.example/api/v3/installation/token",
            ),
        ] {
            let base = BaseUrl::parse(base).unwrap();
            let token = InstallationAccessToken::new("ghs_x");
            let call = Requests::to(&base).revoke(&token).unwrap();
            assert_eq!(call.request.method(), "DELETE");
            assert_eq!(call.request.uri(), uri);
            assert_eq!(call.request.headers()[AUTHORIZATION], "Bearer ghs_x");
        }
    }
}
