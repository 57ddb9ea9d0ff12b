//! What can keep a host from being built.

/// Why [`crate::HostBuilder::build`] failed. Wrong settings are no such error: they are problems that
/// [`crate::Host::ready`] lists, all at once.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The engine could not be made on this machine.
    #[error("the engine cannot run here: {0}")]
    Engine(String),
    /// The bytes are no component, or one that imports what this host does not give or exports no HTTP handler.
    #[error("the component cannot be used: {0}")]
    Component(String),
    /// The signature verifier answered a checked-in vector wrongly (rule 9): nothing it says can be believed.
    #[error("the signature verifier is not proven: {0}")]
    VerifierNotProven(String),
    /// TLS for outbound connections could not be set up.
    #[error("outbound TLS cannot be set up: {0}")]
    Tls(String),
    /// A thread of the host could not be started.
    #[error("a thread cannot be started: {0}")]
    Thread(#[from] std::io::Error),
}
