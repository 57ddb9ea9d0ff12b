//! Who comes in: so many requests inside, so many waiting, the rest is told that the server is busy. Requests are looked
//! over before they cost an instance.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Authority;
use http::{HeaderValue, Version, header};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime_wasi_http::{Error, WasiBody};

use crate::engine::Limits;

/// So much of a body is read before an instance is asked: all of it, but for webhook deliveries.
const READ_AHEAD: usize = 64 * 1024;
/// The largest head: target and fields as they are written in HTTP/1.1. The server's own limits are a little wider.
pub(crate) const LARGEST_HEAD: usize = 32 * 1024;
/// Somebody who sends a body byte by byte holds a connection so long, and no instance.
const LONGEST_READ: Duration = Duration::from_secs(10);

/// The places of a host.
pub(crate) struct Door {
    all: Arc<Semaphore>,
    inside: Arc<Semaphore>,
    in_flight: u32,
    longest_wait: Duration,
}

/// A place among those that wait.
pub(crate) struct Waiting(#[expect(dead_code, reason = "held")] OwnedSemaphorePermit);

impl Door {
    pub(crate) fn new(limits: &Limits) -> Self {
        let places = |n: u32| Arc::new(Semaphore::new(n.try_into().unwrap_or(1024)));
        Self {
            all: places(limits.in_flight.saturating_add(limits.waiting)),
            inside: places(limits.in_flight),
            in_flight: limits.in_flight,
            longest_wait: limits.longest_wait,
        }
    }

    /// A place among those that wait; none: busy.
    pub(crate) fn queue(&self) -> Option<Waiting> {
        self.all.clone().try_acquire_owned().ok().map(Waiting)
    }

    /// A place inside, soon; none: busy.
    pub(crate) async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        let place = self.inside.clone().acquire_owned();
        tokio::time::timeout(self.longest_wait, place)
            .await
            .ok()?
            .ok()
    }

    /// Waits until nobody is inside: answers may have left while their requests still work.
    pub(crate) async fn empty(&self) {
        let _ = self.inside.acquire_many(self.in_flight).await;
    }
}

/// What is wrong with a request that never gets to the component.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadRequest {
    /// More than 32 KiB of head.
    Head,
    /// No host, two, or one that is none (RFC 9112 3.2).
    Host,
    /// The body ended early or took too long.
    Body,
}

/// Checks what would trap an instance, and reads the beginning of the body.
pub(crate) async fn look_over<B>(
    request: http::Request<B>,
) -> Result<http::Request<WasiBody>, BadRequest>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    let (mut parts, body) = request.into_parts();
    if head_length(&parts) > LARGEST_HEAD {
        return Err(BadRequest::Head);
    }
    check_host(&mut parts)?;
    let ahead = ReadAhead::read(body);
    let body = tokio::time::timeout(LONGEST_READ, ahead)
        .await
        .map_err(|_| BadRequest::Body)??;
    Ok(http::Request::from_parts(parts, body.boxed_unsync()))
}

fn head_length(parts: &http::request::Parts) -> usize {
    let path = parts.uri.path_and_query();
    let fields = parts.headers.iter();
    let fields = fields.map(|(name, value)| name.as_str().len() + value.len() + 4);
    path.map_or(1, |path| path.as_str().len()) + fields.sum::<usize>()
}

/// A request has one authority. HTTP/1.0 may leave it out, as simple health checks do.
fn check_host(parts: &mut http::request::Parts) -> Result<(), BadRequest> {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    let named = match first {
        None => parts.uri.authority().is_some(),
        Some(host) => host
            .to_str()
            .is_ok_and(|host| host.parse::<Authority>().is_ok()),
    };
    if second.is_some() || (first.is_some() && !named) {
        return Err(BadRequest::Host);
    }
    if !named {
        if parts.version != Version::HTTP_10 {
            return Err(BadRequest::Host);
        }
        let nobody = HeaderValue::from_static("localhost");
        parts.headers.insert(header::HOST, nobody);
    }
    Ok(())
}

/// A body whose beginning was read already.
struct ReadAhead<B> {
    read: VecDeque<Frame<Bytes>>,
    rest: Option<B>,
}

impl<B: Body<Data = Bytes> + Unpin> ReadAhead<B> {
    async fn read(mut body: B) -> Result<Self, BadRequest> {
        let mut read = VecDeque::new();
        let mut length = 0;
        while length <= READ_AHEAD {
            match body.frame().await {
                None => return Ok(Self { read, rest: None }),
                Some(Err(_)) => return Err(BadRequest::Body),
                Some(Ok(frame)) => {
                    // A frame costs more than its bytes, and there may be many small ones.
                    length += frame.data_ref().map_or(0, Bytes::len) + 16;
                    read.push_back(frame);
                }
            }
        }
        Ok(Self {
            read,
            rest: Some(body),
        })
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for ReadAhead<B> {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        if let Some(frame) = this.read.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        match &mut this.rest {
            None => Poll::Ready(None),
            Some(rest) => Pin::new(rest)
                .poll_frame(cx)
                .map_err(|_| Error::ConnectionTerminated),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.read.is_empty() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let ahead: usize = self
            .read
            .iter()
            .filter_map(Frame::data_ref)
            .map(Bytes::len)
            .sum();
        let ahead = u64::try_from(ahead).unwrap_or(u64::MAX);
        match &self.rest {
            None => SizeHint::with_exact(ahead),
            Some(_) => {
                let mut hint = SizeHint::new();
                hint.set_lower(ahead);
                hint
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use http::Request;
    use http_body_util::Full;

    fn request(version: Version, uri: &str, hosts: &[&[u8]]) -> Request<Full<Bytes>> {
        let mut builder = Request::get(uri).version(version);
        for host in hosts {
            builder = builder.header("host", HeaderValue::from_bytes(host).unwrap());
        }
        builder
            .body(Full::new(Bytes::from_static(b"body")))
            .unwrap()
    }

    #[tokio::test]
    async fn a_request_names_one_host() {
        for (version, uri, hosts, good) in [
            (Version::HTTP_11, "/", &[&b"sts.example"[..]][..], true),
            (Version::HTTP_11, "/", &[b"sts.example:8080"], true),
            (Version::HTTP_11, "/", &[b"[::1]:8080"], true),
            (Version::HTTP_2, "http://sts.example/", &[], true),
            (Version::HTTP_10, "/healthz", &[], true),
            (Version::HTTP_11, "/", &[], false),
            (Version::HTTP_11, "/", &[b"a", b"a"], false),
            (Version::HTTP_11, "/", &[b""], false),
            (Version::HTTP_11, "/", &[b"a b"], false),
            (Version::HTTP_11, "/", &[b"\xff"], false),
            (Version::HTTP_2, "http://sts.example/", &[b"\xff"], false),
        ] {
            let looked = look_over(request(version, uri, hosts)).await;
            assert_eq!(looked.is_ok(), good, "{version:?} {uri} {hosts:?}");
            if let Ok(looked) = looked {
                let body = looked.into_body().collect().await.unwrap().to_bytes();
                assert_eq!(body, "body");
            }
        }
    }

    #[tokio::test]
    async fn a_head_has_its_limit() {
        for (length, good) in [(LARGEST_HEAD - 100, true), (LARGEST_HEAD, false)] {
            let mut long = request(Version::HTTP_11, "/", &[b"a"]);
            let value = HeaderValue::from_str(&"x".repeat(length)).unwrap();
            long.headers_mut().insert("x", value);
            assert_eq!(look_over(long).await.is_ok(), good);
            let path = format!("/{}", "x".repeat(length));
            let long = request(Version::HTTP_11, &path, &[b"a"]);
            assert_eq!(look_over(long).await.is_ok(), good);
        }
    }

    #[tokio::test]
    async fn large_bodies_come_whole_and_early_ends_are_refused() {
        let large = vec![b'x'; 3 * READ_AHEAD];
        let pieces: Vec<_> = large
            .chunks(1000)
            .map(|piece| Ok::<_, Error>(Frame::data(Bytes::copy_from_slice(piece))))
            .collect();
        let body = Pieces(pieces.into());
        let request = Request::post("http://a/").body(body).unwrap();
        let looked = look_over(request).await.unwrap();
        assert_eq!(
            looked.into_body().collect().await.unwrap().to_bytes(),
            large
        );

        let pieces = VecDeque::from([
            Ok(Frame::data(Bytes::from_static(b"x"))),
            Err(Error::ConnectionTerminated),
        ]);
        let body = Pieces(pieces);
        let request = Request::post("http://a/").body(body).unwrap();
        assert_eq!(look_over(request).await.err(), Some(BadRequest::Body));
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_does_not_come_is_given_up() {
        let body = Never;
        let request = Request::post("http://a/").body(body).unwrap();
        assert_eq!(look_over(request).await.err(), Some(BadRequest::Body));
    }

    #[tokio::test(start_paused = true)]
    async fn places_are_limited() {
        let limits = Limits {
            in_flight: 1,
            waiting: 1,
            ..Limits::default()
        };
        let door = Door::new(&limits);
        let first = (door.queue().unwrap(), door.enter().await.unwrap());
        let second = door.queue().unwrap();
        assert!(door.queue().is_none());
        assert!(door.enter().await.is_none());
        drop(first);
        assert!(door.enter().await.is_some());
        drop(second);
    }

    struct Pieces(VecDeque<Result<Frame<Bytes>, Error>>);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            Poll::Ready(self.0.pop_front())
        }
    }

    struct Never;

    impl Body for Never {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            Poll::Pending
        }
    }
}
