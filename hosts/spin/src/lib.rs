//! Answers `octo-sts:platform` in Spin: settings are variables, the store is the key-value label `default`, signatures are
//! pure Rust. Everything that is not Spin's is in `hosts/portable`.

mod bindings;

use std::cell::OnceCell;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use bindings::exports::octo_sts::platform::{cache, journal, settings, signer, verifier};
use bindings::wasi::config0_2_0_draft_2024_09_27::store as config;
use bindings::wasi::keyvalue0_2_0_draft2::store::{Bucket, open};
use portable::platform::{Outside, Platform};

/// The key-value label that `spin.toml` grants.
const LABEL: &str = "default";

thread_local! {
    static PLATFORM: Platform<Spin> = const { Platform::new(Spin { bucket: OnceCell::new() }) };
}

/// One instance, which Spin makes for each request.
struct Spin {
    /// None: the label is not granted, or its store is away.
    bucket: OnceCell<Option<Bucket>>,
}

impl Spin {
    fn bucket(&self) -> Option<&Bucket> {
        self.bucket.get_or_init(|| open(LABEL).ok()).as_ref()
    }
}

impl Outside for Spin {
    const PLATFORM: &'static str = "spin";
    const OUTLIVES: bool = true;

    /// A variable that a manifest declares has a default or must be given, so "not set" is written as "".
    fn variables(&self) -> Vec<(String, String)> {
        portable::settings::ask(|name| {
            let value = config::get(name).ok()??;
            (!value.is_empty()).then_some(value)
        })
    }

    fn now_unix_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
    }

    fn random(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&wasip2::random::random::get_random_bytes(bytes.len() as u64));
    }

    fn load(&self, key: &str) -> Option<Vec<u8>> {
        self.bucket()?.get(key).ok()?
    }

    fn keep(&self, key: &str, value: &[u8]) {
        if let Some(bucket) = self.bucket() {
            let _ = bucket.set(key, value);
        }
    }

    fn forget(&self, key: &str) {
        if let Some(bucket) = self.bucket() {
            let _ = bucket.delete(key);
        }
    }

    fn record(&self, line: &str) -> Result<(), String> {
        let mut out = std::io::stdout().lock();
        let written = writeln!(out, "{line}").and_then(|()| out.flush());
        written.map_err(|error| error.to_string())
    }

    fn log(&self, line: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }
}

portable::answer_platform!(Spin, PLATFORM);
