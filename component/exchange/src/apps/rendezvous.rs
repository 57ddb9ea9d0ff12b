//! Rendezvous hashing: an order of Apps that everybody works out alike, without state, and that an App which comes or goes
//! changes for nobody but its own.

use crate::settings::App;
use sha2::{Digest, Sha256};

/// The Apps by the SHA-256 of what is asked and their id, the largest first.
pub(super) fn order<'a>(what: &[&str], mut apps: Vec<&'a App>) -> Vec<&'a App> {
    apps.sort_by_cached_key(|app| std::cmp::Reverse(weight(what, app.id)));
    apps
}

/// Lengths tell the parts apart.
fn weight(what: &[&str], app: u64) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in what {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part.as_bytes());
    }
    digest.update(app.to_be_bytes());
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(what: &[&str], ids: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let apps: Vec<App> = ids.into_iter().map(|id| App { id, name: None }).collect();
        let ordered = order(what, apps.iter().collect());
        ordered.into_iter().map(|app| app.id).collect()
    }

    #[test]
    fn the_order_is_everybodys_and_only_the_leaving_one_moves() {
        let all = ids(&["a/b", "ci", "sub"], 1..=5);
        assert_eq!(all, ids(&["a/b", "ci", "sub"], (1..=5).rev()));
        let gone = all.first().copied().unwrap_or_default();
        let left = ids(&["a/b", "ci", "sub"], (1..=5).filter(|id| *id != gone));
        assert_eq!(Some(left.as_slice()), all.get(1..));
    }

    #[test]
    fn every_part_of_what_is_asked_counts() {
        let all = ["a/b", "ci", "sub"];
        for other in [
            ["a/c", "ci", "sub"],
            ["a/b", "cd", "sub"],
            ["a/b", "ci", "s"],
        ] {
            assert_ne!(weight(&all, 1), weight(&other, 1), "{other:?}");
        }
        assert_ne!(weight(&all, 1), weight(&all, 2));
        assert_eq!(weight(&all, 1), weight(&all, 1));
    }

    #[test]
    fn what_is_asked_spreads_over_all_and_parts_do_not_run_together() {
        let firsts =
            |subject: usize| ids(&["a/b", "ci", &subject.to_string()], 1..=4).swap_remove(0);
        let mut counts = [0; 4];
        for subject in 0..400 {
            if let Some(count) = usize::try_from(firsts(subject) - 1)
                .ok()
                .and_then(|index| counts.get_mut(index))
            {
                *count += 1;
            }
        }
        assert!(
            counts.iter().all(|count| (60..=140).contains(count)),
            "{counts:?}"
        );
        assert_ne!(weight(&["ab", "c"], 1), weight(&["a", "bc"], 1));
    }
}
