//! The log lines that people look for, with one correlation id.

use std::io;
use std::sync::{Arc, Mutex};

use ingestor::Request;
use serde_json::Value;
use tracing_subscriber::fmt::MakeWriter;

use crate::support::http::Reply;
use crate::support::{ECB, Stack, now};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn a_run_logs_each_kind_of_event_once_at_info_and_each_failure_with_its_reason() {
    let lines = Lines::default();
    let filter = tracing_subscriber::EnvFilter::new("ingestor=debug");
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .with_writer(lines.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let stack = Stack::start().await;
    stack.http.answer(ECB, [Reply::html(200)]);
    let summary = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();

    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let find = |level: &str, message: &str| -> Vec<&Value> {
        lines
            .iter()
            .filter(|line| line["level"] == level && line["message"] == message)
            .collect()
    };
    let id = summary.correlation_id.to_string();
    for (message, count) in [
        ("New data received event sent", 1),
        ("Exchange rate updated event sent", 22),
        ("Cache invalidation event sent", 1),
        ("Data processing completed event sent", 1),
    ] {
        let [line] = find("INFO", message)[..] else {
            panic!("{message}: {text}")
        };
        assert_eq!(
            (&line["count"], &line["correlation_id"]),
            (&count.into(), &id.clone().into())
        );
        assert_eq!(find("DEBUG", message).len(), usize::try_from(count).unwrap());
    }
    let [failed] = find("WARN", "Provider ecb failed")[..] else {
        panic!("{text}")
    };
    assert_eq!(
        (&failed["correlation_id"], &failed["provider.key"]),
        (&id.into(), &"ecb".into())
    );
    assert!(failed["error"].as_str().unwrap().contains("expected XML, got HTML"));
    assert!(!text.contains("secret-key"), "a key was logged");
}
