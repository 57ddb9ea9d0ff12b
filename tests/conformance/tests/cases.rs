//! Every case on every host of this process, and the kit itself: what is wrong must show.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use conformance::{
    Case, Elsewhere, Host, Lines, Need, Needs, NoStart, Outcome, Running, Starting, Table,
    in_process, load_all, run,
};
use host_wasmtime::Settings;
use tokio::net::TcpListener;

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"))
}

fn parse(text: &str) -> Result<Case, String> {
    Case::parse("a/case", text, |text| text)
}

fn our_host() -> Arc<dyn Host> {
    Arc::from(in_process().remove(0))
}

/// How a case ends on our host.
async fn ends(text: &str) -> Outcome {
    run(&parse(text).unwrap(), &*our_host()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_case_holds_on_every_host_of_this_process() {
    let cases = load_all(folder(), |_, text| text).unwrap();
    let mut table = Table::new(&cases);
    for host in in_process() {
        table.add(&cases, Arc::from(host), |_| ()).await;
    }
    println!("{}", table.text(false));
    assert!(!table.failed(), "{}", table.text(false));
    assert!(table.passed() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_as_expected_fails_and_says_what_differed() {
    let step = |step: &str| format!("about = \"x\"\n[[step]]\n{step}\n");
    for (case, said) in [
        (
            step("ask = {}\nrefused = \"403 7 permission_denied: no\""),
            "the answer is 200",
        ),
        (
            step("ask = { identity = \"x\" }\ngranted = true"),
            "the answer is 404",
        ),
        (
            step("ask = { identity = \"x\" }\nrefused = '404 5 policy_not_found: unable'"),
            "not 404 5 policy_not_found: unable",
        ),
        (
            step(
                "ask = { identity = \"x\" }\nrefused = '404 5 policy_invalid: unable to find trust policy for \"x\"'",
            ),
            "not 404 5 policy_invalid",
        ),
        (
            step("ask = {}\ngranted = true\ncalls = { access_tokens = 1 }"),
            "the calls are",
        ),
        (
            step("ask = {}\ngranted = true\nsome_calls = { jwks = 0 }"),
            "the calls are",
        ),
        (
            step("ask = {}\ngranted = true\nmints = []"),
            "the mints are",
        ),
        (
            step("ask = {}\nanswer.members = [\"token\"]"),
            "the members are",
        ),
        (
            step("ask = {}\nanswer.body = { refreshToken = \"x\" }"),
            "/refreshToken is \"\", not \"x\"",
        ),
        (
            step("ask = {}\nanswer.headers = { allow = \"GET\" }"),
            "allow is",
        ),
        (
            step("ask = {}\nanswer.hides = [\"refreshToken\"]"),
            "the body has",
        ),
        (
            step("ask = {}\nanswer.says = [\"nothing of this\"]"),
            "the body lacks",
        ),
        (step("ask = {}\nanswer.seconds = [30, 40]"), "it took"),
        (
            step("ask = {}\nanswer.retry_after = [1, 2]"),
            "Retry-After is",
        ),
        (
            step("ask = { identity = \"x\" }\nanswer.reason = true"),
            "the reason is",
        ),
        (
            step(
                "ask = {}\ngranted = true\nopens = { \"GET /repos/acme/lib/contents/README.md\" = 200 }",
            ),
            "the token gets 404",
        ),
        (
            step("ask = {}\nrecord = { outcome = \"refused\" }"),
            "/outcome is \"granted\"",
        ),
        (step("ask = {}\nrecords = 0"), "there are 1 records"),
        (
            step("ask = {}\nlogged = { \"listening\" = 0 }"),
            "1 times, not 0",
        ),
        (
            step("simulator = [{ \"POST /nothing\" = {} }]\nlive = 0"),
            "no such command",
        ),
        (
            step("tokens = { t = { forge = \"unheard of\" } }\nlive = 0"),
            "unheard of",
        ),
    ] {
        let Outcome::Failed(problem) = ends(&case).await else {
            panic!("passed: {case}");
        };
        assert!(problem.contains(said), "{case}: {problem}");
        assert!(problem.starts_with("step 1"), "{problem}");
    }
}

#[test]
fn what_is_no_case_is_refused_before_anything_runs() {
    for (text, said) in [
        (
            "about = \"x\"\nneed = []\n[[step]]\nask = {}\ngranted = true",
            "unknown field `need`",
        ),
        (
            "about = \"x\"\nneeds = [\"luck\"]\n[[step]]\nask = {}\ngranted = true",
            "unknown variant `luck`",
        ),
        (
            "about = \"x\"\n[[step]]\nask = {}\ngrant = true",
            "step 1: unknown field `grant`",
        ),
        (
            "about = \"x\"\n[[step]]\nask = { method = \"GET\", path = \"/\" }\ngranted = true",
            "unknown field `path`",
        ),
        ("about = \"x\"\n[[step]]\nask = {}", "expects nothing"),
        (
            "about = \"x\"\n[[step]]\ngranted = true",
            "expects an answer and asks nothing",
        ),
        (
            "about = \"x\"\n[[step]]\nask = {}\nrefused = \"no\"",
            "is not `STATUS CODE error: message`",
        ),
        (
            "about = \"x\"\n[[step]]\nask = { identity = \"${nobody}\" }\ngranted = true",
            "nothing is called \"nobody\"",
        ),
        (
            "about = \"x\"\n[[step]]\neach = [{ a = \"x\" }, {}]\nask = { identity = \"${a}\" }\ngranted = true",
            "step 1, row 2: nothing",
        ),
        (
            "[[step]]\nask = {}\ngranted = true",
            "missing field `about`",
        ),
        ("about = \"x\"", "missing field `step`"),
    ] {
        let problem = parse(text).unwrap_err();
        assert!(problem.contains(said), "{text}: {problem}");
    }
}

#[test]
fn needs_that_the_steps_show_need_not_be_named() {
    for (step, need) in [
        ("advance = 1\nask = {}\ngranted = true", Need::Clock),
        ("ask = {}\nrecord = {}", Need::Audit),
        ("ask = {}\nlog = [\"x\"]", Need::Log),
        ("ask = {}\ncalls = {}", Need::Fresh),
        (
            "store = \"garbled\"\nask = {}\ngranted = true",
            Need::Garble,
        ),
        ("store = \"failing\"\nask = {}\ngranted = true", Need::Moods),
    ] {
        let case = parse(&format!("about = \"x\"\n[[step]]\n{step}")).unwrap();
        assert_eq!(case.needs, Needs::from([need]), "{step}");
    }
    let text = "about = \"x\"\nsettings = { A = \"b\" }\n[[step]]\nask = {}\ngranted = true";
    assert_eq!(parse(text).unwrap().needs, Needs::from([Need::Settings]));
}

/// Our host, but for one thing.
struct Odd {
    offers: Needs,
    absent: bool,
    leaks: &'static str,
}

struct Leaking(Box<dyn Running>, &'static str);

impl Host for Odd {
    fn name(&self) -> &str {
        "odd"
    }

    fn offers(&self) -> &Needs {
        &self.offers
    }

    fn start(&self, settings: BTreeMap<String, String>) -> Starting<'_> {
        Box::pin(async move {
            if self.absent {
                return Err(NoStart::Absent("it is not here".to_owned()));
            }
            let inner = our_host().start(settings).await?;
            Ok(Box::new(Leaking(inner, self.leaks)) as Box<dyn Running>)
        })
    }
}

impl Running for Leaking {
    fn authority(&self) -> String {
        self.0.authority()
    }

    fn log(&self) -> Vec<String> {
        let mut lines = self.0.log();
        lines.push(self.1.to_owned());
        lines
    }

    fn stop(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.0.stop()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_is_not_run_where_it_lacks_something_and_fails_where_it_leaks() {
    let usual =
        "about = \"x\"\n[[step]]\nask = { authorization = [\"Bearer x\"] }\nanswer.status = 400";
    let with = |key: &str| format!("{key}\n{usual}");
    let absent = Outcome::NotRun("it is not here".to_owned());
    for (case, absent_host, leaks, wanted) in [
        (usual.to_owned(), false, "", Outcome::Passed),
        (usual.to_owned(), true, "", absent),
        (
            with("needs = [\"garble\", \"tls\"]"),
            false,
            "",
            Outcome::NotRun("needs tls, garble".to_owned()),
        ),
        (
            with("lacks = [\"log\"]"),
            false,
            "",
            Outcome::NotRun("only for hosts without log".to_owned()),
        ),
        (
            usual.to_owned(),
            false,
            "token=ghs_0",
            Outcome::Failed("a secret leaked: token=ghs_0".to_owned()),
        ),
    ] {
        let host = Odd {
            offers: Needs::from([Need::Clock, Need::Log, Need::Ours]),
            absent: absent_host,
            leaks,
        };
        let case = parse(&case).unwrap();
        assert_eq!(run(&case, &host).await, wanted);
        let mut table = Table::new(std::slice::from_ref(&case));
        table.add(&[case], Arc::new(host), |_| ()).await;
        let text = table.text(false);
        let cell = match &wanted {
            Outcome::NotRun(reason) => format!("not run: {reason}"),
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed(_) => "FAILED".to_owned(),
        };
        assert!(text.contains(&cell), "{text}");
        assert_eq!(table.failed(), matches!(wanted, Outcome::Failed(_)));
        assert_eq!(table.json().get("ok"), Some(&(!table.failed()).into()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_somebody_else_started_runs_the_cases_that_need_nothing() {
    let rename = |number: usize, text: String| Elsewhere::rename(number, &text);
    let cases = load_all(folder(), rename).unwrap();
    let free = || "127.0.0.1:0".parse().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let service = Elsewhere::open(&url, (free(), free()), &cases, true)
        .await
        .unwrap();
    let settings = service.demands().into_iter().map(|line| {
        let (name, value) = line.split_once('=').unwrap();
        (name.to_owned(), value.to_owned())
    });
    let component = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../dist/octo_sts.wasm"
    ));
    let host = host_wasmtime::Host::builder(component.unwrap())
        .settings(Settings::from_vars(settings))
        .log(Box::new(Lines::default()))
        .audit(Box::new(Lines::default()))
        .build()
        .await
        .unwrap();
    assert_eq!(host.ready().await, Ok(()));
    tokio::spawn(async move { host.serve(listener, std::future::pending()).await });
    service.until_there().await.unwrap();
    let mut table = Table::new(&cases);
    table.add_elsewhere(&cases, &service, |_| ()).await;
    assert!(!table.failed(), "{}", table.text(false));
    assert!(table.passed() >= 10, "{}", table.text(false));
}
