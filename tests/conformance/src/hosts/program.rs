//! Real programs: the service as a user starts it. Their clock is the system's.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use programs::{Deployment, Platform, Service};

use super::{Host, NoStart, Running, Starting, outbound, set};
use crate::case::{Need, Needs, Store};

/// A platform's own program.
pub struct Program {
    name: &'static str,
    platform: Platform,
    offers: Needs,
}

/// All programs, here or not.
#[must_use]
pub fn programs() -> Vec<Box<dyn Host>> {
    let program = |platform| Box::new(Program::new(platform)) as Box<dyn Host>;
    Platform::ALL.into_iter().map(program).collect()
}

impl Program {
    fn new(platform: Platform) -> Self {
        let (name, special): (_, &[Need]) = match platform {
            // In this process it is `wasmtime`.
            Platform::Wasmtime => ("octo-sts", &[Need::Waits, Need::Vets, Need::Tls]),
            other => (other.name(), &[Need::Unready]),
        };
        let mut offers = set(special);
        offers.extend([Need::Audit, Need::Log, Need::Settings]);
        offers.extend([Need::Fresh, Need::Ours]);
        if platform.keeps() {
            offers.insert(Need::Store);
        }
        if platform.can_garble() {
            offers.insert(Need::Garble);
        }
        Self {
            name,
            platform,
            offers,
        }
    }
}

impl Host for Program {
    fn name(&self) -> &str {
        self.name
    }

    fn offers(&self) -> &Needs {
        &self.offers
    }

    fn start(&self, settings: BTreeMap<String, String>) -> Starting<'_> {
        Box::pin(async move {
            let folder = Folder::make().map_err(|error| NoStart::Broken(error.to_string()))?;
            let deployment = Deployment {
                root: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../..")),
                folder: folder.0.clone(),
                outbound: outbound(&settings),
                settings,
            };
            let absent = self.platform.program(&deployment.root).err();
            if let Some(reason) = absent {
                return Err(NoStart::Absent(reason));
            }
            let platform = self.platform;
            let starting =
                tokio::task::spawn_blocking(move || programs::start(platform, &deployment));
            let service = starting
                .await
                .unwrap_or_else(|error| Err(error.to_string()))
                .map_err(NoStart::Broken)?;
            Ok(Box::new(Started {
                authority: service.url.trim_start_matches("http://").to_owned(),
                state: Mutex::new(State::Running(service)),
                _folder: folder,
            }) as Box<dyn Running>)
        })
    }
}

/// A folder of a deployment's own, while it lasts.
struct Folder(PathBuf);

impl Folder {
    fn make() -> std::io::Result<Self> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("conformance-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

enum State {
    Running(Service),
    /// What it wrote.
    Ended(Vec<String>),
}

struct Started {
    authority: String,
    state: Mutex<State>,
    _folder: Folder,
}

impl Started {
    fn lines(&self) -> Vec<String> {
        match &*self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Running(service) => service.lines(),
            State::Ended(lines) => lines.clone(),
        }
    }
}

/// A record is told from other lines by its version.
fn is_record(line: &str) -> bool {
    serde_json::from_str::<serde_json::Value>(line)
        .is_ok_and(|value| value.get("v").is_some() && value.get("decision").is_some())
}

impl Running for Started {
    fn authority(&self) -> String {
        self.authority.clone()
    }

    fn log(&self) -> Vec<String> {
        let mut lines = self.lines();
        lines.retain(|line| !is_record(line));
        lines
    }

    fn audit(&self) -> Vec<String> {
        let mut lines = self.lines();
        lines.retain(|line| is_record(line));
        lines
    }

    fn store(&self, becomes: Store) -> Result<(), String> {
        match &*self.state.lock().unwrap_or_else(PoisonError::into_inner) {
            State::Running(service) if becomes == Store::Garbled => service.garble(),
            _ => Err("the kit can only write into the store".to_owned()),
        }
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            let ended = State::Ended(self.lines());
            let before = {
                let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::replace(&mut *state, ended)
            };
            let State::Running(service) = before else {
                return;
            };
            let lines = tokio::task::spawn_blocking(move || service.end()).await;
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            *state = State::Ended(lines.unwrap_or_default());
        })
    }
}
