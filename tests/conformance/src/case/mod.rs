//! Cases as data: what a file of `cases/` says. `README.md` explains every key.

mod load;
mod step;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde_json::{Map, Value};

pub use load::{LoadError, load_all};
pub use step::Store;
pub(crate) use step::{AnswerRules, Ask, Content, Count, Reason, Refusal, Step};
pub(crate) use words::{Scope, Words};

/// What a case can need of a host and of the kit's place beside it. The list is closed; the README says what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// What was learnt in one request is there in the next.
    Store,
    /// The kit moves the service's clock.
    Clock,
    /// Audit records can be read.
    Audit,
    /// Log lines can be read.
    Log,
    /// Equal look-ups at the same time are made once.
    Waits,
    /// Addresses are refused after resolution, so that issuers need not be listed.
    Vets,
    /// The kit chooses the settings.
    Settings,
    /// The service answers although its settings are wrong.
    Unready,
    /// It is an implementation of this component's rules, and not octo-sts itself.
    Ours,
    /// Service and simulator are this case's alone.
    Fresh,
    /// The service can be told which authority to trust.
    Tls,
    /// The kit can write garbage into the store.
    Garble,
    /// The kit can make the store fail and forget.
    Moods,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Store => "store",
            Self::Clock => "clock",
            Self::Audit => "audit",
            Self::Log => "log",
            Self::Waits => "waits",
            Self::Vets => "vets",
            Self::Settings => "settings",
            Self::Unready => "unready",
            Self::Ours => "ours",
            Self::Fresh => "fresh",
            Self::Tls => "tls",
            Self::Garble => "garble",
            Self::Moods => "moods",
        })
    }
}

/// A set of needs, or of what a host offers.
pub type Needs = BTreeSet<Need>;

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// `AREA/NAME`, as its file is called.
    pub name: String,
    /// One sentence: what is so.
    pub about: String,
    /// What the host must have: what the file says, and what its steps show.
    pub needs: Needs,
    /// What the host must not have.
    pub lacks: Needs,
    pub(crate) tls: bool,
    /// What every case has.
    pub(crate) usual: Usual,
    pub(crate) words: Map<String, Value>,
    pub(crate) settings: BTreeMap<String, String>,
    pub(crate) unset: Vec<String>,
    /// Name to algorithm.
    pub(crate) issuers: BTreeMap<String, String>,
    pub(crate) world: Option<Value>,
    pub(crate) files: BTreeMap<String, Content>,
    pub(crate) policies: BTreeMap<String, Content>,
    pub(crate) steps: Vec<Unfolded>,
}

/// What every case has: `usual.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Usual {
    pub(crate) ask: UsualAsk,
    pub(crate) words: Map<String, Value>,
    pub(crate) policies: BTreeMap<String, Content>,
    pub(crate) world: Value,
}

/// The request that a step makes unless it says otherwise.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UsualAsk {
    pub(crate) scope: String,
    pub(crate) identity: String,
    pub(crate) run: String,
}

/// One step for one row, before its placeholders are replaced.
#[derive(Clone, Debug)]
pub(crate) struct Unfolded {
    /// `step 2, row 3`
    pub(crate) at: String,
    /// What the rows say.
    pub(crate) row: Map<String, Value>,
    pub(crate) template: Value,
}

impl Case {
    /// Why a host that offers this cannot run the case.
    #[must_use]
    pub fn not_for(&self, offers: &Needs) -> Option<String> {
        let list = |needs: Vec<&Need>| {
            let names: Vec<String> = needs.iter().map(ToString::to_string).collect();
            names.join(", ")
        };
        let missing: Vec<&Need> = self.needs.difference(offers).collect();
        let too_much: Vec<&Need> = self.lacks.intersection(offers).collect();
        if !missing.is_empty() {
            return Some(format!("needs {}", list(missing)));
        }
        (!too_much.is_empty()).then(|| format!("only for hosts without {}", list(too_much)))
    }
}
