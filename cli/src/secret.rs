//! Tokens: read within bounds, and shown to nobody but whom they are sent to.

use crate::arguments::Token;
use crate::client::Failure;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use ureq::http::HeaderValue;

/// No token is larger; the server's bound too.
const LARGEST: usize = 16 * 1024;

/// A token.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

impl Secret {
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// The value of an Authorization header.
    pub(crate) fn bearer(&self) -> Result<HeaderValue, Failure> {
        let value = HeaderValue::try_from(format!("Bearer {}", self.0));
        let mut value =
            value.map_err(|_| Failure::new("the token has characters that no token has"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// One line of visible ASCII, so that it is safe in a header, on a terminal and in git's protocol.
    pub(crate) fn is_well_formed(&self) -> bool {
        (1..=LARGEST).contains(&self.0.len()) && self.0.bytes().all(|byte| byte.is_ascii_graphic())
    }

    /// Whether it has the form of an OIDC token, so that no other credential is sent by mistake.
    pub(crate) fn is_jwt(&self) -> bool {
        let parts: Vec<&str> = self.0.split('.').collect();
        let base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        let good = |part: &&str| !part.is_empty() && part.bytes().all(base64url);
        self.is_well_formed() && parts.len() == 3 && parts.iter().all(good)
    }
}

/// The token that was given by a flag, if one was.
pub(crate) fn given(token: &Token) -> Result<Option<Secret>, Failure> {
    match token {
        Token {
            token_file: Some(path),
            ..
        } => from_file(path).map(Some),
        Token {
            token_env: Some(name),
            ..
        } => from_variable(name).map(Some),
        Token {
            token: Some(token), ..
        } => Ok(Some(token.clone())),
        _ => Ok(None),
    }
}

/// What a file holds, without the white space around it; `-` is standard input.
pub(crate) fn from_file(path: &Path) -> Result<Secret, Failure> {
    let wrong = |why: &str| Failure::new(format!("{}: {why}", path.display()));
    let text = if path == Path::new("-") {
        read(io::stdin().lock())
    } else {
        File::open(path).and_then(read)
    };
    let text = text.map_err(|error| wrong(&error.to_string()))?;
    if text.len() > LARGEST {
        return Err(wrong("a token has at most 16 KiB"));
    }
    match text.trim() {
        "" => Err(wrong("there is no token in it")),
        token => Ok(Secret(token.to_owned())),
    }
}

/// One byte more than a token has, so that too long is seen.
fn read(source: impl Read) -> io::Result<String> {
    let mut text = String::new();
    source.take(LARGEST as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

fn from_variable(name: &str) -> Result<Secret, Failure> {
    let value = std::env::var(name).unwrap_or_default();
    match value.trim() {
        "" => Err(Failure::new(format!(
            "the environment variable {name} holds no token"
        ))),
        token => Ok(Secret(token.to_owned())),
    }
}
