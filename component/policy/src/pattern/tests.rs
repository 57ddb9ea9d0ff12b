#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]
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
fn reads_flags_assertions_and_quotations_as_re2_does() {
    let rows: &[(&str, &[&str], &[&str])] = &[
        ("^a$", &["a"], &["a\n", "ba"]),
        (r"\Aa\z", &["a"], &["a\n"]),
        ("a^b", &[], &["ab", "a^b"]),
        ("(?m)a$\n^b", &["a\nb"], &["a\n", "b"]),
        ("(?m)^a|b$", &["a", "b"], &["ax", "a\nx"]),
        (r"a\b-\Bb?", &["a-"], &["a-b"]),
        (r"é\B", &["é"], &[]),
        (r"\Qa.b*\E+", &["a.b*", "a.b**"], &["axb", ""]),
        (r"\Q\E", &[""], &["Q"]),
        ("(?i)k", &["k", "K", "\u{212a}"], &["x"]),
        ("(?i)[^k]", &["x"], &["k", "K", "\u{212a}"]),
        (r"(?i)\w", &["ſ", "\u{212a}"], &["é"]),
        (r"(?i)\W", &["é"], &["ſ", "\u{212a}"]),
        ("(?i)[[:upper:]]", &["a", "ſ"], &["1"]),
        ("(?i:a)b", &["ab", "Ab"], &["AB"]),
        ("a(?i)b|c", &["ab", "aB", "C"], &["Ab"]),
        ("(a(?i)b)c", &["aBc"], &["abC"]),
        ("(?i)a(?-i)b", &["Ab"], &["aB"]),
        ("(?s).", &["\n"], &[""]),
        ("(?s-i:.)a", &["\na"], &["\nA"]),
        ("(?U)a*?", &["", "aa"], &["b"]),
        ("(?)a", &["a"], &[""]),
        ("a(?i)*", &["", "aa"], &["A"]),
        ("(?P<1>a)(?<1>b)", &["ab"], &["a"]),
        ("a{", &["a{"], &["a"]),
        ("a{,5}{x}", &["a{,5}{x}"], &["a"]),
        ("a{ 2}a{02}", &["a{ 2}a{02}"], &["aaa"]),
        (r"\0\08\12\101", &["\0\x008\nA"], &["A"]),
        ("[a[b]]", &["a]", "[]", "b]"], &["a", "c]"]),
        ("[a&&b~~c]", &["a", "&", "~", "c"], &["ab"]),
        ("[--/]", &["-", ".", "/"], &[","]),
        ("[]-a]", &["]", "^", "a"], &["b", "-"]),
        (r"[\d-z]", &["4", "-", "z"], &["a"]),
        ("[[.a.]]", &["[]", ".]", "a]"], &["a"]),
        (r"\pL\PL", &["a1", "é-"], &["1a"]),
        (r"\p{greek}\p{^Greek}", &["αa"], &["aα"]),
        (r"[^\P{Lu}]", &["A", "É"], &["a", "1"]),
        (r"\x{D800}|a", &["a"], &["\u{fffd}"]),
        (
            r"[\x{D000}-\x{E001}]",
            &["\u{d7ff}", "\u{e000}"],
            &["\u{e002}"],
        ),
        (r"[^\x{D800}-\x{DFFF}]", &["a", "\u{d7ff}"], &[""]),
        (
            r"[^\x{0}-\x{D7FF}\x{E000}-\x{10FFFF}]",
            &[],
            &["\u{d7ff}", "\u{e000}", "a"],
        ),
        (r"\PC", &["a"], &["\u{d7ff}", "\u{e000}", "\u{16d40}"]),
    ];
    for (text, yes, no) in rows {
        let pattern = compile(text);
        yes.iter()
            .for_each(|row| assert!(pattern.matches(row), "{text:?} should match {row:?}"));
        no.iter()
            .for_each(|row| assert!(!pattern.matches(row), "{text:?} should not match {row:?}"));
    }
}

#[test]
fn names_constructs_of_other_dialects() {
    let rows = [
        (r"a\Z", r"\Z"),
        (r"a\E", r"\E"),
        (r"(a)\1", r"\1"),
        (r"\8", r"\8"),
        (r"\u0041", r"\u"),
        (r"[\b]", r"\b"),
        (r"[a-\d]", r"\d"),
        (r"\y", r"\y"),
        (r"\é", r"\é"),
        (r"\xg", r"\xg"),
        (r"\x{110000}", r"\x{"),
        (r"\p{Old_Italic}", r"\p{Old_Italic}"),
        (r"\p{Script=Greek}", r"\p{Script=Greek}"),
        ("(?x)a b", "(?x"),
        ("(?=a)", "(?="),
        ("(?<!a)", "(?<!"),
        ("(?#c)a", "(?#"),
        ("(?-)a", "(?-)"),
        ("(?i--s)a", "(?i--"),
        ("[[:foo:]]", "[:foo:]"),
    ];
    for (text, named) in rows {
        let got = Pattern::compile(text);
        let Err(PatternProblem::NotSupported(got)) = &got else {
            panic!("{text:?}: {got:?}");
        };
        assert!(got.starts_with(named), "{text:?}: {got}");
    }
}

#[test]
fn refuses_what_is_malformed() {
    for text in [
        "*a",
        "+",
        "(*a)",
        "a|*",
        "{2}",
        "(?i)*",
        "(",
        ")",
        "a)",
        "x)|(",
        ")(",
        ")()",
        "[",
        "[a",
        "[]",
        "[^]",
        "[b-a]",
        "a{2,1}",
        r"\",
        r"[\",
        "(?",
        "(?i",
        "(?P<n",
        "(?P<>a)",
        "(?P<é>a)",
        r"\p{L",
        r"\Qa.b",
        r"a\Q",
        "(?:a",
    ] {
        let got = Pattern::compile(text);
        assert!(
            matches!(got, Err(PatternProblem::Malformed { .. })),
            "{text:?}: {got:?}"
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
        "a{2000,1}",
        "a{99999999999}",
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

/// Not random: the same pattern for the same number. Pieces that matter, one to seven of them.
fn made_up(number: u64) -> String {
    const PIECES: [&str; 64] = [
        "a",
        "K",
        "é",
        "0",
        "8",
        "-",
        "/",
        ".",
        "*",
        "+",
        "?",
        "*?",
        "(",
        ")",
        "(?:",
        "[",
        "]",
        "[^",
        "{",
        "}",
        "|",
        "|",
        "^",
        "$",
        r"\",
        r"\d",
        r"\W",
        r"\b",
        r"\B",
        r"\Q",
        r"\E",
        r"\pL",
        r"\P{Lu}",
        r"\p{Han}",
        r"\x41",
        r"\x{e9}",
        r"\012",
        r"\1",
        r"\n",
        r"\-",
        "(?i)",
        "(?i:",
        "(?-i)",
        "(?m)",
        "(?s)",
        "(?U)",
        "(?i-s:",
        "(?P<n>",
        "(?=",
        "[[:alpha:]]",
        "[a-z]",
        "[]a]",
        "{2}",
        "{2,}",
        "{0,3}",
        "{,5}",
        "{1001}",
        "&&",
        "\n",
        "(a|b)",
        "()",
        "(?:ab)+",
        ")",
        ")",
    ];
    let mut state = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 11).unwrap_or_default() % below
    };
    let length = 1 + next(7);
    (0..length).map(|_| PIECES[next(PIECES.len())]).collect()
}

#[test]
fn what_is_read_can_be_printed_and_reads_the_same() {
    let mut read = 0;
    for number in 0..20_000 {
        let text = made_up(number);
        let Ok(tree) = super::parse::parse(&text) else {
            continue;
        };
        read += 1;
        let printed = tree.to_string();
        let again = super::parse::parse(&printed);
        // A literal of a class of one character is printed as it was read; trees are equal, not only their meaning.
        assert_eq!(again.as_ref(), Ok(&tree), "{text:?} as {printed:?}");
    }
    assert!(read > 5_000, "{read}");
}

#[test]
fn a_pattern_matches_nothing_that_its_group_does_not() {
    let texts = [
        "", "a", "b", "ab", "aa", "K", "k", "é", "0", "a\n", "\na", "-", "aKé0",
    ];
    let mut compared = 0;
    for number in 0..5_000 {
        let text = made_up(number);
        let Ok(pattern) = Pattern::compile(&text) else {
            continue;
        };
        let group = compile(&format!("^(?:{text})$"));
        for subject in texts {
            let whole = pattern.matches(subject);
            assert_eq!(whole, group.matches(subject), "{text:?} {subject:?}");
            compared += 1;
        }
    }
    assert!(compared > 10_000, "{compared}");
}

#[test]
fn classes_by_name_have_the_members_that_go_gives_them() {
    let vectors = include_str!("../../../../tests/vectors/unicode-classes.txt");
    let hashed = |class: &regex_syntax::hir::ClassUnicode| {
        let (mut count, mut hash) = (0_u32, 0x811C_9DC5_u32);
        let ranges = class.iter();
        for character in ranges.flat_map(|range| range.start()..=range.end()) {
            count += 1;
            for byte in &u32::from(character).to_le_bytes()[..3] {
                hash = (hash ^ u32::from(*byte)).wrapping_mul(16_777_619);
            }
        }
        format!("{count}:{hash:08x}")
    };
    let mut names = 0;
    for row in vectors.lines().filter(|row| !row.starts_with('#')) {
        let cells: Vec<&str> = row.split(" | ").collect();
        let [name, plain, folded] = cells[..] else {
            panic!("{row}");
        };
        let folded = if folded == "same" { plain } else { folded };
        for (fold, wanted) in [(false, plain), (true, folded)] {
            let class = super::names::unicode(name, fold);
            let got = class.as_ref().map_or("-".to_owned(), hashed);
            assert_eq!(got, wanted, "{name} {fold}");
        }
        names += 1;
    }
    assert_eq!(names, 250);
}
