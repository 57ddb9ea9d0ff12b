//! What git wants of its credential helper.

use crate::arguments::{Exchange, TokenFormat};
use crate::client::Failure;
use std::io::{self, Read};
use std::path::Path;

/// git's requests are some lines.
const LARGEST_REQUEST: u64 = 64 * 1024;

/// Whether a token is wanted: not if git only tells what became of a credential, or asks for another host's.
pub(super) fn wants_it(options: &Exchange) -> Result<bool, Failure> {
    let is_helper = options.format == TokenFormat::GitCredential;
    match options.operation.as_deref() {
        None => Ok(true),
        Some(_) if !is_helper => Err(Failure::new(
            "an operation is for --format git-credential only",
        )),
        Some("get") if options.token.token_file.as_deref() == Some(Path::new("-")) => Err(
            Failure::new("standard input has git's request, and can't have the OIDC token"),
        ),
        Some("get") => Ok(is_ours(&request()?, &options.git_host)),
        // store, erase, and what git may invent.
        Some(_) => Ok(false),
    }
}

fn request() -> Result<String, Failure> {
    let wrong = |why: &str| Failure::new(format!("git's request on standard input: {why}"));
    let mut text = String::new();
    let mut input = io::stdin().lock().take(LARGEST_REQUEST);
    match input.read_to_string(&mut text) {
        Ok(_) if input.limit() == 0 => Err(wrong("it is too long")),
        Ok(_) => Ok(text),
        Err(error) => Err(wrong(&error.to_string())),
    }
}

/// Whether a request is for this host, over TLS, as far as it says.
fn is_ours(request: &str, host: &str) -> bool {
    let lines = request.lines().take_while(|line| !line.is_empty());
    let mut members = lines.filter_map(|line| line.split_once('='));
    members.all(|(key, value)| match key {
        "protocol" => value == "https",
        "host" => value.eq_ignore_ascii_case(host),
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_for_others_are_not_ours() {
        for (request, ours) in [
            ("", true),
            ("protocol=https\nhost=github.com\n\n", true),
            ("protocol=https\nhost=GitHub.com\npath=acme/app\n", true),
            ("capability[]=state\nhost=github.com\n", true),
            ("protocol=https\nhost=example.com\n", false),
            ("protocol=https\nhost=github.com.example.com\n", false),
            ("protocol=https\nhost=github.com:8443\n", false),
            ("host=github.com\nhost=example.com\n", false),
            ("protocol=http\nhost=github.com\n", false),
            ("host=\n", false),
            ("protocol=https\n\nhost=example.com\n", true),
        ] {
            assert_eq!(is_ours(request, "github.com"), ours, "{request}");
        }
    }
}
