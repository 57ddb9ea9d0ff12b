//! GitHub's two forms of a subject: `repo:OWNER/REPOSITORY:…`, and since 2026-07-15 `repo:OWNER@ID/REPOSITORY@ID:…`, whose ids
//! stay with an account when its name goes to somebody else. The two never match as equal: a recycled name is the attack that
//! the second one exists for (rule 4 of docs/SECURITY.md).

use crate::compile::Matcher;

/// A subject of GitHub's Actions, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Parts<'a> {
    owner: &'a str,
    repository: &'a str,
    rest: &'a str,
    /// Whether both names carry ids.
    immutable: bool,
}

fn parts(subject: &str) -> Option<Parts<'_>> {
    let (names, rest) = subject.strip_prefix("repo:")?.split_once(':')?;
    let (owner, repository) = names.split_once('/')?;
    let id = |name| -> Option<&str> {
        let (name, id): (&str, &str) = str::rsplit_once(name, '@')?;
        let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        digits.then_some(name)
    };
    let (owner, repository, immutable) = match (id(owner), id(repository)) {
        (Some(owner), Some(repository)) => (owner, repository, true),
        _ => (owner, repository, false),
    };
    Some(Parts {
        owner,
        repository,
        rest,
        immutable,
    })
}

/// What to write for a subject that a policy wants in the other form. `ids`: of owner and repository, as GitHub says; without
/// them the hint has none. None: the forms are not what differs.
#[must_use]
pub fn immutable_subject_hint(
    wanted: &Matcher,
    subject: &str,
    ids: Option<(u64, u64)>,
) -> Option<String> {
    let has = parts(subject)?;
    let Parts {
        owner,
        repository,
        rest,
        ..
    } = has;
    if has.immutable {
        if !wanted.matches(&format!("repo:{owner}/{repository}:{rest}")) {
            return None;
        }
        let written = ids.map_or_else(
            || format!("repo:{owner}@OWNER_ID/{repository}@REPOSITORY_ID:{rest}"),
            |(owner_id, id)| format!("repo:{owner}@{owner_id}/{repository}@{id}:{rest}"),
        );
        return Some(format!(
            "the token's subject has GitHub's immutable form; write subject: {written}"
        ));
    }
    let Matcher::Exact(text) = wanted else {
        return None;
    };
    let other = parts(text).filter(|other| other.immutable)?;
    let same = Parts {
        immutable: true,
        ..has
    };
    (other == same).then(|| {
        "the policy wants GitHub's immutable form, and the token's subject has no ids: turn them on where the token comes from"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const IMMUTABLE: &str = "repo:acme@7001/app@8001:ref:refs/heads/main";
    const CLASSIC: &str = "repo:acme/app:ref:refs/heads/main";

    fn exact(text: &str) -> Matcher {
        Matcher::Exact(text.to_owned())
    }

    #[test]
    fn a_policy_in_the_older_form_is_told_the_newer_one() {
        let hint = immutable_subject_hint(&exact(CLASSIC), IMMUTABLE, Some((1, 2))).unwrap();
        // The ids are those of the caller, never the token's.
        assert!(
            hint.ends_with("write subject: repo:acme@1/app@2:ref:refs/heads/main"),
            "{hint}"
        );
        let hint = immutable_subject_hint(&exact(CLASSIC), IMMUTABLE, None).unwrap();
        assert!(
            hint.contains("repo:acme@OWNER_ID/app@REPOSITORY_ID:ref"),
            "{hint}"
        );
        assert!(!hint.contains("7001"));
    }

    #[test]
    fn a_policy_in_the_newer_form_is_told_what_the_token_lacks() {
        assert!(immutable_subject_hint(&exact(IMMUTABLE), CLASSIC, None).is_some());
    }

    #[test]
    fn what_differs_otherwise_has_no_hint() {
        for (wanted, subject) in [
            (CLASSIC, CLASSIC),
            (IMMUTABLE, IMMUTABLE),
            (CLASSIC, "repo:acme@7001/lib@8003:ref:refs/heads/main"),
            (CLASSIC, "repo:acme@7001/app:ref:refs/heads/main"),
            (CLASSIC, "repo:acme@x/app@8001:ref:refs/heads/main"),
            (IMMUTABLE, "repo:acme/app:ref:refs/heads/other"),
            (IMMUTABLE, "repo:evil/app:ref:refs/heads/main"),
            (CLASSIC, "job"),
            (CLASSIC, "repo:acme@7001/app@8001"),
        ] {
            assert_eq!(
                immutable_subject_hint(&exact(wanted), subject, None),
                None,
                "{wanted} {subject}"
            );
        }
    }
}
