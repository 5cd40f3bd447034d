//! Traces, as a receiver gets them: one run is one trace from the ingestor to the handlers, a request is part of its caller's, and a receiver that is away
//! costs nothing but the traces.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use serde_json::{Value, json};
use tests::pipeline::Pipeline;
use tests::receiver::{Received, Receiver};
use tests::samples::event;
use tokio::net::TcpListener;

/// The topics of a run, and how many records each gets from the feed.
const TOPICS: [(&str, i64); 4] = [
    ("new_data_received", 1),
    ("exchange_rate_updated", 29),
    ("cache_invalidation", 1),
    ("data_processing_completed", 1),
];

/// The ids in the log lines of a function: trace by request.
fn traces_in_log(pipeline: &Pipeline, function: &str) -> BTreeMap<String, String> {
    let lines = pipeline.log(function).into_iter();
    let ids = lines.filter_map(|line| {
        let id = |name: &str| line["span"][name].as_str().map(str::to_owned);
        Some((id("request_id")?, id("trace_id")?))
    });
    ids.collect()
}

fn named<'a>(spans: &'a [Received], function: &str, name: &str) -> Vec<&'a Received> {
    let is_named = |span: &&Received| span.function() == function && span.span.name == name;
    spans.iter().filter(is_named).collect()
}

/// What holds for every span: who sent it, and that nothing is said which is nobody's business.
fn check(spans: &[Received], secrets: &[String]) {
    let ids: BTreeSet<String> = spans.iter().map(Received::id).collect();
    assert_eq!(ids.len(), spans.len(), "an id twice");
    for span in spans {
        assert_eq!(span.scope, "hwanyul");
        let resource = &span.resource;
        assert_eq!(resource["faas.name"], resource["service.name"]);
        assert_eq!(
            (
                &resource["cloud.provider"],
                &resource["cloud.platform"],
                &resource["cloud.region"]
            ),
            (&json!("aws"), &json!("aws_lambda"), &json!("us-east-1"))
        );
        assert_eq!(resource["service.namespace"], "hwanyul");
        assert_eq!(resource["faas.version"], "$LATEST");
        assert!(resource["faas.max_memory"].as_i64().unwrap() >= 128 << 20);
        assert!(!resource["faas.instance"].as_str().unwrap().is_empty());
        assert!(span.span.events.is_empty() && span.span.dropped_attributes_count == 0);
        assert!(span.span.start_time_unix_nano <= span.span.end_time_unix_nano);
        let text = format!("{:?}", span);
        // The rate of USD, and what is set as secret.
        assert!(!text.contains("1335.26673827425707"), "{text}");
        assert!(!secrets.iter().any(|secret| text.contains(secret)), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_one_trace_from_the_ingestor_to_the_handlers() {
    let receiver = Receiver::start().await;
    // Traces do not depend on how much is logged.
    let pipeline = Pipeline::start(&[("OtlpEndpoint", receiver.url()), ("LogLevel", "debug")]).await;
    // The schedule begins with a run, whose records must not be in one batch with those of the next.
    let scheduled = loop {
        let spans = receiver.spans();
        if let Some(run) = named(&spans, "ingestor", "ingestor").first() {
            break (*run).clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(scheduled.attributes["faas.trigger"], "timer");
    assert_eq!(scheduled.attributes["faas.coldstart"], true);
    pipeline.caught_up().await;
    let before = receiver.spans().len();
    let summary = pipeline.invoke("ingestor", json!({"force": true})).await.unwrap();
    assert_eq!(summary["events"]["exchange_rate_updated"], 29);
    pipeline.caught_up().await;
    let spans = receiver.spans();
    check(&spans, &pipeline.secrets);

    // The line that says what was sent leads to the trace.
    let lines = pipeline.log("ingestor");
    let line = lines
        .iter()
        .find(|line| line["correlation_id"] == summary["correlation_id"])
        .unwrap();
    let trace = line["span"]["trace_id"].as_str().unwrap();
    let (ours, others): (Vec<Received>, Vec<Received>) =
        spans[before..].iter().cloned().partition(|span| span.trace() == trace);
    assert!(others.is_empty(), "{others:?}");

    let [run] = named(&ours, "ingestor", "ingestor")[..] else {
        panic!("{ours:?}")
    };
    assert_eq!(run.parent(), "");
    assert!(run.is(SpanKind::Server) && !run.is_failed());
    assert_eq!(run.attributes["faas.trigger"], "other");
    assert_eq!(run.attributes["faas.invocation_id"], line["span"]["request_id"]);
    assert!(
        run.attributes["cloud.resource_id"]
            .as_str()
            .unwrap()
            .ends_with(":function:ingestor")
    );

    let asked = named(&ours, "ingestor", "GET");
    assert!(!asked.is_empty());
    for request in asked {
        assert!(request.is(SpanKind::Client) && request.parent() == run.id());
        assert_eq!(request.attributes["http.request.method"], "GET");
        assert_eq!(request.attributes["http.response.status_code"], 200);
        assert_eq!(request.attributes["server.address"], "127.0.0.1");
        assert_eq!(request.attributes["provider.key"], "ecb");
    }
    for (topic, count) in TOPICS {
        let [sent] = named(&ours, "ingestor", &format!("send {topic}"))[..] else {
            panic!("{topic}: {ours:?}")
        };
        assert!(sent.is(SpanKind::Producer) && sent.parent() == run.id() && !sent.is_failed());
        assert_eq!(sent.attributes["messaging.system"], "kafka");
        assert_eq!(sent.attributes["messaging.operation.type"], "send");
        assert_eq!(sent.attributes["messaging.destination.name"], topic);
        assert_eq!(sent.attributes["messaging.batch.message_count"], count);

        for service in ["currency", "history"] {
            let function = format!("{service}-{}", topic.replace('_', "-"));
            let batches = named(&ours, &function, &format!("process {topic}"));
            let handled: i64 = batches
                .iter()
                .map(|batch| batch.attributes["messaging.batch.message_count"].as_i64().unwrap())
                .sum();
            assert_eq!(handled, count, "{function}");
            let logged = traces_in_log(&pipeline, &function);
            for batch in batches {
                assert!(batch.is(SpanKind::Consumer) && !batch.is_failed());
                assert_eq!(batch.parent(), run.id());
                assert_eq!(batch.links(), [(run.trace(), run.id())]);
                assert_eq!(batch.attributes["messaging.system"], "kafka");
                assert_eq!(batch.attributes["messaging.operation.type"], "process");
                assert_eq!(batch.attributes["messaging.destination.name"], topic);
                assert_eq!(batch.attributes["faas.trigger"], "pubsub");
                let request = batch.attributes["faas.invocation_id"].as_str().unwrap();
                assert_eq!(logged[request], trace, "{function}");
                let asks = |system: &str| {
                    ours.iter().any(|span| {
                        span.parent() == batch.id()
                            && span.is(SpanKind::Client)
                            && span.attributes["db.system.name"] == system
                    })
                };
                assert!(asks("redis"), "{function}");
                assert_eq!(
                    asks("postgresql"),
                    service == "currency" || topic == "exchange_rate_updated",
                    "{function}"
                );
            }
        }
    }
    let ids: BTreeSet<String> = ours.iter().map(Received::id).collect();
    assert!(
        ours.iter()
            .all(|span| span.parent().is_empty() || ids.contains(&span.parent()))
    );

    what_fails_says_so(&pipeline, &receiver).await;
    a_batch_of_two_runs_is_linked_to_both(&pipeline, &receiver).await;
    a_request_is_part_of_its_callers_trace(&pipeline, &receiver).await;
    pipeline.stop().await;
}

async fn what_fails_says_so(pipeline: &Pipeline, receiver: &Receiver) {
    let before = receiver.spans().len();
    let failed = pipeline.invoke("ingestor", json!({"provider": "nobody"})).await;
    assert!(failed.is_err(), "{failed:?}");
    let spans = &receiver.spans()[before..];
    let [run] = spans else { panic!("{spans:?}") };
    assert!(run.is_failed());
    assert_eq!(run.attributes["error.type"], "Ingest.UnknownProvider");
}

async fn a_batch_of_two_runs_is_linked_to_both(pipeline: &Pipeline, receiver: &Receiver) {
    let mut batch: Value = serde_json::from_str(&event("currency-exchange-rate-updated")).unwrap();
    let records = batch["records"]["exchange_rate_updated-0"].as_array_mut().unwrap();
    let mut second = records[0].clone();
    let other = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let headers = second["headers"].as_array_mut().unwrap();
    headers.retain(|header| header.get("traceparent").is_none());
    headers.push(json!({"traceparent": other.as_bytes()}));
    second["offset"] = json!(records[0]["offset"].as_i64().unwrap() + 1);
    records.push(second);
    let before = receiver.spans().len();
    pipeline.invoke("currency-exchange-rate-updated", batch).await.unwrap();
    let spans = &receiver.spans()[before..];
    let [span] = named(spans, "currency-exchange-rate-updated", "process exchange_rate_updated")[..] else {
        panic!("{spans:?}")
    };
    assert_eq!(span.parent(), "");
    let links = ["0af7651916cd43dd8448eb211c80319c", "4bf92f3577b34da6a3ce929d0e0e4736"];
    assert_eq!(
        span.links().into_iter().map(|(trace, _)| trace).collect::<Vec<_>>(),
        links
    );
    assert!(!links.contains(&span.trace().as_str()));
}

async fn a_request_is_part_of_its_callers_trace(pipeline: &Pipeline, receiver: &Receiver) {
    let client = reqwest::Client::new();
    let get = async |path: &str, traceparent: Option<&str>| {
        let before = receiver.spans().len();
        let request = client.get(format!("{}{path}", pipeline.api));
        let request = match traceparent {
            Some(traceparent) => request.header("traceparent", traceparent),
            None => request,
        };
        let status = request.send().await.unwrap().status().as_u16();
        let spans = receiver.spans()[before..].to_vec();
        check(&spans, &pipeline.secrets);
        (status, spans)
    };
    let caller = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01";
    let (status, spans) = get("/api/v1/currencies/USD", Some(caller)).await;
    assert_eq!(status, 200);
    let [request] = named(&spans, "currency-api", "GET /api/v1/currencies/{code}")[..] else {
        panic!("{spans:?}")
    };
    assert!(request.is(SpanKind::Server) && !request.is_failed());
    assert_eq!(
        (request.trace().as_str(), request.parent().as_str()),
        ("0123456789abcdef0123456789abcdef", "0123456789abcdef")
    );
    assert_eq!(request.attributes["http.request.method"], "GET");
    assert_eq!(request.attributes["http.response.status_code"], 200);
    assert_eq!(request.attributes["url.path"], "/api/v1/currencies/USD");
    assert_eq!(request.attributes["faas.trigger"], "http");
    let logged = traces_in_log(pipeline, "currency-api");
    assert_eq!(
        logged[request.attributes["faas.invocation_id"].as_str().unwrap()],
        request.trace()
    );

    // Who says that a trace is not kept is heard.
    let unsampled = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00";
    assert_eq!(get("/api/v1/currencies/USD", Some(unsampled)).await.1.len(), 0);
    // One without a caller begins a trace, and so does one whose caller says nothing of use.
    for odd in [None, Some("00-0-0-01")] {
        let (status, spans) = get("/api/v1/history?target=USD&period=1w", odd).await;
        assert_eq!(status, 200);
        let [request] = named(&spans, "history-api", "GET /api/v1/history")[..] else {
            panic!("{spans:?}")
        };
        assert_eq!(request.parent(), "");
    }
    // What is asked wrongly is the asker's fault, and what is in the query is nobody's business.
    let (status, spans) = get("/api/v1/currencies/USD?unknown=question", None).await;
    assert_eq!(status, 400);
    let [refused] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!(
        (&refused.attributes["http.response.status_code"], refused.is_failed()),
        (&json!(400), false)
    );
    assert!(!format!("{refused:?}").contains("question"));
    let (status, spans) = get("/api/v1/nothing", None).await;
    assert_eq!(status, 404);
    let lost: Vec<&Received> = spans.iter().filter(|span| span.is(SpanKind::Server)).collect();
    let [lost] = lost[..] else { panic!("{spans:?}") };
    assert_eq!((lost.span.name.as_str(), lost.is_failed()), ("GET", false));
    assert_eq!(lost.attributes.get("http.route"), None);
}

/// A port that takes connections and never answers, and how many it has taken.
async fn silent(listener: TcpListener) -> Arc<AtomicUsize> {
    let taken = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&taken);
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            kept.push(connection);
        }
    });
    taken
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_never_answers_costs_each_instance_one_wait_and_no_invocation() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let taken = silent(listener).await;
    let pipeline = Pipeline::start(&[("OtlpEndpoint", &endpoint), ("LogLevel", "debug")]).await;
    for _ in 0..3 {
        let summary = pipeline.invoke("ingestor", json!({"force": true})).await.unwrap();
        assert_eq!(summary["events"]["exchange_rate_updated"], 29);
    }
    pipeline.caught_up().await;
    assert_eq!(pipeline.stores().await["currency.current_rate"].len(), 29);
    let (mut first, mut later, mut invocations) = (0, 0, 0);
    for function in pipeline.emulator.status().await.functions {
        let lines = pipeline.log(&function.name);
        let says = |text: &str| {
            let is_said = |line: &&Value| {
                line["message"]
                    .as_str()
                    .is_some_and(|message| message.starts_with(text))
            };
            lines.iter().filter(is_said).count()
        };
        first += says("Traces are not taken");
        later += says("Traces are still not taken");
        invocations += lines.iter().filter(|line| line.get("_aws").is_some()).count();
        let errors: Vec<&Value> = lines.iter().filter(|line| line["level"] == "ERROR").collect();
        assert!(errors.is_empty(), "{errors:?}");
    }
    // Each instance has asked once and leaves the receiver alone for a minute; on a slow machine the minute may pass.
    assert!(
        first > 0 && first + later < invocations,
        "{first} and {later} of {invocations}"
    );
    assert_eq!(taken.load(Ordering::SeqCst), first + later);
    pipeline.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_variable_nobody_is_asked_and_nothing_is_traced() {
    // Where an exporter would go that is told nothing (OpenTelemetry, "OTLP Exporter Configuration").
    let mut tries = 0;
    let listener = loop {
        match TcpListener::bind("127.0.0.1:4318").await {
            Ok(listener) => break listener,
            // Another run of this test has it.
            Err(error) => {
                tries += 1;
                assert!(tries < 600, "{error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    };
    let taken = silent(listener).await;
    let pipeline = Pipeline::start(&[]).await;
    pipeline.invoke("ingestor", json!({"force": true})).await.unwrap();
    pipeline.caught_up().await;
    for function in [
        "ingestor",
        "currency-exchange-rate-updated",
        "history-new-data-received",
    ] {
        assert!(!pipeline.log(function).is_empty());
        assert!(traces_in_log(&pipeline, function).is_empty(), "{function}");
    }
    assert_eq!(taken.load(Ordering::SeqCst), 0);
    pipeline.stop().await;
}
