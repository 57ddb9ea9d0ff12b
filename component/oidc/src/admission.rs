//! Which issuers may be contacted, and which addresses they may name (rules 12, 19, 20, 22 and 23). Whether an address
//! is public is seen after resolution, where connections are made (rule 21).

use crate::authority::HostPort;
use crate::github_issuers::GitHubActionsIssuers;
use crate::issuer::Issuer;
use crate::issuer_keys::StaticKeys;
use crate::web_url::{UrlError, WebUrl};
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// The only port of an issuer that nobody listed: other ports are where other services listen.
const HTTPS: u16 = 443;

/// A pattern over issuers. Its language is the trust policies', so whoever has that implements it (rule 23).
pub trait IssuerPattern: fmt::Debug {
    /// Whether it stands for the whole of a normalised issuer.
    fn matches(&self, issuer: &str) -> bool;
}

/// The operator's list of issuers.
#[derive(Debug, Clone, Default)]
pub struct AllowedIssuers {
    /// `OCTOSTS_ALLOWED_ISSUERS`.
    pub exact: Vec<Issuer>,
    /// `OCTOSTS_ALLOWED_ISSUER_PATTERNS`.
    pub patterns: Vec<Arc<dyn IssuerPattern + Send + Sync>>,
}

impl AllowedIssuers {
    fn names(&self, issuer: &Issuer) -> bool {
        self.exact.contains(issuer)
    }

    fn describes(&self, issuer: &Issuer) -> bool {
        let mut patterns = self.patterns.iter();
        patterns.any(|pattern| pattern.matches(issuer.as_str()))
    }
}

/// What the operator and the platform say about issuers.
#[derive(Debug, Clone)]
pub struct IssuerRules {
    /// If set, the only ones that are contacted, this GitHub's own included.
    pub allowed: Option<AllowedIssuers>,
    /// The operator's keys of issuers that are never contacted, and that nothing here judges.
    pub static_keys: StaticKeys,
    /// `OCTOSTS_PRIVATE_ISSUERS`: where issuers and keys may be on private or loopback addresses.
    pub private: Vec<HostPort>,
    /// This GitHub's own issuers.
    pub github: GitHubActionsIssuers,
    /// `host:port` of GitHub's API.
    pub github_authority: String,
    /// `host:port` of the event sink, if there is one.
    pub event_authority: Option<String>,
    /// Whether the platform refuses private addresses after resolution.
    pub vets_addresses: bool,
    /// `OCTOSTS_ANY_ISSUER`: the operator refuses private addresses himself.
    pub any_issuer: bool,
}

/// How an issuer came to be contacted, which decides where what it says is remembered (rule 12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// This GitHub's own.
    Own,
    /// Named by the operator, itself or its host and port.
    Listed,
    /// Named by a token and nobody else, also where one of the operator's patterns describes it: anyone can run one.
    Other,
}

/// An issuer that may be contacted. Only [`IssuerRules::admit`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmittedIssuer {
    issuer: Issuer,
    host_port: HostPort,
    standing: Standing,
    inventable: bool,
}

impl AdmittedIssuer {
    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// How it came to be contacted.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether whoever writes a token can invent more issuers of this standing: enterprises below GitHub's issuer, paths
    /// below a listed host and port, and whatever is [`Standing::Other`]. What is remembered of such a one must not push out
    /// something else, until it led to a grant.
    #[must_use]
    pub fn is_inventable(&self) -> bool {
        self.inventable
    }
}

/// Why an issuer, or an address that it names, is not contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NotAdmitted {
    /// The operator has a list, and it is not on it.
    #[error("not on the operator's list of issuers")]
    NotListed,
    /// Nobody here sees whether its address is public, and the operator does not name it (rule 22).
    #[error(
        "addresses are not vetted on this platform, and the operator does not name this issuer"
    )]
    NoList,
    /// It is where GitHub's API is (rule 19).
    #[error("it points at GitHub's API")]
    GitHubAuthority,
    /// It is where events go (rule 19).
    #[error("it points at the event sink")]
    EventSink,
    /// It is on a host that is listed as private, and is not what was listed (rule 19).
    #[error("it points at a private host that is listed for another issuer")]
    PrivateHost,
    /// A port other than 443 that nobody listed, or that no connection can have.
    #[error("the port is not 443")]
    Port,
    /// An address instead of a name, not listed.
    #[error("the host is an address")]
    IpLiteral,
    /// A host that no DNS name can be.
    #[error("the host is not a name")]
    HostName,
    /// Without TLS, and not listed as private (rule 20).
    #[error("it is not https")]
    PlainHttp,
    /// Not an address at all.
    #[error(transparent)]
    Url(#[from] UrlError),
}

impl NotAdmitted {
    /// Whether it is the operator who does not want the issuer: it answers as not permitted, everything else as a
    /// provider that is wrong.
    #[must_use]
    pub fn is_by_operator(self) -> bool {
        matches!(self, Self::NotListed | Self::NoList)
    }
}

impl IssuerRules {
    /// Judges an issuer before anything is sent to it.
    ///
    /// # Errors
    /// The rule that forbids it; the operator's come first.
    pub fn admit(&self, issuer: &Issuer) -> Result<AdmittedIssuer, NotAdmitted> {
        let allowed = self.allowed.as_ref();
        let named = allowed.is_some_and(|allowed| allowed.names(issuer));
        let described = allowed.is_some_and(|allowed| allowed.describes(issuer));
        if allowed.is_some() && !(named || described) {
            return Err(NotAdmitted::NotListed);
        }
        let private = issuer
            .host_port()
            .is_some_and(|host_port| self.private.contains(host_port));
        let listed = named || private;
        if !(listed || described || self.vets_addresses || self.any_issuer) {
            return Err(NotAdmitted::NoList);
        }
        let own = self.github.is_own(issuer);
        let host_port = issuer.host_port().ok_or(NotAdmitted::Port)?;
        if !own {
            self.check_place(issuer.is_plain_http(), host_port, listed, private)?;
            if host_port.port() != HTTPS && !(listed || described) {
                return Err(NotAdmitted::Port);
            }
        }
        let standing = match (own, listed) {
            (true, _) => Standing::Own,
            (false, true) => Standing::Listed,
            (false, false) => Standing::Other,
        };
        let inventable = !named && (!own || self.github.is_enterprise(issuer));
        Ok(AdmittedIssuer {
            issuer: issuer.clone(),
            host_port: host_port.clone(),
            standing,
            inventable,
        })
    }

    /// Whether every issuer is refused, since addresses are not vetted here and the operator names none (rule 22).
    #[must_use]
    pub fn admits_nobody(&self) -> bool {
        let named =
            self.allowed.is_some() || !self.private.is_empty() || !self.static_keys.is_empty();
        !(named || self.vets_addresses || self.any_issuer)
    }

    /// Judges a place that is not GitHub's own issuer.
    fn check_place(
        &self,
        plain_http: bool,
        at: &HostPort,
        listed: bool,
        private: bool,
    ) -> Result<(), NotAdmitted> {
        if !listed {
            self.check_reserved(at)?;
            self.check_private_hosts(at)?;
        }
        if plain_http && !(private && at.is_loopback()) {
            return Err(NotAdmitted::PlainHttp);
        }
        check_host(at, listed)
    }

    /// Judges a `jwks_uri`. It may be wherever its issuer is; elsewhere, at a listed private host and port if the issuer
    /// is listed or GitHub's own, never at GitHub's API or the event sink, and else on port 443 of a name, any port for
    /// a listed issuer. Path and query are free.
    ///
    /// # Errors
    /// The rule that forbids it, never one of the operator's.
    pub fn admit_url(&self, issuer: &AdmittedIssuer, url: &str) -> Result<(), NotAdmitted> {
        self.judge(issuer, &WebUrl::parse(url)?)
    }

    /// Judges the target of a redirect, as a whole address: as a `jwks_uri`, and https always (rule 20).
    ///
    /// # Errors
    /// The rule that forbids it, never one of the operator's.
    pub fn admit_redirect(&self, issuer: &AdmittedIssuer, url: &str) -> Result<(), NotAdmitted> {
        let url = WebUrl::parse(url)?;
        if url.plain_http {
            return Err(NotAdmitted::PlainHttp);
        }
        self.judge(issuer, &url)
    }

    fn judge(&self, issuer: &AdmittedIssuer, url: &WebUrl) -> Result<(), NotAdmitted> {
        let at = &url.host_port;
        if *at == issuer.host_port && url.plain_http == issuer.issuer.is_plain_http() {
            return Ok(());
        }
        let trusted = issuer.standing != Standing::Other;
        let private = trusted && self.private.contains(at);
        if *at != issuer.host_port {
            self.check_reserved(at)?;
        }
        if !private {
            self.check_private_hosts(at)?;
        }
        if url.plain_http && !(private && at.is_loopback()) {
            return Err(NotAdmitted::PlainHttp);
        }
        check_host(at, private)?;
        if at.port() != HTTPS && !trusted {
            return Err(NotAdmitted::Port);
        }
        Ok(())
    }

    /// An issuer whose metadata points at our own correspondents would make us the one who knocks there (rule 19).
    fn check_reserved(&self, at: &HostPort) -> Result<(), NotAdmitted> {
        if is_authority(&self.github_authority, at) {
            return Err(NotAdmitted::GitHubAuthority);
        }
        if self
            .event_authority
            .as_ref()
            .is_some_and(|sink| is_authority(sink, at))
        {
            return Err(NotAdmitted::EventSink);
        }
        Ok(())
    }

    fn check_private_hosts(&self, at: &HostPort) -> Result<(), NotAdmitted> {
        let same_host = self
            .private
            .iter()
            .any(|private| private.host() == at.host());
        if same_host {
            Err(NotAdmitted::PrivateHost)
        } else {
            Ok(())
        }
    }
}

fn check_host(at: &HostPort, listed: bool) -> Result<(), NotAdmitted> {
    match (at.is_ip_literal(), at.is_domain_name()) {
        (true, _) if !listed => Err(NotAdmitted::IpLiteral),
        (false, false) => Err(NotAdmitted::HostName),
        _ => Ok(()),
    }
}

/// Compares in the one form of host and port, and as text where the setting has another.
fn is_authority(authority: &str, at: &HostPort) -> bool {
    HostPort::parse(authority).is_some_and(|authority| authority == *at)
        || authority.eq_ignore_ascii_case(&at.to_string())
}

#[cfg(test)]
#[path = "admission_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "admission_url_tests.rs"]
mod url_tests;
