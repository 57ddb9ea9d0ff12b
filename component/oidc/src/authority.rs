//! Host and port, split strictly from the raw text. A library that normalises would judge another text than the one
//! that is asked later.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// The part of a URL between `//` and the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Authority {
    /// As written, without brackets.
    pub(crate) host: String,
    bracketed: bool,
    /// The digits behind the colon, if there is a colon.
    port: Option<String>,
}

/// Why a text is no authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuthorityError {
    UserInfo,
    Host,
    Port,
}

impl Authority {
    /// Splits the text; the host has one of the forms that Go's `net/url` takes, ASCII only and without escapes.
    pub(crate) fn parse(text: &str) -> Result<Self, AuthorityError> {
        if text.contains('@') {
            return Err(AuthorityError::UserInfo);
        }
        let (host, rest, valid) = match text.strip_prefix('[') {
            Some(inner) => {
                let (host, rest) = inner.split_once(']').ok_or(AuthorityError::Host)?;
                (host, rest, host.parse::<Ipv6Addr>().is_ok())
            }
            None => {
                let colon = text.find(':').and_then(|at| text.split_at_checked(at));
                let (host, rest) = colon.unwrap_or((text, ""));
                (host, rest, is_go_host(host))
            }
        };
        if !valid {
            return Err(AuthorityError::Host);
        }
        let port = match rest.strip_prefix(':') {
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Some(digits.to_owned())
            }
            None if rest.is_empty() => None,
            _ => return Err(AuthorityError::Port),
        };
        Ok(Self {
            host: host.to_owned(),
            bracketed: text.starts_with('['),
            port,
        })
    }

    /// Where to connect; `None` if no TCP port has that number.
    pub(crate) fn host_port(&self, default_port: u16) -> Option<HostPort> {
        let port = match self.port.as_deref() {
            None | Some("") => default_port,
            Some(digits) => port_number(digits)?,
        };
        let host = if self.bracketed {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        HostPort::of(&host, port)
    }
}

fn port_number(digits: &str) -> Option<u16> {
    digits
        .trim_start_matches('0')
        .parse()
        .ok()
        .filter(|port| *port != 0)
}

/// What Go's parser leaves in a host name unescaped, but the colon.
fn is_go_host(host: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=<>\"".contains(&byte);
    !host.is_empty() && host.bytes().all(allowed)
}

/// A host and a port in the one form in which they are compared: lower case, no dot at the end, IPv6 in brackets and
/// in its canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostPort {
    host: String,
    port: u16,
}

impl HostPort {
    /// Reads `host:port`; the port is from 1 to 65535 and must be there.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let authority = Authority::parse(text).ok()?;
        authority
            .port
            .as_deref()
            .filter(|digits| !digits.is_empty())?;
        let host_port = authority.host_port(0)?;
        (host_port.is_ip_literal() || host_port.is_domain_name()).then_some(host_port)
    }

    fn of(host: &str, port: u16) -> Option<Self> {
        let host = match host
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            Some(address) => format!("[{}]", address.parse::<Ipv6Addr>().ok()?),
            // `api.github.com.` is the same host for DNS, and must be for every list.
            None => host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase(),
        };
        Some(Self { host, port })
    }

    /// The host in lower case, IPv6 in brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, from 1 to 65535.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the host is an address and no name. A name whose last label is a number counts as one too: resolvers
    /// take `127.1`, `2130706433` and `0x7f.1` for 127.0.0.1, and no top-level domain is a number.
    #[must_use]
    pub fn is_ip_literal(&self) -> bool {
        if self.host.starts_with('[') || self.host.parse::<Ipv4Addr>().is_ok() {
            return true;
        }
        let last = self.host.rsplit('.').next().unwrap_or("");
        let hexadecimal = last
            .strip_prefix("0x")
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
        hexadecimal || (!last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Whether the host is one of the three names of this machine that plain http is for.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        matches!(self.host.as_str(), "localhost" | "127.0.0.1" | "[::1]")
    }

    /// Whether the host is a name that DNS can have: labels of letters, digits, `-` and `_`, 253 bytes at most.
    pub(crate) fn is_domain_name(&self) -> bool {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        };
        self.host.len() <= 253 && self.host.split('.').all(label)
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn one_form_for_every_spelling() {
        for (text, form) in [
            ("Example.COM:443", "example.com:443"),
            ("example.com.:0443", "example.com:443"),
            ("[0:0:0:0:0:0:0:1]:1", "[::1]:1"),
            ("[FD00::A]:65535", "[fd00::a]:65535"),
            ("127.0.0.1:8080", "127.0.0.1:8080"),
        ] {
            assert_eq!(HostPort::parse(text).unwrap().to_string(), form, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_host_and_port() {
        for text in [
            "",
            ":",
            ":1",
            "host",
            "host:",
            "host:0",
            "host:65536",
            "host:-1",
            "host:+1",
            "host: 1",
            "host:1:2",
            "::1:443",
            "[::1]",
            "[::1]443",
            "[::1",
            "[::1%25lo]:1",
            "[127.0.0.1]:1",
            "u@host:1",
            "https://host:1",
            "host/x:1",
            "a..b:1",
            ".a:1",
            "a b:1",
            "h\u{f6}st:1",
            "h%6fst:1",
            "a\\b:1",
            "<a>:1",
        ] {
            assert_eq!(HostPort::parse(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_are_told_from_names() {
        for host in [
            "127.0.0.1",
            "[::1]",
            "10.1",
            "2130706433",
            "0x7f.1",
            "0x7f000001",
            "0177.0.0.01",
            "1.2.3.4.",
            "a.5",
            "a.0x",
        ] {
            assert!(
                HostPort::parse(&format!("{host}:1"))
                    .unwrap()
                    .is_ip_literal(),
                "{host}"
            );
        }
        for host in [
            "localhost",
            "example.com",
            "1.2.3.4.example",
            "0xyz",
            "10.in-addr.arpa",
            "1e100.net",
        ] {
            assert!(
                !HostPort::parse(&format!("{host}:1"))
                    .unwrap()
                    .is_ip_literal(),
                "{host}"
            );
        }
    }
}
