#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::BTreeMap;
use std::rc::Rc;

use super::*;
use crate::testing::{another_pem, pem, random};

const APP: u64 = 1001;
const NOW_MS: u64 = 1_800_000_000_000;

/// What several instances stand on.
#[derive(Default)]
struct Ground {
    variables: RefCell<BTreeMap<String, String>>,
    now: Cell<u64>,
    stored: RefCell<BTreeMap<String, Vec<u8>>>,
    away: Cell<bool>,
    /// Milliseconds that a verb on the store takes, and how many were asked.
    slow: Cell<u64>,
    asked: Cell<u32>,
    records: RefCell<Vec<String>>,
    lines: RefCell<Vec<String>>,
}

impl Outside for Rc<Ground> {
    const PLATFORM: &'static str = "test";
    const OUTLIVES: bool = true;

    fn variables(&self) -> Vec<(String, String)> {
        self.variables.borrow().clone().into_iter().collect()
    }

    fn now_unix_ms(&self) -> u64 {
        self.now.get()
    }

    fn random(&self, bytes: &mut [u8]) {
        random(bytes);
    }

    fn load(&self, key: &str) -> Option<Vec<u8>> {
        self.asked.set(self.asked.get() + 1);
        self.now.set(self.now.get() + self.slow.get());
        self.stored
            .borrow()
            .get(key)
            .filter(|_| !self.away.get())
            .cloned()
    }

    fn keep(&self, key: &str, value: &[u8]) {
        if !self.away.get() {
            self.stored
                .borrow_mut()
                .insert(key.to_owned(), value.to_vec());
        }
    }

    fn forget(&self, key: &str) {
        self.stored.borrow_mut().remove(key);
    }

    fn record(&self, line: &str) -> Result<(), String> {
        if self.away.get() {
            return Err("away".to_owned());
        }
        self.records.borrow_mut().push(line.to_owned());
        Ok(())
    }

    fn log(&self, line: &str) {
        self.lines.borrow_mut().push(line.to_owned());
    }
}

impl Ground {
    fn set(&self, name: &str, value: &str) {
        let mut variables = self.variables.borrow_mut();
        variables.insert(name.to_owned(), value.to_owned());
    }

    fn lines_with(&self, part: &str) -> usize {
        let lines = self.lines.borrow();
        lines.iter().filter(|line| line.contains(part)).count()
    }
}

fn ground() -> Rc<Ground> {
    let ground = Rc::new(Ground::default());
    ground.now.set(NOW_MS);
    ground.set("GITHUB_APP_IDS", &APP.to_string());
    ground.set("STS_DOMAIN", "sts.example.test");
    ground.set("APP_SECRET_CERTIFICATE_ENV_VAR", &pem());
    ground
}

fn instance(ground: &Rc<Ground>) -> Platform<Rc<Ground>> {
    Platform::new(ground.clone())
}

fn name(part: &str) -> Name {
    Name {
        kind: "installation".to_owned(),
        parts: vec![part.to_owned()],
    }
}

#[test]
fn a_deployment_is_read_from_variables() {
    let ground = ground();
    let platform = instance(&ground);
    assert_eq!(platform.problems(), [""; 0]);
    assert_eq!(
        platform.pools(),
        [Pool {
            owner: "*".to_owned(),
            apps: vec![(APP, None)]
        }]
    );
    assert_eq!(
        platform.setting("sts_domain").as_deref(),
        Some("sts.example.test")
    );
    assert_eq!(platform.setting("app_secret_certificate_env_var"), None);
}

#[test]
fn keys_that_cannot_be_used_are_named_and_nothing_of_them() {
    for (variable, value, problem) in [
        (
            "APP_SECRET_CERTIFICATE_ENV_VAR",
            "-----BEGIN X-----",
            "APP_SECRET_CERTIFICATE_ENV_VAR: is no RSA private key in PEM (PKCS#1 or PKCS#8) of at least 2048 bits",
        ),
        (
            "APP_SECRET_CERTIFICATE_FILE",
            "/key.pem",
            "APP_SECRET_CERTIFICATE_FILE: there are no files on this platform; use APP_SECRET_CERTIFICATE_ENV_VAR",
        ),
    ] {
        let ground = ground();
        ground
            .variables
            .borrow_mut()
            .remove("APP_SECRET_CERTIFICATE_ENV_VAR");
        ground.set(variable, value);
        let platform = instance(&ground);
        assert_eq!(platform.problems(), [problem]);
        assert!(matches!(
            platform.app_jwt(APP, false),
            Err(NoJwt::Unavailable(_))
        ));
        assert_eq!(platform.get(&name("o")), None, "no secret, no store");
    }
}

#[test]
fn a_step_is_signed_once_whatever_the_instances() {
    let ground = ground();
    let first = instance(&ground);
    let jwt = first.app_jwt(APP, false).unwrap();
    assert_eq!(first.app_jwt(APP, false).unwrap(), jwt);
    assert_eq!(instance(&ground).app_jwt(APP, false).unwrap(), jwt);
    assert_eq!(ground.lines_with("signed an App JWT"), 1);
    assert!(ground.lines_with(&jwt) == 0, "the JWT is not logged");
    let stored = ground.stored.borrow();
    let plain = stored
        .values()
        .any(|value| String::from_utf8_lossy(value).contains(&jwt));
    assert!(!plain, "nor is it readable in the store");
    drop(stored);

    ground.now.set(NOW_MS + STEP * 1000);
    assert_ne!(instance(&ground).app_jwt(APP, false).unwrap(), jwt);
    assert_ne!(
        first.app_jwt(APP, false).unwrap(),
        jwt,
        "nor in an old instance"
    );
    assert_eq!(ground.lines_with("signed an App JWT"), 2);
}

#[test]
fn nobody_but_a_configured_app_is_signed_for() {
    let platform = instance(&ground());
    for id in [0, APP + 1, u64::MAX] {
        assert_eq!(platform.app_jwt(id, false), Err(NoJwt::UnknownApp));
        assert_eq!(platform.app_jwt(id, true), Err(NoJwt::UnknownApp));
    }
}

#[test]
fn a_refused_jwt_comes_back_the_same_until_the_key_is_changed() {
    let ground = ground();
    let platform = instance(&ground);
    let jwt = platform.app_jwt(APP, false).unwrap();
    assert_eq!(platform.app_jwt(APP, true).unwrap(), jwt);
    assert_eq!(instance(&ground).app_jwt(APP, true).unwrap(), jwt);
    assert_eq!(ground.lines_with("signed an App JWT"), 1);
    assert_eq!(
        ground.lines_with("GitHub refuses this key or the clock is wrong"),
        2
    );

    ground.set("APP_SECRET_CERTIFICATE_ENV_VAR", &another_pem());
    assert_eq!(platform.app_jwt(APP, false).unwrap(), jwt, "read once");
    let other = platform.app_jwt(APP, true).unwrap();
    assert_ne!(other, jwt);
    assert_eq!(platform.app_jwt(APP, false).unwrap(), other);
    assert_eq!(ground.lines_with(r#""cause":"refused""#), 1);
}

#[test]
fn without_a_store_everything_works_and_nothing_is_kept() {
    let ground = ground();
    ground.away.set(true);
    let platform = instance(&ground);
    platform.put(&name("o"), Room::Kept, b"1", 60_000);
    assert_eq!(platform.get(&name("o")), None);
    let jwt = platform.app_jwt(APP, false).unwrap();
    assert_eq!(
        platform.app_jwt(APP, false).unwrap(),
        jwt,
        "this instance knows it"
    );
    assert_eq!(
        instance(&ground).app_jwt(APP, false).unwrap(),
        jwt,
        "RS256 has no chance in it"
    );
    assert_eq!(ground.lines_with("signed an App JWT"), 2);
}

#[test]
fn what_strangers_bring_is_not_kept() {
    let ground = ground();
    let platform = instance(&ground);
    for (room, kept) in [
        (Room::Kept, true),
        (Room::Negative, true),
        (Room::Reserved, true),
        (Room::Unproven, false),
    ] {
        let name = name(&format!("{room:?}"));
        platform.put(&name, room, b"1", 60_000);
        assert_eq!(instance(&ground).get(&name).is_some(), kept, "{room:?}");
    }
    let kept = name("Kept");
    platform.remove(&kept);
    assert_eq!(platform.get(&kept), None);
}

#[test]
fn a_store_that_others_write_to_is_a_miss() {
    let ground = ground();
    let platform = instance(&ground);
    platform.put(&name("a"), Room::Kept, b"1", 60_000);
    platform.put(&name("b"), Room::Kept, b"2", 60_000);
    // Somebody puts the value of one name where another's is.
    let (a, b) = {
        let table = platform.table().unwrap();
        (table.slot(&name("a")).key, table.slot(&name("b")).key)
    };
    let of_b = ground.stored.borrow()[&b].clone();
    for garbage in [of_b, Vec::new(), b"x".to_vec(), vec![0; 100_000]] {
        ground.stored.borrow_mut().insert(a.clone(), garbage);
        assert_eq!(platform.get(&name("a")), None);
    }
    assert_eq!(platform.get(&name("b")).unwrap(), b"2");
}

#[test]
fn another_key_or_secret_is_another_table() {
    for (variable, value) in [
        ("APP_SECRET_CERTIFICATE_ENV_VAR", another_pem()),
        ("OCTOSTS_CACHE_SECRET", "s3cret".to_owned()),
        ("GITHUB_BASE_URL", "https://ghes.corp/api/v3".to_owned()),
        ("ORG_POLICY_REPO", "policies".to_owned()),
    ] {
        let ground = ground();
        instance(&ground).put(&name("o"), Room::Kept, b"1", 60_000);
        assert!(instance(&ground).get(&name("o")).is_some());
        ground.set(variable, &value);
        assert_eq!(instance(&ground).get(&name("o")), None, "{variable}");
    }
}

#[test]
fn a_trailing_slash_and_a_default_make_no_other_table() {
    let ground = ground();
    instance(&ground).put(&name("o"), Room::Kept, b"1", 60_000);
    ground.set("GITHUB_BASE_URL", "https://api.github.com/");
    ground.set("ORG_POLICY_REPO", ".GitHub");
    assert!(instance(&ground).get(&name("o")).is_some());
}

#[test]
fn a_record_says_that_it_is_in_no_chain() {
    let ground = ground();
    let platform = instance(&ground);
    assert_eq!(platform.audit(r#"{"v":1}"#), Ok(()));
    assert_eq!(*ground.records.borrow(), [r#"{"v":1,"chain":"none"}"#]);
    assert!(platform.audit("no object").is_err());
    ground.away.set(true);
    assert!(platform.audit(r#"{"v":1}"#).is_err());
}

#[test]
fn log_lines_have_a_level_and_a_form() {
    let ground = ground();
    let platform = instance(&ground);
    platform.log(LogLevel::Debug, "d", "not wanted", &[]);
    platform.log(LogLevel::Info, "d", "wanted", &[]);
    assert_eq!(
        *ground.lines.borrow(),
        [r#"{"time":"2027-01-15T08:00:00.000Z","level":"info","msg":"wanted","decision":"d"}"#]
    );
    ground.set("LOG_LEVEL", "debug");
    ground.set("LOG_FORMAT", "text");
    let platform = instance(&ground);
    platform.report("d", [("keys".to_owned(), 1, 2)]);
    assert_eq!(
        ground.lines_with("DEBUG steps decision=\"d\" keys=\"1us+2us\""),
        1
    );
}

#[test]
fn a_slow_store_is_left_alone_for_ten_seconds() {
    let ground = ground();
    let platform = instance(&ground);
    platform.put(&name("a"), Room::Kept, b"value", 3_600_000);
    let get = || platform.get(&name("a"));
    assert_eq!(get(), Some(b"value".to_vec()));
    ground.slow.set(1000);
    assert_eq!(get(), Some(b"value".to_vec()), "what came late is good");
    assert_eq!(ground.lines_with("the store is slow"), 1);
    ground.slow.set(0);
    let asked = ground.asked.get();
    for _ in 0..5 {
        assert_eq!(get(), None, "it has forgotten everything");
    }
    platform.remove(&name("a"));
    platform.put(&name("a"), Room::Kept, b"another", 3_600_000);
    assert_eq!(ground.asked.get(), asked);
    ground.now.set(ground.now.get() + 10_000);
    assert_eq!(
        get(),
        Some(b"value".to_vec()),
        "nothing was written meanwhile"
    );
    assert_eq!(ground.lines_with("the store is slow"), 1);
}
