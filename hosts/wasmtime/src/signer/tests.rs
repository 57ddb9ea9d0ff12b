#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

use std::io::Write as _;
use std::path::PathBuf;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::*;
use crate::clock::ManualClock;
use crate::journal::testing::{Lines, log_into};
use portable::signature::{Algorithm, PublicKey};
use portable::{AppSettings, KeySource, Secret};

const APP: u64 = 4711;
const NOW_MS: u64 = 1_800_000_000_000;

fn pkcs8_der() -> Vec<u8> {
    let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
    der.as_ref().to_vec()
}

fn pem(label: &str, der: &[u8]) -> String {
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        STANDARD.encode(der)
    )
}

fn a_key() -> String {
    pem("PRIVATE KEY", &pkcs8_der())
}

/// The PKCS#1 key inside a PKCS#8 one: the fixed head of 26 bytes that every RSA-2048 key has is cut.
fn pkcs1_key() -> String {
    pem("RSA PRIVATE KEY", &pkcs8_der()[26..])
}

struct Bench {
    signer: AppJwts,
    keys: Arc<PemKeys>,
    problems: Vec<String>,
    clock: Arc<ManualClock>,
    lines: Arc<Lines>,
}

fn bench(key: KeySource) -> Bench {
    let clock = ManualClock::at(NOW_MS);
    let (log, lines) = log_into();
    let setting = match &key {
        KeySource::File(_) => "APP_SECRET_CERTIFICATE_FILE",
        KeySource::Text(_) => "APP_SECRET_CERTIFICATE_ENV_VAR",
    };
    let apps = [AppSettings {
        id: APP,
        name: None,
        key,
        setting: setting.to_owned(),
    }];
    let (keys, problems) = PemKeys::read(&apps, log.clone());
    let keys = Arc::new(keys);
    let signer = AppJwts::new([APP].into_iter(), keys.clone(), clock.clone(), log);
    Bench {
        signer,
        keys,
        problems,
        clock,
        lines,
    }
}

fn text(pem: &str) -> KeySource {
    KeySource::Text(Secret::new(pem))
}

/// A key file that goes away with the test.
struct KeyFile(PathBuf);

impl KeyFile {
    fn new(name: &str, pem: &str) -> Self {
        let file =
            Self(std::env::temp_dir().join(format!("octo-sts-{}-{name}", std::process::id())));
        file.write(pem);
        file
    }

    fn write(&self, pem: &str) {
        let mut file = std::fs::File::create(&self.0).unwrap();
        file.write_all(pem.as_bytes()).unwrap();
    }
}

impl Drop for KeyFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn a_jwt_is_signed_and_says_what_the_grid_says() {
    for pem in [a_key(), pkcs1_key()] {
        let bench = bench(text(&pem));
        assert_eq!(bench.problems, [""; 0]);
        let jwt = bench.signer.app_jwt(APP, false).await.unwrap();
        let parts: Vec<&str> = jwt.split('.').collect();
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
        assert_eq!(decoded(parts[0]), br#"{"alg":"RS256","typ":"JWT"}"#);
        let step = Step::at(NOW_MS / 1000, APP);
        assert_eq!(decoded(parts[1]), step.claims(APP).as_bytes());
        let (modulus, exponent) = bench.keys.public(APP).unwrap();
        let key = PublicKey::Rsa { modulus, exponent };
        let signed = format!("{}.{}", parts[0], parts[1]);
        let verify = crate::verifier::verify;
        assert!(verify(
            Algorithm::Rs256,
            &key,
            signed.as_bytes(),
            &decoded(parts[2])
        ));
    }
}

#[tokio::test]
async fn one_jwt_serves_a_step_and_no_longer() {
    let bench = bench(text(&a_key()));
    let first = bench.signer.app_jwt(APP, false).await.unwrap();
    let step = Step::at(NOW_MS / 1000, APP);
    bench.clock.set((step.start + 239) * 1000 + 999);
    assert_eq!(bench.signer.app_jwt(APP, false).await.unwrap(), first);
    bench.clock.set((step.start + 240) * 1000);
    assert_ne!(bench.signer.app_jwt(APP, false).await.unwrap(), first);
    assert_eq!(bench.lines.with("signed an App JWT").len(), 2);
}

#[tokio::test]
async fn only_configured_apps_are_signed_for() {
    let bench = bench(text(&a_key()));
    for id in [0, APP + 1, u64::MAX] {
        assert_eq!(
            bench.signer.app_jwt(id, false).await,
            Err(NoJwt::UnknownApp)
        );
        assert_eq!(bench.signer.app_jwt(id, true).await, Err(NoJwt::UnknownApp));
    }
}

#[tokio::test]
async fn a_refused_jwt_makes_the_key_be_read_anew_once_in_a_step() {
    let file = KeyFile::new("rotated.pem", &a_key());
    let bench = bench(KeySource::File(file.0.clone()));
    let old = bench.signer.app_jwt(APP, false).await.unwrap();
    file.write(&a_key());
    assert_eq!(
        bench.signer.app_jwt(APP, false).await.unwrap(),
        old,
        "not before it is refused"
    );
    let new = bench.signer.app_jwt(APP, true).await.unwrap();
    assert_ne!(new, old);
    file.write(&a_key());
    assert_eq!(
        bench.signer.app_jwt(APP, true).await.unwrap(),
        new,
        "once in a step"
    );
    assert_eq!(bench.signer.app_jwt(APP, false).await.unwrap(), new);
    bench.clock.advance(Duration::from_secs(240));
    let next = bench.signer.app_jwt(APP, true).await.unwrap();
    assert_ne!(next, new);
    assert_eq!(bench.lines.with("cause=\"refused\"").len(), 2);
    assert_eq!(bench.lines.with("clock is wrong").len(), 0);
}

#[tokio::test]
async fn a_refused_jwt_of_an_unchanged_key_comes_back_the_same_and_the_log_says_why() {
    let file = KeyFile::new("same.pem", &a_key());
    let bench = bench(KeySource::File(file.0.clone()));
    let old = bench.signer.app_jwt(APP, false).await.unwrap();
    for _ in 0..3 {
        assert_eq!(bench.signer.app_jwt(APP, true).await.unwrap(), old);
    }
    assert_eq!(
        bench
            .lines
            .with("GitHub refuses this key or the clock is wrong")
            .len(),
        1
    );
}

#[tokio::test]
async fn a_key_file_that_vanished_leaves_the_old_key() {
    let file = KeyFile::new("gone.pem", &a_key());
    let bench = bench(KeySource::File(file.0.clone()));
    let old = bench.signer.app_jwt(APP, false).await.unwrap();
    std::fs::remove_file(&file.0).unwrap();
    assert_eq!(bench.signer.app_jwt(APP, true).await.unwrap(), old);
    assert_eq!(
        bench
            .lines
            .with("APP_SECRET_CERTIFICATE_FILE: cannot be read")
            .len(),
        1
    );
}

#[tokio::test]
async fn keys_that_cannot_sign_are_problems_and_make_no_jwt() {
    let small = pem("RSA PRIVATE KEY", &[0x30, 0x03, 0x02, 0x01, 0x00]);
    let ec = rcgen::KeyPair::generate().unwrap().serialize_pem();
    for bad in ["", "not a key", &small, &ec, &"x".repeat(70_000)] {
        let bench = bench(text(bad));
        assert_eq!(bench.problems.len(), 1);
        assert!(bench.problems[0].starts_with("APP_SECRET_CERTIFICATE_ENV_VAR: is no RSA"));
        let answer = bench.signer.app_jwt(APP, false).await;
        assert!(matches!(answer, Err(NoJwt::Unavailable(_))), "{answer:?}");
    }
    let missing = bench(KeySource::File(PathBuf::from("/nonexistent/key.pem")));
    assert_eq!(
        missing.problems,
        ["APP_SECRET_CERTIFICATE_FILE: cannot be read"]
    );
}

/// A key that others made with 1024 bits.
#[tokio::test]
async fn a_short_key_is_refused() {
    let bench = bench(text(include_str!("rsa1024.pem")));
    assert_eq!(bench.problems.len(), 1);
}

#[tokio::test]
async fn no_jwt_and_no_key_is_ever_logged() {
    let pem = a_key();
    let bench = bench(text(&pem));
    let jwt = bench.signer.app_jwt(APP, false).await.unwrap();
    let _ = bench.signer.app_jwt(APP, true).await;
    let all = bench.lines.all().join("\n");
    assert!(all.contains("signed an App JWT"));
    for part in jwt.split('.') {
        assert!(!all.contains(part));
    }
    assert!(!all.contains(&pem[60..90]));
}

/// A signer somewhere else: does what the test says, and keeps what it was asked.
struct Elsewhere {
    answer: fn(usize) -> Option<Result<Signature, Unavailable>>,
    asked: std::sync::Mutex<Vec<(u64, String, bool)>>,
}

impl Signer for Elsewhere {
    fn sign<'a>(
        &'a self,
        app: u64,
        message: &'a [u8],
        refused: bool,
    ) -> BoxFuture<'a, Result<Signature, Unavailable>> {
        let mut asked = self.asked.lock().unwrap();
        asked.push((app, String::from_utf8(message.to_vec()).unwrap(), refused));
        match (self.answer)(asked.len()) {
            Some(answer) => Box::pin(std::future::ready(answer)),
            None => Box::pin(std::future::pending()),
        }
    }
}

type Replaced = (AppJwts, Arc<Elsewhere>, Arc<ManualClock>, Arc<Lines>);

fn replaced(answer: fn(usize) -> Option<Result<Signature, Unavailable>>) -> Replaced {
    let clock = ManualClock::at(NOW_MS);
    let (log, lines) = log_into();
    let asked = std::sync::Mutex::default();
    let signer = Arc::new(Elsewhere { answer, asked });
    let jwts = AppJwts::new([APP].into_iter(), signer.clone(), clock.clone(), log);
    (jwts, signer, clock, lines)
}

fn signature(byte: usize, length: usize) -> Option<Result<Signature, Unavailable>> {
    Some(Ok(Signature {
        bytes: vec![u8::try_from(byte).unwrap(); length],
        key: format!("projects/p/keys/{byte}"),
    }))
}

#[tokio::test]
async fn a_replaced_signer_signs_what_the_host_says_once_in_a_step() {
    let (jwts, signer, clock, lines) = replaced(|n| signature(n, 256));
    let first = jwts.app_jwt(APP, false).await.unwrap();
    let step = Step::at(NOW_MS / 1000, APP);
    let expected = signing_input(step, APP);
    let ended = URL_SAFE_NO_PAD.encode([1; 256]);
    assert_eq!(first, format!("{expected}.{ended}"));
    assert_eq!(jwts.app_jwt(APP, false).await.unwrap(), first);
    let second = jwts.app_jwt(APP, true).await.unwrap();
    assert_ne!(second, first);
    assert_eq!(jwts.app_jwt(APP, true).await.unwrap(), second);
    clock.advance(Duration::from_secs(240));
    assert_ne!(jwts.app_jwt(APP, false).await.unwrap(), second);
    assert_eq!(jwts.app_jwt(APP + 1, false).await, Err(NoJwt::UnknownApp));
    let asked = signer.asked.lock().unwrap();
    let refused: Vec<bool> = asked.iter().map(|asked| asked.2).collect();
    assert_eq!(refused, [false, true, false]);
    assert!(asked.iter().all(|asked| asked.0 == APP));
    assert_eq!(asked[0].1, expected);
    assert_eq!(lines.with("projects/p/keys/").len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_replaced_signer_that_hangs_is_given_up_and_asked_again() {
    let (jwts, ..) = replaced(|n| if n == 1 { None } else { signature(n, 256) });
    let jwts = Arc::new(jwts);
    let start = tokio::time::Instant::now();
    let late = Err(NoJwt::Unavailable("the key took too long".to_owned()));
    assert_eq!(jwts.app_jwt(APP, false).await, late);
    assert_eq!(start.elapsed(), LIMIT);
    assert!(jwts.app_jwt(APP, false).await.is_ok());
}

#[tokio::test]
async fn a_replaced_signer_that_fails_or_makes_no_signature_makes_no_jwt() {
    let (jwts, _, _, lines) = replaced(|n| match n {
        1 => Some(Err(Unavailable::because("quota exceeded"))),
        2 => signature(n, 0),
        3 => signature(n, 255),
        4 => signature(n, 1025),
        _ => signature(n, 512),
    });
    let failed = Err(NoJwt::Unavailable("quota exceeded".to_owned()));
    assert_eq!(jwts.app_jwt(APP, false).await, failed);
    for _ in 2..=4 {
        let answer = jwts.app_jwt(APP, false).await;
        let named = matches!(&answer, Err(NoJwt::Unavailable(why)) if why.contains("no RSA"));
        assert!(named, "{answer:?}");
    }
    assert!(jwts.app_jwt(APP, false).await.is_ok());
    assert_eq!(lines.with("signed an App JWT").len(), 1);
}
