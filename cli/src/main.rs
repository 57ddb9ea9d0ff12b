//! The program `octo-sts`.

mod arguments;
mod audit_command;
mod client;
mod component;
mod exchange_command;
mod policy_command;
mod revoke_command;
mod secret;
mod serve;

use arguments::{Arguments, AuditCommand, Command};
use clap::{CommandFactory, Parser};
use std::process::ExitCode;

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve(serve) => serve::run(&serve),
        Command::Policy(command) => policy_command::run(&command),
        Command::Audit(AuditCommand::Verify(verify)) => audit_command::verify(&verify),
        Command::Exchange(options) => exchange_command::run(&options),
        Command::Revoke(options) => revoke_command::run(&options),
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Arguments::command(),
                "octo-sts",
                &mut std::io::stdout(),
            );
            ExitCode::SUCCESS
        }
    }
}
