//! A server that says what it is told to say, and remembers what it was asked.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// It answers one connection after another, each with the next answer.
pub(crate) struct Script {
    pub(crate) url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Script {
    pub(crate) fn new(answers: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
        let heard = Arc::clone(&asked);
        std::thread::spawn(move || {
            for answer in answers {
                let (stream, _) = listener.accept().unwrap();
                play(stream, &answer, &heard);
            }
        });
        Self { url, asked }
    }

    /// The heads of the requests so far. What a process asked is here before it has the answer.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    pub(crate) fn authority(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }
}

fn play(mut stream: TcpStream, answer: &str, heard: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read_exact(&mut byte).is_ok() {
        head.extend(byte);
    }
    heard.lock().unwrap().push(String::from_utf8(head).unwrap());
    // A client may have heard enough.
    let _ = stream.write_all(answer.as_bytes());
    if answer.is_empty() {
        // Says nothing until the other side gives up.
        let _ = stream.read(&mut byte);
    }
}

/// A port at which nobody may call.
pub(crate) struct Nobody(TcpListener);

impl Nobody {
    pub(crate) fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().unwrap())
    }

    /// A process that has ended has made its connections.
    #[track_caller]
    pub(crate) fn assert_not_called(&self) {
        self.0.set_nonblocking(true).unwrap();
        let called = self.0.accept();
        assert_eq!(called.unwrap_err().kind(), ErrorKind::WouldBlock);
    }
}

/// A whole answer.
pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> String {
    let lines = headers
        .iter()
        .map(|(name, value)| format!("{name}: {value}\r\n"));
    let lines: String = lines.collect();
    let length = body.len();
    format!(
        "HTTP/1.1 {status} S\r\nconnection: close\r\ncontent-length: {length}\r\n{lines}\r\n{body}"
    )
}
