//! `docs/asyncapi.yaml`, made from the payload types, so that it cannot say anything else than they do.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};
use shared::event::{CacheInvalidation, DataProcessingCompleted, ExchangeRateUpdated, NewDataReceived, Topic, header};

/// What the topic's key is, in words.
fn key(topic: Topic) -> &'static str {
    match topic {
        Topic::ExchangeRateUpdated => "currency_code: the events of one currency keep their order",
        Topic::NewDataReceived | Topic::DataProcessingCompleted | Topic::CacheInvalidation => {
            "source: the provider's key, `ecb`"
        }
    }
}

fn summary(topic: Topic) -> &'static str {
    match topic {
        Topic::NewDataReceived => "A provider answered; a run begins.",
        Topic::ExchangeRateUpdated => "The rate of one currency as its source set it.",
        Topic::DataProcessingCompleted => "A run is over: every earlier event of it is acknowledged.",
        Topic::CacheInvalidation => "Caches of the named currencies are out of date.",
    }
}

/// `#/$defs/Rate` becomes `#/components/schemas/Rate`.
fn schema<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().to_value()
}

fn headers() -> Value {
    let text = |description: &str| json!({"type": "string", "description": description});
    json!({
        "type": "object",
        "description": "CloudEvents 1.0, Kafka protocol binding, binary mode; a correlation id and W3C Trace Context.",
        "required": [header::CE_ID, header::CE_TYPE, header::CE_SOURCE, header::CE_SPECVERSION, header::CONTENT_TYPE, header::CORRELATION_ID],
        "properties": {
            header::CE_ID: text("Unique per event."),
            header::CE_TYPE: text("`hwanyul.` and the topic's name."),
            header::CE_SOURCE: text("Who published it, such as /hwanyul/ingestor."),
            header::CE_SPECVERSION: text("1.0"),
            header::CE_TIME: text("When it was made, RFC 3339."),
            header::CONTENT_TYPE: text("application/json"),
            header::CORRELATION_ID: text("One per ingest run."),
            header::TRACEPARENT: text("W3C Trace Context, version 00."),
        },
    })
}

/// The document.
///
/// # Panics
/// When a payload's schema is not one.
#[must_use]
pub fn document() -> String {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let payloads = [
        (Topic::NewDataReceived, schema::<NewDataReceived>(&mut generator)),
        (
            Topic::ExchangeRateUpdated,
            schema::<ExchangeRateUpdated>(&mut generator),
        ),
        (Topic::CacheInvalidation, schema::<CacheInvalidation>(&mut generator)),
        (
            Topic::DataProcessingCompleted,
            schema::<DataProcessingCompleted>(&mut generator),
        ),
    ];
    let (mut channels, mut operations, mut messages) = (Map::new(), Map::new(), Map::new());
    for (topic, payload) in payloads {
        let name = topic.name();
        channels.insert(
            name.to_owned(),
            json!({
                "address": name,
                "messages": {name: {"$ref": format!("#/components/messages/{name}")}},
                "bindings": {"kafka": {"topic": name, "partitions": topic.partitions(), "bindingVersion": "0.5.0"}},
            }),
        );
        for (verb, action) in [("publish", "send"), ("apply", "receive")] {
            let summary = if action == "send" {
                "Published by the ingestor."
            } else {
                "Received by Currency and by History, each in its own group."
            };
            operations.insert(
                format!("{verb}_{name}"),
                json!({"action": action, "channel": {"$ref": format!("#/channels/{name}")}, "summary": summary}),
            );
        }
        messages.insert(
            name.to_owned(),
            json!({
                "name": name, "summary": summary(topic), "contentType": "application/json", "payload": payload,
                "headers": {"$ref": "#/components/schemas/Headers"},
                "correlationId": {"location": format!("$message.header#/{}", header::CORRELATION_ID)},
                "bindings": {"kafka": {"key": {"type": "string", "description": key(topic)}, "bindingVersion": "0.5.0"}},
            }),
        );
    }
    let mut schemas = generator.take_definitions(true);
    schemas.insert("Headers".to_owned(), headers());
    let document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Hwanyul (환율)", "version": env!("CARGO_PKG_VERSION"),
            "description": "The four Kafka topics between the ingestor and the services. Made from the payload types; ./tests/run says how to make it again.",
        },
        "defaultContentType": "application/json",
        "channels": channels, "operations": operations, "components": {"messages": messages, "schemas": schemas},
    });
    serde_yaml_ng::to_string(&document).unwrap()
}
