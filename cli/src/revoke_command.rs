//! `octo-sts revoke`: ends an installation token before its hour is over.

use crate::arguments::{Format, Revoke};
use crate::client::{Client, Failure, Place};
use crate::secret::{Secret, from_file, given};
use std::path::Path;
use std::process::ExitCode;
use ureq::http::{Request, header};

/// 0 revoked, 1 refused, 2 anything else.
pub(crate) fn run(options: &Revoke) -> ExitCode {
    match revoke(options) {
        Ok(()) if options.format == Format::Json => {
            println!("{}", serde_json::json!({"ok": true}));
            ExitCode::SUCCESS
        }
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(options.format == Format::Json),
    }
}

fn revoke(options: &Revoke) -> Result<(), Failure> {
    let (who, request) = match &options.github_base_url {
        Some(url) => {
            let github = Place::of("--github-base-url", url)?;
            (
                "GitHub",
                Request::delete(github.join("/installation/token")),
            )
        }
        None => {
            let server = Place::server(options.url.as_deref())?.ok_or_else(|| {
                Failure::new("no server: give --url or --github-base-url, or set OCTOSTS_URL")
            })?;
            ("the server", Request::post(server.join("/sts/revoke")))
        }
    };
    let token = token(options)?;
    let request = request
        .header(header::AUTHORIZATION, token.bearer()?)
        .header(header::ACCEPT, "application/json")
        .body(())
        .map_err(|error| Failure::new(format!("cannot ask that: {error}")))?;
    let answer = Client::new(&options.patience).send(&request)?;
    if answer.status == 204 {
        return Ok(());
    }
    Err(Failure::answered(who, &answer, Some(&token)))
}

/// An installation token and no other credential: whoever is asked could use it.
fn token(options: &Revoke) -> Result<Secret, Failure> {
    let token = match given(&options.token)? {
        Some(token) => token,
        None => from_file(Path::new("-"))?,
    };
    if token.is_well_formed() && token.reveal().starts_with("ghs_") {
        return Ok(token);
    }
    Err(Failure::new(
        "this is no installation token: those begin with ghs_",
    ))
}
