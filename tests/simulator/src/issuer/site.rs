//! The port of the foreign issuers: one at its root, others below paths of it.

use super::Issuer;
use crate::faults::Fault;
use crate::guarded::Guarded;
use crate::server::{Received, Reply, Site, Taken};

/// What listens at the issuers' port.
pub(crate) struct IssuerSite {
    /// The issuer at the root.
    root: Issuer,
    /// Issuers below paths, the path of each with its leading slash.
    below: Guarded<Vec<(String, Issuer)>>,
}

impl IssuerSite {
    pub(crate) fn new(root: Issuer) -> Self {
        Self {
            root,
            below: Guarded::default(),
        }
    }

    /// Serves an issuer below `path`; a later one replaces an earlier one.
    pub(crate) fn add(&self, path: &str, issuer: Issuer) {
        let mut below = self.below.write();
        below.retain(|(known, _)| known != path);
        below.push((path.to_owned(), issuer));
    }

    /// The issuer of this URL.
    pub(crate) fn by_url(&self, url: &str) -> Option<Issuer> {
        let below = self.below.read();
        let mut all = below.iter().map(|(_, issuer)| issuer).chain([&self.root]);
        all.find(|issuer| issuer.url() == url).cloned()
    }

    /// The issuer whose path is the longest at the start of `path`, and what follows it.
    fn find<'a>(&self, path: &'a str) -> (Issuer, &'a str) {
        self.below
            .read()
            .iter()
            .filter_map(|(prefix, issuer)| Some((issuer, path.strip_prefix(prefix.as_str())?)))
            .filter(|(_, rest)| rest.is_empty() || rest.starts_with('/'))
            .min_by_key(|(_, rest)| rest.len())
            .map_or_else(
                || (self.root.clone(), path),
                |(issuer, rest)| (issuer.clone(), rest),
            )
    }
}

impl Site for IssuerSite {
    fn recognise(&self, request: &Received) -> Taken {
        let (issuer, rest) = self.find(&request.path);
        issuer.recognise(rest)
    }

    fn fault(&self, request: &Received, taken: &Taken) -> Option<Fault> {
        let (issuer, _) = self.find(&request.path);
        issuer
            .faults()
            .take(taken.route, &request.method, &taken.path)
    }

    fn answer(&self, request: &Received, taken: &Taken) -> Reply {
        let (issuer, _) = self.find(&request.path);
        issuer.answer(request, taken)
    }
}
