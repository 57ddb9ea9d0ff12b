//! The whole: GitHub, its Actions issuer, a foreign issuer, one clock and one call log.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use crate::calls::{Call, Calls};
use crate::clock::Clock;
use crate::error::Error;
use crate::github::{GitHub, GitHubSite, State};
use crate::issuer::{ACTIONS_PREFIX, Issuer, IssuerSite};
use crate::keys::{Algorithm, SigningKey};
use crate::route::Route;
use crate::server::{Answering, Bound, Listener, Site, bind};
use crate::tls::{self, Tls};

/// Any free port of loopback.
const FREE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A simulator that is not started yet.
#[derive(Debug)]
#[must_use]
pub struct Builder {
    clock: Clock,
    tls: bool,
    github: SocketAddr,
    issuer: SocketAddr,
    key: Option<SigningKey>,
    actions_key: Option<SigningKey>,
}

impl Builder {
    /// The time; by default the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// https with certificates of an authority made for this simulator ([`Simulator::ca_pem`]); by default plain http.
    pub fn tls(mut self, tls: bool) -> Self {
        self.tls = tls;
        self
    }

    /// GitHub's address; by default a free port of 127.0.0.1.
    pub fn github_at(mut self, address: SocketAddr) -> Self {
        self.github = address;
        self
    }

    /// The foreign issuer's address; by default a free port of 127.0.0.1.
    pub fn issuer_at(mut self, address: SocketAddr) -> Self {
        self.issuer = address;
        self
    }

    /// The foreign issuer's first key; by default a new RS256 one.
    pub fn issuer_key(mut self, key: SigningKey) -> Self {
        self.key = Some(key);
        self
    }

    /// The Actions issuer's first key; by default a new RS256 one.
    pub fn actions_key(mut self, key: SigningKey) -> Self {
        self.actions_key = Some(key);
        self
    }

    /// Opens the ports. Must be called inside a tokio runtime with time and sockets.
    pub async fn start(self) -> Result<Simulator, Error> {
        let tls = if self.tls {
            Some(tls::generate()?)
        } else {
            None
        };
        let scheme = if self.tls { "https" } else { "http" };
        let calls = Arc::new(Calls::default());
        let (at_github, at_issuer) = (bind(self.github).await?, bind(self.issuer).await?);
        let web = format!("{scheme}://{}", at_github.1);

        let state = Arc::new(State::new(web.clone(), self.clock.clone()));
        let actions = Issuer::new(
            format!("{web}{ACTIONS_PREFIX}"),
            "/.well-known/jwks",
            self.clock.clone(),
            or_new(self.actions_key)?,
        );
        let url = format!("{scheme}://{}", at_issuer.1);
        let issuer = Issuer::new(url, "/jwks", self.clock.clone(), or_new(self.key)?);
        let issuers = Arc::new(IssuerSite::new(issuer.clone()));

        let listen = |bound: Bound, site: Arc<dyn Site>| {
            let answering = Answering {
                site,
                clock: self.clock.clone(),
                calls: Arc::clone(&calls),
            };
            let acceptor = tls.as_ref().map(|tls| tls.acceptor.clone());
            Arc::new(Listener::start(bound, answering, acceptor))
        };
        let github_site = Arc::new(GitHubSite {
            state: Arc::clone(&state),
            actions: actions.clone(),
        });
        let github = GitHub::new(state, listen(at_github, github_site));
        let issuer_listener = listen(at_issuer, Arc::clone(&issuers) as Arc<dyn Site>);
        Ok(Simulator {
            github,
            issuer,
            actions,
            issuers,
            issuer_listener,
            clock: self.clock,
            calls,
            tls,
        })
    }
}

fn or_new(key: Option<SigningKey>) -> Result<SigningKey, Error> {
    key.map_or_else(|| SigningKey::generate(Algorithm::Rs256), Ok)
}

/// A running simulator. Its ports close when it and every clone of its [`GitHub`] are dropped, or by [`Self::stop`].
pub struct Simulator {
    github: GitHub,
    issuer: Issuer,
    actions: Issuer,
    issuers: Arc<IssuerSite>,
    issuer_listener: Arc<Listener>,
    clock: Clock,
    calls: Arc<Calls>,
    tls: Option<Tls>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Simulator({:?}, {:?})", self.github, self.issuer)
    }
}

impl Simulator {
    /// A simulator to be set up.
    pub fn builder() -> Builder {
        Builder {
            clock: Clock::system(),
            tls: false,
            github: FREE,
            issuer: FREE,
            key: None,
            actions_key: None,
        }
    }

    /// GitHub.
    #[must_use]
    pub fn github(&self) -> &GitHub {
        &self.github
    }

    /// The Actions issuer of this GitHub, as GitHub Enterprise Server has it: GitHub's own port, `/_services/token`.
    #[must_use]
    pub fn actions_issuer(&self) -> &Issuer {
        &self.actions
    }

    /// A foreign issuer, on a port of its own.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// One more foreign issuer, below `path` (`/tenant`) of the foreign issuer's port, with a key of its own.
    pub fn add_issuer(&self, path: &str, algorithm: Algorithm) -> Result<Issuer, Error> {
        let path = format!("/{}", path.trim_matches('/'));
        let url = format!("{}{path}", self.issuer.url());
        let key = SigningKey::generate(algorithm)?;
        let issuer = Issuer::new(url, "/jwks", self.clock.clone(), key);
        self.issuers.add(&path, issuer.clone());
        Ok(issuer)
    }

    /// The issuer of this name: `actions`, `foreign`, or its URL.
    pub(crate) fn issuer_named(&self, name: &str) -> Result<Issuer, Error> {
        match name {
            "actions" => Ok(self.actions.clone()),
            "foreign" => Ok(self.issuer.clone()),
            url if url == self.actions.url() => Ok(self.actions.clone()),
            url => self
                .issuers
                .by_url(url)
                .ok_or_else(|| Error::Unreadable(format!("no issuer {name:?}"))),
        }
    }

    /// The clock of all parts.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The authority's certificate in PEM, if there is TLS.
    #[must_use]
    pub fn ca_pem(&self) -> Option<String> {
        self.tls.as_ref().map(|tls| tls.ca_pem.clone())
    }

    /// The calls since the start or [`Self::clear_calls`], oldest first, of all sites; the last 65,536.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        self.calls.all()
    }

    /// How many calls of a route there were.
    #[must_use]
    pub fn count(&self, route: Route) -> usize {
        self.calls.count(route)
    }

    /// Forgets all calls.
    pub fn clear_calls(&self) {
        self.calls.clear();
    }

    /// Stops or resumes logging calls, for benchmarks.
    pub fn record_calls(&self, on: bool) {
        self.calls.record(on);
    }

    /// Closes the foreign issuers' port with its connections.
    pub async fn stop_issuer(&self) {
        self.issuer_listener.stop().await;
    }

    /// Opens the foreign issuers' port again.
    pub async fn start_issuer(&self) -> Result<(), Error> {
        self.issuer_listener.start_again().await
    }

    /// Closes every port; returns when that is done.
    pub async fn stop(&self) {
        self.github.stop_listening().await;
        self.stop_issuer().await;
    }
}
