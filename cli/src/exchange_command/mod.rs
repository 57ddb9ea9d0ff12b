//! `octo-sts exchange`: an OIDC token in, an installation token out.

mod git;
mod granted;
mod output;
mod token_source;

use crate::arguments::{Exchange, TokenFormat};
use crate::client::{Client, Failure, Place};
use crate::secret::Secret;
use granted::Granted;
use std::process::ExitCode;
use ureq::http::{Request, header};

/// 0 a token, 1 refused, 2 anything else.
pub(crate) fn run(options: &Exchange) -> ExitCode {
    match exchange(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(options.format == TokenFormat::Json),
    }
}

fn exchange(options: &Exchange) -> Result<(), Failure> {
    if !git::wants_it(options)? {
        return Ok(());
    }
    let server = Place::server(options.url.as_deref())?
        .ok_or_else(|| Failure::new("no server: give --url, or set OCTOSTS_URL"))?;
    let audience = options.audience.as_deref().unwrap_or(server.host());
    let client = Client::new(&options.patience);
    let id_token = token_source::find(options, audience, &client)?;
    let answer = client.send(&request(options, &server, &id_token)?)?;
    let granted = Granted::read(&answer, &id_token, is_narrowed(options))?;
    output::print(options, &granted).map_err(|error| {
        Failure::new(format!(
            "the token could not be written to standard output: {error}"
        ))
    })
}

/// As octo-sts's other clients ask, so that any of its servers understands it.
fn request(options: &Exchange, server: &Place, id_token: &Secret) -> Result<Request<()>, Failure> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("scope", &options.scope);
    query.append_pair("identity", &options.identity);
    if let Some(permissions) = &options.permissions {
        query.append_pair("permissions", permissions);
    }
    if let Some(repositories) = &options.repositories {
        query.append_pair("repositories", repositories);
    }
    let url = server.join(&format!("/sts/exchange?{}", query.finish()));
    Request::get(url)
        .header(header::AUTHORIZATION, id_token.bearer()?)
        .header(header::ACCEPT, "application/json")
        .body(())
        .map_err(|error| Failure::new(format!("cannot ask that: {error}")))
}

fn is_narrowed(options: &Exchange) -> bool {
    options.permissions.is_some() || options.repositories.is_some()
}
