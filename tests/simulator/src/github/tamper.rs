//! Mint answers that GitHub would not give, for the rules that compare them with what was asked (rules 1 and 29).

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use super::state::State;
use crate::guarded::Guarded;
use crate::world::Found;

/// Changes an answer, given the request's body.
type Edit = Arc<dyn Fn(&Value, &mut Value) + Send + Sync>;

/// Says of a request's body whether its answer is changed.
type Only = Arc<dyn Fn(&Value) -> bool + Send + Sync>;

/// How a mint's answer is changed. The token itself stays what was asked for.
#[derive(Clone)]
#[non_exhaustive]
pub enum Tamper {
    /// A permission more, or at another level.
    Permission(String, String),
    /// No `permissions`.
    MissingPermissions,
    /// No `repositories`.
    MissingRepositories,
    /// `repository_selection` is `all`.
    SelectionAll,
    /// A repository more, in full, or a made-up one of this name if there is none: owner, name.
    AnotherRepository(String, String),
    /// Every repository listed belongs to somebody else: login, account id.
    OtherOwner(String, u64),
    /// Every repository listed has this id.
    OtherRepositoryId(u64),
    /// Anything, given the request's body and the answer without its token.
    Edit(Edit),
}

impl fmt::Debug for Tamper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Permission(..) => "Permission",
            Self::MissingPermissions => "MissingPermissions",
            Self::MissingRepositories => "MissingRepositories",
            Self::SelectionAll => "SelectionAll",
            Self::AnotherRepository(..) => "AnotherRepository",
            Self::OtherOwner(..) => "OtherOwner",
            Self::OtherRepositoryId(_) => "OtherRepositoryId",
            Self::Edit(_) => "Edit",
        })
    }
}

/// Which mints are answered falsely, and how.
#[derive(Clone)]
pub struct TamperMint {
    change: Tamper,
    skip: usize,
    left: usize,
    only: Option<Only>,
}

impl fmt::Debug for TamperMint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TamperMint({:?}, {} left)", self.change, self.left)
    }
}

impl TamperMint {
    /// The next mint.
    #[must_use]
    pub fn next(change: Tamper) -> Self {
        Self {
            change,
            skip: 0,
            left: 1,
            only: None,
        }
    }

    /// So many mints.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.left = times;
        self
    }

    /// After this many that are answered truly: a service mints a read token first.
    #[must_use]
    pub fn after(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    /// Only mints whose request body is such; others don't count.
    #[must_use]
    pub fn only(mut self, such: impl Fn(&Value) -> bool + Send + Sync + 'static) -> Self {
        self.only = Some(Arc::new(such));
        self
    }
}

/// The orders, of which each mint meets every one that is for it.
#[derive(Debug, Default)]
pub(super) struct Tampers(Guarded<Vec<TamperMint>>);

impl Tampers {
    pub(super) fn add(&self, tamper: TamperMint) {
        self.0.write().push(tamper);
    }

    pub(super) fn clear(&self) {
        self.0.write().clear();
    }

    /// The changes for one mint.
    fn take(&self, request: &Value) -> Vec<Tamper> {
        if self.0.read().is_empty() {
            return Vec::new();
        }
        let mut orders = self.0.write();
        let mut changes = Vec::new();
        for order in orders.iter_mut() {
            if order.only.as_ref().is_some_and(|only| !only(request)) {
                continue;
            }
            if order.skip > 0 {
                order.skip -= 1;
            } else if order.left > 0 {
                order.left -= 1;
                changes.push(order.change.clone());
            }
        }
        orders.retain(|order| order.left > 0);
        changes
    }
}

impl State {
    pub(super) fn tamper(&self, request: &Value, answer: &mut Value) {
        for change in self.tampers.take(request) {
            self.apply(&change, request, answer);
        }
    }

    fn apply(&self, change: &Tamper, request: &Value, answer: &mut Value) {
        if let Tamper::Edit(edit) = change {
            edit(request, answer);
            return;
        }
        let Some(fields) = answer.as_object_mut() else {
            return;
        };
        match change {
            Tamper::Permission(name, level) => {
                if let Some(Value::Object(permissions)) = fields.get_mut("permissions") {
                    permissions.insert(name.clone(), json!(level));
                }
            }
            Tamper::MissingPermissions => drop(fields.remove("permissions")),
            Tamper::MissingRepositories => drop(fields.remove("repositories")),
            Tamper::SelectionAll => {
                fields.insert("repository_selection".to_owned(), json!("all"));
            }
            Tamper::AnotherRepository(owner, name) => {
                let repository = self.shown(owner, name);
                let list = fields.entry("repositories").or_insert_with(|| json!([]));
                if let Some(list) = list.as_array_mut() {
                    list.push(repository);
                }
            }
            Tamper::OtherOwner(login, id) => each(fields.get_mut("repositories"), |repository| {
                other_owner(repository, login, *id);
            }),
            Tamper::OtherRepositoryId(id) => each(fields.get_mut("repositories"), |repository| {
                if let Some(fields) = repository.as_object_mut() {
                    fields.insert("id".to_owned(), json!(id));
                }
            }),
            Tamper::Edit(_) => {}
        }
    }

    fn shown(&self, owner: &str, name: &str) -> Value {
        let world = self.world.read();
        match world.find_repository(owner, name) {
            Found::Here(id) => world.repositories.get(&id),
            _ => None,
        }
        .map_or_else(
            || {
                json!({
                    "id": 999_999_999,
                    "name": name,
                    "full_name": format!("{owner}/{name}"),
                    "private": true,
                    "owner": {"login": owner, "id": 999_999_999},
                })
            },
            |repository| self.objects.repository(&world, repository),
        )
    }
}

fn each(list: Option<&mut Value>, mut change: impl FnMut(&mut Value)) {
    if let Some(list) = list.and_then(Value::as_array_mut) {
        list.iter_mut().for_each(&mut change);
    }
}

fn other_owner(repository: &mut Value, login: &str, id: u64) {
    let Some(fields) = repository.as_object_mut() else {
        return;
    };
    let name = fields
        .get("name")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let full_name = json!(format!("{login}/{name}"));
    fields.insert("full_name".to_owned(), full_name);
    if let Some(Value::Object(owner)) = fields.get_mut("owner") {
        owner.insert("login".to_owned(), json!(login));
        owner.insert("id".to_owned(), json!(id));
    }
}
