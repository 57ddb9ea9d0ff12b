//! Revoking a token that this server gave out, for those who cannot reach GitHub themselves. No relay (rule 37 of
//! docs/SECURITY.md): one installation token, to one place, at most 120 times a minute.

use crate::context;
use crate::error::{ExchangeError, Refusal};
use crate::memory;
use crate::outside::{LogLevel, Outside, Room};
use crate::request::{Incoming, bearer};
use crate::settings::Settings;
use crate::trouble::Trouble;
use github::InstallationAccessToken;
use std::time::Duration;

/// Revocations in a minute, for all callers together, where the platform counts.
const MOST: u32 = 120;
const MINUTE: Duration = Duration::from_secs(60);
/// The longest token, in bytes: since April 2026 they have some 520.
const MAX_TOKEN: usize = 2048;

/// Revokes the token that is the request's bearer.
///
/// # Errors
/// The refusal: no bearer or several, no installation token, too many requests, GitHub does not know it or cannot be asked.
pub async fn revoke<O: Outside>(
    outside: &O,
    settings: &Settings,
    decision: &str,
    incoming: &Incoming,
) -> Result<(), Refusal> {
    let token = bearer(&incoming.authorization)?;
    let token = installation_token(token).ok_or(ExchangeError::MalformedToken)?;
    let name = memory::name("revocations", &[]);
    let counted = outside.cache_count(&name, Room::Negative, 1, MINUTE);
    if counted.is_some_and(|count| count > MOST) {
        return Err(ExchangeError::TooManyRequests { retry_after: 60 }.into());
    }
    let Err(trouble) = context::revoke_once(outside, settings, &token).await else {
        return Ok(());
    };
    let fields = [("because", trouble.to_string())];
    let message = "a token could not be revoked for its bearer";
    outside.log(LogLevel::Info, decision, message, &fields);
    let error = match trouble {
        Trouble::TokenRefused => ExchangeError::MalformedToken,
        _ => ExchangeError::GitHubUnavailable { retry_after: 5 },
    };
    Err(Refusal::new(error, trouble))
}

/// An installation token, by its form.
fn installation_token(text: String) -> Option<InstallationAccessToken> {
    let rest = text.strip_prefix("ghs_")?;
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let formed = !rest.is_empty() && text.len() <= MAX_TOKEN && rest.bytes().all(letters);
    formed.then(|| InstallationAccessToken::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_token_is_told_by_its_form() {
        let long = format!("ghs_{}", "a".repeat(MAX_TOKEN - 4));
        for token in ["ghs_x", "ghs_1001_eyJh.eyJp.c2ln-_", &long] {
            assert!(installation_token(token.to_owned()).is_some(), "{token}");
        }
        let longer = format!("{long}a");
        for other in [
            "",
            "ghs_",
            "ghp_x",
            "eyJh.eyJp.c2ln",
            "ghs_a b",
            "ghs_a\n",
            "Ghs_x",
            &longer,
        ] {
            assert!(installation_token(other.to_owned()).is_none(), "{other}");
        }
    }
}
