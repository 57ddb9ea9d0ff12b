//! GitHub Apps.

use super::World;
use crate::error::Error;
use crate::keys::AppKey;

/// A registered App.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) id: u64,
    pub(crate) name: String,
    /// All keys that its JWTs may be signed with; GitHub allows several while one is rotated.
    pub(crate) keys: Vec<AppKey>,
}

impl App {
    /// The name as it stands in addresses.
    pub(crate) fn slug(&self) -> String {
        self.name
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect()
    }

    /// The client id, which GitHub takes as `iss` too.
    pub(crate) fn client_id(&self) -> String {
        format!("Iv23li{:014}", self.id)
    }
}

impl World {
    pub(crate) fn add_app(&mut self, id: u64, name: &str, key: AppKey) -> Result<(), Error> {
        if self.apps.contains_key(&id) {
            return Err(Error::Taken(format!("App {id}")));
        }
        let app = App {
            id,
            name: name.to_owned(),
            keys: vec![key],
        };
        self.apps.insert(id, app);
        Ok(())
    }

    /// Replaces all keys of an App.
    pub(crate) fn set_app_keys(&mut self, id: u64, keys: Vec<AppKey>) -> Result<(), Error> {
        self.apps.get_mut(&id).ok_or(Error::NoApp(id))?.keys = keys;
        Ok(())
    }
}
