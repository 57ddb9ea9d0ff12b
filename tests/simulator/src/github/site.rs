//! GitHub's port: the REST API with and without `/api/v3`, and the Actions issuer below `/_services/token`.

use std::sync::Arc;

use super::routing::Asked;
use super::state::State;
use crate::faults::Fault;
use crate::issuer::{ACTIONS_PREFIX, Issuer};
use crate::route::Route;
use crate::server::{Received, Reply, Site, Taken};

/// What listens at GitHub's port.
pub(crate) struct GitHubSite {
    pub(crate) state: Arc<State>,
    pub(crate) actions: Issuer,
}

impl GitHubSite {
    fn is_for_actions(taken: &Taken) -> bool {
        taken.site != "github"
    }
}

impl Site for GitHubSite {
    fn recognise(&self, request: &Received) -> Taken {
        if let Some(rest) = request.path.strip_prefix(ACTIONS_PREFIX)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return self.actions.recognise(rest);
        }
        let path = request
            .path
            .strip_prefix("/api/v3")
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
            .unwrap_or(&request.path);
        let route: Route = Asked::parse(&request.method, path).route();
        Taken {
            site: "github".to_owned(),
            route,
            path: path.to_owned(),
        }
    }

    fn fault(&self, request: &Received, taken: &Taken) -> Option<Fault> {
        let faults = if Self::is_for_actions(taken) {
            self.actions.faults()
        } else {
            &self.state.faults
        };
        faults.take(taken.route, &request.method, &taken.path)
    }

    fn answer(&self, request: &Received, taken: &Taken) -> Reply {
        if Self::is_for_actions(taken) {
            self.actions.answer(request, taken)
        } else {
            self.state.answer(request, &taken.path)
        }
    }
}
