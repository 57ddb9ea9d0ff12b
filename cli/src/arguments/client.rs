//! The arguments of what asks a server: `exchange` and `revoke`.

use crate::secret::Secret;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

use super::Format;

pub(crate) const EXCHANGE_HELP: &str = "\
The OIDC token is the one that is given, or is fetched: in a job of GitHub Actions with `permissions: id-token: write`, or from Google's
metadata server. That one is asked where GCE_METADATA_HOST, K_SERVICE or CLOUD_RUN_JOB is set, or with --from google.

As git's credential helper, for hosts other than --git-host it says nothing:
  git config credential.helper '!octo-sts exchange --url … --scope … --identity … --format git-credential'

Redirects are not followed. Who answers 429 or 503 is asked again, after Retry-After; who wants to be left alone for more than 30 seconds
is not. HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE are honoured.

Exit status: 0 a token, 1 refused by the server, 2 wrong arguments, no OIDC token, or nobody decided: the server can't be reached, failed,
is busy, or answered what no token service answers.";

#[derive(Debug, Args)]
pub(crate) struct Exchange {
    /// The server [environment: OCTOSTS_URL]; plain http for loopback only
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Whose policy is asked: a repository's, or an organisation's
    #[arg(long, value_name = "OWNER[/REPOSITORY]")]
    pub(crate) scope: String,
    /// The policy's name
    #[arg(long, value_name = "NAME")]
    pub(crate) identity: String,
    /// Less than the policy grants: contents:read,issues:write
    #[arg(long, value_name = "NAME:LEVEL,…")]
    pub(crate) permissions: Option<String>,
    /// Fewer repositories than the policy grants: app,web
    #[arg(long, value_name = "NAME,…")]
    pub(crate) repositories: Option<String>,
    #[command(flatten)]
    pub(crate) token: Token,
    /// Where the OIDC token is fetched, if none is given
    #[arg(
        long,
        value_enum,
        default_value = "auto",
        conflicts_with = "given token"
    )]
    pub(crate) from: Source,
    /// Audience of the OIDC token that is fetched [default: the server's host]
    #[arg(long, value_name = "AUDIENCE", conflicts_with = "given token")]
    pub(crate) audience: Option<String>,
    /// What is printed
    #[arg(long, value_enum, default_value = "token")]
    pub(crate) format: TokenFormat,
    /// In a job of GitHub Actions, hide the token in logs from here on: standard error gets ::add-mask:: with it
    #[arg(long)]
    pub(crate) mask: bool,
    /// For git-credential: the host that the token is for
    #[arg(long, value_name = "HOST", default_value = "github.com", value_parser = host)]
    pub(crate) git_host: String,
    /// For git-credential: what git wants; anything but get does nothing
    #[arg(value_name = "get|store|erase")]
    pub(crate) operation: Option<String>,
    #[command(flatten)]
    pub(crate) patience: Patience,
}

pub(crate) const REVOKE_HELP: &str = "\
Without a flag for the token, it is read from standard input.

Exit status: 0 revoked, 1 refused, 2 wrong arguments, or nobody decided.";

#[derive(Debug, Args)]
pub(crate) struct Revoke {
    /// The server [environment: OCTOSTS_URL]; plain http for loopback only
    #[arg(long, value_name = "URL", conflicts_with = "github_base_url")]
    pub(crate) url: Option<String>,
    /// GitHub's REST API, to be asked instead of a server: `https://api.github.com`
    #[arg(long, value_name = "URL")]
    pub(crate) github_base_url: Option<String>,
    #[command(flatten)]
    pub(crate) token: Token,
    /// How a failure is printed
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) patience: Patience,
}

/// Where a token comes from that somebody has already.
#[derive(Debug, Args)]
#[group(id = "given token", multiple = false)]
pub(crate) struct Token {
    /// File with the token; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Environment variable with the token
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) token_env: Option<String>,
    /// The token; command lines can be read by everybody on the machine, so prefer --token-file
    #[arg(long, value_name = "TOKEN")]
    pub(crate) token: Option<Secret>,
}

/// How long and how often.
#[derive(Debug, Args)]
pub(crate) struct Patience {
    /// How often a request is repeated that was answered 429 or 503
    #[arg(long, value_name = "NUMBER", default_value = "2", value_parser = clap::value_parser!(u32).range(..=10))]
    pub(crate) retries: u32,
    /// Seconds until all is given up, waits included
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = clap::value_parser!(u64).range(1..=600))]
    pub(crate) timeout: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Source {
    /// From GitHub Actions or Google, by what the environment says
    Auto,
    /// From GitHub Actions
    Actions,
    /// From Google's metadata server
    Google,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TokenFormat {
    /// The token and nothing else
    Token,
    /// The server's answer, or the failure, as a JSON object with `ok`
    Json,
    /// As git's credential helpers speak
    GitCredential,
}

/// It is printed as a line of git's protocol.
fn host(name: &str) -> Result<String, String> {
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("a host is a name, perhaps with a port".to_owned());
    }
    Ok(name.to_owned())
}
