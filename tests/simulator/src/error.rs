//! Why the simulator could not do what it was told.

/// A fact about a world that could not be built or a listener that could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The account was never added, or was deleted or renamed.
    #[error("no account {0:?}")]
    NoAccount(String),
    /// The repository was never added, or was deleted or renamed.
    #[error("no repository {0:?}")]
    NoRepository(String),
    /// No such App.
    #[error("no App {0}")]
    NoApp(u64),
    /// No such installation.
    #[error("no installation {0}")]
    NoInstallation(u64),
    /// A login, repository name or id that is in use already.
    #[error("{0} is taken")]
    Taken(String),
    /// A key that this crate cannot read, make or sign with.
    #[error("key: {0}")]
    Key(&'static str),
    /// No published key of that `kid`, or the issuer has no key at all.
    #[error("the issuer has no key {0:?}")]
    NoKey(String),
    /// A certificate could not be made.
    #[error("certificate: {0}")]
    Certificate(String),
    /// The simulator opens every door that it is told to open, so it listens on loopback addresses only.
    #[error("{0} is no loopback address")]
    NotLoopback(std::net::SocketAddr),
    /// A socket or a file.
    #[error("{0}: {1}")]
    Io(String, #[source] std::io::Error),
    /// A world, fault or command that cannot be read.
    #[error("{0}")]
    Unreadable(String),
}
