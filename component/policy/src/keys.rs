//! The keys of a policy, and what an unknown name was probably meant to be.

/// A key of the policy file. Names count with case: octo-sts folds it, and two spellings of one key could hide one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Issuer,
    IssuerPattern,
    Subject,
    SubjectPattern,
    Audience,
    AudiencePattern,
    ClaimPattern,
    Permissions,
    Repositories,
    App,
    AppPattern,
    SingleUse,
}

/// All keys with their names, as written in files.
const KEYS: [(&str, Key); 12] = [
    ("issuer", Key::Issuer),
    ("issuer_pattern", Key::IssuerPattern),
    ("subject", Key::Subject),
    ("subject_pattern", Key::SubjectPattern),
    ("audience", Key::Audience),
    ("audience_pattern", Key::AudiencePattern),
    ("claim_pattern", Key::ClaimPattern),
    ("permissions", Key::Permissions),
    ("repositories", Key::Repositories),
    ("app", Key::App),
    ("app_pattern", Key::AppPattern),
    ("single_use", Key::SingleUse),
];

impl Key {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        KEYS.iter()
            .find(|(known, _)| *known == name)
            .map(|(_, key)| *key)
    }

    pub(crate) fn name(self) -> &'static str {
        KEYS.iter()
            .find(|(_, key)| *key == self)
            .map_or("", |(name, _)| name)
    }
}

/// The names of all keys that a policy of this kind has.
pub(crate) fn known_keys(organization: bool) -> Vec<&'static str> {
    let here = |key: &Key| organization || *key != Key::Repositories;
    let keys = KEYS.iter().filter(|(_, key)| here(key));
    keys.map(|(name, _)| *name).collect()
}

/// The key that `name` was probably meant to be.
pub(crate) fn nearest_key(name: &str) -> Option<String> {
    nearest(name, KEYS.iter().map(|(known, _)| *known)).map(str::to_owned)
}

/// The one of `known` that `name` is a typo of: another letter case, `-` for `_`, or at most two edits (one for short
/// names).
pub(crate) fn nearest<'k>(
    name: &str,
    known: impl Iterator<Item = &'k str> + Clone,
) -> Option<&'k str> {
    // Longer than any known name: no typo, and the distance below takes the product of the lengths.
    if name.len() > 64 {
        return None;
    }
    let folded = name.to_lowercase().replace('-', "_");
    if let Some(same) = known.clone().find(|candidate| *candidate == folded) {
        return Some(same);
    }
    let limit = if folded.chars().count() < 6 { 1 } else { 2 };
    known
        .map(|candidate| (distance(&folded, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's distance.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut row = vec![i + 1];
        let mut before = i + 1;
        for ((r, diagonal), above) in right.iter().zip(&previous).zip(previous.iter().skip(1)) {
            before = (diagonal + usize::from(l != *r))
                .min(above + 1)
                .min(before + 1);
            row.push(before);
        }
        previous = row;
    }
    previous.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::{Key, distance, nearest_key};

    #[test]
    fn every_key_has_its_name() {
        for name in ["issuer", "claim_pattern", "repositories", "single_use"] {
            assert_eq!(Key::parse(name).unwrap().name(), name);
        }
        assert_eq!(Key::parse("Issuer"), None);
    }

    #[test]
    fn typos_are_recognised() {
        let rows = [
            ("claim_patterns", Some("claim_pattern")),
            ("Issuer", Some("issuer")),
            ("subject-pattern", Some("subject_pattern")),
            ("permision", Some("permissions")),
            ("aud", None),
            ("description", None),
            ("apps", Some("app")),
        ];
        for (name, wanted) in rows {
            assert_eq!(nearest_key(name).as_deref(), wanted, "{name}");
        }
        assert_eq!(nearest_key(&"issuer".repeat(1000)), None);
    }

    #[test]
    fn distances() {
        for (a, b, wanted) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
            ("abc", "abc", 0),
        ] {
            assert_eq!(distance(a, b), wanted, "{a} {b}");
        }
    }
}
