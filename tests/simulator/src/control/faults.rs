//! `/_simulator/faults` and `/_simulator/tamper`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::error::Error;
use crate::faults::{Fault, Target};
use crate::github::{Tamper, TamperMint};
use crate::simulator::Simulator;

/// Which calls meet what.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaultOrder {
    /// `github`, `actions`, `foreign` or an issuer's URL.
    #[serde(default = "github")]
    site: String,
    route: Option<String>,
    method: Option<String>,
    /// The start of a path.
    path: Option<String>,
    /// So many calls are answered as ever before.
    #[serde(default)]
    after: usize,
    #[serde(default = "one")]
    count: usize,
    fault: FaultKind,
}

fn github() -> String {
    "github".to_owned()
}

fn one() -> usize {
    1
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum FaultKind {
    Status {
        code: u16,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        body: Option<String>,
    },
    Delay {
        milliseconds: u64,
    },
    Cut,
    CutMidBody,
    Garbage,
    HugeBody {
        bytes: u64,
    },
    Hang,
    HangMidBody,
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        match kind {
            FaultKind::Status {
                code,
                headers,
                body,
            } => {
                let fault = headers
                    .into_iter()
                    .fold(Self::status(code), |fault, (name, value)| {
                        fault.with_header(name, value)
                    });
                match (fault, body) {
                    (Self::Status { code, headers, .. }, Some(body)) => Self::Status {
                        code,
                        headers,
                        body: Bytes::from(body),
                    },
                    (fault, _) => fault,
                }
            }
            FaultKind::Delay { milliseconds } => Self::Delay(Duration::from_millis(milliseconds)),
            FaultKind::Cut => Self::Cut,
            FaultKind::CutMidBody => Self::CutMidBody,
            FaultKind::Garbage => Self::Garbage,
            FaultKind::HugeBody { bytes } => Self::HugeBody(bytes),
            FaultKind::Hang => Self::Hang,
            FaultKind::HangMidBody => Self::HangMidBody,
        }
    }
}

pub(super) fn order(simulator: &Simulator, order: FaultOrder) -> Result<Value, Error> {
    let mut target = match &order.route {
        Some(route) => Target::from(route.parse::<crate::Route>()?),
        None => Target::any(),
    };
    if let Some(method) = &order.method {
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| Error::Unreadable(format!("no method {method:?}")))?;
        target = target.method(method);
    }
    if let Some(path) = order.path {
        target = target.below(path);
    }
    let target = target.after(order.after);
    let fault = Fault::from(order.fault);
    if order.site == "github" {
        simulator.github().faults().next(target, order.count, fault);
    } else {
        let issuer = simulator.issuer_named(&order.site)?;
        issuer.faults().next(target, order.count, fault);
    }
    Ok(json!({}))
}

/// Takes the orders of GitHub and of the two first issuers back.
pub(super) fn clear(simulator: &Simulator) -> Value {
    simulator.github().faults().clear();
    simulator.actions_issuer().faults().clear();
    simulator.issuer().faults().clear();
    json!({})
}

/// Which mints are answered falsely.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TamperOrder {
    #[serde(default)]
    after: usize,
    #[serde(default = "one")]
    times: usize,
    /// Only mints that ask for exactly these; others don't count.
    permissions: Option<Value>,
    change: TamperKind,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum TamperKind {
    Permission {
        name: String,
        level: String,
    },
    MissingPermissions,
    MissingRepositories,
    SelectionAll,
    AnotherRepository {
        owner: String,
        name: String,
    },
    OtherOwner {
        login: String,
        id: u64,
    },
    OtherRepositoryId {
        id: u64,
    },
    /// These members over the answer's own; `null` removes one.
    Merge {
        answer: serde_json::Map<String, Value>,
    },
}

pub(super) fn tamper(simulator: &Simulator, order: TamperOrder) -> Result<Value, Error> {
    let change = match order.change {
        TamperKind::Permission { name, level } => Tamper::Permission(name, level),
        TamperKind::MissingPermissions => Tamper::MissingPermissions,
        TamperKind::MissingRepositories => Tamper::MissingRepositories,
        TamperKind::SelectionAll => Tamper::SelectionAll,
        TamperKind::AnotherRepository { owner, name } => Tamper::AnotherRepository(owner, name),
        TamperKind::OtherOwner { login, id } => Tamper::OtherOwner(login, id),
        TamperKind::OtherRepositoryId { id } => Tamper::OtherRepositoryId(id),
        TamperKind::Merge { answer } => merge(answer),
    };
    let mut tamper = TamperMint::next(change)
        .after(order.after)
        .times(order.times);
    if let Some(permissions) = order.permissions {
        tamper = tamper.only(move |request| request.get("permissions") == Some(&permissions));
    }
    simulator.github().tamper_mint(tamper);
    Ok(json!({}))
}

fn merge(members: serde_json::Map<String, Value>) -> Tamper {
    Tamper::Edit(Arc::new(move |_, answer| {
        let Some(answer) = answer.as_object_mut() else {
            return;
        };
        for (name, value) in &members {
            if value.is_null() {
                answer.remove(name);
            } else {
                answer.insert(name.clone(), value.clone());
            }
        }
    }))
}
