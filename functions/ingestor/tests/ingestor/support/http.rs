//! A provider's HTTP server on loopback, with a provider's faults.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server does with a request.
#[derive(Clone)]
pub enum Reply {
    /// An answer.
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// Never an answer.
    Silence,
    /// Half an answer, then a reset.
    Reset { body: String },
}

impl Reply {
    pub fn with(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        Self::Answer {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body: body.into(),
        }
    }

    pub fn xml(body: impl Into<String>) -> Self {
        Self::with(200, "text/xml", body)
    }

    pub fn json(body: impl Into<String>) -> Self {
        Self::with(200, "application/json", body)
    }

    pub fn html(status: u16) -> Self {
        Self::with(
            status,
            "text/html; charset=utf-8",
            "<!DOCTYPE html><html><body>Down for maintenance</body></html>",
        )
    }

    /// The same, from a server whose clock shows `time`.
    pub fn dated(mut self, time: DateTime<Utc>) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push(("date", time.format("%a, %d %b %Y %H:%M:%S GMT").to_string()));
        }
        self
    }

    pub fn too_many(retry_after: &str) -> Self {
        Self::Answer {
            status: 429,
            headers: vec![("retry-after", retry_after.to_owned())],
            body: "slow down".to_owned(),
        }
    }
}

type Hook = Arc<dyn Fn() + Send + Sync>;

#[derive(Default)]
struct Scripts {
    replies: HashMap<String, VecDeque<Reply>>,
    hooks: HashMap<String, Hook>,
    requests: Vec<Received>,
}

/// A request that came.
#[derive(Debug, Clone)]
pub struct Received {
    pub path: String,
    pub query: String,
    /// Header lines in lower case.
    pub head: String,
}

pub struct Server {
    pub url: String,
    scripts: Arc<Mutex<Scripts>>,
}

impl Server {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let scripts = Arc::new(Mutex::new(Scripts::default()));
        let shared = Arc::clone(&scripts);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self { url, scripts }
    }

    /// What `path` answers, one reply after the other; the last one for ever.
    pub fn answer(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        self.scripts
            .lock()
            .unwrap()
            .replies
            .insert(path.to_owned(), replies.into_iter().collect());
    }

    /// What happens when a request for `path` has come, before it is answered.
    pub fn on_request(&self, path: &str, hook: impl Fn() + Send + Sync + 'static) {
        self.scripts
            .lock()
            .unwrap()
            .hooks
            .insert(path.to_owned(), Arc::new(hook));
    }

    pub fn requests(&self, path: &str) -> Vec<Received> {
        let scripts = self.scripts.lock().unwrap();
        scripts
            .requests
            .iter()
            .filter(|request| request.path == path)
            .cloned()
            .collect()
    }
}

async fn serve(mut stream: TcpStream, scripts: Arc<Mutex<Scripts>>) {
    while let Some(request) = read_request(&mut stream).await {
        let (hook, reply) = {
            let mut scripts = scripts.lock().unwrap();
            let queue = scripts.replies.get_mut(&request.path);
            let reply = queue.and_then(|queue| {
                if queue.len() > 1 {
                    queue.pop_front()
                } else {
                    queue.front().cloned()
                }
            });
            let hook = scripts.hooks.get(&request.path).cloned();
            scripts.requests.push(request);
            (hook, reply)
        };
        if let Some(hook) = hook {
            hook();
        }
        match reply.unwrap_or_else(|| Reply::with(404, "text/plain", "no such page")) {
            Reply::Answer { status, headers, body } => {
                let lines: String = headers
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}\r\n"))
                    .collect();
                let head = format!(
                    "HTTP/1.1 {status} Answer\r\n{lines}content-length: {}\r\n\r\n",
                    body.len()
                );
                if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
                    return;
                }
            }
            Reply::Silence => {
                // Until the client hangs up.
                let mut nothing = [0; 1];
                assert!(
                    matches!(stream.read(&mut nothing).await, Ok(0) | Err(_)),
                    "a client sent more without an answer"
                );
                return;
            }
            Reply::Reset { body } => {
                let head = format!(
                    "HTTP/1.1 200 Answer\r\ncontent-type: text/xml\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                stream
                    .write_all(format!("{head}{}", &body[..body.len() / 2]).as_bytes())
                    .await
                    .unwrap();
                stream.flush().await.unwrap();
                stream.set_zero_linger().unwrap();
                return;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<Received> {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte).await {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let target = head.split(' ').nth(1).unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Some(Received {
        path: path.to_owned(),
        query: query.to_owned(),
        head: head.to_lowercase(),
    })
}
