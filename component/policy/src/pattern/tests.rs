#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
use super::{MAX_PATTERN_BYTES, Pattern, PatternProblem};

fn compile(text: &str) -> Pattern {
    Pattern::compile(text).unwrap_or_else(|problem| panic!("{text:?}: {problem}"))
}

#[test]
fn matches_whole_texts_as_re2_does() {
    // Pattern, texts that match, texts that don't.
    let rows: &[(&str, &[&str], &[&str])] = &[
        ("", &[""], &["a", "\n"]),
        (
            "main|develop",
            &["main", "develop"],
            &["main-attacker", "xdevelop", "mai", "maindevelop"],
        ),
        ("a|", &["a", ""], &["b"]),
        (
            "repo:org/[^:]+:ref:refs/heads/main",
            &["repo:org/x:ref:refs/heads/main"],
            &["repo:org/:ref:refs/heads/main"],
        ),
        (".", &["a", "é", "🦀", "\r", "\u{2028}"], &["", "\n", "ab"]),
        ("foo", &["foo"], &["foo\n", "\nfoo", "foofoo"]),
        (r"\d+", &["42"], &["٣", "4a", ""]),
        (r"\D", &["a", "٣", "\n"], &["4"]),
        (r"\w", &["a", "Z", "_", "0"], &["é", "-", "\u{212a}"]),
        (r"\W", &["é", "-", "\n"], &["a", "_"]),
        (
            r"\s",
            &[" ", "\t", "\n", "\x0c", "\r"],
            &["\x0b", "\u{a0}", "\u{85}"],
        ),
        (r"\S", &["a", "\x0b", "\u{a0}"], &[" ", "\t"]),
        ("[[:space:]]", &["\x0b", " "], &["\u{a0}", "a"]),
        ("[[:^alpha:]]", &["1", "é"], &["a", "Z"]),
        ("[^a]", &["b", "\n", "🦀"], &["a", ""]),
        ("[^]]", &["a"], &["]"]),
        ("[]a]", &["]", "a"], &["b"]),
        ("[a-]", &["a", "-"], &["b"]),
        (r"[\d\-_]", &["4", "-", "_"], &["a"]),
        (r"[+-\]]", &["+", "A", "]"], &["^", "*"]),
        ("[à-é]", &["è"], &["e", "ê"]),
        ("a]}", &["a]}"], &["a"]),
        (r"\x41\x{e9}\x{1F980}", &["Aé🦀"], &["Aé"]),
        (r"\a\f\t\n\r\v", &["\x07\x0c\t\n\r\x0b"], &[""]),
        (r"\.\/\-\_\:\@\ ", &["./-_:@ "], &["x/-_:@ "]),
        ("(a)(?:b)(?P<n>c)(?<m_1>d)", &["abcd"], &["abc"]),
        ("a*?b+?c??", &["b", "aabbc"], &["a", "bcc"]),
        (
            "a{2}b{1,}c{0,2}d{0}",
            &["aab", "aabbcc"],
            &["ab", "aabccc", "aabd"],
        ),
        ("()*x", &["x"], &["", "xx"]),
        ("(a|b)*c", &["c", "abbac"], &["ab", "dc"]),
    ];
    for (text, yes, no) in rows {
        let pattern = compile(text);
        assert_eq!(pattern.as_str(), *text);
        yes.iter()
            .for_each(|row| assert!(pattern.matches(row), "{text:?} should match {row:?}"));
        no.iter()
            .for_each(|row| assert!(!pattern.matches(row), "{text:?} should not match {row:?}"));
    }
}

#[test]
fn names_what_is_not_served() {
    let rows = [
        ("^a", "^"),
        ("a$", "$"),
        (r"a\b", r"\b"),
        (r"\Ba", r"\B"),
        (r"\Aa", r"\A"),
        (r"a\z", r"\z"),
        (r"a\Z", r"\Z"),
        (r"\<a", r"\<"),
        (r"\b{start}a", r"\b{start}"),
        (r"\Qa.b", r"\Q"),
        (r"a\E", r"\E"),
        (r"\pL", r"\pL"),
        (r"\p{Greek}", r"\p{Greek}"),
        (r"[\pN]", r"\pN"),
        (r"(a)\1", r"\1"),
        (r"\0", r"\0"),
        (r"\u0041", r"\u0041"),
        (r"\U00000041", r"\U00000041"),
        (r"\u{41}", r"\u{41}"),
        (r"[\u0041]", r"\u0041"),
        ("(?i)a", "(?i)"),
        ("(?i:a)b", "(?i:"),
        ("(?-s:a)", "(?-s:"),
        ("(?x)a b", "(?x)"),
        ("(?=a)", "(?="),
        ("(?<!a)", "(?<!"),
        ("(?#c)a", "#"),
        ("[a[bc]]", "[bc]"),
        ("[[:foo:]]", "[:foo:]"),
        ("[a&&b]", "[a&&b]"),
        ("[a~~b]", "[a~~b]"),
        ("[z--a]", "[z--a]"),
        ("[--/]", "[--/]"),
        ("[^--/]", "[^--/]"),
        ("[]-a]", "[]-a]"),
        ("a{ 2}", "{ 2}"),
        ("a{02}", "{02}"),
        ("a{1, 2}", "{1, 2}"),
        (r"\y", r"\y"),
        (r"\é", r"\é"),
        ("(?P<é>a)", "é"),
    ];
    for (text, named) in rows {
        assert_eq!(
            Pattern::compile(text),
            Err(PatternProblem::NotSupported(named.to_owned())),
            "{text:?}"
        );
    }
}

#[test]
fn refuses_what_is_malformed() {
    let rows = [
        "*a", "+", "(*a)", "a|*", "(", ")", "a)", "x)|(", ")(", ")()", "[", "[a", "[]", "[b-a]",
        r"[a-\d]", r"[\d-z]",
    ];
    let more = [
        "a{2,1}",
        "a{",
        "a{a}",
        "a{,5}",
        "{2}",
        r"\x",
        r"\x4",
        r"\x{110000}",
        r"\x{d800}",
        r"\x{}",
        "\\",
        "(?",
        "(?P<n",
    ];
    for text in rows
        .into_iter()
        .chain(more)
        .chain(["(?P<>a)", "(?P<n>a)(?P<n>b)", "(?)a", r"[\b]"])
    {
        assert!(
            matches!(
                Pattern::compile(text),
                Err(PatternProblem::Malformed { .. })
            ),
            "{text:?}"
        );
    }
    for text in ["a**", "a+*", "a*??", "a{2}{3}", "a{2}*"] {
        let got = Pattern::compile(text);
        assert!(
            matches!(got, Err(PatternProblem::RepeatedRepetition(_))),
            "{text:?} {got:?}"
        );
    }
}

#[test]
fn counts_multiply() {
    for text in [
        "a{1000}",
        "(a{100}){10}",
        "((a{10}){10}){10}",
        "(a{600}){1}",
        "(a{1000}){0}",
        "(a{500,}){2}",
        "(a*){1000}",
    ] {
        compile(text);
    }
    let rows = [
        "a{1001}",
        "a{0,1001}",
        "a{1001,}",
        "(a{100}){11}",
        "((a{10}){10}){11}",
        "(a{2}){501}",
        "(a{1001}){0}",
    ];
    for text in rows.into_iter().chain([
        "((a{1000}){1000}){1000}",
        "(b|(a{2,}){501})",
        "(a{0,2}){0,501}",
    ]) {
        assert!(
            matches!(
                Pattern::compile(text),
                Err(PatternProblem::CountTooLarge(_))
            ),
            "{text:?}"
        );
    }
    assert!(Pattern::compile("a{99999999999}").is_err());
}

#[test]
fn limits_of_text_depth_and_program() {
    compile(&"a".repeat(MAX_PATTERN_BYTES));
    assert_eq!(
        Pattern::compile(&"a".repeat(MAX_PATTERN_BYTES + 1)),
        Err(PatternProblem::TooLong)
    );
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    compile(&nested(90));
    assert_eq!(Pattern::compile(&nested(101)), Err(PatternProblem::TooDeep));
    assert_eq!(
        Pattern::compile(&nested(2000)),
        Err(PatternProblem::TooDeep)
    );
    compile("[^/]{1,100}/.{0,255}");
    for text in [
        r"\W{1000}".repeat(100),
        "(.|[^a]){1000}".repeat(50),
        "(((a|b|c){10}){10}){10}".repeat(90),
    ] {
        assert_eq!(Pattern::compile(&text), Err(PatternProblem::TooLarge));
    }
}

#[test]
fn a_hard_pattern_has_a_small_program_and_answers() {
    // Exponential for an engine that backtracks.
    let pattern = compile("(a*)*(a*)*(a|aa)+b");
    assert!(pattern.program_bytes() < 64 * 1024);
    assert!(!pattern.matches(&"a".repeat(4096)));
}

#[test]
fn debug_shows_the_text() {
    assert_eq!(format!("{:?}", compile("a.b")), "Pattern(\"a.b\")");
}
