//! The log lines that people look for, with one correlation id.

use ingestor::Request;
use serde_json::Value;

use crate::support::http::Reply;
use crate::support::{ECB, Stack, logs, now};

#[tokio::test]
async fn a_run_logs_each_kind_of_event_once_at_info_and_each_failure_with_its_reason() {
    let stack = Stack::start().await;
    stack.http.answer(ECB, [Reply::html(200)]);
    let summary = stack.ingestor(&[]).run(Request::default(), now()).await.unwrap();

    let id = summary.correlation_id.to_string();
    let lines = logs::lines_with(&id);
    let find = |level: &str, message: &str| -> Vec<&Value> {
        lines
            .iter()
            .filter(|line| line["level"] == level && line["message"] == message)
            .collect()
    };
    for (message, count) in [
        ("New data received event sent", 1),
        ("Exchange rate updated event sent", 22),
        ("Cache invalidation event sent", 1),
        ("Data processing completed event sent", 1),
    ] {
        let [line] = find("INFO", message)[..] else {
            panic!("{message}: {lines:?}")
        };
        assert_eq!(
            (&line["count"], &line["correlation_id"]),
            (&count.into(), &id.clone().into())
        );
        assert_eq!(find("DEBUG", message).len(), usize::try_from(count).unwrap());
    }
    let [failed] = find("WARN", "Provider ecb failed")[..] else {
        panic!("{lines:?}")
    };
    assert_eq!(failed["provider.key"], "ecb");
    assert!(failed["error"].as_str().unwrap().contains("expected XML, got HTML"));
    assert_eq!(logs::lines_with("secret-key"), [] as [Value; 0], "a key was logged");
}
