//! With a rule more, a policy admits the same tokens or fewer, and guard-rails let through the same or less.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use policy::{Claims, GuardRails, PolicyKind, Served, TrustPolicy};
use serde_json::{Map, Value, json};

/// Few values, so that rules are often met.
const VALUES: [&str; 4] = ["a", "b", "a/b", "A"];
const PATTERNS: [&str; 6] = ["a", "[ab]", ".*", "a|b", "(?i)a", "a(/b)?"];
const CLAIMS: [&str; 3] = ["ref", "event", "run"];
const ROUNDS: usize = 20_000;

/// A linear congruential generator (Knuth's MMIX): the same choices on every run.
struct Choices(u64);

impl Choices {
    fn below(&mut self, limit: usize) -> usize {
        let next = self.0.wrapping_mul(6_364_136_223_846_793_005);
        self.0 = next.wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// `NAME: VALUE` or `NAME_pattern: PATTERN`.
    fn matcher(&mut self, name: &str) -> String {
        if self.below(2) == 0 {
            format!("{name}: {}", self.of(&VALUES))
        } else {
            format!("{name}_pattern: '{}'", self.of(&PATTERNS))
        }
    }

    /// Rules about some of the claims; all of them, if that is what is wanted.
    fn claims(&mut self) -> Vec<String> {
        let some = self.below(8);
        let named = (0..CLAIMS.len()).filter(|index| some >> index & 1 == 1);
        named
            .map(|index| format!("{}: '{}'", CLAIMS[index], self.of(&PATTERNS)))
            .collect()
    }

    fn token(&mut self) -> Token {
        let values = [json!("a"), json!("b"), json!(true), json!(1), Value::Null];
        let claims = CLAIMS.map(|name| (name.to_owned(), values[self.below(5)].clone()));
        Token {
            issuer: self.of(&VALUES),
            subject: self.of(&VALUES),
            audience: vec![self.of(&VALUES).to_owned()],
            other: claims
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .collect(),
        }
    }
}

struct Token {
    issuer: &'static str,
    subject: &'static str,
    audience: Vec<String>,
    other: Map<String, Value>,
}

impl Token {
    fn claims(&self) -> Claims<'_> {
        Claims {
            issuer: self.issuer,
            subject: self.subject,
            audience: &self.audience,
            other: &self.other,
        }
    }
}

fn compile(matchers: &str, claims: &[String]) -> TrustPolicy {
    let claims = match claims {
        [] => String::new(),
        claims => format!("claim_pattern: {{{}}}\n", claims.join(", ")),
    };
    let file = format!("{matchers}\n{claims}permissions: {{contents: write, checks: read}}\n");
    let served = Served::everything(&|_| false);
    TrustPolicy::parse(file.as_bytes(), PolicyKind::Repository, &served).unwrap()
}

#[test]
fn a_claim_more_admits_no_more() {
    let mut choices = Choices(1);
    let (mut admitted, mut lost) = (0, 0);
    for _ in 0..ROUNDS {
        let audience = match choices.below(2) {
            0 => String::new(),
            _ => choices.matcher("audience"),
        };
        let matchers = [
            choices.matcher("issuer"),
            choices.matcher("subject"),
            audience,
        ]
        .join("\n");
        let more = choices.claims();
        let fewer = more.split_last().map_or(&[][..], |(_, fewer)| fewer);
        let (narrow, wide) = (compile(&matchers, &more), compile(&matchers, fewer));
        let token = choices.token();
        let [narrow, wide] =
            [narrow, wide].map(|policy| policy.decide(&token.claims(), &["a"]).permits());
        assert!(wide || !narrow, "{matchers} {more:?}");
        admitted += usize::from(narrow);
        lost += usize::from(wide && !narrow);
    }
    assert!(admitted > 300 && lost > 50, "{admitted} {lost}");
}

#[test]
fn a_guard_rail_more_lets_through_no_more() {
    const RAILS: [&str; 5] = [
        "repository_policies: deny",
        "ceiling: {contents: read, checks: read}",
        "ceiling: {}",
        "organization_ceiling: {contents: write}",
        "policy_repository_writes: deny",
    ];
    let mut choices = Choices(2);
    let (mut through, mut stopped) = (0, 0);
    for _ in 0..ROUNDS {
        let rail = choices.of(&RAILS);
        let mut entries = Vec::new();
        for _ in 0..choices.below(3) {
            let mut entry = vec![choices.matcher("audience"), choices.matcher("subject")];
            let claims = choices.claims();
            if !claims.is_empty() {
                entry.push(format!("claim_pattern: {{{}}}", claims.join(", ")));
            }
            entries.push(format!("{{{}}}", entry.join(", ")));
        }
        let deny = format!("deny: [{}]", entries.join(", "));
        let less = ["deny: []", deny.as_str(), rail][choices.below(3)];
        let more = format!("{deny}\n{rail}\n");
        let kind = [PolicyKind::Repository, PolicyKind::Organization][choices.below(2)];
        let token = choices.token();
        let policy = compile("issuer: a\nsubject: a", &[]);
        let reaches = choices.below(2) == 0;
        let [wide, narrow] = [format!("{less}\n"), more.clone()].map(|file| {
            let rails = GuardRails::parse(file.as_bytes(), &|_| false).unwrap();
            rails.before_the_policy(&token.claims(), kind).is_none()
                && rails.of_the_policy(&policy, kind, reaches).is_none()
        });
        assert!(wide || !narrow, "{less} | {more}");
        through += usize::from(narrow);
        stopped += usize::from(wide && !narrow);
    }
    assert!(through > 1_000 && stopped > 1_000, "{through} {stopped}");
}
