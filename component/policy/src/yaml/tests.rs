#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]
use super::{MAX_FILE_BYTES, Node, Value, load};
use crate::problem::{Position, Problem};

/// A compact form of a tree, for comparison.
fn show(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Text(text) => format!("{text:?}"),
        Value::List(items) => format!(
            "[{}]",
            items.iter().map(show).collect::<Vec<_>>().join(", ")
        ),
        Value::Map(entries) => {
            let entries = entries
                .iter()
                .map(|entry| format!("{}: {}", entry.key, show(&entry.node)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

fn problem(text: &str) -> Problem {
    match load(text.as_bytes()) {
        Err(error) => error.problem,
        Ok(node) => panic!("{text:?} was read as {}", show(&node)),
    }
}

#[test]
fn reads_what_both_parsers_read_alike() {
    let rows = [
        ("", "null"),
        ("# only a comment\n", "null"),
        ("~\n", "null"),
        ("a: b\n", r#"{a: "b"}"#),
        ("---\na: b\n...\n", r#"{a: "b"}"#),
        ("# c\n--- # d\na: b # e\n...\n# f\n", r#"{a: "b"}"#),
        ("\u{feff}a: b\r\nc: d\r\n", r#"{a: "b", c: "d"}"#),
        ("a:\nb: ~\nc: null\n", "{a: null, b: null, c: null}"),
        (
            "a: true\nb: false\nc: 0\nd: -12\n",
            r#"{a: "true", b: "false", c: "0", d: "-12"}"#,
        ),
        ("true: x\n7: z\n", r#"{true: "x", 7: "z"}"#),
        (
            "a: 'it''s: #x'\nb: \"q\\\"\\x41\\u00e9\\n\"\n",
            r#"{a: "it's: #x", b: "q\"Aé\n"}"#,
        ),
        (
            "a: 'yes'\nb: \"1.5\"\nc: '<<'\n'null': x\n",
            r#"{a: "yes", b: "1.5", c: "<<", null: "x"}"#,
        ),
        (
            "a: |\n  b\n  c\nd: >-\n  e\n  f\n",
            r#"{a: "b\nc\n", d: "e f"}"#,
        ),
        ("a: |2+\n   b\n\nc: d\n", r#"{a: " b\n\n", c: "d"}"#),
        ("a: b\n  c\n\n  d\n", r#"{a: "b c\nd"}"#),
        ("a: \"b\n  c\"\n", r#"{a: "b c"}"#),
        ("a:\n- b\n-  c\n", r#"{a: ["b", "c"]}"#),
        (
            "{a: b, \"c\":d, e: [f, g]}\n",
            r#"{a: "b", c: "d", e: ["f", "g"]}"#,
        ),
        ("a: &x b\nc: *x\n", r#"{a: "b", c: "b"}"#),
        ("a: &x\n  b: c\nd: *x\n", r#"{a: {b: "c"}, d: {b: "c"}}"#),
        (
            "a: &x |\n  # no comment\nb: [*x]\n",
            r##"{a: "# no comment\n", b: ["# no comment\n"]}"##,
        ),
        (
            "a: https://x/y?z=1\nb: repo:o/r:ref:refs/heads/main\n",
            r#"{a: "https://x/y?z=1", b: "repo:o/r:ref:refs/heads/main"}"#,
        ),
        ("a: b\tc\nd: 'e\tf' # g\th\n", r#"{a: "b\tc", d: "e\tf"}"#),
        ("a: \u{e9}\u{1f980}\u{a0}\n", "{a: \"é🦀\\u{a0}\"}"),
    ];
    for (text, wanted) in rows {
        match load(text.as_bytes()) {
            Ok(node) => assert_eq!(show(&node), wanted, "{text:?}"),
            Err(error) => panic!("{text:?}: {error}"),
        }
    }
}

#[test]
fn refuses_what_hides_a_line() {
    for c in ['\u{85}', '\u{2028}', '\u{2029}', '\r'] {
        for text in [
            format!("a: b # c{c}d: e\n"),
            format!("a: 'b{c}c'\n"),
            format!("{c}a: b\n"),
        ] {
            assert_eq!(problem(&text), Problem::LineBreak(c.into()), "{text:?}");
        }
    }
}

#[test]
fn refuses_characters_that_only_one_parser_takes() {
    for c in [
        '\0', '\x01', '\x1b', '\x7f', '\u{80}', '\u{9f}', '\u{fffe}', '\u{ffff}', '\u{feff}',
    ] {
        for text in [
            format!("a: b{c}\n"),
            format!("a: b # {c}\n"),
            format!("a: '{c}'\n"),
            format!("x: y\n{c}a: b\n"),
        ] {
            assert_eq!(problem(&text), Problem::Character(c.into()), "{text:?}");
        }
    }
    assert_eq!(load(b"a: \xff\n").unwrap_err().problem, Problem::NotUtf8);
    assert_eq!(
        load(b"\xff\xfea\0:\0").unwrap_err().problem,
        Problem::NotUtf8
    );
}

#[test]
fn refuses_tabs_between_scalars() {
    let rows = [
        "\ta: b\n",
        "a:\n\tb: c\n",
        "a: b\n\t\nc: d\n",
        "a: b\n  \t\n",
        "a: b\t# c\n",
        "-\ta\n",
        "a:\t'b'\n",
    ];
    for text in rows.into_iter().chain([
        "a:\t b\n",
        "{a: b,\t c: d}\n",
        "a: 'b\n\tc'\n",
        "a: |\n  b\n \t c\n",
    ]) {
        assert_eq!(problem(text), Problem::Tab, "{text:?}");
    }
}

#[test]
fn refuses_syntax_that_is_not_served() {
    let rows = [
        ("%YAML 1.2\n---\na: b\n", Problem::Directive),
        ("%TAG ! tag:x,2000:\n---\na: b\n", Problem::Directive),
        ("%FOO\na: b\n", Problem::Directive),
        ("a: !!str 1\n", Problem::Tag),
        ("a: ! b\n", Problem::Tag),
        ("!x\na: b\n", Problem::Tag),
        ("!!str a: b\n", Problem::Tag),
        ("a: [!x b]\n", Problem::Tag),
        ("? a\n: b\n", Problem::ExplicitKey),
        ("? a\n", Problem::ExplicitKey),
        ("{? a: b}\n", Problem::ExplicitKey),
        ("x:\n  ? a\n  : b\n", Problem::ExplicitKey),
        ("<<: {a: b}\n", Problem::MergeKey),
        ("x: &x {a: b}\nz:\n  <<: *x\n", Problem::MergeKey),
        ("a: <<\n", Problem::MergeKey),
        ("a: b\n---\nc: d\n", Problem::SecondDocument),
        ("a: b\n...\nc: d\n", Problem::SecondDocument),
        ("---\n---\na: b\n", Problem::SecondDocument),
        ("a: b\na: c\n", Problem::DuplicateKey("a".to_owned())),
        ("a: b\n'a': c\n", Problem::DuplicateKey("a".to_owned())),
        (
            "x: {true: b, \"true\": c}\n",
            Problem::DuplicateKey("true".to_owned()),
        ),
        ("[a]: b\n", Problem::KeyNotText),
        ("{a: b}: c\n", Problem::KeyNotText),
        ("~: b\n", Problem::KeyNotText),
        ("{a: &x b, *x : c}\n", Problem::KeyNotText),
        ("a: &x.y b\n", Problem::AnchorName),
        ("a: &x b\nc: [*x:y]\n", Problem::AnchorName),
    ];
    for (text, wanted) in rows {
        // An anchor's name may also be an unknown one for the parser itself.
        let got = problem(text);
        assert!(
            got == wanted || (wanted == Problem::AnchorName && matches!(got, Problem::Syntax(_))),
            "{text:?} {got}"
        );
    }
}

#[test]
fn refuses_unquoted_scalars_that_are_read_differently() {
    for text in [
        "a: yes\n",
        "a: [no]\n",
        "on: b\n",
        "a: 0123\n",
        "a: 2026-01-02\n",
        "a: 12:30\n",
        "- 1e3\n",
        "a: =\n",
    ] {
        assert!(matches!(problem(text), Problem::QuoteIt(_)), "{text:?}");
    }
    // Inside braces octo-sts's parser ends a scalar at `?`.
    for text in ["{a: b?c}\n", "a: [b?]\n", "{a?b: c}\n"] {
        assert!(matches!(problem(text), Problem::QuoteIt(_)), "{text:?}");
    }
}

#[test]
fn refuses_what_octo_sts_refuses_or_reads_otherwise() {
    let rows = [
        "{a:}\n",
        "{a:, b: c}\n",
        "{a: b, c\n : d}\n",
        "a: \"b\\/c\"\n",
        "...\na: b\n",
        "a: |\n  b",
        "a: @b\n",
    ];
    for text in rows.into_iter().chain([
        "a: b: c\n",
        ": b\n",
        "a: [b\n",
        "a: 'b\n",
        "\"a\n b\": c\n",
        "a: *x\n",
        "{&x\n a: b}\n",
    ]) {
        assert!(matches!(problem(text), Problem::Syntax(_)), "{text:?}");
    }
}

#[test]
fn every_node_knows_its_place() {
    let at = |line, column| Position { line, column };
    let root = load("# c\na: b\n\u{e9}: [x,\n  'y']\n".as_bytes()).unwrap();
    let Value::Map(entries) = root.value else {
        panic!("no map")
    };
    let places: Vec<_> = entries
        .iter()
        .map(|entry| (entry.position, entry.node.position))
        .collect();
    assert_eq!(places, [(at(2, 1), at(2, 4)), (at(3, 1), at(3, 4))]);
    let Some(Value::List(items)) = entries.last().map(|entry| &entry.node.value) else {
        panic!("no list")
    };
    assert_eq!(
        items.iter().map(|item| item.position).collect::<Vec<_>>(),
        [at(3, 5), at(4, 3)]
    );
    assert_eq!(load(b"a: b\nc: yes\n").unwrap_err().position, at(2, 4));
}

#[test]
fn what_cannot_be_read_has_a_place_in_the_file() {
    for (bytes, line, column) in [
        (&b"a: {b: c"[..], 1, 9),
        (b"a: b\nc: {d: e", 2, 9),
        (b"a: b\n\xc3\xa9: [\n", 3, 1),
        (b"a: b\nc", 2, 2),
        (b"a: \xff", 1, 4),
        (b"a: b\n\xc3\xa9: \xc3", 2, 4),
    ] {
        let found = load(bytes).unwrap_err().position;
        assert_eq!(found, Position { line, column }, "{bytes:?}");
    }
}

#[test]
fn limits() {
    let full = format!("a: {}\n", "x".repeat(MAX_FILE_BYTES - 4));
    assert!(load(full.as_bytes()).is_ok());
    assert!(matches!(
        problem(&format!("{full}#")),
        Problem::FileTooLarge { .. }
    ));
    let nested = |depth: usize| format!("{}x{}\n", "[".repeat(depth), "]".repeat(depth));
    assert!(load(nested(16).as_bytes()).is_ok());
    assert!(matches!(
        problem(&nested(17)),
        Problem::NestingLimit { limit: 16 }
    ));
    assert!(matches!(
        problem(&"- ".repeat(30_000)),
        Problem::NestingLimit { .. }
    ));
    let aliases = |count: usize| format!("a: &x b\nc: [{}]\n", vec!["*x"; count].join(", "));
    assert!(load(aliases(64).as_bytes()).is_ok());
    assert_eq!(problem(&aliases(65)), Problem::AliasLimit);
    let large = format!("a: &x {}\nb: [*x, *x, *x, *x, *x]\n", "y".repeat(60_000));
    assert_eq!(problem(&large), Problem::AliasLimit);
}

#[test]
fn alias_bombs_stay_small() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..10 {
        let alias = format!("*a{}", i - 1);
        bomb.push_str(&format!("a{i}: &a{i} [{}]\n", vec![alias; 9].join(", ")));
    }
    assert_eq!(problem(&bomb), Problem::AliasLimit);
    assert_eq!(problem("a: &a [b, *a]\n"), Problem::AliasLoop);
    assert_eq!(problem("a: &a {b: *a}\n"), Problem::AliasLoop);
}
