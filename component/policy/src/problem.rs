//! What can be wrong with a policy file, as facts with a place.

use crate::pattern::{PatternProblem, Span};

/// A place in a file, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The first character of the file: where problems of the whole file are reported.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// Which of octo-sts's two sentences a problem belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// `unable to parse trust policy found for ...`
    NotParsed,
    /// `unable to compile trust policy found for ...`
    NotCompiled,
}

/// A problem and where it is. Displays as `line 7: ...`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {}: {problem}", position.line)]
pub struct PolicyError {
    /// Where.
    pub position: Position,
    /// What.
    pub problem: Problem,
}

impl PolicyError {
    pub(crate) fn new(position: Position, problem: Problem) -> Self {
        Self { position, problem }
    }

    /// Whether the file could not be read, or was read and does not compile.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.problem.stage()
    }
}

/// What is wrong. The texts are for authors of policies; they quote the file and nothing else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    // The file is not YAML as we read it (rule 24).
    /// Larger than [`crate::MAX_FILE_BYTES`].
    #[error("the file is larger than {limit} bytes")]
    FileTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The bytes are no UTF-8.
    #[error("the file is not UTF-8")]
    NotUtf8,
    /// A control character, a noncharacter, or a byte order mark that is not the first character.
    #[error("the character U+{0:04X} is not allowed")]
    Character(u32),
    /// U+0085, U+2028, U+2029 or a CR without LF: a line break for some parsers and text for others.
    #[error("the line break U+{0:04X} is not allowed, use LF")]
    LineBreak(u32),
    /// A tab where YAML wants spaces.
    #[error("a tab is not allowed here, use spaces")]
    Tab,
    /// `%YAML`, `%TAG` and the like.
    #[error("directives are not supported")]
    Directive,
    /// `!tag`
    #[error("tags are not supported")]
    Tag,
    /// `<<`
    #[error("the merge key `<<` is not supported")]
    MergeKey,
    /// `? key`
    #[error("`?` keys are not supported")]
    ExplicitKey,
    /// More than one document.
    #[error("only one document is allowed")]
    SecondDocument,
    /// The same key twice in one mapping.
    #[error("the key {0:?} is given twice")]
    DuplicateKey(String),
    /// A key that is a list, a mapping, nothing or an alias.
    #[error("a key must be written out as text")]
    KeyNotText,
    /// An anchor's name that octo-sts's parser ends earlier.
    #[error("an anchor's name may only have letters, digits, `_` and `-`")]
    AnchorName,
    /// An alias inside of what it names.
    #[error("an alias may not be part of what it stands for")]
    AliasLoop,
    /// Too many aliases, or too much text through them.
    #[error("too many aliases, or too much text through them")]
    AliasLimit,
    /// Nested deeper than the limit.
    #[error("nested deeper than {limit} levels")]
    NestingLimit {
        /// The limit.
        limit: usize,
    },
    /// A plain scalar that YAML 1.1 reads as a bool, a number, a date or the like.
    #[error("quote it: YAML readers disagree on what the unquoted {0:?} is")]
    QuoteIt(String),
    /// What the YAML parser says.
    #[error("not YAML: {0}{hint}", hint = yaml_hint(.0))]
    Syntax(String),

    // It is YAML, but no policy.
    /// The document, or an entry of `deny`, is not a mapping.
    #[error("the file must be a mapping of keys to values")]
    NotAMapping,
    /// A key that no policy of this kind has.
    #[error("unknown key {name:?}{}", or_known(.hint.as_deref(), .known))]
    UnknownKey {
        /// As written.
        name: String,
        /// What was probably meant.
        hint: Option<String>,
        /// All keys that there are.
        known: Vec<&'static str>,
    },
    /// `repositories` in a repository's policy.
    #[error("only an organization's policy has {0}: remove it")]
    OrganizationsKey(&'static str),
    /// A bool or a number in an organisation's policy, where octo-sts takes text only.
    #[error("quote it: an organization's policy takes the unquoted {0:?} for no text")]
    QuoteText(String),
    /// A list or mapping where text is wanted.
    #[error("{key} must be text")]
    NotText {
        /// The key.
        key: String,
    },
    /// `audience` as a list.
    #[error(
        "audience must be one text; for several write an audience_pattern such as `first|second`"
    )]
    AudienceList,
    /// Neither `true` nor `false`.
    #[error("{key} must be true or false")]
    NotAFlag {
        /// The key.
        key: &'static str,
    },
    /// Text or a list where a mapping is wanted.
    #[error("{key} must be a mapping")]
    NotAMap {
        /// The key.
        key: &'static str,
    },
    /// Text or a mapping where a list is wanted.
    #[error("{0} must be a list")]
    NotAList(&'static str),

    // It is a policy, but grants nothing that could be decided.
    /// `app`, `app_pattern`, `single_use`.
    #[error("{0} is not served by this server")]
    NotServed(&'static str),
    /// A value is missing where that could widen the grant.
    #[error("{key} has no value")]
    NoValue {
        /// The key.
        key: String,
    },
    /// `x` and `x_pattern`.
    #[error("only one of {0} or {0}_pattern can be set, got both")]
    Both(&'static str),
    /// Neither `x` nor `x_pattern`.
    #[error("one of {0} or {0}_pattern must be set, got neither")]
    Neither(&'static str),
    /// A pattern that does not compile.
    #[error("{key}: {problem}")]
    Pattern {
        /// The key, `claim_pattern["name"]` for claims.
        key: String,
        /// Why.
        problem: PatternProblem,
    },
    /// More entries in `claim_pattern` than the limit.
    #[error("claim_pattern has more than {limit} entries")]
    TooManyClaims {
        /// The limit.
        limit: usize,
    },
    /// All patterns of the policy together need too much memory.
    #[error("the patterns of this policy are too large together")]
    PatternsTooLarge,
    /// It compiles, and can hardly be meant: a warning.
    #[error("no token matches this {key}: {because}")]
    NeverMatches {
        /// The key.
        key: &'static str,
        /// Why.
        because: String,
    },
    /// Nothing is granted.
    #[error("permissions are missing")]
    NoPermissions,
    /// More entries in `permissions` than the limit.
    #[error("permissions has more than {limit} entries")]
    TooManyPermissions {
        /// The limit.
        limit: usize,
    },
    /// A permission that nobody knows (rule 25).
    #[error("unknown permission {name:?}{}", or_refused(name, .hint.as_deref()))]
    UnknownPermission {
        /// As written.
        name: String,
        /// What was probably meant; with a hint it is a typo of a known name.
        hint: Option<String>,
    },
    /// Neither read, write nor admin.
    #[error(
        "the level of {permission} must be read, write or admin, not {level:?} (write includes read; \
         leave out what is not granted)"
    )]
    UnknownLevel {
        /// The permission.
        permission: String,
        /// As written.
        level: String,
    },
    /// `owner/repository`
    #[error("write {name:?}, without its owner: {0:?}", name = last_segment(.0))]
    RepositoryWithOwner(String),
    /// `*` and other patterns.
    #[error(
        "{0:?}: repositories are names, not patterns; for every repository write `repositories: []`"
    )]
    RepositoryPattern(String),
    /// Not in GitHub's alphabet (rule 5).
    #[error("{0:?} is no name of a repository")]
    RepositoryName(String),
    // It is an organisation's file that says nothing certain; octo-sts's sentences where it has such a file.
    /// A word that a key does not have.
    #[error("unknown {key} {word:?} (want {:?} or {:?})", words[0], words[1])]
    UnknownWord {
        /// The key.
        key: &'static str,
        /// As written.
        word: String,
        /// Those it has.
        words: [&'static str; 2],
    },
    /// An entry of `deny` that would deny everybody.
    #[error("an entry of deny must have a matcher")]
    NoMatcher,
    /// Nobody is trusted.
    #[error("must list at least one entry in issuers or issuer_patterns")]
    NoIssuers,
    /// More entries than the limit.
    #[error("too many {key}: {count} (max {limit})")]
    TooManyEntries {
        /// `issuers`, `issuer_patterns` or `deny`.
        key: &'static str,
        /// How many there are.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// No issuer identifier.
    #[error("invalid issuer {0:?}")]
    InvalidIssuer(String),
    /// An issuer that no token names so.
    #[error("issuer {0:?} must be lowercase in scheme and host")]
    IssuerCase(String),
    /// A pattern longer than [`crate::MAX_TRUSTED_PATTERN_BYTES`].
    #[error(
        "issuer_patterns[{index}] too long: {bytes} chars (max {})",
        crate::MAX_TRUSTED_PATTERN_BYTES
    )]
    IssuerPatternTooLong {
        /// Which, from 0.
        index: usize,
        /// Its length.
        bytes: usize,
    },
    /// A pattern that could match another host.
    #[error(
        "issuer_patterns[{index}] must not span the host: {span}, so another host could match; \
         write each \"/\" in a fixed place, a dot as `\\.` and a host label as `[a-z0-9-]+`"
    )]
    IssuerPatternSpans {
        /// Which, from 0.
        index: usize,
        /// How.
        span: Span,
    },
    /// A pattern that does not compile.
    #[error("invalid issuer_pattern {text:?}: {problem}")]
    InvalidIssuerPattern {
        /// As written.
        text: String,
        /// Why.
        problem: PatternProblem,
    },
    /// More entries in `repositories` than GitHub takes.
    #[error("repositories has more than {limit} entries")]
    TooManyRepositories {
        /// The limit.
        limit: usize,
    },
}

impl Problem {
    /// Which of octo-sts's two sentences this belongs to.
    #[must_use]
    pub fn stage(&self) -> Stage {
        match self {
            Self::NotServed(_)
            | Self::NoValue { .. }
            | Self::Both(_)
            | Self::Neither(_)
            | Self::Pattern { .. }
            | Self::TooManyClaims { .. }
            | Self::PatternsTooLarge
            | Self::NeverMatches { .. }
            | Self::NoPermissions
            | Self::TooManyPermissions { .. }
            | Self::UnknownPermission { .. }
            | Self::UnknownLevel { .. }
            | Self::RepositoryWithOwner(_)
            | Self::RepositoryPattern(_)
            | Self::RepositoryName(_)
            | Self::UnknownWord { .. }
            | Self::NoMatcher
            | Self::NoIssuers
            | Self::TooManyEntries { .. }
            | Self::InvalidIssuer(_)
            | Self::IssuerCase(_)
            | Self::IssuerPatternTooLong { .. }
            | Self::IssuerPatternSpans { .. }
            | Self::InvalidIssuerPattern { .. }
            | Self::TooManyRepositories { .. } => Stage::NotCompiled,
            Self::FileTooLarge { .. }
            | Self::NotUtf8
            | Self::Character(_)
            | Self::LineBreak(_)
            | Self::Tab
            | Self::Directive
            | Self::Tag
            | Self::MergeKey
            | Self::ExplicitKey
            | Self::SecondDocument
            | Self::DuplicateKey(_)
            | Self::KeyNotText
            | Self::AnchorName
            | Self::AliasLoop
            | Self::AliasLimit
            | Self::NestingLimit { .. }
            | Self::QuoteIt(_)
            | Self::Syntax(_)
            | Self::NotAMapping
            | Self::UnknownKey { .. }
            | Self::OrganizationsKey(_)
            | Self::QuoteText(_)
            | Self::NotText { .. }
            | Self::AudienceList
            | Self::NotAFlag { .. }
            | Self::NotAMap { .. }
            | Self::NotAList(_) => Stage::NotParsed,
        }
    }
}

fn or_known(hint: Option<&str>, known: &[&str]) -> String {
    match hint {
        Some(_) => did_you_mean(hint),
        None => format!("; the keys are {}", known.join(", ")),
    }
}

fn or_refused(name: &str, hint: Option<&str>) -> String {
    match hint {
        Some(_) => did_you_mean(hint),
        None if name.replace('-', "_") == "id_token" => {
            ": it belongs to the permissions of the workflow, not here".to_owned()
        }
        None => {
            ": refused unless the App's installation has it, or OCTOSTS_EXTRA_PERMISSIONS names it"
                .to_owned()
        }
    }
}

fn last_segment(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// What to write instead, for what people write most.
fn yaml_hint(message: &str) -> &'static str {
    [
        ("quoted scalar", "; is a quote not closed?"),
        (
            "escape character",
            "; in \"…\" a backslash escapes, in '…' it does not",
        ),
        ("anchor or alias", "; quote a text that begins with * or &"),
        ("':' must be followed", "; write a space behind the colon"),
    ]
    .iter()
    .find(|(part, _)| message.contains(part))
    .map_or("", |(_, hint)| hint)
}

fn did_you_mean(name: Option<&str>) -> String {
    name.map(|name| format!(", did you mean {name}?"))
        .unwrap_or_default()
}
