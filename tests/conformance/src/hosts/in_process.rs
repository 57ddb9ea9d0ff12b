//! The component in this process: our host, as it is or with other interfaces. Its clock stands until the kit moves it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use host_wasmtime::{HostBuilder, Limits, ManualClock, Settings};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::{Host, NoStart, Running, Starting, set};
use crate::captured::Lines;
use crate::case::{Need, Needs};
use crate::world::{NOW, Serving};

/// A host that was given what is special about it.
pub struct Configured {
    /// The host in the making.
    pub builder: HostBuilder,
    /// Writes garbage into its store, if that can be reached.
    pub garble: Option<Arc<dyn Fn() + Send + Sync>>,
}

type Configure =
    dyn Fn(BTreeMap<String, String>) -> Result<Configured, NoStart> + Send + Sync + 'static;

/// A host in this process.
pub struct InProcess {
    name: &'static str,
    offers: Needs,
    configure: Box<Configure>,
}

/// The hosts that every machine has.
#[must_use]
pub fn in_process() -> Vec<Box<dyn Host>> {
    let fresh = Limits {
        requests_per_instance: 1,
        ..Limits::default()
    };
    let ours = |name, limits| Box::new(InProcess::ours(name, limits)) as Box<dyn Host>;
    vec![
        ours("wasmtime", Limits::default()),
        ours("wasmtime-fresh", fresh),
    ]
}

impl InProcess {
    /// A host that `configure` makes for a case's settings. Clock, log and audit are the kit's.
    pub fn new(
        name: &'static str,
        offers: &[Need],
        configure: impl Fn(BTreeMap<String, String>) -> Result<Configured, NoStart>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let mut offers = set(offers);
        offers.extend([Need::Clock, Need::Audit, Need::Log]);
        offers.extend([Need::Settings, Need::Unready]);
        offers.extend([Need::Fresh, Need::Ours]);
        Self {
            name,
            offers,
            configure: Box::new(configure),
        }
    }

    /// Our own host.
    fn ours(name: &'static str, limits: Limits) -> Self {
        let offers = [Need::Store, Need::Waits, Need::Vets, Need::Tls];
        Self::new(name, &offers, move |settings| {
            let compiled = crate::world::compiled().map_err(NoStart::Broken)?;
            let builder = host_wasmtime::Host::of(&compiled)
                .settings(Settings::from_vars(settings))
                .limits(limits);
            Ok(Configured {
                builder,
                garble: None,
            })
        })
    }
}

impl Host for InProcess {
    fn name(&self) -> &str {
        self.name
    }

    fn offers(&self) -> &Needs {
        &self.offers
    }

    fn start(&self, settings: BTreeMap<String, String>) -> Starting<'_> {
        Box::pin(async move {
            let Configured { builder, garble } = (self.configure)(settings)?;
            let clock = ManualClock::at(u64::try_from(NOW).unwrap_or_default() * 1000);
            let (log, audit) = (Lines::default(), Lines::default());
            let broken = |error: &dyn std::fmt::Display| NoStart::Broken(error.to_string());
            let host = builder
                .clock(clock.clone())
                .audit(Box::new(audit.clone()))
                .log(Box::new(log.clone()))
                .build()
                .await
                .map_err(|error| broken(&error))?;
            let listener = TcpListener::bind("127.0.0.1:0").await;
            let listener = listener.map_err(|error| broken(&error))?;
            let address = listener.local_addr().map_err(|error| broken(&error))?;
            let serving = Mutex::new(Serving::start(host, listener));
            let running = Inside {
                authority: address.to_string(),
                clock,
                log,
                audit,
                garble,
                serving,
            };
            Ok(Box::new(running) as Box<dyn Running>)
        })
    }
}

struct Inside {
    authority: String,
    clock: Arc<ManualClock>,
    log: Lines,
    audit: Lines,
    garble: Option<Arc<dyn Fn() + Send + Sync>>,
    serving: Mutex<Serving>,
}

impl Running for Inside {
    fn authority(&self) -> String {
        self.authority.clone()
    }

    fn log(&self) -> Vec<String> {
        self.log.all()
    }

    fn audit(&self) -> Vec<String> {
        self.audit.all()
    }

    fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    fn garble(&self) {
        if let Some(garble) = &self.garble {
            garble();
        }
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move { self.serving.lock().await.stop().await })
    }
}
