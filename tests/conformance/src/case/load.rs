//! From files to cases. Whatever can be wrong without a host is found here.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::step::{Content, Step};
use super::words::{Scope, Words};
use super::{Case, Need, Needs, Unfolded, Usual};

const USUAL: &str = include_str!("../../usual.toml");

/// A file that is no case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// The file.
    pub file: String,
    /// What is wrong with it.
    pub problem: String,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, self.problem)
    }
}

impl std::error::Error for LoadError {}

/// A case's file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    about: String,
    #[serde(default)]
    needs: Needs,
    #[serde(default)]
    lacks: Needs,
    #[serde(default)]
    tls: bool,
    #[serde(default)]
    words: Map<String, Value>,
    #[serde(default)]
    settings: BTreeMap<String, String>,
    #[serde(default)]
    unset: Vec<String>,
    #[serde(default)]
    issuers: BTreeMap<String, String>,
    world: Option<Value>,
    #[serde(default)]
    files: BTreeMap<String, Content>,
    #[serde(default)]
    policies: BTreeMap<String, Content>,
    step: Vec<Map<String, Value>>,
}

/// The cases of a folder, in order of their names. `rename` sees each text, with the case's number, before it is read.
///
/// # Errors
/// A file can't be read, or is no case.
pub fn load_all(
    folder: &Path,
    rename: impl Fn(usize, String) -> String,
) -> Result<Vec<Case>, LoadError> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let read = |(number, path): (usize, &PathBuf)| {
        let name = name_of(folder, path);
        let problem = |problem: String| LoadError {
            file: format!("{name}.toml"),
            problem,
        };
        let text = std::fs::read_to_string(path).map_err(|error| problem(error.to_string()))?;
        Case::parse(&name, &text, |text| rename(number, text)).map_err(problem)
    };
    files.iter().enumerate().map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), LoadError> {
    let problem = |error: std::io::Error| LoadError {
        file: folder.display().to_string(),
        problem: error.to_string(),
    };
    for entry in std::fs::read_dir(folder).map_err(problem)? {
        let path = entry.map_err(problem)?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "toml") {
            files.push(path);
        }
    }
    Ok(())
}

/// `AREA/NAME`
fn name_of(folder: &Path, path: &Path) -> String {
    let inside = path.strip_prefix(folder).unwrap_or(path);
    let parts = inside.with_extension("");
    let parts = parts.iter().map(|part| part.to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

impl Case {
    /// Reads one case. `rename` sees its text, and the text of what every case has, before they are read.
    ///
    /// # Errors
    /// What is wrong with it, in a sentence.
    pub fn parse(
        name: &str,
        text: &str,
        rename: impl Fn(String) -> String,
    ) -> Result<Self, String> {
        let problem = |error: toml::de::Error| error.to_string();
        let file: CaseFile = toml::from_str(&rename(text.to_owned())).map_err(problem)?;
        let usual: Usual = toml::from_str(&rename(USUAL.to_owned())).map_err(problem)?;
        let mut steps = Vec::new();
        for (number, step) in (1..).zip(file.step) {
            unfold(step, format!("step {number}"), &Map::new(), &mut steps)?;
        }
        let mut case = Self {
            name: name.to_owned(),
            about: file.about,
            needs: file.needs,
            lacks: file.lacks,
            tls: file.tls,
            usual,
            words: file.words,
            settings: file.settings,
            unset: file.unset,
            issuers: file.issuers,
            world: file.world,
            files: file.files,
            policies: file.policies,
            steps,
        };
        case.rehearse()?;
        Ok(case)
    }

    /// Goes through the steps without a world, so that what is misspelt or missing shows at once; adds the needs that
    /// the steps show.
    fn rehearse(&mut self) -> Result<(), String> {
        let mut kept = self.stand_ins();
        let mut expects = false;
        for step in &self.steps {
            let scope = Scope {
                layers: vec![&step.row, &kept, &self.words, &self.usual.words],
                now: 1_800_000_000,
            };
            let at = |problem: String| format!("{}: {problem}", step.at);
            let read = scope.expand(&step.template).map_err(at)?;
            let read: Step = serde_json::from_value(read).map_err(|e| at(e.to_string()))?;
            if let Some(problem) = read.contradiction() {
                return Err(at(problem.to_owned()));
            }
            expects |= read.expects();
            self.needs.extend(read.needs());
            let names = read.keep.keys().chain(read.tokens.keys());
            kept.extend(names.map(|name| (name.clone(), json!("kept"))));
        }
        if !expects {
            return Err("expects nothing".to_owned());
        }
        if !self.settings.is_empty() || !self.unset.is_empty() {
            self.needs.insert(Need::Settings);
        }
        if self.tls {
            self.needs.extend([Need::Tls, Need::Settings, Need::Fresh]);
        }
        Ok(())
    }

    /// Words for everything that only a world knows.
    fn stand_ins(&self) -> Words {
        let mut words: Words = crate::run::WORDS
            .iter()
            .map(|name| ((*name).to_owned(), json!(*name)))
            .collect();
        let issuers = self.issuers.keys().map(|name| format!("issuer.{name}"));
        words.extend(issuers.map(|name| (name, json!("https://issuer.example"))));
        for world in [Some(&self.usual.world), self.world.as_ref()] {
            words.extend(crate::run::ids(world, 0));
        }
        words
    }
}

/// Takes `each` and `do` apart: one step for each row, in order.
fn unfold(
    mut step: Map<String, Value>,
    at: String,
    row: &Words,
    steps: &mut Vec<Unfolded>,
) -> Result<(), String> {
    let each = step.remove("each");
    let inner = step.remove("do");
    let rows = rows(each).map_err(|problem| format!("{at}: {problem}"))?;
    let only = rows.is_none();
    for (number, more) in (1..).zip(rows.unwrap_or_else(|| vec![Map::new()])) {
        let mut row = row.clone();
        row.extend(more);
        let at = if only {
            at.clone()
        } else {
            format!("{at}, row {number}")
        };
        let Some(inner) = &inner else {
            steps.push(Unfolded {
                at,
                row,
                template: Value::Object(step.clone()),
            });
            continue;
        };
        if !step.is_empty() {
            return Err(format!("{at}: beside `do` there is only `each`"));
        }
        let inner: Vec<Map<String, Value>> =
            serde_json::from_value(inner.clone()).map_err(|e| format!("{at}: {e}"))?;
        for (number, step) in (1..).zip(inner) {
            unfold(step, format!("{at}, step {number}"), &row, steps)?;
        }
    }
    Ok(())
}

/// `[{…}, {…}]` or `{ count = 5 }`, which is `n` from 0 to 4.
fn rows(each: Option<Value>) -> Result<Option<Vec<Words>>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Count {
        count: usize,
    }
    let Some(each) = each else { return Ok(None) };
    let problem = |error: serde_json::Error| format!("each: {error}");
    if each.is_array() {
        let rows: Vec<Words> = serde_json::from_value(each).map_err(problem)?;
        return Ok(Some(rows));
    }
    let Count { count } = serde_json::from_value(each).map_err(problem)?;
    let row = |n: usize| Map::from_iter([("n".to_owned(), json!(n))]);
    Ok(Some((0..count).map(row).collect()))
}
