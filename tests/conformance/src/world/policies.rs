//! Texts of trust policies.

/// A trust policy in the making.
#[derive(Clone, Debug)]
pub struct Policy {
    lines: Vec<String>,
    permissions: Vec<String>,
}

impl Policy {
    /// A policy for tokens of `issuer` with exactly this subject, which grants `contents: read`.
    #[must_use]
    pub fn new(issuer: &str, subject: &str) -> Self {
        Self {
            lines: vec![format!("issuer: {issuer}"), format!("subject: {subject}")],
            permissions: vec!["contents: read".to_owned()],
        }
    }

    /// One more line.
    #[must_use]
    pub fn line(mut self, line: impl Into<String>) -> Self {
        self.lines.push(line.into());
        self
    }

    /// The file's text.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = self.lines.join("\n");
        text.push_str("\npermissions:\n");
        for entry in &self.permissions {
            text.push_str(&format!("  {entry}\n"));
        }
        text
    }
}
