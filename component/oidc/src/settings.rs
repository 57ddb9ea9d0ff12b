//! The text of settings that name issuers. Entries stand between commas or white space.

use crate::authority::HostPort;
use crate::issuer::{Issuer, IssuerError};
use thiserror::Error;

/// Which entry of a setting is wrong. What it says stays out: problems are shown where values are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum SettingError {
    /// Not an issuer.
    #[error("entry {entry}: {because}")]
    Issuer {
        /// Its number, from 1.
        entry: usize,
        /// Which rule it breaks.
        because: IssuerError,
    },
    /// Not `host:port`.
    #[error("entry {entry} is not host:port")]
    HostPort {
        /// Its number, from 1.
        entry: usize,
    },
}

/// Reads `OCTOSTS_ALLOWED_ISSUERS`: exact issuers. A text without entries is a list without issuers.
///
/// # Errors
/// The first entry that is no issuer.
pub fn parse_issuer_list(text: &str) -> Result<Vec<Issuer>, SettingError> {
    let read = |(entry, text)| {
        Issuer::parse(text).map_err(|because| SettingError::Issuer { entry, because })
    };
    entries(text).map(read).collect()
}

/// Reads `OCTOSTS_PRIVATE_ISSUERS`: `host:port`, IPv6 in brackets, the port always written.
///
/// # Errors
/// The first entry that is no host and port.
pub fn parse_host_port_list(text: &str) -> Result<Vec<HostPort>, SettingError> {
    entries(text)
        .map(|(entry, text)| HostPort::parse(text).ok_or(SettingError::HostPort { entry }))
        .collect()
}

fn entries(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let separator = |c: char| c == ',' || c.is_whitespace();
    (1..).zip(text.split(separator).filter(|entry| !entry.is_empty()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn reads_issuers() {
        let list =
            parse_issuer_list(" https://a.b,https://c.d/e\n\taccounts.google.com , ").unwrap();
        let texts: Vec<_> = list.iter().map(Issuer::as_str).collect();
        assert_eq!(
            texts,
            [
                "https://a.b",
                "https://c.d/e",
                "https://accounts.google.com"
            ]
        );
        assert_eq!(parse_issuer_list(" ,\n"), Ok(Vec::new()));
        let error = parse_issuer_list("https://a.b, http://c.d").unwrap_err();
        assert_eq!(
            error,
            SettingError::Issuer {
                entry: 2,
                because: IssuerError::Scheme
            }
        );
        assert_eq!(error.to_string(), "entry 2: the issuer is not an https URL");
    }

    #[test]
    fn reads_hosts_and_ports() {
        let list = parse_host_port_list("LocalHost:8080 [::1]:1,10.0.0.1:443").unwrap();
        let texts: Vec<_> = list.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["localhost:8080", "[::1]:1", "10.0.0.1:443"]);
        for (text, entry) in [
            ("a", 1),
            ("a:1 https://b:1", 2),
            ("a:1,b:1,c:0", 3),
            ("::1:1", 1),
        ] {
            assert_eq!(
                parse_host_port_list(text),
                Err(SettingError::HostPort { entry }),
                "{text}"
            );
        }
    }
}
