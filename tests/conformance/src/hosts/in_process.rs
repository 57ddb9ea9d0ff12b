//! The component in this process: our host, as it is or with other platforms' interfaces. Its clock stands until the kit
//! moves it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use host_wasmtime::{
    HostBuilder, Interfaces, Limits, ManualClock, Settings, SharedStore, StoreMood,
};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

use super::{Host, NoStart, Running, Starting, outbound, set};
use crate::built;
use crate::captured::Lines;
use crate::case::{Need, Needs, Store};
use crate::world::{NOW, Serving};

/// A host that was given what is special about it.
pub struct Configured {
    /// The host in the making.
    pub builder: HostBuilder,
    /// Its store, if the kit reaches it.
    pub store: Option<Arc<SharedStore>>,
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
        composed("spin-interfaces", "composed/spin.wasm", Interfaces::spin),
        composed(
            "wasmcloud-interfaces",
            "composed/wasmcloud.wasm",
            Interfaces::wasmcloud,
        ),
        composed(
            "wasi-interfaces",
            "octo_sts-standalone.wasm",
            Interfaces::wasi,
        ),
    ]
}

/// What was composed for a platform, with exactly that platform's interfaces and with a fresh instance for each request.
fn composed(
    name: &'static str,
    file: &'static str,
    interfaces: fn() -> Interfaces,
) -> Box<dyn Host> {
    let keeps = file != "octo_sts-standalone.wasm";
    let reached: &[Need] = if keeps {
        &[Need::Store, Need::Garble, Need::Moods]
    } else {
        &[]
    };
    Box::new(InProcess::new(name, reached, move |settings| {
        let compiled = built::compiled(file).map_err(NoStart::Broken)?;
        let store = SharedStore::new();
        let interfaces = interfaces()
            .allowed_hosts(outbound(&settings))
            .store(Arc::clone(&store))
            .variables(settings);
        let limits = Limits {
            requests_per_instance: 1,
            ..Limits::default()
        };
        let builder = host_wasmtime::Host::of(&compiled)
            .interfaces(interfaces)
            .limits(limits);
        Ok(Configured {
            builder,
            store: keeps.then_some(store),
        })
    }))
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
            let compiled = built::compiled(built::ARTIFACT).map_err(NoStart::Broken)?;
            let builder = host_wasmtime::Host::of(&compiled)
                .settings(Settings::from_vars(settings))
                .limits(limits);
            Ok(Configured {
                builder,
                store: None,
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
            let Configured { builder, store } = (self.configure)(settings)?;
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
                store,
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
    store: Option<Arc<SharedStore>>,
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

    fn store(&self, becomes: Store) -> Result<(), String> {
        let store = self.store.as_ref().ok_or("there is no store")?;
        match becomes {
            Store::Garbled => store.garble(),
            Store::Emptied => store.clear(),
            Store::Failing => store.set_mood(StoreMood::Fails),
            Store::Closed => store.set_mood(StoreMood::FailsToOpen),
            Store::Forgetting => store.set_mood(StoreMood::Forgets),
            Store::Working => store.set_mood(StoreMood::Works),
        }
        Ok(())
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move { self.serving.lock().await.stop().await })
    }
}
