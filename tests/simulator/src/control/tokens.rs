//! `POST /_simulator/token`: ID tokens, honest and forged.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::Error;
use crate::issuer::{ActionsWorkload, Forgery};
use crate::simulator::Simulator;

/// What token is wanted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenRequest {
    /// `actions`, `foreign` or an issuer's URL.
    #[serde(default = "actions")]
    issuer: String,
    /// Claims as GitHub Actions sends them for a run in a repository of this world.
    workload: Option<Workload>,
    /// Claims over those; `null` removes one.
    #[serde(default)]
    claims: serde_json::Map<String, Value>,
    /// How the token is wrong.
    forge: Option<Forge>,
    /// Fields over those of its header; `null` removes one.
    #[serde(default)]
    header: serde_json::Map<String, Value>,
    /// This text as its header, or as its payload, instead.
    raw_header: Option<String>,
    raw_payload: Option<String>,
}

fn actions() -> String {
    "actions".to_owned()
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Workload {
    owner: String,
    repository: String,
    #[serde(rename = "ref")]
    git_ref: Option<String>,
    event_name: Option<String>,
    pull_request: Option<u64>,
    environment: Option<String>,
    audience: Option<String>,
    #[serde(default)]
    immutable_subject: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Forge {
    OtherKey,
    /// The other key is of another type.
    OtherKindOfKey,
    /// The other key is in the header.
    KeyInHeader,
    /// The issuer's key, with an algorithm that it is not published for.
    SignedAs(String),
    UnknownKid,
    NoKid,
    AlgNone,
    Hs256PublicKey,
    BrokenSignature,
}

pub(super) fn token(simulator: &Simulator, request: TokenRequest) -> Result<Value, Error> {
    let issuer = simulator.issuer_named(&request.issuer)?;
    let mut claims = match request.workload {
        Some(workload) => run(simulator, workload)?.claims(),
        None => json!({}),
    };
    if let Some(claims) = claims.as_object_mut() {
        claims.extend(request.claims);
    }
    let mut token = forged(issuer.forge(claims), request.forge)?;
    for (name, value) in request.header {
        token = token.header_field(&name, value);
    }
    if let Some(text) = request.raw_header {
        token = token.raw_header(text);
    }
    if let Some(text) = request.raw_payload {
        token = token.raw_payload(text);
    }
    Ok(json!({"token": token.build()?}))
}

fn run(simulator: &Simulator, workload: Workload) -> Result<ActionsWorkload, Error> {
    let mut run = simulator
        .github()
        .workload(&workload.owner, &workload.repository)?
        .immutable_subject(workload.immutable_subject);
    if let Some(number) = workload.pull_request {
        run = run.pull_request(number);
    }
    if let Some(git_ref) = &workload.git_ref {
        run = run.git_ref(git_ref);
    }
    if let Some(event_name) = &workload.event_name {
        run = run.event_name(event_name);
    }
    if let Some(environment) = &workload.environment {
        run = run.environment(environment);
    }
    if let Some(audience) = &workload.audience {
        run = run.audience(audience);
    }
    Ok(run)
}

fn forged(token: Forgery, how: Option<Forge>) -> Result<Forgery, Error> {
    Ok(match how {
        None => token,
        Some(Forge::OtherKey) => token.signed_by_stranger()?,
        Some(Forge::OtherKindOfKey) => token.signed_by_another_kind()?,
        Some(Forge::KeyInHeader) => {
            let stranger = token.signed_by_stranger()?;
            let jwk = stranger.signer_jwk();
            stranger.header_field("jwk", jwk)
        }
        Some(Forge::SignedAs(algorithm)) => token.signed_as(algorithm.parse()?)?,
        Some(Forge::UnknownKid) => token.kid("unknown"),
        Some(Forge::NoKid) => token.no_kid(),
        Some(Forge::AlgNone) => token.alg_none(),
        Some(Forge::Hs256PublicKey) => token.hs256_with_public_key()?,
        Some(Forge::BrokenSignature) => token.broken_signature(),
    })
}
