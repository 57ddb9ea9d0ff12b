//! The interfaces, answered from variables and the shared store.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::component::{HasData, Linker, Resource, ResourceTable};
use wasmtime_wasi::WasiCtxBuilder;

use super::bindings::wasi::config0_2_0_draft_2024_09_27::store as spin_config;
use super::bindings::wasi::config0_2_0_rc_1::store as wasmcloud_config;
use super::bindings::wasi::keyvalue0_2_0_draft::store as wasmcloud_keyvalue;
use super::bindings::wasi::keyvalue0_2_0_draft2::store as spin_keyvalue;
use super::hosts::Hosts;
use super::output::{ErrorLines, OutputLines};
use super::store::SharedStore;
use super::{Interfaces, Platform, refusing};
use crate::guest_output::GuestLines;
use crate::instance::{Guest, Offer};
use crate::journal::{AuditSink, LogSink};

/// The one name that a store has.
const BUCKET: &str = "default";

/// Another platform's interfaces, as instances are offered them.
pub(crate) struct Offered {
    platform: Platform,
    variables: Arc<BTreeMap<String, String>>,
    store: Arc<SharedStore>,
    hosts: Hosts,
    stdout: Arc<OutputLines>,
    stderr: Arc<ErrorLines>,
}

/// What one instance holds.
pub(crate) struct Held {
    variables: Arc<BTreeMap<String, String>>,
    store: Arc<SharedStore>,
    pub(super) hosts: Hosts,
}

/// A store that an instance opened.
#[expect(unreachable_pub, reason = "generated code exports it again")]
pub struct Bucket(Arc<SharedStore>);

impl Offered {
    pub(crate) fn new(
        interfaces: Interfaces,
        stdout: Box<dyn AuditSink>,
        stderr: Arc<dyn LogSink>,
    ) -> Self {
        Self {
            platform: interfaces.platform,
            variables: Arc::new(interfaces.variables),
            store: interfaces.store,
            hosts: interfaces.hosts,
            stdout: Arc::new(OutputLines::new(stdout)),
            stderr: Arc::new(ErrorLines(stderr)),
        }
    }
}

impl Offer for Offered {
    type Held = Held;

    fn hold(&self) -> Held {
        Held {
            variables: self.variables.clone(),
            store: self.store.clone(),
            hosts: self.hosts.clone(),
        }
    }

    fn wasi(&self, wasi: &mut WasiCtxBuilder) {
        wasi.stdout(GuestLines::to(self.stdout.clone()));
        wasi.stderr(GuestLines::to(self.stderr.clone()));
        if self.platform == Platform::Wasi {
            for (name, value) in self.variables.iter() {
                wasi.env(name, value);
            }
        }
    }

    fn link(&self, linker: &mut Linker<Guest<Self>>) -> wasmtime::Result<()> {
        match self.platform {
            Platform::Spin => {
                spin_keyvalue::add_to_linker::<_, Seen>(linker, seen)?;
                spin_config::add_to_linker::<_, Seen>(linker, seen)
            }
            Platform::WasmCloud => {
                refusing::link(linker)?;
                wasmcloud_keyvalue::add_to_linker::<_, Seen>(linker, seen)?;
                wasmcloud_config::add_to_linker::<_, Seen>(linker, seen)
            }
            Platform::Wasi => Ok(()),
        }
    }
}

/// What the interfaces see of an instance.
struct Seen;

impl HasData for Seen {
    type Data<'a> = View<'a>;
}

struct View<'a> {
    held: &'a Held,
    table: &'a mut ResourceTable,
}

fn seen(guest: &mut Guest<Offered>) -> View<'_> {
    View {
        held: &guest.held,
        table: &mut guest.table,
    }
}

/// The two versions have the same shape, and types of their own.
macro_rules! answer {
    ($keyvalue:ident, $config:ident, $unknown:ident) => {
        impl $keyvalue::Host for View<'_> {
            fn open(&mut self, name: String) -> Result<Resource<Bucket>, $keyvalue::Error> {
                if name != BUCKET {
                    return Err($keyvalue::Error::$unknown);
                }
                let away = |_| $keyvalue::Error::Other("the store is away".to_owned());
                self.held.store.open().map_err(away)?;
                let bucket = self.table.push(Bucket(self.held.store.clone()));
                bucket.map_err(|full| $keyvalue::Error::Other(full.to_string()))
            }
        }

        impl $keyvalue::HostBucket for View<'_> {
            fn get(
                &mut self,
                bucket: Resource<Bucket>,
                key: String,
            ) -> Result<Option<Vec<u8>>, $keyvalue::Error> {
                self.with(&bucket, |store| store.get(&key))
                    .map_err($keyvalue::Error::Other)
            }

            fn set(
                &mut self,
                bucket: Resource<Bucket>,
                key: String,
                value: Vec<u8>,
            ) -> Result<(), $keyvalue::Error> {
                self.with(&bucket, |store| store.set(key, value))
                    .map_err($keyvalue::Error::Other)
            }

            fn delete(
                &mut self,
                bucket: Resource<Bucket>,
                key: String,
            ) -> Result<(), $keyvalue::Error> {
                self.with(&bucket, |store| store.delete(&key))
                    .map_err($keyvalue::Error::Other)
            }

            fn drop(&mut self, bucket: Resource<Bucket>) -> wasmtime::Result<()> {
                self.table.delete(bucket)?;
                Ok(())
            }
        }

        impl $config::Host for View<'_> {
            fn get(&mut self, key: String) -> Result<Option<String>, $config::Error> {
                Ok(self.held.variables.get(&key).cloned())
            }
        }
    };
}

answer!(spin_keyvalue, spin_config, AccessDenied);
answer!(wasmcloud_keyvalue, wasmcloud_config, NoSuchStore);

impl View<'_> {
    fn with<T>(
        &self,
        bucket: &Resource<Bucket>,
        verb: impl FnOnce(&SharedStore) -> Result<T, super::store::Away>,
    ) -> Result<T, String> {
        let bucket = self.table.get(bucket).map_err(|error| error.to_string())?;
        verb(&bucket.0).map_err(|_| "the store is away".to_owned())
    }
}
