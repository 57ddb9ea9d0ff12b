//! Classes by name, with RE2's meaning: Perl's and POSIX's are ASCII, Unicode's are those of the version that Go has.

use std::sync::OnceLock;

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, HirKind};

/// Go 1.26's version of Unicode. What later ones assigned is unassigned for it, so that both match the same.
const UNICODE: &str = r"\p{age=15.0}";
/// AHOM CONSONANT SIGN MEDIAL RA: `Mn` in that version, `Mc` now. Nothing else changed its category or its script.
const MOVED: char = '\u{1171E}';

/// `\d`, `\s`, `\w` by their letter. `\s` lacks the vertical tab, unlike `[[:space:]]`.
pub(super) fn perl(letter: char) -> Option<ClassUnicode> {
    let ranges: &[(char, char)] = match letter {
        'd' => &[('0', '9')],
        's' => &[('\t', '\n'), ('\x0C', '\r'), (' ', ' ')],
        'w' => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        _ => return None,
    };
    Some(set(ranges))
}

/// `alpha` of `[[:alpha:]]`.
pub(super) fn posix(name: &str) -> Option<ClassUnicode> {
    let ranges: &[(char, char)] = match name {
        "alnum" => &[('0', '9'), ('A', 'Z'), ('a', 'z')],
        "alpha" => &[('A', 'Z'), ('a', 'z')],
        "ascii" => &[('\0', '\x7F')],
        "blank" => &[('\t', '\t'), (' ', ' ')],
        "cntrl" => &[('\0', '\x1F'), ('\x7F', '\x7F')],
        "digit" => &[('0', '9')],
        "graph" => &[('!', '~')],
        "lower" => &[('a', 'z')],
        "print" => &[(' ', '~')],
        "punct" => &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')],
        "space" => &[('\t', '\r'), (' ', ' ')],
        "upper" => &[('A', 'Z')],
        "word" => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
        "xdigit" => &[('0', '9'), ('A', 'F'), ('a', 'f')],
        _ => return None,
    };
    Some(set(ranges))
}

/// `Greek` of `\p{Greek}`: a category, by its short or its long name, or a script. `fold`: under `(?i)`.
pub(super) fn unicode(name: &str, fold: bool) -> Option<ClassUnicode> {
    let name = canonical(name);
    let class = match name.as_str() {
        "Any" => set(&[('\0', char::MAX)]),
        "Ascii" => posix("ascii")?,
        "Assigned" => assigned().clone(),
        // No text has one.
        "Cs" | "Surrogate" => ClassUnicode::empty(),
        "Cn" | "Unassigned" => negated(assigned().clone()),
        name => match category(name) {
            Some(category) => of_category(category)?,
            None if SCRIPTS.contains(&name) => {
                let mut class = property(&format!(r"\p{{sc={name}}}"))?;
                class.intersect(assigned());
                class
            }
            None => return None,
        },
    };
    // Go has no table of what folds to a letter with case beside such letters themselves.
    let folds = fold && !matches!(name.as_str(), "Lc" | "Casedletter");
    Some(if folds { folded(class) } else { class })
}

fn of_category(category: &str) -> Option<ClassUnicode> {
    let mut class = property(&format!(r"\p{{gc={category}}}"))?;
    class.intersect(assigned());
    let moved = only(MOVED);
    match category {
        "C" => class.union(&negated(assigned().clone())),
        "Mn" => class.union(&moved),
        "Mc" => class.difference(&moved),
        _ => {}
    }
    Some(class)
}

/// The class and what its members become in another case (simple folding).
pub(super) fn folded(class: ClassUnicode) -> ClassUnicode {
    let then = aged();
    let mut folded = class.clone();
    if !class.is_ascii() {
        folded.intersect(then);
    }
    // It fails where the tables are not compiled in.
    let _ = folded.try_case_fold_simple();
    if !folded.is_ascii() {
        folded.intersect(then);
    }
    folded.union(&class);
    folded
}

/// What has an age in [`UNICODE`]. Read once: a pattern can ask for it a thousand times.
fn aged() -> &'static ClassUnicode {
    static AGED: OnceLock<ClassUnicode> = OnceLock::new();
    AGED.get_or_init(|| property(UNICODE).unwrap_or_else(ClassUnicode::empty))
}

/// What is a character in [`UNICODE`]: code points that are none have an age too.
fn assigned() -> &'static ClassUnicode {
    static ASSIGNED: OnceLock<ClassUnicode> = OnceLock::new();
    ASSIGNED.get_or_init(|| {
        let mut class = aged().clone();
        class.difference(&property(r"\p{gc=Cn}").unwrap_or_else(ClassUnicode::empty));
        class
    })
}

/// All other characters.
pub(super) fn negated(mut class: ClassUnicode) -> ClassUnicode {
    let (last, first) = ('\u{D7FF}', '\u{E000}');
    let has = |wanted: char| {
        let mut ranges = class.iter();
        ranges.any(|range| (range.start()..=range.end()).contains(&wanted))
    };
    // Ranges that meet at the surrogates are two for `regex-syntax` 0.8, whose `negate` then turns the gap around.
    if has(last) && has(first) {
        class.push(ClassUnicodeRange::new(last, first));
    }
    class.negate();
    class
}

/// Asks `regex-syntax` for a property that it knows under this very name.
fn property(expression: &str) -> Option<ClassUnicode> {
    let parsed = ParserBuilder::new().build().parse(expression).ok()?;
    match parsed.into_kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class),
        // A class of one character.
        HirKind::Literal(literal) => {
            let character = std::str::from_utf8(&literal.0).ok()?.chars().next()?;
            Some(only(character))
        }
        _ => None,
    }
}

/// Blanks, `-` and `_` are left out, and only the first letter is upper case. Names of scripts with another upper-case
/// letter or a `_` are thus out of reach, in Go too.
fn canonical(name: &str) -> String {
    let kept = name.chars().filter(|c| !matches!(c, ' ' | '-' | '_'));
    let cased = kept.enumerate().map(|(index, c)| match index {
        0 => c.to_ascii_uppercase(),
        _ => c.to_ascii_lowercase(),
    });
    cased.collect()
}

/// The short name of a category.
fn category(name: &str) -> Option<&'static str> {
    let found = CATEGORIES
        .iter()
        .find(|(short, long)| *short == name || long.split(' ').any(|long| long == name));
    found.map(|(short, _)| *short)
}

/// Short names as Go's canonical form has them, and the other names of each.
const CATEGORIES: [(&str, &str); 36] = [
    ("C", "Other"),
    ("Cc", "Control Cntrl"),
    ("Cf", "Format"),
    ("Co", "Privateuse"),
    ("L", "Letter"),
    ("Lc", "Casedletter"),
    ("Ll", "Lowercaseletter"),
    ("Lm", "Modifierletter"),
    ("Lo", "Otherletter"),
    ("Lt", "Titlecaseletter"),
    ("Lu", "Uppercaseletter"),
    ("M", "Mark Combiningmark"),
    ("Mc", "Spacingmark"),
    ("Me", "Enclosingmark"),
    ("Mn", "Nonspacingmark"),
    ("N", "Number"),
    ("Nd", "Decimalnumber Digit"),
    ("Nl", "Letternumber"),
    ("No", "Othernumber"),
    ("P", "Punctuation Punct"),
    ("Pc", "Connectorpunctuation"),
    ("Pd", "Dashpunctuation"),
    ("Pe", "Closepunctuation"),
    ("Pf", "Finalpunctuation"),
    ("Pi", "Initialpunctuation"),
    ("Po", "Otherpunctuation"),
    ("Ps", "Openpunctuation"),
    ("S", "Symbol"),
    ("Sc", "Currencysymbol"),
    ("Sk", "Modifiersymbol"),
    ("Sm", "Mathsymbol"),
    ("So", "Othersymbol"),
    ("Z", "Separator"),
    ("Zl", "Lineseparator"),
    ("Zp", "Paragraphseparator"),
    ("Zs", "Spaceseparator"),
];

/// The scripts of Unicode 15.0 whose names Go can find.
const SCRIPTS: [&str; 117] = [
    "Adlam",
    "Ahom",
    "Arabic",
    "Armenian",
    "Avestan",
    "Balinese",
    "Bamum",
    "Batak",
    "Bengali",
    "Bhaiksuki",
    "Bopomofo",
    "Brahmi",
    "Braille",
    "Buginese",
    "Buhid",
    "Carian",
    "Chakma",
    "Cham",
    "Cherokee",
    "Chorasmian",
    "Common",
    "Coptic",
    "Cuneiform",
    "Cypriot",
    "Cyrillic",
    "Deseret",
    "Devanagari",
    "Dogra",
    "Duployan",
    "Elbasan",
    "Elymaic",
    "Ethiopic",
    "Georgian",
    "Glagolitic",
    "Gothic",
    "Grantha",
    "Greek",
    "Gujarati",
    "Gurmukhi",
    "Han",
    "Hangul",
    "Hanunoo",
    "Hatran",
    "Hebrew",
    "Hiragana",
    "Inherited",
    "Javanese",
    "Kaithi",
    "Kannada",
    "Katakana",
    "Kawi",
    "Kharoshthi",
    "Khmer",
    "Khojki",
    "Khudawadi",
    "Lao",
    "Latin",
    "Lepcha",
    "Limbu",
    "Lisu",
    "Lycian",
    "Lydian",
    "Mahajani",
    "Makasar",
    "Malayalam",
    "Mandaic",
    "Manichaean",
    "Marchen",
    "Medefaidrin",
    "Miao",
    "Modi",
    "Mongolian",
    "Mro",
    "Multani",
    "Myanmar",
    "Nabataean",
    "Nandinagari",
    "Newa",
    "Nko",
    "Nushu",
    "Ogham",
    "Oriya",
    "Osage",
    "Osmanya",
    "Palmyrene",
    "Phoenician",
    "Rejang",
    "Runic",
    "Samaritan",
    "Saurashtra",
    "Sharada",
    "Shavian",
    "Siddham",
    "Sinhala",
    "Sogdian",
    "Soyombo",
    "Sundanese",
    "Syriac",
    "Tagalog",
    "Tagbanwa",
    "Takri",
    "Tamil",
    "Tangsa",
    "Tangut",
    "Telugu",
    "Thaana",
    "Thai",
    "Tibetan",
    "Tifinagh",
    "Tirhuta",
    "Toto",
    "Ugaritic",
    "Vai",
    "Vithkuqi",
    "Wancho",
    "Yezidi",
    "Yi",
];

/// The class of one character.
pub(super) fn only(character: char) -> ClassUnicode {
    set(&[(character, character)])
}

fn set(ranges: &[(char, char)]) -> ClassUnicode {
    let range = |(low, high): &(char, char)| ClassUnicodeRange::new(*low, *high);
    ClassUnicode::new(ranges.iter().map(range))
}
