//! The body of an answer, bounded in size and in time between two pieces.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};
use wasmtime_wasi_http::{Error, WasiBody};

/// No answer that the guest has a use for is larger (a mint's answer has up to 8 MiB). The guest has narrower limits;
/// this one is for a guest that forgets them.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

pub(super) struct Bounded {
    body: WasiBody,
    left: usize,
    between: Duration,
    timer: Pin<Box<Sleep>>,
    /// The call counts as under way until its answer is read.
    _call: OwnedSemaphorePermit,
}

impl Bounded {
    pub(super) fn new(body: WasiBody, between: Duration, call: OwnedSemaphorePermit) -> Self {
        Self {
            body,
            left: LARGEST_BODY,
            between,
            timer: Box::pin(tokio::time::sleep(between)),
            _call: call,
        }
    }
}

impl Body for Bounded {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
            ready!(this.timer.as_mut().poll(cx));
            return Poll::Ready(Some(Err(Error::ConnectionReadTimeout)));
        };
        let frame = match frame {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            Some(Ok(frame)) => frame,
        };
        this.timer.as_mut().reset(Instant::now() + this.between);
        let length = frame.data_ref().map_or(0, Bytes::len);
        Poll::Ready(Some(match this.left.checked_sub(length) {
            Some(left) => {
                this.left = left;
                Ok(frame)
            }
            None => Err(Error::HttpResponseBodySize(None)),
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
