//! Answer bodies, honest and otherwise.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

/// Blanks are sent in pieces of this size.
const BLANKS: &[u8] = &[b' '; 16_384];

/// How long a half body is given to leave the socket before the connection is cut.
const BEFORE_CUT: Duration = Duration::from_millis(30);

/// What comes after the first piece.
enum Then {
    Nothing,
    Blanks(u64),
    Cut(Pin<Box<Sleep>>),
    Silence,
}

/// A body of one piece and what comes after it.
pub(crate) struct AnswerBody {
    first: Option<Bytes>,
    /// What content-length says is still to come.
    promised: u64,
    then: Then,
}

impl AnswerBody {
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self {
            promised: length(&bytes),
            first: Some(bytes),
            then: Then::Nothing,
        }
    }

    /// `bytes` and blanks up to `total`.
    pub(crate) fn padded(bytes: Bytes, total: u64) -> Self {
        let blanks = total.saturating_sub(length(&bytes));
        Self {
            promised: length(&bytes).saturating_add(blanks),
            first: Some(bytes),
            then: Then::Blanks(blanks),
        }
    }

    /// Half of `bytes`, then a cut.
    pub(crate) fn cut(bytes: Bytes) -> Self {
        Self::half(bytes, Then::Cut(Box::pin(sleep(BEFORE_CUT))))
    }

    /// Half of `bytes`, then silence.
    pub(crate) fn stuck(bytes: Bytes) -> Self {
        Self::half(bytes, Then::Silence)
    }

    fn half(mut bytes: Bytes, then: Then) -> Self {
        // One byte more than there is, so that an empty body is unfinished too.
        let promised = length(&bytes).saturating_add(1);
        bytes.truncate(bytes.len() / 2);
        Self {
            first: Some(bytes),
            promised,
            then,
        }
    }
}

fn length(bytes: &Bytes) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = &mut *self;
        if let Some(first) = this.first.take().filter(|first| !first.is_empty()) {
            this.promised = this.promised.saturating_sub(length(&first));
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        match &mut this.then {
            Then::Nothing | Then::Blanks(0) => Poll::Ready(None),
            Then::Blanks(left) => {
                let all = Bytes::from_static(BLANKS);
                let size = length(&all).min(*left);
                *left -= size;
                this.promised = this.promised.saturating_sub(size);
                let piece = all.slice(..usize::try_from(size).unwrap_or_default());
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            Then::Cut(pause) => pause
                .as_mut()
                .poll(context)
                .map(|()| Some(Err(io::Error::other("cut on order")))),
            Then::Silence => Poll::Pending,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.promised == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised)
    }
}
