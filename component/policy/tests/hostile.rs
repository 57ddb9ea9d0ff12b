//! Files that nobody sane would write: nothing panics, and every answer is bounded by a limit rather than by luck.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::time::{Duration, Instant};

use policy::{Claims, GuardRails, Pattern, PolicyKind, Served, TrustPolicy, TrustedIssuers};
use serde_json::Map;

const SEEDS: [&str; 6] = [
    "issuer: https://i\nsubject_pattern: repo:o/.*:ref:refs/(heads|tags)/v[0-9]{1,3}\npermissions:\n  contents: read\n",
    "# c\n---\nissuer_pattern: \"https://[^/]+\"\nsubject: 's'\nclaim_pattern:\n  a: &x z\n  b: *x\npermissions: {issues: write}\n",
    "issuer: i\nsubject: >-\n  folded\n  text\nrepositories:\n- a\n- b\npermissions:\n  contents: |-\n    read\n",
    "{issuer: i, subject: s, audience: \"a\\u00e9\", permissions: {checks: write}, repositories: []}\n",
    "a: &a [x, &b [*a, *a]]\nb: *b\n...\n",
    "? a\n: !!str b\n<<: *x\n%TAG\n\t- 0x1F\n",
];

const PIECES: [&str; 40] = [
    "\n", " ", "  ", "\t", ":", ": ", "- ", "?", "!", "&a ", "*a", "#", " #", "'", "\"", "|\n",
    ">-\n ", "[", "]", "{", "}", ", ", "%", "\\", "\\x", "~", "yes", "0", "<<: ", "---\n", "...\n",
    "\r", "\u{85}", "\u{feff}", "é", "(", ")*", "{2}", "[^", "\\b",
];

/// xorshift64*: the same numbers on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(number).unwrap() % limit.max(1)
    }
}

fn mutate(random: &mut Random, seed: &str) -> Vec<u8> {
    let mut bytes = seed.as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        match random.below(8) {
            0..4 => {
                let piece = PIECES[random.below(PIECES.len())].bytes();
                bytes.splice(at..at, piece);
            }
            4 | 5 => {
                let end = (at + random.below(6)).min(bytes.len());
                bytes.drain(at..end);
            }
            6 => {
                let end = (at + random.below(20)).min(bytes.len());
                let copy = bytes[at..end].to_vec();
                let to = random.below(bytes.len() + 1);
                bytes.splice(to..to, copy);
            }
            _ => {
                let byte = u8::try_from(random.below(256)).unwrap();
                bytes.insert(at, byte);
            }
        }
    }
    bytes
}

#[test]
fn mutated_files_never_panic_and_check_agrees_with_parse() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let audience = ["a".to_owned()];
    let other = Map::new();
    let claims = Claims {
        issuer: "https://i",
        subject: "s",
        audience: &audience,
        other: &other,
    };
    let mut compiled = 0;
    for round in 0..20_000 {
        let file = mutate(&mut random, SEEDS[round % SEEDS.len()]);
        for kind in [PolicyKind::Repository, PolicyKind::Organization] {
            let problems = TrustPolicy::check(&file, kind, &Served::everything(&|_| false));
            match TrustPolicy::parse(&file, kind, &Served::everything(&|_| false)) {
                Ok(policy) => {
                    assert!(problems.is_empty());
                    assert!(!policy.permissions().is_empty());
                    let decision = policy.decide(&claims, &["a"]);
                    assert_eq!(decision.permits(), decision.mismatches().next().is_none());
                    compiled += 1;
                }
                Err(error) => assert_eq!(problems.first(), Some(&error)),
            }
        }
    }
    // Mutations that never compile would test the first check only.
    assert!(compiled > 1_000, "{compiled}");
}

#[test]
fn mutated_patterns_never_panic() {
    let mut random = Random(42);
    for round in 0..20_000 {
        let seeds = [
            r"repo:o/(a|b)[^:]{1,3}:\d+",
            r"(?P<n>x)|[[:alpha:]\-]*?",
            r"((a{2}){3})\x{41}\.",
        ];
        let bytes = mutate(&mut random, seeds[round % seeds.len()]);
        if let Ok(text) = str::from_utf8(&bytes)
            && let Ok(pattern) = Pattern::compile(text)
        {
            let _ = pattern.matches("repo:o/a:1");
        }
    }
}

#[test]
fn full_files_of_one_thing_are_refused() {
    let pieces = [
        "[", "{", "- ", "? ", "{a: ", "a: ", "&a ", "'", "\"", "|\n", "!", "%", "[a, ", "- - - ",
        ": ", "a\n", "*a ",
    ];
    for piece in pieces {
        let file = piece.repeat(policy::MAX_FILE_BYTES / piece.len());
        assert!(
            TrustPolicy::parse(
                file.as_bytes(),
                PolicyKind::Organization,
                &Served::everything(&|_| true)
            )
            .is_err(),
            "{piece:?}"
        );
    }
    for piece in [
        "(", "[", "[^", "(?:", "a{9}", "(a", ".*", "a|", "\\", "(a*)*",
    ] {
        let text = piece.repeat(policy::MAX_PATTERN_BYTES / piece.len());
        // Compiled or not, in bounded memory; what compiles answers.
        if let Ok(pattern) = Pattern::compile(&text) {
            let _ = pattern.matches("aaaa");
        }
    }
}

#[test]
fn mutated_organisations_files_never_panic_and_check_agrees_with_parse() {
    const FILES: [&str; 3] = [
        "mode: audit\nissuers:\n  - https://a.example\nissuer_patterns:\n  - 'https://[a-z0-9-]+\\.b\\.example(/x|/y)?'\n",
        "mode: enforce\nrepository_policies: deny\nceiling: {contents: write}\norganization_ceiling: {}\n",
        "policy_repository_writes: deny\ndeny:\n  - issuer: i\n    claim_pattern: {a: 'b|c', d: .*}\n  - subject_pattern: x\n",
    ];
    let mut random = Random(0x0123_4567_89ab_cdef);
    let (mut good, mut bad) = (0, 0);
    for round in 0..6_000 {
        let file = mutate(&mut random, FILES[round % FILES.len()]);
        let issuers = TrustedIssuers::parse(&file);
        let rails = GuardRails::parse(&file, &|_| false);
        assert_eq!(issuers.is_ok(), TrustedIssuers::check(&file).is_empty());
        assert_eq!(
            rails.is_ok(),
            GuardRails::check(&file, &|_| false).is_empty()
        );
        if let Ok(issuers) = &issuers {
            assert!(!issuers.allow("https://evil.example/https://a.example"));
        }
        if issuers.is_ok() || rails.is_ok() {
            good += 1;
        } else {
            bad += 1;
        }
    }
    assert!(good > 100 && bad > 100, "{good} {bad}");
}

#[test]
#[allow(clippy::disallowed_methods, reason = "what is measured is real time")]
fn the_worst_files_are_compiled_in_bounded_time() {
    // Each fills a file of 64 KiB, and needs the most of one kind of work.
    for (pattern, copies) in [
        (r"\pL".repeat(1300), 15),
        (format!("(?i){}", r"\pL".repeat(1300)), 15),
        (format!("(?i)[{}]", r"\pL".repeat(1300)), 15),
        (format!("(?i){}", r"[^\pL\pN]".repeat(400)), 15),
        (format!("(?i){}", "[a-\u{1ffff}]".repeat(400)), 15),
        (format!("(?i){}", "é".repeat(2000)), 15),
        (".{1000}".to_owned(), 60),
        ("(a*)*".repeat(800), 15),
        (r"((a|b|c){10}){10}".repeat(200), 15),
    ] {
        let mut file =
            "issuer: i\nsubject: s\npermissions: {contents: read}\nclaim_pattern:\n".to_owned();
        for number in 0..copies {
            file.push_str(&format!("  c{number}: '{pattern}'\n"));
        }
        assert!(file.len() <= 64 * 1024, "{}", file.len());
        let began = Instant::now();
        let _ = TrustPolicy::parse(
            file.as_bytes(),
            PolicyKind::Repository,
            &Served::everything(&|_| false),
        );
        let took = began.elapsed();
        assert!(
            took < Duration::from_secs(5),
            "{took:?} for {}",
            pattern.chars().take(20).collect::<String>()
        );
    }
}
