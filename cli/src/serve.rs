//! `octo-sts serve`: settings, component, host, listener.

use crate::arguments::Serve;
use crate::component;
use host_wasmtime::{Host, LogLevel, read_settings};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

/// The program cannot run.
const CANNOT_RUN: u8 = 1;
/// Wrong arguments or settings, as for octo-sts and clap.
const WRONG_SETTINGS: u8 = 2;

enum Stop {
    CannotRun(String),
    WrongSettings(Vec<String>),
}

/// Runs the server until it is told to end.
pub(crate) fn run(arguments: &Serve) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => return report(&Stop::CannotRun(error.to_string())),
    };
    let ended = runtime.block_on(serve(arguments));
    // Idle instances end with the process. Dropping the runtime would tear them down and log each as a failure.
    std::mem::forget(runtime);
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => report(&stop),
    }
}

fn report(stop: &Stop) -> ExitCode {
    match stop {
        Stop::CannotRun(why) => {
            eprintln!("octo-sts: {why}");
            ExitCode::from(CANNOT_RUN)
        }
        Stop::WrongSettings(problems) => {
            eprintln!("octo-sts: {} with the settings:", plural(problems.len()));
            for problem in problems {
                eprintln!("  {problem}");
            }
            ExitCode::from(WRONG_SETTINGS)
        }
    }
}

fn plural(number: usize) -> String {
    if number == 1 {
        "1 problem".into()
    } else {
        format!("{number} problems")
    }
}

async fn serve(arguments: &Serve) -> Result<(), Stop> {
    let mut settings = read_settings(variables(arguments));
    settings.require_port();
    let port = settings.port();
    let component = component::load(arguments.component.as_deref()).map_err(Stop::CannotRun)?;
    let host = Host::builder(component)
        .settings(settings)
        .build()
        .await
        .map_err(|e| Stop::CannotRun(e.to_string()))?;
    host.ready().await.map_err(Stop::WrongSettings)?;
    for notice in host.notices() {
        host.log(LogLevel::Warn, notice, &[]);
    }
    let address = SocketAddr::new(arguments.address, port.unwrap_or_default());
    let cannot_listen = |error| Stop::CannotRun(format!("cannot listen on {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(cannot_listen)?;
    // The host says where it listens.
    let fields = [("sha256", host.component_sha256())];
    host.log(LogLevel::Info, "serving the component", &fields);
    host.serve(listener, told_to_end())
        .await
        .map_err(|error| Stop::CannotRun(error.to_string()))?;
    host.log(LogLevel::Info, "ended", &[]);
    Ok(())
}

/// The environment, with the flags over it. A name that is no text is no setting.
fn variables(arguments: &Serve) -> BTreeMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let mut variables: BTreeMap<String, String> = std::env::vars_os().filter_map(text).collect();
    for (names, value) in arguments.settings() {
        for name in names {
            variables.remove(*name);
        }
        if let Some(name) = names.first() {
            variables.insert((*name).to_owned(), value.clone());
        }
    }
    variables
}

/// Ends with SIGINT or SIGTERM; never, if neither can be waited for.
async fn told_to_end() {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}
