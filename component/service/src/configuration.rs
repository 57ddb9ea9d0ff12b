//! The settings, read from the platform and checked by the rules of `exchange`.

use crate::bindings::octo_sts::platform::settings;
use exchange::{App, Pool, Settings, Traits};
use std::rc::Rc;

/// The settings, or every problem at once, the platform's own among them.
pub(crate) fn read() -> Result<Rc<Settings>, Vec<String>> {
    let about = settings::about();
    let traits = Traits { vets_addresses: about.vets_addresses, outlives: about.outlives };
    let mut problems = settings::problems();
    match Settings::read(&settings::get, pools(), traits) {
        Ok(settings) if problems.is_empty() => Ok(Rc::new(settings)),
        Ok(_) => Err(problems),
        Err(ours) => {
            problems.extend(ours);
            problems.dedup();
            Err(problems)
        }
    }
}

/// What keeps every exchange from succeeding without being an invalid setting (rule 22).
pub(crate) fn not_ready(settings: &Settings) -> Vec<String> {
    let missing = settings.issuers.needs_list();
    missing.then(|| "OCTOSTS_ALLOWED_ISSUERS: required here, since this platform does not vet addresses".to_owned()).into_iter().collect()
}

fn pools() -> Vec<Pool> {
    let apps = |pool: &settings::Pool| pool.apps.iter().map(|app| App { id: app.id }).collect();
    settings::pools().iter().map(|pool| Pool { owner: pool.owner.clone(), apps: apps(pool) }).collect()
}
