//! Every target over its corpus, and over mutations of it that are the same on every run.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use fuzz::{Mutator, TARGETS};
use std::path::Path;

/// Mutations for each target: some seconds.
const ROUNDS: usize = 50_000;

fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(name);
    let entries = std::fs::read_dir(&folder).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts = files.iter().map(|file| std::fs::read(file).unwrap());
    texts.collect()
}

fn run(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).unwrap();
    let corpus = corpus(name);
    let accepted = corpus.iter().filter(|input| (target.run)(input)).count();
    // Inputs that are all refused at once would prove little.
    assert!(
        accepted * 4 > corpus.len(),
        "{accepted} of {}",
        corpus.len()
    );
    let mut mutator = Mutator::new(0x9e37_79b9_7f4a_7c15, &corpus, target.pieces);
    let mutated = (0..ROUNDS).filter(|_| (target.run)(&mutator.next_input()));
    let accepted = mutated.count();
    assert!(accepted * 100 > ROUNDS, "{accepted} of {ROUNDS}");
    println!(
        "{name}: {} inputs, {accepted} of {ROUNDS} mutations accepted",
        corpus.len()
    );
}

macro_rules! targets {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            run(stringify!($name));
        })*

        #[test]
        fn no_target_is_left_out() {
            let names: Vec<_> = TARGETS.iter().map(|target| target.name).collect();
            assert_eq!(names, [$(stringify!($name)),*]);
        }
    };
}

targets!(jws jwks discovery policy trusted_issuers guard_rails pattern);
