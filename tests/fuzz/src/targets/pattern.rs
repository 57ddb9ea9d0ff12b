//! A pattern, and behind a line end a text that it is put to.

use policy::Pattern;

pub(crate) const PIECES: &[&str] = &[
    "(",
    ")",
    "|",
    "*",
    "+",
    "?",
    "*?",
    "{2}",
    "{,3}",
    "{1,}",
    "{0,3}?",
    "[",
    "]",
    "[^",
    "-",
    "\\d",
    "\\W",
    "\\b",
    "\\B",
    "\\A",
    "\\z",
    "\\Q",
    "\\E",
    "\\pL",
    "\\P{Greek}",
    "\\x{1F600}",
    "\\07",
    "\\C",
    "(?i)",
    "(?s:",
    "(?m)",
    "(?U)",
    "(?P<n>",
    "(?<n>",
    "(?=",
    "[[:alpha:]]",
    "[[:^digit:]]",
    "^",
    "$",
    ".",
    "/",
    "\\",
    "\\.",
    "a",
    "k",
    "\u{212a}",
    "\u{17f}",
    "repo:o/r",
    "https://",
    "\n",
    "é",
];

/// A pattern matches whole texts, and groups around it change nothing.
pub fn pattern(bytes: &[u8]) -> bool {
    let Ok(input) = str::from_utf8(bytes) else {
        return false;
    };
    let (text, put) = input.rsplit_once('\n').unwrap_or((input, ""));
    let span = Pattern::spans_the_host(text);
    let Ok(pattern) = Pattern::compile(text) else {
        return false;
    };
    let grouped = Pattern::compile(&format!("(?:{text})"));
    let anchored = Pattern::compile(&format!("^(?:{text})$"));
    let probes = [
        put,
        "",
        "a",
        "k\u{212a}",
        "repo:o/r",
        "a\n",
        "https://a/b",
        "https://a/b/c",
        "\u{10ffff}",
    ];
    let mut slashes = None;
    for probe in probes {
        let matches = pattern.matches(probe);
        for other in [&grouped, &anchored].into_iter().flatten() {
            assert_eq!(other.matches(probe), matches, "{text:?} on {probe:?}");
        }
        // What the guard lets pass has its slashes at fixed places, so always as many of them.
        if matches && span.is_none() {
            let count = probe.matches('/').count();
            assert_eq!(
                *slashes.get_or_insert(count),
                count,
                "{text:?} on {probe:?}"
            );
        }
    }
    true
}
