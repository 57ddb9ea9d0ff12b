//! The kit as a program: runs the cases on hosts, or on a service at a URL, and prints a table.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, ValueEnum};
use conformance::{Case, Elsewhere, Host, Table, artifact_sha256, in_process, load_all, programs};

/// Runs the conformance cases.
#[derive(Debug, Parser)]
#[command(name = "octo-sts-conformance", version)]
struct Arguments {
    /// A host, or `all`; may be given several times.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "all",
        conflicts_with = "url"
    )]
    host: Vec<String>,
    /// A running service, `http://HOST:PORT`, instead of a host. What it must be told is printed first.
    #[arg(long)]
    url: Option<String>,
    /// With --url: where GitHub listens.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8701",
        requires = "url"
    )]
    github: SocketAddr,
    /// With --url: where the foreign issuers listen.
    #[arg(
        long,
        value_name = "ADDRESS",
        default_value = "127.0.0.1:8702",
        requires = "url"
    )]
    issuer: SocketAddr,
    /// With --url: the service is ours, so demand also what octo-sts's own wire does not have.
    #[arg(long, requires = "url")]
    ours: bool,
    /// Only cases whose name has this part.
    #[arg(long, value_name = "PART", default_value = "")]
    case: String,
    /// How the table is printed.
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Names hosts and cases, with what they offer and need, and runs nothing.
    #[arg(long)]
    list: bool,
    /// Where the cases are.
    #[arg(long, value_name = "FOLDER", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/cases"))]
    cases: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(problem) => {
            eprintln!("octo-sts-conformance: {problem}");
            ExitCode::from(2)
        }
    }
}

/// Whether nothing failed.
async fn run(arguments: Arguments) -> Result<bool, String> {
    let rename = |number: usize, text: String| match arguments.url {
        Some(_) => Elsewhere::rename(number, &text),
        None => text,
    };
    let mut cases = load_all(&arguments.cases, rename).map_err(|error| error.to_string())?;
    cases.retain(|case| case.name.contains(&arguments.case));
    if cases.is_empty() {
        return Err(format!("no case has {:?} in its name", arguments.case));
    }
    let hosts = in_process().into_iter().chain(programs()).map(Arc::from);
    let mut hosts: Vec<Arc<dyn Host>> = hosts.collect();
    if arguments.list {
        list(&hosts, &cases);
        return Ok(true);
    }
    let mut table = Table::new(&cases);
    let said = |line: &str| eprintln!("{line}");
    if let Some(url) = &arguments.url {
        let at = (arguments.github, arguments.issuer);
        let service = Elsewhere::open(url, at, &cases, arguments.ours).await?;
        eprintln!("The service at {url} must be told:");
        for line in service.demands() {
            eprintln!("{line}");
        }
        service.until_there().await?;
        table.add_elsewhere(&cases, &service, said).await;
    } else {
        choose(&mut hosts, &arguments.host)?;
        let artifact = artifact_sha256()?;
        for host in hosts {
            table.add(&cases, host, said).await;
        }
        if artifact_sha256()? != artifact {
            return Err("dist/octo_sts.wasm was built again while cases ran".to_owned());
        }
        table.ran(artifact);
    }
    print(&table, arguments.format);
    Ok(!table.failed())
}

fn choose(hosts: &mut Vec<Arc<dyn Host>>, wanted: &[String]) -> Result<(), String> {
    for name in wanted {
        if name != "all" && !hosts.iter().any(|host| host.name() == name) {
            let known: Vec<&str> = hosts.iter().map(|host| host.name()).collect();
            return Err(format!("no host {name:?}; there are {}", known.join(", ")));
        }
    }
    hosts.retain(|host| {
        wanted
            .iter()
            .any(|name| name == "all" || name == host.name())
    });
    Ok(())
}

fn list(hosts: &[Arc<dyn Host>], cases: &[Case]) {
    let names = |needs: &conformance::Needs| {
        let names: Vec<String> = needs.iter().map(ToString::to_string).collect();
        names.join(" ")
    };
    println!("hosts, and what they offer");
    for host in hosts {
        println!("  {}: {}", host.name(), names(host.offers()));
    }
    println!("cases, and what they need");
    for case in cases {
        println!(
            "  {}: {}\n    {}",
            case.name,
            names(&case.needs),
            case.about
        );
    }
}

fn print(table: &Table, format: Format) {
    match format {
        Format::Text => print!("{}", table.text(std::io::stdout().is_terminal())),
        Format::Json => println!("{}", table.json()),
    }
}
