//! How a token is printed.

use super::granted::Granted;
use crate::arguments::{Exchange, TokenFormat};
use serde_json::Value;
use std::io::{self, Write};

/// Prints it as it was asked for.
pub(super) fn print(options: &Exchange, granted: &Granted) -> io::Result<()> {
    let token = granted.token.reveal();
    if options.mask && super::token_source::in_actions() {
        // Before anything else, so that the runner knows it when it comes by. Standard output belongs to the token alone.
        let mut log = io::stderr().lock();
        writeln!(log, "::add-mask::{}", token.replace('%', "%25"))?;
        log.flush()?;
    }
    let text = match options.format {
        TokenFormat::Token => format!("{token}\n"),
        TokenFormat::Json => json(granted),
        TokenFormat::GitCredential => git_credential(&options.git_host, granted),
    };
    let mut output = io::stdout().lock();
    output.write_all(text.as_bytes())?;
    output.flush()
}

/// The server's members, and that it went well.
fn json(granted: &Granted) -> String {
    let mut answer = granted.answer.clone();
    answer.insert("ok".to_owned(), Value::Bool(true));
    format!("{}\n", Value::Object(answer))
}

/// With the time until which git may keep it.
fn git_credential(host: &str, granted: &Granted) -> String {
    let token = granted.token.reveal();
    let mut text =
        format!("protocol=https\nhost={host}\nusername=x-access-token\npassword={token}\n");
    if let Some(expiry) = granted.expiry {
        text.push_str(&format!("password_expiry_utc={expiry}\n"));
    }
    text
}
