//! A component, compiled once for any number of hosts.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::engine::{self, Limits};
use crate::error::Error;

/// A compiled component with its engine. Clones share everything.
///
/// Compiling takes seconds of processor time; a program or a test with several hosts does it once and begins each of them
/// with [`crate::Host::of`]. All hosts of one `Compiled` share its pool: room for twice as many instances as the
/// `in_flight` that it was compiled with, in all of them together. What does not fit is answered `busy`.
#[derive(Clone)]
pub struct Compiled {
    engine: Engine,
    component: Component,
    sha256: Arc<str>,
}

impl Compiled {
    /// Compiles a component in the binary format, for instances of the size and number that `limits` says. It keeps every
    /// processor busy for some seconds: in an async program, call it from `tokio::task::spawn_blocking`.
    ///
    /// # Errors
    /// [`Error::Engine`], [`Error::Component`], [`Error::Thread`].
    pub fn new(bytes: &[u8], limits: &Limits) -> Result<Self, Error> {
        let engine = engine::engine(limits)?;
        let component = Component::from_binary(&engine, bytes)
            .map_err(|error| Error::Component(format!("{error:#}")))?;
        // One for all hosts: two would move the engine's time on twice as fast.
        engine::start_ticker(&engine)?;
        Ok(Self {
            engine,
            component,
            sha256: hex(&Sha256::digest(bytes)).into(),
        })
    }

    /// The SHA-256 of the component's bytes, in hex.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(crate) fn component(&self) -> &Component {
        &self.component
    }
}

impl fmt::Debug for Compiled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Compiled({})", self.sha256)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
