//! The Apps and whom they serve: GITHUB_APP_IDS with one shared key and one pool for everybody, or APP_CONFIG_FILE with pools
//! by owner. Where there are no files, APP_CONFIG has the text of that file.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::read::Reading;
use super::{AppSettings, KeySource, PoolSettings, Secret, go_syntax};

/// The largest APP_CONFIG_FILE, in bytes: a thousand Apps with their keys.
const LARGEST: usize = 4 * 1024 * 1024;

const FILE: &str = "APP_CONFIG_FILE";
const TEXT: &str = "APP_CONFIG";
const KEY_FILE: &str = "APP_SECRET_CERTIFICATE_FILE";
const KEY_TEXT: &str = "APP_SECRET_CERTIFICATE_ENV_VAR";

/// Reads a whole file, or says no.
pub(super) type ReadFile<'a> = &'a dyn Fn(&Path) -> Option<Vec<u8>>;

/// What was read: the Apps, and the pools in which they are.
#[derive(Default)]
pub(super) struct Apps {
    pub(super) apps: Vec<AppSettings>,
    pub(super) pools: Vec<PoolSettings>,
}

impl Apps {
    fn add(&mut self, owner: String, apps: Vec<AppSettings>) {
        let ids = apps.iter().map(|app| app.id).collect();
        self.pools.push(PoolSettings { owner, apps: ids });
        self.apps.extend(apps);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    orgs: Vec<Org>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Org {
    #[serde(default)]
    name: String,
    #[serde(default)]
    apps: Vec<App>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct App {
    #[serde(default)]
    app_id: u64,
    app_name: Option<String>,
    kms_key: Option<String>,
    private_key: Option<String>,
    private_key_file: Option<String>,
}

/// Reads the Apps. `vars`: what `${NAME}` in the file stands for.
pub(super) fn read(
    reading: &mut Reading,
    vars: &HashMap<String, String>,
    file: ReadFile<'_>,
) -> Apps {
    let path = reading.filled(FILE).map(PathBuf::from);
    let text = reading.filled(TEXT).map(str::to_owned);
    let (setting, text) = match (path, text) {
        (None, None) => return from_variables(reading),
        (Some(_), Some(_)) => {
            reading.problem(FILE, &format!("only one of {FILE}, {TEXT} may be set"));
            return Apps::default();
        }
        (Some(path), None) => match file(&path) {
            Some(bytes) => (FILE, String::from_utf8(bytes).unwrap_or_default()),
            None => {
                reading.problem(FILE, "cannot be read");
                return Apps::default();
            }
        },
        (None, Some(text)) => (TEXT, text),
    };
    let mut checking = Checking {
        reading,
        setting,
        vars,
        ids: HashSet::new(),
    };
    checking.config(&text)
}

/// The names that stand in `${…}`.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${").skip(1).filter_map(|rest| {
        let (name, _) = rest.split_once('}')?;
        is_word(name).then_some(name)
    })
}

fn is_word(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// `${NAME}` by its value, nothing where there is none; `$NAME` and `$$` stay.
fn expanded(text: &str, vars: &HashMap<String, String>) -> String {
    let mut parts = text.split("${");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once('}') {
            Some((name, rest)) if is_word(name) => {
                whole.push_str(vars.get(name).map_or("", String::as_str));
                whole.push_str(rest);
            }
            _ => {
                whole.push_str("${");
                whole.push_str(part);
            }
        }
    }
    whole
}

struct Checking<'a> {
    reading: &'a mut Reading,
    setting: &'static str,
    vars: &'a HashMap<String, String>,
    ids: HashSet<u64>,
}

impl Checking<'_> {
    /// Positions and App ids name what is wrong; a value may be a secret that was put in a wrong place.
    fn problem(&mut self, what: &str) {
        self.reading.problem(self.setting, what);
    }

    fn config(&mut self, text: &str) -> Apps {
        let mut read = Apps::default();
        if text.len() > LARGEST {
            self.problem("larger than 4 MiB");
            return read;
        }
        let config: Config = match serde_saphyr::from_str(text) {
            Ok(config) => config,
            Err(error) => {
                let place = error.location().map_or_else(String::new, |at| {
                    format!("line {}, column {}: ", at.line(), at.column())
                });
                let what = "unknown or duplicate key, value of the wrong type, or no YAML";
                self.problem(&format!("{place}{what}"));
                return read;
            }
        };
        if config.orgs.is_empty() {
            self.problem("config must have at least one org");
        }
        let mut owners = HashSet::new();
        for (index, org) in config.orgs.into_iter().enumerate() {
            let place = format!("orgs[{index}]");
            let owner = self.text(Some(org.name)).to_lowercase();
            if !is_owner(&owner) {
                self.problem(&format!("{place}: name must be a GitHub owner or *"));
            } else if !owners.insert(owner.clone()) {
                self.problem(&format!("{place}: duplicate org name"));
            }
            if org.apps.is_empty() {
                self.problem(&format!("{place} must have at least one app"));
            }
            let apps = org.apps.into_iter();
            let apps = apps.filter_map(|app| self.app(&place, app)).collect();
            read.add(owner, apps);
        }
        read
    }

    fn app(&mut self, org: &str, app: App) -> Option<AppSettings> {
        let id = app.app_id;
        if id == 0 || i64::try_from(id).is_err() {
            self.problem(&format!("{org}: app_id must not be zero"));
            return None;
        }
        if !self.ids.insert(id) {
            self.problem(&format!("duplicate app_id: {id}"));
            return None;
        }
        let name = self.text(app.app_name);
        if name.chars().count() > 100 || name.chars().any(char::is_control) {
            self.problem(&format!(
                "app {id}: app_name must be a line of at most 100 characters"
            ));
        }
        let key = self.key(id, app.kms_key, app.private_key, app.private_key_file)?;
        let key_name = match &key {
            KeySource::File(_) => "private_key_file",
            KeySource::Text(_) => "private_key",
        };
        Some(AppSettings {
            id,
            name: (!name.is_empty()).then_some(name),
            key,
            setting: format!("{}: app {id}: {key_name}", self.setting),
        })
    }

    fn key(
        &mut self,
        id: u64,
        kms: Option<String>,
        pem: Option<String>,
        file: Option<String>,
    ) -> Option<KeySource> {
        let unset = [&pem, &file].into_iter().flatten();
        let unset = unset
            .into_iter()
            .any(|text| !text.is_empty() && expanded(text, self.vars).is_empty());
        let [kms, pem, file] = [kms, pem, file].map(|text| self.text(text));
        let key = match (kms.is_empty(), pem.is_empty(), file.is_empty()) {
            (true, false, true) => Ok(text_key(&pem)),
            (true, true, false) if self.setting == TEXT => {
                Err("private_key_file: there are no files here; use private_key: ${name}")
            }
            (true, true, false) => Ok(KeySource::File(PathBuf::from(file))),
            (false, true, true) => Err("kms_key: not served yet"),
            (true, true, true) if unset => Err("its key names a variable that is not set"),
            _ => Err("exactly one of kms_key, private_key_file, or private_key must be set"),
        };
        key.map_err(|what| self.problem(&format!("app {id}: {what}")))
            .ok()
    }

    fn text(&self, text: Option<String>) -> String {
        expanded(&text.unwrap_or_default(), self.vars)
    }
}

/// GitHub's alphabet of logins, or everybody.
fn is_owner(name: &str) -> bool {
    let letters = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    name == "*" || ((1..=100).contains(&name.len()) && name.bytes().all(letters))
}

/// A key in one line, as env files need it, has `\n` for its line ends.
fn text_key(pem: &str) -> KeySource {
    KeySource::Text(Secret::new(pem.replace("\\n", "\n")))
}

/// GITHUB_APP_IDS and the one key that they share.
fn from_variables(reading: &mut Reading) -> Apps {
    let mut read = Apps::default();
    let key = shared_key(reading);
    let (Some(ids), Some((setting, key))) = (ids(reading), key) else {
        return read;
    };
    let app = |id| AppSettings {
        id,
        name: None,
        key: key.clone(),
        setting: setting.to_owned(),
    };
    read.add("*".to_owned(), ids.into_iter().map(app).collect());
    read
}

fn ids(reading: &mut Reading) -> Option<Vec<u64>> {
    const NAME: &str = "GITHUB_APP_IDS";
    // A blank list is an empty one.
    let Some(list) = reading.get(NAME).filter(|list| !list.trim().is_empty()) else {
        reading.problem(NAME, "is required");
        return None;
    };
    let mut ids = Vec::new();
    for id in list.split(',') {
        let id = go_syntax::integer(id).filter(|id| *id != 0 && i64::try_from(*id).is_ok());
        let Some(id) = id else {
            reading.problem(
                NAME,
                "must be the numeric id of an App, or several with commas",
            );
            return None;
        };
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    Some(ids)
}

fn shared_key(reading: &mut Reading) -> Option<(&'static str, KeySource)> {
    let kms = reading
        .get("KMS_KEYS")
        .is_some_and(|list| !list.trim().is_empty());
    let file = reading
        .filled(KEY_FILE)
        .map(|path| KeySource::File(PathBuf::from(path)));
    let text = reading.filled(KEY_TEXT).map(text_key);
    match (file, text, kms) {
        (Some(key), None, false) => Some((KEY_FILE, key)),
        (None, Some(key), false) => Some((KEY_TEXT, key)),
        (None, None, true) => None,
        (None, None, false) => {
            reading.problem(KEY_FILE, &format!("is required (or {KEY_TEXT})"));
            None
        }
        _ => {
            let what = format!("only one of KMS_KEYS, {KEY_FILE}, {KEY_TEXT} may be set");
            reading.problem(KEY_FILE, &what);
            None
        }
    }
}

#[cfg(test)]
#[path = "apps_key_tests.rs"]
mod key_tests;

#[cfg(test)]
#[path = "apps_tests.rs"]
mod tests;
