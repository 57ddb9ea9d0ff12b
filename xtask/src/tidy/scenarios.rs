//! Every test that tests/vectors/scenarios.json names exists: octo-sts's own tests, and which of ours show the same.

use super::security;
use crate::Failure;
use crate::commands::root;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;

const FILE: &str = "tests/vectors/scenarios.json";

/// A test of octo-sts: tests of ours, or why there is none, or that there will be.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    scenario: String,
    section: String,
    #[serde(default)]
    test: Vec<String>,
    /// What is otherwise here.
    #[serde(default, rename = "differs")]
    _differs: Option<String>,
    not: Option<String>,
    #[serde(default)]
    pending: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    #[serde(rename = "about")]
    _about: String,
    scenarios: Vec<Scenario>,
}

pub(crate) fn check() -> Result<Vec<String>, Failure> {
    let text = fs::read_to_string(root().join(FILE));
    let text = text.map_err(|error| format!("cannot read {FILE}: {error}"))?;
    let page: Page = serde_json::from_str(&text).map_err(|error| format!("{FILE}: {error}"))?;
    let mut problems = Vec::new();
    let mut seen = BTreeSet::new();
    for scenario in &page.scenarios {
        let Scenario {
            scenario: name,
            section,
            test,
            ..
        } = scenario;
        let mut say = |what: &str| problems.push(format!("{FILE}: {section} {name}: {what}"));
        if !seen.insert((section, name)) {
            say("is there twice");
        }
        let answers = [!test.is_empty(), scenario.not.is_some(), scenario.pending];
        if answers.iter().filter(|given| **given).count() != 1 {
            say("needs one of test, not and pending");
        }
        for test in test.iter().filter(|test| !exists(test)) {
            say(&format!("there is no {test}"));
        }
    }
    Ok(problems)
}

/// `cases/AREA/NAME`, or `FILE.rs::FUNCTION`.
fn exists(test: &str) -> bool {
    if let Some(there) = security::is_case(test) {
        return there;
    }
    let Some((file, function)) = test.split_once("::") else {
        return false;
    };
    let text = fs::read_to_string(root().join(file)).unwrap_or_default();
    text.contains(&format!("fn {function}("))
}
