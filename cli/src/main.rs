//! The program `octo-sts`.

mod arguments;
mod component;
mod policy_command;
mod serve;

use arguments::{Arguments, Command};
use clap::{CommandFactory, Parser};
use std::process::ExitCode;

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve(serve) => serve::run(&serve),
        Command::Policy(command) => policy_command::run(&command),
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
