//! Other platforms' interfaces, so that what was composed for them runs in this process: exactly theirs, each at its exact
//! version, and released WASI. A component that imports another platform's does not link.

mod bindings;
mod hosts;
mod interfaces;
mod output;
mod refusing;
mod store;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::boxed::BoxFuture;
use crate::outbound::{Body, Egress, HttpError, Timeouts};
use hosts::Hosts;
pub(crate) use interfaces::Offered;
pub use store::{SharedStore, StoreMood};

/// Whose interfaces.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Platform {
    Spin,
    WasmCloud,
    Wasi,
}

/// The interfaces of another platform, with what is behind them.
#[derive(Debug, Clone)]
pub struct Interfaces {
    platform: Platform,
    variables: BTreeMap<String, String>,
    store: Arc<SharedStore>,
    hosts: Hosts,
}

impl Interfaces {
    /// Spin 4: `wasi:keyvalue/store@0.2.0-draft2` with the label `default`, `wasi:config/store@0.2.0-draft-2024-09-27`. A host
    /// that is not allowed is refused in the response's future.
    #[must_use]
    pub fn spin() -> Self {
        Self::of(Platform::Spin, Hosts::none())
    }

    /// wasmCloud 2: `wasi:keyvalue/store@0.2.0-draft` with the bucket `default`, `wasi:config/store@0.2.0-rc.1`. A host that is
    /// not allowed is refused by the call itself.
    #[must_use]
    pub fn wasmcloud() -> Self {
        Self::of(Platform::WasmCloud, Hosts::none())
    }

    /// Plain WASI 0.2: variables are the environment, there is no store, and every host may be called.
    #[must_use]
    pub fn wasi() -> Self {
        Self::of(Platform::Wasi, Hosts::all())
    }

    fn of(platform: Platform, hosts: Hosts) -> Self {
        Self {
            platform,
            variables: BTreeMap::new(),
            store: SharedStore::new(),
            hosts,
        }
    }

    /// Settings by name. Names are lower case in Spin and wasmCloud, whatever they are here; plain WASI sees them as they are.
    #[must_use]
    pub fn variables(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let named = |name: String| match self.platform {
            Platform::Spin | Platform::WasmCloud => name.to_lowercase(),
            Platform::Wasi => name,
        };
        let variables = variables.into_iter();
        self.variables = variables
            .map(|(name, value)| (named(name), value))
            .collect();
        self
    }

    /// The store that all instances share; without it an empty one that nobody else sees.
    #[must_use]
    pub fn store(mut self, store: Arc<SharedStore>) -> Self {
        self.store = store;
        self
    }

    /// The only hosts that may be called, as `[SCHEME://]HOST[:PORT]`. HOST may be `*` or begin with `*.`, PORT may be `*`;
    /// without one it is the scheme's own. No address is looked at, as on these platforms.
    #[must_use]
    pub fn allowed_hosts<H: AsRef<str>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.hosts = Hosts::only(hosts);
        self
    }

    /// `egress`, for the allowed hosts alone.
    pub(crate) fn guard(&self, egress: Arc<dyn Egress>) -> Arc<dyn Egress> {
        let hosts = self.hosts.clone();
        Arc::new(Listed { egress, hosts })
    }
}

/// Refuses in the response's future.
struct Listed {
    egress: Arc<dyn Egress>,
    hosts: Hosts,
}

impl Egress for Listed {
    fn send(
        &self,
        request: http::Request<Body>,
        timeouts: Timeouts,
    ) -> BoxFuture<'_, Result<http::Response<Body>, HttpError>> {
        if self.hosts.allow(request.uri()) {
            self.egress.send(request, timeouts)
        } else {
            Box::pin(async { Err(HttpError::HttpRequestDenied) })
        }
    }
}
