//! HTTP over loopback, and the `curl` line that does the same.

use serde_json::Value;
use std::time::Duration;

/// An answer: its status and its JSON body, null if it has none.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Answer {
    /// A member of the body as text; empty if it is not there.
    pub(super) fn text(&self, member: &str) -> &str {
        self.body
            .get(member)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Status and message, as a person would say it.
    pub(super) fn said(&self) -> String {
        match (self.text("message"), self.text("error")) {
            ("", _) => format!("{}", self.status),
            (message, "") => format!("{}: {message}", self.status),
            (message, error) => format!("{} {error}: {message}", self.status),
        }
    }
}

/// A request that can be sent and shown.
pub(super) struct Call<'a> {
    pub(super) method: &'a str,
    pub(super) url: String,
    pub(super) bearer: Option<&'a str>,
    pub(super) body: Option<Value>,
}

impl Call<'_> {
    pub(super) fn send(&self) -> Result<Answer, String> {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(40)))
            .build()
            .into();
        let mut request = ureq::http::Request::builder()
            .method(self.method)
            .uri(&self.url);
        request = request
            .header("user-agent", "octo-sts-demo")
            .header("content-type", "application/json");
        if let Some(bearer) = self.bearer {
            request = request.header("authorization", format!("Bearer {bearer}"));
        }
        let body = self.body.as_ref().map(Value::to_string).unwrap_or_default();
        let request = request.body(body).map_err(|error| error.to_string())?;
        let mut answer = agent.run(request).map_err(|error| error.to_string())?;
        let text = answer
            .body_mut()
            .read_to_string()
            .map_err(|error| error.to_string())?;
        Ok(Answer {
            status: answer.status().as_u16(),
            body: serde_json::from_str(&text).unwrap_or_default(),
        })
    }

    /// The same for a shell; `variable` stands for the credential.
    pub(super) fn curl(&self, variable: &str) -> String {
        let mut line = "curl -s".to_owned();
        if self.method != "GET" {
            line += &format!(" -X {}", self.method);
        }
        if self.bearer.is_some() {
            line += &format!(" -H \"Authorization: Bearer ${variable}\"");
        }
        if let Some(body) = &self.body {
            line += &format!(" -d '{body}'");
        }
        line + &format!(" '{}'", self.url)
    }
}
