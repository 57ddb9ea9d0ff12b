//! Files that nobody sane would write: nothing panics, and every answer is bounded by a limit rather than by luck.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use policy::{Claims, Pattern, PolicyKind, Served, TrustPolicy};
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
