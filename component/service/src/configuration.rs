//! The settings, read from the platform and checked by the rules of `exchange`.

use crate::bindings::octo_sts::platform::settings;
use exchange::{App, Pool, Settings, Traits};
use std::rc::Rc;

/// The settings, or every problem at once, the platform's own among them.
pub(crate) fn read() -> Result<Rc<Settings>, Vec<String>> {
    let about = settings::about();
    let traits = Traits {
        vets_addresses: about.vets_addresses,
        outlives: about.outlives,
        atomic: about.atomic,
    };
    let mut problems = settings::problems();
    match Settings::read(&settings::get, pools(), traits) {
        Ok(settings) if problems.is_empty() => Ok(Rc::new(settings)),
        Ok(_) => Err(problems),
        Err(ours) => {
            // The platform may have said the same of a setting in its own words.
            let said = |problem: &String| {
                problems
                    .iter()
                    .any(|other| setting(other) == setting(problem))
            };
            let new: Vec<String> = ours.into_iter().filter(|problem| !said(problem)).collect();
            problems.extend(new);
            Err(problems)
        }
    }
}

/// What keeps every exchange from succeeding without being an invalid setting (rule 22).
pub(crate) fn not_ready(settings: &Settings) -> Vec<String> {
    let missing = settings.issuers.admits_nobody();
    missing
        .then(|| {
            "OCTOSTS_ALLOWED_ISSUERS: required here, since this platform does not vet addresses"
                .to_owned()
        })
        .into_iter()
        .collect()
}

fn setting(problem: &str) -> &str {
    problem.split(':').next().unwrap_or(problem)
}

fn pools() -> Vec<Pool> {
    let apps = |pool: &settings::Pool| {
        pool.apps
            .iter()
            .map(|app| App {
                id: app.id,
                name: app.name.clone(),
            })
            .collect()
    };
    settings::pools()
        .iter()
        .map(|pool| Pool {
            owner: pool.owner.clone(),
            apps: apps(pool),
        })
        .collect()
}
