//! The worst inputs that we could build, and how much memory and time each reader takes for them. An instance of the service
//! has 64 MiB in our host, and whoever wrote the input is a stranger.
#![allow(clippy::unwrap_used, reason = "tests")]

use peak_alloc::PeakAlloc;
use policy::{GuardRails, PolicyKind, Served, TrustPolicy, TrustedIssuers};
use std::time::{Duration, Instant};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// What one input may take at most.
const MOST: f32 = 24.0;
const LONGEST: Duration = Duration::from_secs(5);

/// MiB at the peak beyond what was there, and the time.
#[allow(clippy::disallowed_methods, reason = "what is measured is real time")]
fn cost(read: impl FnOnce()) -> (f32, Duration) {
    let before = MEMORY.current_usage_as_mb();
    MEMORY.reset_peak_usage();
    let began = Instant::now();
    read();
    (MEMORY.peak_usage_as_mb() - before, began.elapsed())
}

/// As many pieces as fit between a beginning and an end.
fn filled(size: usize, start: &str, piece: &str, end: &str) -> String {
    let room = size - start.len() - end.len();
    format!("{start}{}{end}", piece.repeat(room / piece.len()))
}

fn documents() -> Vec<(&'static str, String)> {
    let most = oidc::MAX_DOCUMENT;
    let metadata = r#"{"issuer":"https://issuer.example","jwks_uri":"https://issuer.example/k","id_token_signing_alg_values_supported":[""#;
    vec![
        ("numbers", filled(most, r#"{"keys":["#, "0,", "0]}")),
        (
            "objects",
            filled(most, r#"{"keys":[{"a":["#, "{},", "{}]}]}"),
        ),
        ("lists", filled(most, r#"{"keys":[{"a":["#, "[],", "[]]}]}")),
        ("depth", filled(most, r#"{"keys":"#, "[", "")),
        (
            "names",
            filled(most, r#"{"keys":[],"#, "\"\":0,", "\"a\":0}"),
        ),
        ("escapes", filled(most, r#"{"keys":[""#, r"\u00e9", "\"]}")),
        ("algorithms", filled(most, metadata, "\",\"", "\"]}")),
    ]
}

fn tokens() -> Vec<(&'static str, String)> {
    use base64::Engine as _;
    let encoded = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let payload = |piece: &str| {
        let payload = filled(
            11 * 1024,
            r#"{"iss":"https://issuer.example","a":["#,
            piece,
            "0]}",
        );
        format!(
            "{}.{}.c2ln",
            encoded(r#"{"alg":"EdDSA"}"#),
            encoded(&payload)
        )
    };
    vec![
        ("numbers", payload("0,")),
        ("lists", payload("[],")),
        ("objects", payload("{\"\":0},")),
        ("dots", ".".repeat(oidc::MAX_TOKEN)),
    ]
}

fn files() -> Vec<(&'static str, String)> {
    let most = policy::MAX_FILE_BYTES;
    let aliased = format!("a: &a {}\n", "x".repeat(900));
    vec![
        (
            "flow lists",
            filled(most, "repositories: [", "[],", "[]]\n"),
        ),
        ("flow keys", filled(most, "{", "a: b,", "}\n")),
        ("lists", filled(most, "repositories:\n", "- a\n", "")),
        ("claims", filled(most, "claim_pattern:\n", "  a: b\n", "")),
        ("aliases", filled(most, &aliased, "- *a\n", "")),
        (
            "aliases in a list",
            filled(most, &format!("{aliased}repositories: ["), "*a,", "*a]\n"),
        ),
        ("depth", filled(most, "", "[", "")),
        ("lines", filled(most, "a: |\n", " \n", "")),
        ("folded", filled(most, "a: >\n", " x\n\n", "")),
        ("quoted", filled(most, "a: \"", r"\U0010FFFF", "\"\n")),
        (
            "entries of deny",
            filled(most, "deny:\n", "- {issuer: i}\n", ""),
        ),
        ("issuers", filled(most, "issuers:\n", "- https://a.b\n", "")),
    ]
}

/// Patterns, repeated until the file is full.
fn policies() -> Vec<(&'static str, String)> {
    let of = |pattern: &str| {
        let mut file =
            "issuer: i\nsubject: s\npermissions: {contents: read}\nclaim_pattern:\n".to_owned();
        let mut number = 0;
        loop {
            let line = format!("  c{number}: '{pattern}'\n");
            if file.len() + line.len() > policy::MAX_FILE_BYTES {
                return file;
            }
            file.push_str(&line);
            number += 1;
        }
    };
    vec![
        ("letters", of(&r"\pL".repeat(1300))),
        (
            "folded letters",
            of(&format!("(?i){}", r"\pL".repeat(1300))),
        ),
        (
            "one class of letters",
            of(&format!("(?i)[{}]", r"\pL".repeat(1300))),
        ),
        ("few letters", of(r"\pL{9}")),
        (
            "anything but letters",
            of(&format!("(?i){}", r"[^\pL\pN]".repeat(400))),
        ),
        (
            "wide ranges",
            of(&format!("(?i){}", "[a-\u{1ffff}]".repeat(400))),
        ),
        (
            "folded characters",
            of(&format!("(?i){}", "é".repeat(2000))),
        ),
        ("counted", of(".{1000}")),
        ("counted twice", of(&r"((a|b|c){10}){10}".repeat(200))),
        ("stars of stars", of(&"(a*)*".repeat(800))),
        ("alternatives", of(&"a|".repeat(2000))),
        ("alternatives that share", of(&"ab|ac|".repeat(600))),
        (
            "groups",
            of(&format!("{}{}", "(".repeat(99), ")".repeat(99))),
        ),
        ("short ones", of(".*")),
    ]
}

/// Patterns whose automata have many states, put to claims that fill a token.
fn decisions() -> Vec<(&'static str, String, usize)> {
    let of = |pattern: &str, count: usize| {
        let mut file = "issuer: i\nsubject: s\naudience_pattern: '(?:.{0,60}a){4}'\npermissions: {contents: read}\nclaim_pattern:\n"
            .to_owned();
        for number in 0..count {
            file.push_str(&format!("  c{number}: '{pattern}'\n"));
        }
        assert!(file.len() <= policy::MAX_FILE_BYTES);
        file
    };
    vec![
        ("one that remembers much", of(r"(?:a|b)*a(?:a|b){12}", 1), 1),
        ("all remember much", of(r"(?:a|b)*a(?:a|b){12}", 64), 64),
        ("all count", of(r".*a.{80}", 64), 64),
        ("all count twice", of(r".*a([ab]{10}b?){20}", 64), 64),
        ("some count to the limit", of(r".*a[ab]{1000}", 16), 16),
        ("some are large", of(r".*a[^\pL]{6}", 10), 10),
    ]
}

fn decide(policy: &TrustPolicy, claims: usize) {
    let room = 11 * 1024 / claims;
    let text: String = (0..room.max(12) - 10)
        .map(|at| if at % 7 % 3 == 0 { 'a' } else { 'b' })
        .collect();
    let other = (0..claims).map(|number| (format!("c{number}"), text.clone().into()));
    let other = other.collect();
    let audience: Vec<_> = (0..11)
        .map(|at| text.repeat(250).split_at(200 + at).0.to_owned())
        .collect();
    let claims = policy::Claims {
        issuer: "i",
        subject: "s",
        audience: &audience,
        other: &other,
    };
    let decision = policy.decide(&claims, &["a"]);
    assert!(decision.rules().len() > 3);
}

fn all() -> Vec<(String, f32, Duration)> {
    let issuer = oidc::Issuer::parse("https://issuer.example").unwrap();
    let mut costs = Vec::new();
    let mut add = |reader: &str, what: &str, read: &mut dyn FnMut()| {
        let (memory, time) = cost(read);
        costs.push((format!("{reader}: {what}"), memory, time));
    };
    for (what, text) in documents() {
        let bytes = text.as_bytes();
        add("key set", what, &mut || drop(oidc::JwkSet::parse(bytes)));
        add("metadata", what, &mut || {
            drop(oidc::ProviderMetadata::parse(bytes, &issuer));
        });
    }
    for (what, text) in tokens() {
        add("token", what, &mut || {
            drop(oidc::UnverifiedIdToken::parse(&text))
        });
    }
    let served = Served::everything(&|_| true);
    for (what, text) in files().into_iter().chain(policies()) {
        let bytes = text.as_bytes();
        add("policy", what, &mut || {
            drop(TrustPolicy::parse(bytes, PolicyKind::Organization, &served));
        });
        add("issuers", what, &mut || drop(TrustedIssuers::parse(bytes)));
        add("guard-rails", what, &mut || {
            drop(GuardRails::parse(bytes, &|_| true))
        });
    }
    for (what, file, claims) in decisions() {
        add("policy and decision", what, &mut || {
            let policy = TrustPolicy::parse(file.as_bytes(), PolicyKind::Repository, &served);
            decide(&policy.unwrap(), claims);
        });
    }
    costs
}

#[test]
fn the_worst_inputs_take_bounded_memory_and_time() {
    let mut costs = all();
    costs.sort_by(|left, right| right.1.total_cmp(&left.1));
    for (what, memory, time) in costs.iter().take(12) {
        println!("{memory:6.1} MiB {:6} ms  {what}", time.as_millis());
    }
    for (what, memory, time) in &costs {
        assert!(*memory < MOST, "{memory} MiB for {what}");
        assert!(*time < LONGEST, "{time:?} for {what}");
    }
}
