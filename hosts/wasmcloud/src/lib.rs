//! Answers `octo-sts:platform` in wasmCloud: settings are configuration, the store is the bucket `default`, signatures are
//! pure Rust. Everything that is not wasmCloud's is in `hosts/portable`.

mod bindings;

use std::cell::OnceCell;
use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use bindings::exports::octo_sts::platform::{cache, journal, settings, signer, verifier};
use bindings::wasi::config0_2_0_rc_1::store as config;
use bindings::wasi::keyvalue0_2_0_draft::store::{Bucket, open};
use portable::platform::{Outside, Platform};

/// The bucket. Every workload of a host may have one of this name; what is in it is sealed (rule 10).
const BUCKET: &str = "default";

thread_local! {
    static PLATFORM: Platform<WasmCloud> = const { Platform::new(WasmCloud { bucket: OnceCell::new() }) };
}

/// One instance, which wasmCloud makes for each request.
struct WasmCloud {
    /// None: the interface is not granted, or its store is away.
    bucket: OnceCell<Option<Bucket>>,
}

impl WasmCloud {
    fn bucket(&self) -> Option<&Bucket> {
        self.bucket.get_or_init(|| open(BUCKET).ok()).as_ref()
    }
}

impl Outside for WasmCloud {
    const PLATFORM: &'static str = "wasmcloud";
    const OUTLIVES: bool = true;

    /// Configuration, in which wasmCloud repeats a component's environment: values from a Secret often have names in upper
    /// case.
    fn variables(&self) -> Vec<(String, String)> {
        let configured = |name: &str| config::get(name).ok()?;
        portable::settings::ask(|name| {
            configured(name).or_else(|| configured(&name.to_ascii_uppercase()))
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

portable::answer_platform!(WasmCloud, PLATFORM);
