//! An egress that an embedder brought.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::task::Poll;

use bytes::Bytes;
use hyper::body::Frame;

use super::tests::get;
use super::*;

/// Somebody else's egress: it hangs, or its answer does, or that never ends.
#[derive(Clone, Copy)]
enum Elsewhere {
    Hangs,
    Stalls,
    NeverEnds,
}

impl Egress for Elsewhere {
    fn send(
        &self,
        _: http::Request<Body>,
        _: Timeouts,
    ) -> BoxFuture<'_, Result<http::Response<Body>, HttpError>> {
        match self {
            Self::Hangs => Box::pin(std::future::pending()),
            other => Box::pin(async { Ok(http::Response::new((*other).boxed_unsync())) }),
        }
    }
}

impl hyper::body::Body for Elsewhere {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        match *self {
            Self::NeverEnds => Poll::Ready(Some(Ok(Frame::data(vec![0; 1024 * 1024].into())))),
            Self::Hangs | Self::Stalls => Poll::Pending,
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_replaced_egress_is_bounded_like_our_own() {
    let calls = |egress: Elsewhere| Calls::new(Arc::new(egress));
    let options = || RequestOptions {
        connect_timeout: Some(Duration::from_secs(1)),
        first_byte_timeout: Some(Duration::from_secs(2)),
        between_bytes_timeout: Some(Duration::from_secs(3)),
    };
    let start = tokio::time::Instant::now();
    let hanging = calls(Elsewhere::Hangs);
    let answer = hanging.send(get("https://a.example/"), options()).await;
    assert!(matches!(answer, Err(HttpError::ConnectionReadTimeout)));
    assert_eq!(start.elapsed(), Duration::from_secs(4));
    assert_eq!(hanging.places.available_permits(), MOST_CALLS);
    let other = calls(Elsewhere::NeverEnds);
    let answer = other.send(get("https://a.example/"), options());
    let read = answer.await.unwrap().into_body().collect().await;
    assert!(matches!(read, Err(HttpError::HttpResponseBodySize(_))));
    let start = tokio::time::Instant::now();
    let other = calls(Elsewhere::Stalls);
    let answer = other.send(get("https://a.example/"), options());
    let read = answer.await.unwrap().into_body().collect().await;
    assert!(matches!(read, Err(HttpError::ConnectionReadTimeout)));
    assert_eq!(start.elapsed(), Duration::from_secs(3));
    let answer = hanging.send(get("https://user@a.example/"), options());
    assert!(matches!(
        answer.await,
        Err(HttpError::HttpRequestUriInvalid)
    ));
}
