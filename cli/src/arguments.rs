//! The command line. Every flag of `serve` is a setting's name; a flag wins over the environment.

mod client;

pub(crate) use client::{Exchange, Patience, Revoke, Source, Token, TokenFormat};

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::IpAddr;
use std::path::PathBuf;

/// A GitHub token service: OIDC tokens in, short-lived GitHub installation tokens out.
#[derive(Debug, Parser)]
#[command(name = "octo-sts", version, about, long_about = None, propagate_version = true)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the token exchange over HTTP/1.1 and h2c.
    #[command(after_help = SERVE_HELP)]
    Serve(Box<Serve>),
    /// Check trust policies and ask what they decide; no server is needed.
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Look into audit records.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Exchange an OIDC token for an installation token at a server.
    #[command(after_help = client::EXCHANGE_HELP)]
    Exchange(Box<Exchange>),
    /// Revoke an installation token.
    #[command(after_help = client::REVOKE_HELP)]
    Revoke(Revoke),
    /// Print the completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Verify that no record was changed, taken out or put in.
    #[command(after_help = VERIFY_HELP)]
    Verify(Verify),
}

const VERIFY_HELP: &str = "\
A chain shows edits, losses and swaps. It does not show a file that was rewritten as a whole, or cut at its end: compare it with a head
that the server wrote to its log (\"audit head\", every 1,000 records and at the end). Files of one server that were rotated are
verified one by one; each says what it follows and how it ends.

Exit status: 0 whole, 1 broken, 2 unreadable.";

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// Audit records, one JSON object a line; - is standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// A hash from the log that one of the records must have
    #[arg(long, value_name = "HASH")]
    pub(crate) head: Option<String>,
    /// How the result is printed
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PolicyCommand {
    /// Name every problem of policy files, with line, column and what to write instead.
    #[command(after_help = CHECK_HELP)]
    Check(Check),
    /// Decide about claims: JSON Lines in, JSON Lines out, in the same order.
    #[command(after_help = DECIDE_HELP)]
    Decide(Decide),
}

const CHECK_HELP: &str = "\
A folder stands for all NAME.sts.yaml below it, and for trusted-token-issuers.yaml and guard-rails.yaml in chainguard/. A policy counts
as an organisation's if it stands in .github/.github/chainguard/, or with --org: needed too where ORG_POLICY_REPO has another name.

Problems go to standard output as FILE:LINE:COLUMN: SEVERITY: PROBLEM. What is no YAML has its first problem only: mend it, and
check again. A permission that nobody knows and that looks like no typo is a warning: GitHub may have it since yesterday. So is an
issuer or subject that no token can have.

Exit status: 0 no errors, 1 errors, 2 could not run.";

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Policy files, or folders to look through
    #[arg(required = true, value_name = "FILE|DIR")]
    pub(crate) paths: Vec<PathBuf>,
    /// Every policy is an organisation's
    #[arg(long)]
    pub(crate) org: bool,
    /// A permission to know beside the built-in ones, several times for several [the server's OCTOSTS_EXTRA_PERMISSIONS]
    #[arg(long, value_name = "NAME", value_parser = permission)]
    pub(crate) permission: Vec<String>,
    /// How problems are printed
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,
}

/// For people, or for machines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
}

const DECIDE_HELP: &str = "\
Each line is one of
  {\"policy\": \"<yaml>\", \"org\": false, \"claims\": {…}, \"domain\": \"sts.example.com\"}
  {\"trusted_issuers\": \"<yaml>\", \"issuer\": \"https://…\"}
and is answered by
  {\"compiles\": true, \"allows\": false, \"reason\": \"…\"}
`claims` stand for a verified token: signature, exp and nbf are not looked at; forms are. A line that is no question is
answered with `error`.

Exit status: 0 every line was a question, 1 not every one, 2 could not run.";

#[derive(Debug, Args)]
pub(crate) struct Decide {
    /// A permission to know beside the built-in ones, several times for several [the server's OCTOSTS_EXTRA_PERMISSIONS]
    #[arg(long, value_name = "NAME", value_parser = permission)]
    pub(crate) permission: Vec<String>,
}

fn permission(name: &str) -> Result<String, String> {
    if policy::is_permission_name(name) {
        Ok(name.to_owned())
    } else {
        Err("a permission is 1 to 64 of a-z and _".to_owned())
    }
}

const SERVE_HELP: &str = "\
The App's key comes from APP_SECRET_CERTIFICATE_FILE or, as text, from the environment variable
APP_SECRET_CERTIFICATE_ENV_VAR; it has no flag as text, since command lines can be read by everybody on the machine.
Several Apps are in APP_CONFIG_FILE. All other settings (OCTOSTS_…, EVENT_INGRESS_URI, SSL_CERT_FILE, …) are environment variables too;
README.md lists them.

Audit records go to standard output or OCTOSTS_AUDIT_FILE, log lines to standard error.

Exit status: 0 ended by SIGINT or SIGTERM, 1 cannot run, 2 wrong arguments or settings.";

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Port to listen on; 0 takes a free one [setting: PORT]
    #[arg(long, value_name = "PORT")]
    pub(crate) port: Option<String>,
    /// Address to listen on
    #[arg(long, value_name = "IP", default_value = "0.0.0.0")]
    pub(crate) address: IpAddr,
    /// The GitHub App's id; several with commas [setting: GITHUB_APP_IDS]
    #[arg(long, visible_alias = "github-app-id", value_name = "ID")]
    pub(crate) github_app_ids: Option<String>,
    /// File with the App's private key in PEM [setting: APP_SECRET_CERTIFICATE_FILE]
    #[arg(long, value_name = "FILE")]
    pub(crate) app_secret_certificate_file: Option<String>,
    /// Audience of policies that name none [setting: STS_DOMAIN]
    #[arg(long, visible_alias = "domain", value_name = "DOMAIN")]
    pub(crate) sts_domain: Option<String>,
    /// GitHub's REST API [setting: GITHUB_BASE_URL, default the public one]
    #[arg(long, value_name = "URL")]
    pub(crate) github_base_url: Option<String>,
    /// Repository of an organisation's own policies [setting: ORG_POLICY_REPO, default .github]
    #[arg(long, value_name = "NAME")]
    pub(crate) org_policy_repo: Option<String>,
    /// text or json [setting: LOG_FORMAT, default text on a terminal]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
    /// error, warn, info or debug [setting: LOG_LEVEL, default info]
    #[arg(long, value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
    /// Serve this component instead of the one inside the program
    #[arg(long, value_name = "FILE")]
    pub(crate) component: Option<PathBuf>,
}

impl Serve {
    /// The flags that were given, as settings. A flag stands for its setting and the setting's alias.
    pub(crate) fn settings(&self) -> impl Iterator<Item = (&'static [&'static str], &String)> {
        let named: [(&[&str], &Option<String>); 8] = [
            (&["PORT"], &self.port),
            (&["GITHUB_APP_IDS", "GITHUB_APP_ID"], &self.github_app_ids),
            (
                &["APP_SECRET_CERTIFICATE_FILE"],
                &self.app_secret_certificate_file,
            ),
            (&["STS_DOMAIN", "DOMAIN"], &self.sts_domain),
            (&["GITHUB_BASE_URL"], &self.github_base_url),
            (&["ORG_POLICY_REPO"], &self.org_policy_repo),
            (&["LOG_FORMAT"], &self.log_format),
            (&["LOG_LEVEL"], &self.log_level),
        ];
        named
            .into_iter()
            .filter_map(|(names, value)| value.as_ref().map(|value| (names, value)))
    }
}
