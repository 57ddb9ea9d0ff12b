//! Files that nobody sane would write: every answer is bounded by a limit rather than by luck. That nothing panics is for
//! `tests/fuzz` to show.

use std::time::{Duration, Instant};

use policy::{Pattern, PolicyKind, Served, TrustPolicy};

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
