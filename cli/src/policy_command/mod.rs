//! `octo-sts policy`: the engine that decides, without a server.

mod check;
mod decide;
mod files;

use crate::arguments::PolicyCommand;
use std::process::ExitCode;

pub(crate) fn run(command: &PolicyCommand) -> ExitCode {
    match command {
        PolicyCommand::Check(options) => check::run(options),
        PolicyCommand::Decide(options) => decide::run(options),
    }
}
