//! What compiles and can hardly be meant: warnings for whoever writes a policy. A server says nothing of it.

use oidc::{Issuer, is_subject};

use crate::compile::{PolicyKind, Served};
use crate::document::{self, Text};
use crate::problem::{PolicyError, Problem};
use crate::yaml;

/// The warnings about a policy file, in their order in the file; none about one that is no YAML.
#[must_use]
pub fn warnings(file: &[u8], kind: PolicyKind) -> Vec<PolicyError> {
    let Ok(root) = yaml::load(file) else {
        return Vec::new();
    };
    let served = Served::everything(&|_| true);
    let document = document::read(&root, kind, &served, &mut Vec::new());
    let issuer = document.issuer.as_ref().and_then(unlikely_issuer);
    let subject = document.subject.as_ref().and_then(unlikely_subject);
    let mut warnings: Vec<_> = issuer.into_iter().chain(subject).collect();
    warnings.sort_by_key(|warning| warning.position);
    warnings
}

fn unlikely_issuer(issuer: &Text) -> Option<PolicyError> {
    let because = Issuer::parse(&issuer.text).err()?.to_string();
    Some(never("issuer", issuer, because))
}

fn unlikely_subject(subject: &Text) -> Option<PolicyError> {
    let text = &subject.text;
    if text.contains('*') {
        let because = "`*` stands for itself; for a pattern write subject_pattern";
        return Some(never("subject", subject, because.to_owned()));
    }
    let because = "a subject has no blanks, line ends, quotes or brackets";
    (!is_subject(text)).then(|| never("subject", subject, because.to_owned()))
}

fn never(key: &'static str, text: &Text, because: String) -> PolicyError {
    PolicyError::new(text.position, Problem::NeverMatches { key, because })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(first: &str) -> Vec<String> {
        let file = format!("{first}permissions: {{contents: read}}\n");
        let warnings = warnings(file.as_bytes(), PolicyKind::Repository);
        warnings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_no_token_can_have_is_pointed_out() {
        for (policy, warning) in [
            (
                "issuer: http://a.b\nsubject: s\n",
                "line 1: no token matches this issuer: the issuer is not an https URL",
            ),
            (
                "issuer: token.actions.githubusercontent.com\nsubject: s\n",
                "line 1: no token matches this issuer: the issuer is not an https URL",
            ),
            (
                "issuer: https://a.b\nsubject: repo:acme/*\n",
                "line 2: no token matches this subject: `*` stands for itself; for a pattern write subject_pattern",
            ),
            (
                "issuer: https://a.b\nsubject: |\n  s\n",
                "line 3: no token matches this subject: a subject has no blanks, line ends, quotes or brackets",
            ),
        ] {
            assert_eq!(warned(policy), [warning]);
        }
        for fine in [
            "issuer: https://a.b\nsubject: repo:o/r:ref:refs/heads/main\n",
            "issuer: accounts.google.com\nsubject: '1234'\n",
            "issuer_pattern: http.*\nsubject_pattern: .* .*\n",
            "not: [a policy\n",
        ] {
            assert_eq!(warned(fine), [""; 0], "{fine}");
        }
    }
}
