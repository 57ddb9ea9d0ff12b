//! Asks a server: within bounds of time and size, without redirects.

mod failure;
mod place;
mod tls;

pub(crate) use failure::Failure;
pub(crate) use place::{Place, secure};

use crate::arguments::Patience;
use std::thread::sleep;
use std::time::{Duration, Instant};
use ureq::config::Config;
use ureq::http::{HeaderMap, Request, Response, Uri, header};
use ureq::{Agent, Body, Proxy, ProxyProtocol};

/// A larger answer is none.
const LARGEST_ANSWER: u64 = 1024 * 1024;
/// Who wants more time than this is not asked again.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What a server answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The key into the server's log; our servers give it with every answer.
    pub(crate) decision: Option<String>,
    pub(crate) body: Vec<u8>,
    retry_after: Option<Duration>,
}

/// Sends requests until its time is over.
pub(crate) struct Client {
    until: Instant,
    retries: u32,
}

impl Client {
    pub(crate) fn new(patience: &Patience) -> Self {
        Self {
            until: Instant::now() + Duration::from_secs(patience.timeout),
            retries: patience.retries,
        }
    }

    /// Sends a request, again if the server is busy. An answer is whatever came, redirects and failures too.
    pub(crate) fn send(&self, request: &Request<()>) -> Result<Answer, Failure> {
        let mut pause = Duration::from_secs(1);
        for _ in 0..self.retries {
            let answer = self.send_once(request)?;
            let wait = answer.retry_after.unwrap_or(pause);
            let busy = matches!(answer.status, 429 | 503);
            if !busy || wait > LONGEST_WAIT || wait >= self.left() {
                return Ok(answer);
            }
            sleep(wait);
            pause = pause.saturating_mul(2);
        }
        self.send_once(request)
    }

    fn send_once(&self, request: &Request<()>) -> Result<Answer, Failure> {
        let host = request.uri().host().unwrap_or_default();
        let agent = self.agent(request.uri())?;
        let failed = |error: &dyn std::error::Error| {
            let why = failure::shown(&error.to_string());
            Failure::new(format!("cannot ask {host}: {why}"))
        };
        let response = agent.run(request.clone()).map_err(|error| failed(&error))?;
        read(response).map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => {
                Failure::new(format!("{host} answered more than 1 MiB"))
            }
            error => failed(&error),
        })
    }

    fn agent(&self, uri: &Uri) -> Result<Agent, Failure> {
        let config = Config::builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(self.left()))
            .user_agent(concat!("octo-sts/", env!("CARGO_PKG_VERSION")));
        // Loopback and Google's metadata server are never behind a proxy.
        let config = if uri.scheme_str() == Some("https") {
            config.proxy(proxy()?).tls_config(tls::config()?)
        } else {
            config.proxy(None)
        };
        Ok(config.build().new_agent())
    }

    fn left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

/// The environment's. One that we can't use is a failure: a way around it may be what it is there to prevent.
fn proxy() -> Result<Option<Proxy>, Failure> {
    let proxy = Proxy::try_from_env();
    match proxy.as_ref().map(Proxy::protocol) {
        None | Some(ProxyProtocol::Http | ProxyProtocol::Https) => Ok(proxy),
        Some(_) => Err(Failure::new(
            "the environment names a SOCKS proxy; only HTTP proxies are known",
        )),
    }
}

fn read(mut response: Response<Body>) -> Result<Answer, ureq::Error> {
    let text = |headers: &HeaderMap, name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let headers = response.headers();
    let retry_after = text(headers, header::RETRY_AFTER.as_str());
    Ok(Answer {
        status: response.status().as_u16(),
        decision: text(headers, "octo-sts-decision"),
        retry_after: retry_after
            .and_then(|seconds| Some(Duration::from_secs(seconds.parse().ok()?))),
        body: response
            .body_mut()
            .with_config()
            .limit(LARGEST_ANSWER)
            .read_to_vec()?,
    })
}
