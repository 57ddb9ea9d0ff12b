//! Nothing secret is ever written down or sent to somebody who was refused.

use std::sync::{Arc, Mutex, PoisonError};

/// A part of a JWT shorter than this is no secret; longer runs of its alphabet before a dot look like one.
const LOOKS_LIKE_A_JWT: usize = 15;

/// What must not be seen, and what was written and said. Clones are one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    secrets: Vec<String>,
    /// Refusals: status line, headers and body.
    said: Vec<String>,
}

impl Secrets {
    /// Adds a bearer or a key. Of a JWT the payload and the signature are secrets by themselves.
    pub(crate) fn add(&self, secret: &str) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = secret.split('.').skip(1);
        let long = parts.filter(|part| part.len() > LOOKS_LIKE_A_JWT);
        inner.secrets.extend(long.map(ToOwned::to_owned));
        if secret.len() > LOOKS_LIKE_A_JWT {
            inner.secrets.push(secret.to_owned());
        }
    }

    /// Adds an answer to somebody who got no token.
    pub(crate) fn said(&self, text: String) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.said.push(text);
    }

    /// The first line, of these and of all refusals, that has something secret in it.
    pub(crate) fn leaked(&self, lines: impl IntoIterator<Item = String>) -> Option<String> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |line: &str| inner.secrets.iter().any(|secret| line.contains(secret));
        lines
            .into_iter()
            .chain(inner.said.iter().cloned())
            .find(|line| looks_secret(line) || known(line))
    }
}

/// Whether a line has the marks of an installation token, a private key or a JWT.
fn looks_secret(line: &str) -> bool {
    line.contains("ghs_") || line.contains("PRIVATE KEY") || has_jwt(line)
}

fn has_jwt(line: &str) -> bool {
    line.match_indices("eyJ").any(|(at, _)| {
        let rest = line.get(at..).unwrap_or_default();
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
        let after = end.and_then(|end| rest.get(end..));
        end.is_some_and(|end| end > LOOKS_LIKE_A_JWT)
            && after.is_some_and(|after| after.starts_with('.'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_is_found() {
        let secrets = Secrets::default();
        secrets.add("aaaa.payload-payload-payload.signature-signature");
        for line in [
            "because=\"ghs_x\"",
            "-----BEGIN RSA PRIVATE KEY-----",
            "x payload-payload-payload y",
            "signature-signature",
            "eyJhbGciOiJSUzI1NiJ9.e30.x",
        ] {
            assert!(secrets.leaked([line.to_owned()]).is_some(), "{line}");
        }
        for line in [
            "",
            "decision=abc",
            "eyJ.",
            "sha256 eyJhbGciOiJSUzI1NiJ9",
            "aaaa",
        ] {
            assert_eq!(secrets.leaked([line.to_owned()]), None, "{line}");
        }
        secrets.said("HTTP 403 ghs_y".to_owned());
        assert!(secrets.leaked([]).is_some());
    }
}
