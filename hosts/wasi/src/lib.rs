//! Answers `octo-sts:platform` in any host of WASI 0.2: settings are environment variables, signatures are pure Rust, and
//! nothing is kept. Everything that is not the platform's is in `hosts/portable`.
//!
//! It also answers `wasi:cli/environment` for the service: with nothing, since the real one holds the App's key.

mod bindings;

use std::io::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use bindings::exports::octo_sts::platform::{cache, journal, settings, signer, verifier};
use bindings::exports::wasi::cli::environment;
use portable::platform::{Outside, Platform};

thread_local! {
    static PLATFORM: Platform<Wasi> = const { Platform::new(Wasi) };
}

/// One instance, which most hosts make for each request.
struct Wasi;

impl Outside for Wasi {
    const PLATFORM: &'static str = "wasi";
    const OUTLIVES: bool = true;

    fn variables(&self) -> Vec<(String, String)> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }

    fn now_unix_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        u64::try_from(since.unwrap_or_default().as_millis()).unwrap_or(u64::MAX)
    }

    fn random(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&wasip2::random::random::get_random_bytes(bytes.len() as u64));
    }

    fn load(&self, _key: &str) -> Option<Vec<u8>> {
        None
    }

    fn keep(&self, _key: &str, _value: &[u8]) {}

    fn forget(&self, _key: &str) {}

    fn record(&self, line: &str) -> Result<(), String> {
        let mut out = std::io::stdout().lock();
        let written = writeln!(out, "{line}").and_then(|()| out.flush());
        written.map_err(|error| error.to_string())
    }

    fn log(&self, line: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{line}");
    }
}

portable::answer_platform!(Wasi, PLATFORM);

impl environment::Guest for Wasi {
    fn get_environment() -> Vec<(String, String)> {
        Vec::new()
    }

    fn get_arguments() -> Vec<String> {
        Vec::new()
    }

    fn initial_cwd() -> Option<String> {
        None
    }
}
