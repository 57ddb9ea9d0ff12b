//! Pages of a list (GitHub's page "Using pagination in the REST API").

use crate::server::{Received, Reply};

/// Entries on a page unless `per_page` says otherwise, and at most.
const USUAL: usize = 30;
const MOST: usize = 100;

/// Which page is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Page {
    number: usize,
    size: usize,
}

impl Page {
    /// Reads `page` and `per_page`; what is no number, or too large, is taken as GitHub takes it: the usual, the most.
    pub(super) fn of(received: &Received) -> Self {
        let number = |name: &str| -> Option<usize> {
            received
                .parameter(name)?
                .parse()
                .ok()
                .filter(|number| *number > 0)
        };
        Self {
            number: number("page").unwrap_or(1),
            size: number("per_page").unwrap_or(USUAL).min(MOST),
        }
    }

    /// The entries of this page.
    pub(super) fn cut<T>(self, all: impl Iterator<Item = T>) -> Vec<T> {
        all.skip(self.size.saturating_mul(self.number - 1))
            .take(self.size)
            .collect()
    }

    /// Sets `Link`, if there is more than this page.
    pub(super) fn link(self, reply: &mut Reply, url: &str, received: &Received, total: usize) {
        let last = total.div_ceil(self.size).max(1);
        let mut links = Vec::new();
        let mut add = |page: usize, rel: &str| {
            links.push(format!(
                "<{}>; rel=\"{rel}\"",
                self.address(url, received, page)
            ));
        };
        if self.number > 1 {
            add((self.number - 1).min(last), "prev");
        }
        if self.number < last {
            add(self.number + 1, "next");
            add(last, "last");
        }
        if self.number > 1 {
            add(1, "first");
        }
        if !links.is_empty() {
            reply.set("link", &links.join(", "));
        }
    }

    fn address(self, url: &str, received: &Received, page: usize) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in form_urlencoded::parse(received.query.as_bytes()) {
            if name != "page" {
                query.append_pair(&name, &value);
            }
        }
        query.append_pair("page", &page.to_string());
        format!("{url}?{}", query.finish())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use bytes::Bytes;
    use http::{HeaderMap, Method, StatusCode};

    use super::*;

    fn received(query: &str) -> Received {
        Received {
            method: Method::GET,
            path: String::new(),
            query: query.to_owned(),
            headers: HeaderMap::new(),
            body: Bytes::new(),
        }
    }

    fn rels(query: &str, total: usize) -> String {
        let received = received(query);
        let mut reply = Reply::empty(StatusCode::OK);
        Page::of(&received).link(&mut reply, "http://h/x", &received, total);
        let link = reply.headers.get("link");
        link.map(|link| link.to_str().unwrap().to_owned())
            .unwrap_or_default()
    }

    #[test]
    fn sizes_are_bounded() {
        for (query, wanted) in [
            ("", 30),
            ("per_page=7", 7),
            ("per_page=500", 100),
            ("per_page=x", 30),
        ] {
            assert_eq!(Page::of(&received(query)).cut(0..1_000).len(), wanted);
        }
        assert_eq!(Page::of(&received("per_page=3&page=2")).cut(0..4), [3]);
        assert!(Page::of(&received("page=9")).cut(0..4).is_empty());
    }

    #[test]
    fn links_lead_on_and_back() {
        assert_eq!(rels("per_page=10", 10), "");
        assert_eq!(
            rels("per_page=10", 21),
            "<http://h/x?per_page=10&page=2>; rel=\"next\", <http://h/x?per_page=10&page=3>; rel=\"last\""
        );
        assert_eq!(
            rels("per_page=10&page=3", 21),
            "<http://h/x?per_page=10&page=2>; rel=\"prev\", <http://h/x?per_page=10&page=1>; rel=\"first\""
        );
    }
}
