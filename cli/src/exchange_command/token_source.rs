//! Where the OIDC token comes from: a flag, GitHub Actions, or Google.

use crate::arguments::{Exchange, Source};
use crate::client::{Answer, Client, Failure, secure};
use crate::secret::{Secret, given};
use serde_json::Value;
use ureq::http::uri::Authority;
use ureq::http::{Request, header};

const REQUEST_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const REQUEST_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const METADATA_HOST: &str = "GCE_METADATA_HOST";

/// The token, wherever it comes from.
pub(super) fn find(options: &Exchange, audience: &str, client: &Client) -> Result<Secret, Failure> {
    let token = match given(&options.token)? {
        Some(token) => token,
        None if fetched_from(options.from)? == Source::Google => from_google(audience, client)?,
        None => from_actions(audience, client)?,
    };
    if token.is_jwt() {
        return Ok(token);
    }
    Err(Failure::new(
        "this is no OIDC token: three parts in base64url, at most 16 KiB",
    ))
}

/// Whether this is a job of GitHub Actions.
pub(super) fn in_actions() -> bool {
    variable("GITHUB_ACTIONS").is_some_and(|value| value == "true")
}

/// What `auto` stands for here. A metadata server is asked on evidence only: elsewhere the name may be anybody's.
fn fetched_from(source: Source) -> Result<Source, Failure> {
    let is_set = |name: &&str| variable(name).is_some();
    match source {
        Source::Auto if in_actions() || [REQUEST_URL, REQUEST_TOKEN].iter().all(is_set) => {
            Ok(Source::Actions)
        }
        Source::Auto
            if [METADATA_HOST, "K_SERVICE", "CLOUD_RUN_JOB"]
                .iter()
                .any(is_set) =>
        {
            Ok(Source::Google)
        }
        Source::Auto => Err(Failure::new(
            "no OIDC token: this is neither GitHub Actions nor Google, so give --token-file or --token-env, or --from google",
        )),
        source => Ok(source),
    }
}

fn from_actions(audience: &str, client: &Client) -> Result<Secret, Failure> {
    let (Some(url), Some(token)) = (variable(REQUEST_URL), variable(REQUEST_TOKEN)) else {
        return Err(Failure::new(if in_actions() {
            "GitHub Actions gives this job no OIDC token: `permissions: id-token: write` is missing (jobs of pull requests from forks never have it)"
        } else {
            "this is no job of GitHub Actions: ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are not set"
        }));
    };
    secure(REQUEST_URL, &url)?;
    let token = Secret::from(token);
    let joint = if url.contains('?') { '&' } else { '?' };
    let request = Request::get(format!("{url}{joint}audience={}", encoded(audience)))
        .header(header::AUTHORIZATION, token.bearer()?)
        .header(header::ACCEPT, "application/json")
        .body(());
    let answer = client.send(&request.map_err(|error| unusable(REQUEST_URL, &error))?)?;
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    match body.get("value").and_then(Value::as_str) {
        Some(value) if answer.status == 200 => Ok(Secret::from(value.to_owned())),
        _ => Err(none_from("GitHub Actions", &answer, Some(&token))),
    }
}

/// Plain http, as Google has it: the address is the machine's own link.
fn from_google(audience: &str, client: &Client) -> Result<Secret, Failure> {
    let host = variable(METADATA_HOST).unwrap_or_else(|| "metadata.google.internal".to_owned());
    let host: Authority = host
        .parse()
        .map_err(|error| unusable(METADATA_HOST, &error))?;
    let path = "/computeMetadata/v1/instance/service-accounts/default/identity";
    let audience = encoded(audience);
    let request = Request::get(format!(
        "http://{host}{path}?audience={audience}&format=full"
    ))
    .header("metadata-flavor", "Google")
    .body(());
    let answer = client.send(&request.map_err(|error| unusable(METADATA_HOST, &error))?)?;
    if answer.status != 200 {
        return Err(none_from("Google's metadata server", &answer, None));
    }
    let token = String::from_utf8_lossy(&answer.body);
    Ok(Secret::from(token.trim().to_owned()))
}

/// Who gives OIDC tokens decides nothing about ours: this is never the server's refusal.
fn none_from(who: &str, answer: &Answer, sent: Option<&Secret>) -> Failure {
    Failure::answered(who, answer, sent).undecided("no OIDC token")
}

fn unusable(name: &str, error: &dyn std::error::Error) -> Failure {
    Failure::new(format!("{name}: {error}"))
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
