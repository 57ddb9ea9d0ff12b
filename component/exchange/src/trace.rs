//! How far an exchange came, for those who ask why: the steps that were passed, and what the policy said.

use policy::{Decision, Verdict};
use std::cell::RefCell;

use crate::detail::Sight;

/// A step of the exchange that can refuse, in the order in which they are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Signature,
    OperatorIssuers,
    Installation,
    OrganizationIssuers,
    GuardRails,
    Policy,
    Narrowing,
    App,
    SingleUse,
}

/// What a policy said, and how much of it the caller may see.
#[derive(Debug, Clone)]
pub(crate) struct PolicyVerdict {
    pub(crate) decision: Decision,
    pub(crate) sight: Sight,
    /// What to write instead, for whoever may see everything.
    pub(crate) subject_hint: Option<String>,
    /// The blob's SHA-1.
    pub(crate) policy_sha: String,
}

impl PolicyVerdict {
    pub(crate) fn permits(&self) -> bool {
        self.decision
            .rules()
            .iter()
            .all(|outcome| outcome.verdict == Verdict::Pass)
    }
}

/// Filled as the exchange goes on.
#[derive(Debug, Default)]
pub(crate) struct Trace {
    passed: RefCell<Vec<Step>>,
    seen: RefCell<Option<PolicyVerdict>>,
}

impl Trace {
    pub(crate) fn pass(&self, step: Step) {
        self.passed.borrow_mut().push(step);
    }

    pub(crate) fn has_passed(&self, step: Step) -> bool {
        self.passed.borrow().contains(&step)
    }

    pub(crate) fn see(&self, seen: PolicyVerdict) {
        *self.seen.borrow_mut() = Some(seen);
    }

    pub(crate) fn seen(&self) -> Option<PolicyVerdict> {
        self.seen.borrow().clone()
    }
}
