//! A Lambda function whose behaviour its event decides: the function under test in `tests/emulator`.
//!
//! A direct event is answered with itself, or does what its field `do` says. A Kafka event does what its records' values
//! say, an SQS event what its messages' bodies say, after a line about each invocation is added to the file `INVOCATION_LOG`.
//! A CloudFormation event is answered with the `Status` among its properties. A request of an HTTP API is answered with its
//! event, or does what its query string says.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Error> {
    if let Ok(how) = std::env::var("INIT") {
        eprintln!("told not to start: {how}");
        std::process::exit(3);
    }
    println!("started");
    lambda_runtime::run(service_fn(answer)).await
}

async fn answer(event: LambdaEvent<Box<RawValue>>) -> Result<Box<RawValue>, Error> {
    let control: Value = serde_json::from_str(event.payload.get())?;
    if control.get("RequestType").is_some() {
        return create(&control).await;
    }
    if let Some(records) = control.get("records").and_then(Value::as_object) {
        if let Some(path) = std::env::var_os("EVENT_FILE") {
            std::fs::write(path, event.payload.get())?;
        }
        return handle(records).await;
    }
    if let Some(messages) = control.get("Records").and_then(Value::as_array) {
        if let Some(path) = std::env::var_os("EVENT_FILE") {
            std::fs::write(path, event.payload.get())?;
        }
        return take(messages).await;
    }
    if control.get("requestContext").is_some() {
        return serve(&event.payload, &control["queryStringParameters"]).await;
    }
    match control.get("do").and_then(Value::as_str) {
        None => Ok(event.payload),
        Some("sleep") => {
            tokio::time::sleep(Duration::from_millis(control["ms"].as_u64().unwrap_or_default())).await;
            raw(&json!({ "pid": std::process::id() }))
        }
        Some("say") => {
            let (text, times) = (control["text"].as_str().unwrap_or_default(), control["times"].as_u64());
            for number in 0..times.unwrap_or(1) {
                println!("{text} {number}");
                eprintln!("{text} {number} as an error");
                tokio::time::sleep(Duration::from_millis(control["ms"].as_u64().unwrap_or_default())).await;
            }
            // A line without an end.
            print!("{text} ends");
            std::io::stdout().flush()?;
            if control["exits"] == true {
                std::process::exit(7);
            }
            raw(&json!({ "pid": std::process::id() }))
        }
        Some("exit") => std::process::exit(7),
        Some("fail") => Err("told to fail".into()),
        Some("large") => raw(&json!("x".repeat(7_000_000))),
        Some("text") => raw(&json!(42)),
        Some("environment") => raw(&json!(std::env::vars().collect::<BTreeMap<_, _>>())),
        Some("context") => raw(&json!({
            "deadline": event.context.deadline,
            "arn": event.context.invoked_function_arn,
            "request_id": event.context.request_id,
        })),
        Some(other) => Err(format!("cannot do {other}").into()),
    }
}

/// Queries: `do=fail`, `do=exit`, `do=large`, `do=sleep&ms=MS`; `do=answer&answer=JSON` gives the whole answer.
async fn serve(event: &RawValue, query: &Value) -> Result<Box<RawValue>, Error> {
    match query["do"].as_str() {
        None => raw(&json!({
            "statusCode": 200,
            "headers": { "Content-Type": "application/json", "X-Repeated": "one, two" },
            "cookies": ["a=1; Path=/", "b=2"],
            "body": event.get(),
        })),
        Some("answer") => Ok(RawValue::from_string(
            query["answer"].as_str().unwrap_or_default().to_owned(),
        )?),
        Some("sleep") => {
            tokio::time::sleep(Duration::from_millis(query["ms"].as_str().unwrap_or_default().parse()?)).await;
            raw(&json!({ "pid": std::process::id() }))
        }
        Some("exit") => std::process::exit(7),
        Some("large") => raw(&json!("x".repeat(7_000_000))),
        Some(_) => Err("told to fail".into()),
    }
}

/// What the function names in its answer when records fail.
#[derive(Clone, Copy, PartialEq)]
enum Names {
    /// The first and every later record of its partition: right under both readings.
    FirstAndLater,
    /// The first alone; it does nothing behind it.
    First,
    /// Each that failed; it does all others.
    Each,
}

/// Values: `fail:FILE`, `error:FILE`, `crash:FILE`, `hang:FILE`, `garbage:FILE` (an answer that is none) and `stranger:FILE` (an answer that names a
/// record of somebody else) do that as long as FILE does not exist; `sleep:MS` takes a while. A value that is a JSON object
/// may say the same in its field `do`.
async fn handle(records: &serde_json::Map<String, Value>) -> Result<Box<RawValue>, Error> {
    let names = match std::env::var("NAMES").as_deref() {
        Ok("first") => Names::First,
        Ok("each") => Names::Each,
        _ => Names::FirstAndLater,
    };
    let began = now();
    let mut seen = BTreeMap::new();
    let mut failures = Vec::new();
    let mut ending = None;
    for (partition, records) in records {
        let mut lines = Vec::new();
        let mut has_failed = false;
        for record in records.as_array().into_iter().flatten() {
            let value = value_of(record)?;
            let (action, argument) = value.split_once(':').unwrap_or((value.as_str(), ""));
            let is_open = !argument.is_empty() && !Path::new(argument).exists();
            let mut fails = false;
            match action {
                "fail" => fails = is_open,
                "error" | "crash" | "hang" | "garbage" | "stranger" if is_open => ending = Some(action.to_owned()),
                "sleep" => tokio::time::sleep(Duration::from_millis(argument.parse()?)).await,
                _ => {}
            }
            let is_named = match names {
                Names::FirstAndLater => fails || has_failed,
                Names::First => fails && !has_failed,
                Names::Each => fails,
            };
            has_failed |= fails;
            if is_named {
                failures.push(json!({ "itemIdentifier": { "partition": partition, "offset": record["offset"] } }));
            }
            if !fails && (names == Names::Each || !has_failed) {
                lines.push(json!(record["offset"]));
            }
        }
        seen.insert(partition.clone(), lines);
    }
    if let Some(path) = std::env::var_os("INVOCATION_LOG") {
        let sent = records.iter().map(|(partition, list)| {
            let offsets = list
                .as_array()
                .into_iter()
                .flatten()
                .map(|record| record["offset"].clone());
            (partition.clone(), offsets.collect::<Vec<_>>())
        });
        let line = json!({
            "done": if ending.is_some() { BTreeMap::new() } else { seen },
            "sent": sent.collect::<BTreeMap<_, _>>(),
            "began": began,
            "ended": now(),
        });
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        log.write_all(format!("{line}\n").as_bytes())?;
    }
    match ending.as_deref() {
        Some("crash") => std::process::exit(9),
        Some("hang") => std::future::pending().await,
        Some("garbage") => raw(&json!(["no partial batch response"])),
        Some("stranger") => {
            raw(&json!({ "batchItemFailures": [{ "itemIdentifier": { "partition": "other-0", "offset": 0 } }] }))
        }
        Some(_) => Err("told to fail".into()),
        None if failures.is_empty() => raw(&Value::Null),
        None => raw(&json!({ "batchItemFailures": failures })),
    }
}

/// Bodies as [`handle`]'s values, behind a label: `LABEL` or `LABEL fail:FILE`; `name:ID` names that message as failed, whichever it is. Of a group, all behind
/// a failed one fail.
async fn take(messages: &[Value]) -> Result<Box<RawValue>, Error> {
    let began = now();
    let (mut done, mut sent, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    let mut stopped = Vec::new();
    let mut ending = None;
    for message in messages {
        let body = message["body"].as_str().unwrap_or_default();
        let (label, action) = body.split_once(' ').unwrap_or((body, ""));
        let (action, argument) = action.split_once(':').unwrap_or((action, ""));
        let group = &message["attributes"]["MessageGroupId"];
        let is_open = !argument.is_empty() && !Path::new(argument).exists();
        sent.push(label);
        match action {
            "fail" if is_open => stopped.push(group),
            "name" => failures.push(json!({ "itemIdentifier": argument })),
            "error" | "crash" if is_open => ending = Some(action),
            "sleep" => tokio::time::sleep(Duration::from_millis(argument.parse()?)).await,
            _ => {}
        }
        if stopped.contains(&group) {
            failures.push(json!({ "itemIdentifier": message["messageId"] }));
        } else {
            done.push(label);
        }
    }
    if let Some(path) = std::env::var_os("INVOCATION_LOG") {
        let done = if ending.is_some() { Vec::new() } else { done };
        let line = json!({ "done": done, "sent": sent, "began": began, "ended": now() });
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        log.write_all(format!("{line}\n").as_bytes())?;
    }
    match ending {
        Some("crash") => std::process::exit(9),
        Some(_) => Err("told to fail".into()),
        None => raw(&json!({ "batchItemFailures": failures })),
    }
}

fn value_of(record: &Value) -> Result<String, Error> {
    let bytes = record["value"]
        .as_str()
        .map(|text| base64_simd::STANDARD.decode_to_vec(text))
        .transpose()?;
    let text = String::from_utf8(bytes.unwrap_or_default())?;
    let json = serde_json::from_str::<Value>(&text).ok();
    let action = json.and_then(|json| json["do"].as_str().map(str::to_owned));
    Ok(action.unwrap_or(text))
}

/// Microseconds since 1970.
fn now() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
}

async fn create(event: &Value) -> Result<Box<RawValue>, Error> {
    if let Some(path) = std::env::var_os("INVOCATION_LOG") {
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
        log.write_all(format!("{event}\n").as_bytes())?;
    }
    let status = event["ResourceProperties"]["Status"].as_str().unwrap_or("SUCCESS");
    if status == "THROW" {
        return Err("told to fail".into());
    }
    let answer = json!({ "Status": status, "Reason": "told so", "PhysicalResourceId": "one", "Data": {} });
    let url = event["ResponseURL"].as_str().ok_or("no ResponseURL")?;
    reqwest::Client::new()
        .put(url)
        .body(answer.to_string())
        .send()
        .await?
        .error_for_status()?;
    raw(&Value::Null)
}

fn raw(value: &Value) -> Result<Box<RawValue>, Error> {
    Ok(serde_json::value::to_raw_value(value)?)
}
