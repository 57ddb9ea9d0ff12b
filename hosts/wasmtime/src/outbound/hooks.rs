//! `wasi:http/outgoing-handler`, handed to [`Calls`].

use std::sync::Arc;

use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::Calls;

/// The hooks of one instance.
pub(crate) struct Hooks(pub(crate) Arc<Calls>);

/// What `send_request` gives: the answer, and work that goes on beside it (none here: the connection has a task).
type Sent = Result<
    (
        http::Response<WasiBody>,
        Box<dyn Future<Output = Result<(), Error>> + Send>,
    ),
    Error,
>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _response_processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let calls = self.0.clone();
        Box::new(async move {
            let answer = calls.send(request, options.unwrap_or_default()).await?;
            let rest: Box<dyn Future<Output = Result<(), Error>> + Send> =
                Box::new(async { Ok(()) });
            Ok((answer, rest))
        })
    }
}
