//! Failures on order: what the next calls of a route meet instead of an answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Method;

use crate::guarded::Guarded;
use crate::route::Route;

/// What a call meets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// This answer; the call has no effect.
    Status {
        /// HTTP status, 200 to 599.
        code: u16,
        /// Further headers.
        headers: Vec<(String, String)>,
        /// The body as it is.
        body: Bytes,
    },
    /// The true answer after this much real time.
    Delay(Duration),
    /// The connection is closed without a byte; the call has no effect.
    Cut,
    /// The call has its effect, but half of the answer's body comes and then the connection is closed.
    CutMidBody,
    /// The call has its effect, but the answer is 200 with bytes that are no JSON.
    Garbage,
    /// The true answer, followed by blanks up to this many bytes: valid JSON to whoever reads it all.
    HugeBody(u64),
    /// No answer ever, on an open connection; the call has no effect.
    Hang,
    /// The call has its effect, but half of the answer's body comes and then nothing, on an open connection.
    HangMidBody,
}

impl Fault {
    /// An answer of this status with a JSON body like GitHub's.
    #[must_use]
    pub fn status(code: u16) -> Self {
        Self::Status {
            code,
            headers: Vec::new(),
            body: Bytes::from(format!(r#"{{"message":"fault {code}","status":"{code}"}}"#)),
        }
    }

    /// The same with a header more.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        if let Self::Status { headers, .. } = &mut self {
            headers.push((name.into(), value.into()));
        }
        self
    }

    /// Whether the request is still worked on.
    pub(crate) fn has_effect(&self) -> bool {
        !matches!(self, Self::Status { .. } | Self::Cut | Self::Hang)
    }
}

/// Which calls meet a fault.
#[derive(Clone, Debug)]
pub struct Target {
    route: Option<Route>,
    method: Option<Method>,
    path_prefix: String,
    after: usize,
}

impl Target {
    /// Every call.
    #[must_use]
    pub fn any() -> Self {
        Self {
            route: None,
            method: None,
            path_prefix: String::new(),
            after: 0,
        }
    }

    /// Calls whose path (GitHub's without `/api/v3`) begins so, of any method.
    #[must_use]
    pub fn path(prefix: impl Into<String>) -> Self {
        Self {
            path_prefix: prefix.into(),
            ..Self::any()
        }
    }

    /// Only calls of this method.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    /// Only calls whose path begins so.
    #[must_use]
    pub fn below(mut self, prefix: impl Into<String>) -> Self {
        self.path_prefix = prefix.into();
        self
    }

    /// Only once so many of them were answered as ever.
    #[must_use]
    pub fn after(mut self, calls: usize) -> Self {
        self.after = calls;
        self
    }

    fn hits(&self, route: Route, method: &Method, path: &str) -> bool {
        self.route.is_none_or(|wanted| wanted == route)
            && self.method.as_ref().is_none_or(|wanted| wanted == method)
            && path.starts_with(&self.path_prefix)
    }
}

impl From<Route> for Target {
    fn from(route: Route) -> Self {
        Self {
            route: Some(route),
            ..Self::any()
        }
    }
}

#[derive(Debug)]
struct Order {
    target: Target,
    left: usize,
    fault: Fault,
}

/// The faults on order at one site, in the order in which they were given.
#[derive(Debug, Default)]
pub struct Faults {
    orders: Guarded<Vec<Order>>,
    /// How many orders there are; lets a busy site pass without a lock.
    count: AtomicUsize,
}

impl Faults {
    /// The next `count` calls of `target` meet `fault`, after those ordered before.
    pub fn next(&self, target: impl Into<Target>, count: usize, fault: Fault) {
        if count == 0 {
            return;
        }
        let mut orders = self.orders.write();
        orders.push(Order {
            target: target.into(),
            left: count,
            fault,
        });
        self.count.store(orders.len(), Ordering::SeqCst);
    }

    /// Takes all orders back.
    pub fn clear(&self) {
        let mut orders = self.orders.write();
        orders.clear();
        self.count.store(0, Ordering::SeqCst);
    }

    /// How many calls would still meet a fault.
    #[must_use]
    pub fn left(&self) -> usize {
        self.orders.read().iter().map(|order| order.left).sum()
    }

    pub(crate) fn take(&self, route: Route, method: &Method, path: &str) -> Option<Fault> {
        if self.count.load(Ordering::SeqCst) == 0 {
            return None;
        }
        let mut orders = self.orders.write();
        let order = orders
            .iter_mut()
            .find(|order| order.target.hits(route, method, path))?;
        if order.target.after > 0 {
            order.target.after -= 1;
            return None;
        }
        order.left -= 1;
        let fault = order.fault.clone();
        orders.retain(|order| order.left > 0);
        self.count.store(orders.len(), Ordering::SeqCst);
        Some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_meets_its_target_so_often_and_no_other() {
        let faults = Faults::default();
        faults.next(Route::Jwks, 2, Fault::Cut);
        faults.next(
            Target::path("/app").method(Method::POST),
            1,
            Fault::status(502),
        );
        assert_eq!(faults.take(Route::Discovery, &Method::GET, "/x"), None);
        assert_eq!(faults.take(Route::App, &Method::GET, "/app"), None);
        for _ in 0..2 {
            assert_eq!(
                faults.take(Route::Jwks, &Method::GET, "/jwks"),
                Some(Fault::Cut)
            );
        }
        assert_eq!(faults.take(Route::Jwks, &Method::GET, "/jwks"), None);
        assert_eq!(faults.left(), 1);
        assert!(faults.take(Route::Other, &Method::POST, "/app/x").is_some());
        assert_eq!(faults.left(), 0);
    }

    #[test]
    fn calls_before_it_are_let_through() {
        let faults = Faults::default();
        faults.next(Target::from(Route::App).after(2), 1, Fault::Cut);
        let met = [(); 4].map(|()| faults.take(Route::App, &Method::GET, "/app"));
        assert_eq!(met, [None, None, Some(Fault::Cut), None]);
    }

    #[test]
    fn orders_are_served_one_after_the_other_and_can_be_taken_back() {
        let faults = Faults::default();
        faults.next(Target::any(), 1, Fault::Cut);
        faults.next(Target::any(), 3, Fault::Garbage);
        assert_eq!(
            faults.take(Route::Other, &Method::GET, "/"),
            Some(Fault::Cut)
        );
        assert_eq!(
            faults.take(Route::Other, &Method::GET, "/"),
            Some(Fault::Garbage)
        );
        faults.clear();
        assert_eq!(faults.take(Route::Other, &Method::GET, "/"), None);
    }
}
