//! Dead letters on a real queue: listing changes nothing, filters, parts, what is no dead letter, and purging. What functions do with replays: `replay.rs`.

use std::collections::BTreeMap;
use std::time::Duration;

use aws_sdk_sqs::types::QueueAttributeName;
use operations::redrive::dead_letters::DeadLetterAdmin;
use serde_json::{Value, json};
use shared::batch::handle;
use shared::dead_letter::{DeadLetterRequest, DeadLetters};
use shared::event::{ExchangeRateUpdated, NewDataReceived, Payload};
use tests::{RawRecord, Services, kafka_event, server};

/// What answers over the services' queue, on a Kafka at `kafka`.
fn admin(services: &Services, kafka: &str) -> DeadLetterAdmin {
    let mut environment = services.environment.clone();
    environment.insert("KAFKA_BOOTSTRAP_SERVERS".to_owned(), kafka.to_owned());
    DeadLetterAdmin::read(&|name: &str| environment.get(name).cloned()).unwrap()
}

async fn ask(admin: &DeadLetterAdmin, request: Value) -> Result<Value, String> {
    let request = DeadLetterRequest::parse(&request.to_string()).map_err(|error| error.to_string())?;
    let answer = admin.answer(&request, Duration::from_secs(60)).await;
    answer
        .map(|report| serde_json::to_value(report).unwrap())
        .map_err(|error| error.to_string())
}

/// Has `function` refuse records of these values; their offsets begin at 100.
async fn refuse<P: Payload>(services: &Services, function: &str, records: &[RawRecord<'_>]) {
    let mut environment = services.environment.clone();
    environment.insert("AWS_LAMBDA_FUNCTION_NAME".to_owned(), function.to_owned());
    let dead_letters = DeadLetters::read(&|name: &str| environment.get(name).cloned()).unwrap();
    let apply = async |_: &[P]| Ok(());
    handle(&kafka_event(P::TOPIC.name(), records), &dead_letters, &apply)
        .await
        .unwrap();
}

async fn send(services: &Services, body: &str) {
    let request = services.sqs.send_message().queue_url(&services.queue_url);
    request.message_body(body).send().await.unwrap();
}

/// Visible and hidden messages.
async fn counts(services: &Services) -> (u64, u64) {
    let request = services.sqs.get_queue_attributes().queue_url(&services.queue_url);
    let answer = request.attribute_names(QueueAttributeName::All).send().await.unwrap();
    let count = |name| answer.attributes().unwrap()[&name].parse().unwrap();
    (
        count(QueueAttributeName::ApproximateNumberOfMessages),
        count(QueueAttributeName::ApproximateNumberOfMessagesNotVisible),
    )
}

#[tokio::test]
async fn a_listing_changes_nothing_filters_and_tells_what_is_hidden() {
    let services = Services::start().await;
    let admin = admin(&services, &server("HWANYUL_TEST_KAFKA"));
    let bad: Vec<RawRecord<'_>> = (0..20).map(|_| RawRecord::Value(b"{")).collect();
    refuse::<ExchangeRateUpdated>(&services, "history-exchange-rate-updated", &bad).await;
    refuse::<NewDataReceived>(
        &services,
        "currency-new-data-received",
        &[RawRecord::Value(b"{}"), RawRecord::Value(b"[")],
    )
    .await;
    // A record that comes again, because the answer to SQS was lost, say, stays one dead letter.
    refuse::<NewDataReceived>(&services, "currency-new-data-received", &[RawRecord::Value(b"{}")]).await;
    assert_eq!(counts(&services).await, (23, 0));

    let all = ask(&admin, json!({"action": "list"})).await.unwrap();
    assert_eq!(
        (&all["matched"], &all["left_out"], &all["hidden"]),
        (&json!(22), &json!(0), &json!(0))
    );
    assert_eq!(
        all["counts"],
        json!({
            "function": {"history-exchange-rate-updated": 20, "currency-new-data-received": 2},
            "topic": {"exchange_rate_updated": 20, "new_data_received": 2},
            "error_code": {"NOT_JSON": 21, "INVALID_PAYLOAD": 1},
        })
    );
    let refused: Vec<&str> = all["letters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|dead_letter| dead_letter["refused_at"].as_str().unwrap())
        .collect();
    assert!(refused.is_sorted_by(|newer, older| newer >= older), "{refused:?}");
    assert!(!all.to_string().contains("payload\""), "a listing holds no payload");
    assert_eq!(counts(&services).await, (23, 0), "the listing left the queue as it was");

    for (filter, expected) in [
        (json!({"function": "currency-new-data-received"}), 2),
        (json!({"topic": "exchange_rate_updated", "offset": 107}), 1),
        (json!({"offset": 100}), 2),
        (json!({"partition": 1}), 0),
        (json!({"error_code": "INVALID_PAYLOAD"}), 1),
        (json!({"since": refused[0]}), 2),
        (json!({"until": refused[0]}), 22),
        (json!({"until": "2020-01-01T00:00:00Z"}), 0),
        (json!({"id": all["letters"][5]["id"]}), 1),
    ] {
        let mut request = filter.clone();
        request["action"] = json!("list");
        let listed = ask(&admin, request).await.unwrap();
        assert_eq!(listed["matched"], expected, "{filter}");
    }
    let newest = ask(&admin, json!({"action": "list", "limit": 3})).await.unwrap();
    assert_eq!(
        (newest["letters"].as_array().unwrap().len(), &newest["left_out"]),
        (3, &json!(19))
    );

    // Somebody else looks at some of them.
    let request = services.sqs.receive_message().queue_url(&services.queue_url);
    let taken = request
        .max_number_of_messages(10)
        .visibility_timeout(600)
        .send()
        .await
        .unwrap();
    let taken = u64::try_from(taken.messages().len()).unwrap();
    let listed = ask(&admin, json!({"action": "list"})).await.unwrap();
    assert_eq!(listed["hidden"], taken);
    assert!(listed["matched"].as_u64().unwrap() <= 22 - taken + 1, "{listed}");
    let unknown = ask(&admin, json!({"action": "show", "id": "no-such-letter"}))
        .await
        .unwrap_err();
    assert!(
        unknown.contains(&format!("no-such-letter; {taken} messages")),
        "{unknown}"
    );
    // A request that fails leaves the queue as it was, too.
    assert_eq!(counts(&services).await, (23 - taken, taken));
}

#[tokio::test]
async fn a_letter_in_parts_is_one_letter_and_shown_whole() {
    let services = Services::start().await;
    let admin = admin(&services, &server("HWANYUL_TEST_KAFKA"));
    // Digits that JSON readers tend to change, in 3.9 MB of text: what an event of 6 MB can bring.
    let text = format!("{{\"rate\": {}}}", "1335.266738274257070".repeat(195_000));
    let header = format!("[{}]", vec!["200"; 3_000].join(","));
    let headers = format!(
        "[{}]",
        (0..100)
            .map(|place| format!("{{\"h{place}\":{header}}}"))
            .collect::<Vec<_>>()
            .join(",")
    );
    let records = [RawRecord::WithHeaders(text.as_bytes(), &headers)];
    refuse::<ExchangeRateUpdated>(&services, "f", &records).await;
    // And one that no answer of Lambda holds.
    let noise: Vec<u8> = (0..5_000_000_u32)
        .map(|place| (place.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    refuse::<NewDataReceived>(&services, "f", &[RawRecord::Value(&noise)]).await;
    let (messages, _) = counts(&services).await;

    let listed = ask(&admin, json!({"action": "list"})).await.unwrap();
    assert_eq!(listed["matched"], 2);
    let of = |topic: &str| {
        listed["letters"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["topic"] == topic)
            .unwrap()
            .clone()
    };
    let (large, larger) = (of("exchange_rate_updated"), of("new_data_received"));
    assert_eq!(large["payload_bytes"], text.len());
    assert_eq!(
        large["parts"].as_u64().unwrap() + larger["parts"].as_u64().unwrap(),
        messages
    );
    assert_eq!(large.get("parts_missing"), None);

    let shown = ask(&admin, json!({"action": "show", "id": large["id"]})).await.unwrap();
    let record = &shown["records"][0];
    assert!(record["payload"]["text"] == text.as_str(), "the payload differs");
    assert_eq!(record["headers"].as_array().unwrap().len(), 100);
    let last = base64_simd::STANDARD.decode_to_vec(record["headers"][99][1]["base64"].as_str().unwrap());
    assert_eq!(
        (&record["headers"][99][0], last.unwrap()),
        (&json!("h99"), vec![200; 3_000])
    );
    assert_eq!(record["key"]["text"], "USD");
    let shown = ask(&admin, json!({"action": "show", "id": larger["id"]}))
        .await
        .unwrap();
    assert!(
        shown["not_shown"][0]
            .as_str()
            .unwrap()
            .contains("the queue holds it whole"),
        "{shown}"
    );

    // One part of the first dead letter is not to be seen: the list says so, and nothing is sent or shown in its place.
    let id = large["id"].as_str().unwrap();
    let hidden = 'found: loop {
        let request = services
            .sqs
            .receive_message()
            .queue_url(&services.queue_url)
            .visibility_timeout(600);
        for message in request.send().await.unwrap().messages() {
            let part: Value = serde_json::from_str(message.body().unwrap()).unwrap();
            if part["id"] == id {
                break 'found part["part"].clone();
            }
        }
    };
    let listed = ask(&admin, json!({"action": "list", "id": id})).await.unwrap();
    assert_eq!(listed["letters"][0]["parts_missing"], json!([hidden]));
    let missing = format!("parts [{hidden}] of {} are missing", large["parts"]);
    let shown = ask(&admin, json!({"action": "show", "id": id})).await.unwrap();
    assert_eq!(shown["not_shown"], json!([missing]));
    let replayed = ask(&admin, json!({"action": "replay", "id": id})).await.unwrap();
    assert_eq!(
        (&replayed["failed"], &replayed["letters"][0]["why"]),
        (&json!(1), &json!(missing))
    );

    // Purging one removes all of its messages and no others.
    let visible = counts(&services).await.0;
    let dry = ask(&admin, json!({"action": "purge", "id": larger["id"], "dry_run": true}))
        .await
        .unwrap();
    assert_eq!((&dry["matched"], &dry["deleted"]), (&json!(1), &json!(0)));
    assert_eq!(counts(&services).await.0, visible);
    let purged = ask(&admin, json!({"action": "purge", "topic": "new_data_received"}))
        .await
        .unwrap();
    assert_eq!(purged["deleted"], 1);
    assert_eq!(counts(&services).await.0, visible - larger["parts"].as_u64().unwrap());
    assert!(
        ask(&admin, json!({"action": "purge"}))
            .await
            .unwrap_err()
            .contains("purge needs a filter")
    );
}

#[tokio::test]
async fn what_is_no_letter_is_listed_with_a_reason_and_can_be_purged() {
    let services = Services::start().await;
    // Nobody listens there: what is in Kafka cannot be shown, and nothing else depends on it.
    let admin = admin(&services, "127.0.0.1:1");
    refuse::<ExchangeRateUpdated>(&services, "f", &[RawRecord::Value(b"{")]).await;
    // Read and left visible.
    let request = services
        .sqs
        .receive_message()
        .queue_url(&services.queue_url)
        .visibility_timeout(0);
    let dead_letter = request.send().await.unwrap().messages()[0].body().unwrap().to_owned();
    let foreign = BTreeMap::from([
        ("not JSON", "neither a dead letter nor an on-failure record of Lambda"),
        ("[]", "neither a dead letter nor an on-failure record of Lambda"),
        (
            r#"{"backup_message":"{}","reason":"topic x is unknown"}"#,
            "a message of the backup queue: topic x is unknown",
        ),
        (
            r#"{"KafkaBatchInfo":{}}"#,
            "an on-failure record of Lambda that cannot be read: KafkaBatchInfo has neither",
        ),
    ]);
    for body in foreign.keys() {
        send(&services, body).await;
    }
    send(&services, &dead_letter.replace("\"version\":1", "\"version\":7")).await;
    send(&services, &dead_letter.replace("NOT_JSON", "NO_SUCH_CODE")).await;
    let on_failure = json!({"requestContext": {"condition": "SomethingNew", "functionArn": "arn:aws:lambda:us-east-1:0:function:f"},
        "responseContext": null, "KafkaBatchInfo": {"recordsInfo": {"a-topic-0": {"firstRecordOffset": 1, "lastRecordOffset": 3}}}});
    send(&services, &on_failure.to_string()).await;

    let listed = ask(&admin, json!({"action": "list"})).await.unwrap();
    assert_eq!(listed["matched"], 8);
    let rows = listed["letters"].as_array().unwrap();
    let find = |reason: &str| {
        rows.iter()
            .find(|row| row["reason"].as_str().unwrap().starts_with(reason))
            .unwrap()
    };
    for (body, reason) in &foreign {
        assert_eq!(find(reason)["kind"], "unreadable", "{body}");
    }
    find("a dead letter of version 7; known is 1");
    find("a dead letter that cannot be read: unknown variant `NO_SUCH_CODE`");
    let batch = find("Lambda gave up a batch of 3 offsets");
    assert_eq!(
        (&batch["kind"], &batch["error_code"], &batch["function"]),
        (&json!("on_failure"), &json!("SomethingNew"), &json!("f"))
    );

    let backup = find("a message of the backup queue");
    let shown = ask(&admin, json!({"action": "show", "id": backup["id"]}))
        .await
        .unwrap();
    assert_eq!(
        shown["body"],
        r#"{"backup_message":"{}","reason":"topic x is unknown"}"#
    );
    let shown = ask(&admin, json!({"action": "show", "id": batch["id"]})).await.unwrap();
    assert!(
        shown["not_shown"][0]
            .as_str()
            .unwrap()
            .contains("cannot connect to Kafka at 127.0.0.1:1"),
        "{shown}"
    );
    let replayed = ask(&admin, json!({"action": "replay", "id": backup["id"]}))
        .await
        .unwrap();
    assert_eq!((&replayed["failed"], &replayed["replayed"]), (&json!(1), &json!(0)));
    let replayed = ask(&admin, json!({"action": "replay", "to": "topic", "id": batch["id"]}))
        .await
        .unwrap();
    assert!(
        replayed["letters"][0]["why"]
            .as_str()
            .unwrap()
            .contains("topic \"a-topic\" is not one of new_data_received"),
        "{replayed}"
    );
    assert_eq!(counts(&services).await, (8, 0));
    let purged = ask(&admin, json!({"action": "purge", "id": backup["id"]}))
        .await
        .unwrap();
    assert_eq!(purged["deleted"], 1);
    let purged = ask(&admin, json!({"action": "purge", "all": true})).await.unwrap();
    assert_eq!(purged["deleted"], 7);
    assert_eq!(counts(&services).await, (0, 0));
}
