//! `octo-sts audit verify`: whether audit records are as the server wrote them.

use crate::arguments::{Format, Verify};
use host_wasmtime::{VerifiedAudit, verify_audit};
use serde_json::json;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::ExitCode;

/// 0 whole, 1 broken, 2 unreadable.
pub(crate) fn verify(options: &Verify) -> ExitCode {
    let verified = open(&options.file).and_then(|file| verify_audit(file, options.head.as_deref()));
    let verified = match verified {
        Ok(verified) => verified,
        Err(error) => {
            eprintln!("octo-sts: {}: {error}", options.file.display());
            return ExitCode::from(2);
        }
    };
    let missing = options.head.is_some() && verified.found.is_none();
    let whole = verified.broken.is_empty() && !missing;
    match options.format {
        Format::Text => print_text(&verified, missing),
        Format::Json => print_json(&verified, whole, missing),
    }
    ExitCode::from(u8::from(!whole))
}

fn open(file: &Path) -> io::Result<Box<dyn BufRead>> {
    if file == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(BufReader::new(File::open(file)?)))
}

fn print_text(verified: &VerifiedAudit, missing: bool) {
    for (line, why) in &verified.broken {
        println!("broken at line {line}: {why}");
    }
    if missing {
        println!("no record has this head: the file was rewritten, or cut before it");
    }
    println!("{} lines of {} boots", verified.lines, verified.boots);
    if verified.follows != VerifiedAudit::BEGINNING && !verified.follows.is_empty() {
        println!("follows {}", verified.follows);
    }
    if let Some(line) = verified.found {
        println!("the head is line {line}");
    }
    println!("ends with {}", verified.head);
}

fn print_json(verified: &VerifiedAudit, whole: bool, missing: bool) {
    let broken = verified.broken.iter();
    let broken: Vec<_> = broken
        .map(|(line, why)| json!({"line": line, "because": why}))
        .collect();
    let result = json!({
        "ok": whole,
        "lines": verified.lines,
        "boots": verified.boots,
        "follows": verified.follows,
        "head": verified.head,
        "head_line": verified.found,
        "head_missing": missing,
        "broken": broken,
    });
    println!("{result}");
}
