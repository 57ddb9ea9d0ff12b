//! What a case runs on. A host is started anew for every case, with that case's settings.

mod in_process;
mod program;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::time::Duration;

pub use in_process::{Configured, InProcess, in_process};
pub use program::{Program, programs};

use crate::case::{Need, Needs, Store};

/// Why a service did not start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoStart {
    /// It is not here; the case is not run.
    Absent(String),
    /// It is here and does not start; the case fails.
    Broken(String),
}

/// What `start` returns.
pub type Starting<'a> =
    Pin<Box<dyn Future<Output = Result<Box<dyn Running>, NoStart>> + Send + 'a>>;

/// Something that can run the component.
pub trait Host: Send + Sync {
    /// As `--host` and the table have it.
    fn name(&self) -> &str;

    /// What cases can have of it.
    fn offers(&self) -> &Needs;

    /// Starts a service that has seen nothing yet, with exactly these settings.
    fn start(&self, settings: BTreeMap<String, String>) -> Starting<'_>;
}

/// A service that answers. What a host does not offer is never asked of it.
pub trait Running: Send + Sync {
    /// `HOST:PORT`, plain HTTP.
    fn authority(&self) -> String;

    /// Log lines so far, as written.
    fn log(&self) -> Vec<String> {
        Vec::new()
    }

    /// Audit records so far, as written.
    fn audit(&self) -> Vec<String> {
        Vec::new()
    }

    /// Moves the clock.
    fn advance(&self, _by: Duration) {}

    /// Does something to the store.
    ///
    /// # Errors
    /// It can't be done.
    fn store(&self, _becomes: Store) -> Result<(), String> {
        Err("the kit does not reach the store".to_owned())
    }

    /// Takes no more requests; returns when nothing is under way and everything is written.
    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// A set of needs.
pub(crate) fn set(needs: &[Need]) -> Needs {
    needs.iter().copied().collect()
}

/// Where calls may go: GitHub, and the issuers that may be at private addresses.
pub(crate) fn outbound(settings: &BTreeMap<String, String>) -> Vec<String> {
    let setting = |name: &str| settings.get(name).map_or("", String::as_str);
    let github = setting("GITHUB_BASE_URL");
    let scheme = github.split("://").next().unwrap_or_default();
    let origin: Vec<&str> = github.splitn(4, '/').take(3).collect();
    let issuers = setting("OCTOSTS_PRIVATE_ISSUERS").split(',').map(str::trim);
    let issuers = issuers.filter(|host| !host.is_empty());
    let issuers = issuers.map(|host| format!("{scheme}://{host}"));
    [origin.join("/")].into_iter().chain(issuers).collect()
}
