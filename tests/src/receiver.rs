//! A receiver of traces: OTLP over HTTP, protobuf, as a collector takes it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use bytes::Bytes;
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{Span, status::StatusCode as Outcome};
use prost::Message as _;
use serde_json::{Value, json};

/// A span that was received.
#[derive(Debug, Clone)]
pub struct Received {
    /// Who sent it.
    pub resource: BTreeMap<String, Value>,
    /// Of which library.
    pub scope: String,
    /// Its attributes.
    pub attributes: BTreeMap<String, Value>,
    /// It.
    pub span: Span,
}

impl Received {
    /// The function's name.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn function(&self) -> &str {
        self.resource["service.name"].as_str().unwrap()
    }

    /// 32 hex digits.
    #[must_use]
    pub fn trace(&self) -> String {
        hex(&self.span.trace_id)
    }

    /// 16 hex digits.
    #[must_use]
    pub fn id(&self) -> String {
        hex(&self.span.span_id)
    }

    /// 16 hex digits, or none for a trace's first.
    #[must_use]
    pub fn parent(&self) -> String {
        hex(&self.span.parent_span_id)
    }

    /// Trace and span of each link.
    #[must_use]
    pub fn links(&self) -> Vec<(String, String)> {
        let links = self.span.links.iter();
        links.map(|link| (hex(&link.trace_id), hex(&link.span_id))).collect()
    }

    /// Whether it is of this kind.
    #[must_use]
    pub fn is(&self, kind: SpanKind) -> bool {
        self.span.kind == kind as i32
    }

    /// Whether it says that it failed.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        let status = self.span.status.as_ref();
        status.is_some_and(|status| status.code == Outcome::Error as i32)
    }
}

/// A receiver on a port of its own.
pub struct Receiver {
    url: String,
    spans: Arc<Mutex<Vec<Received>>>,
}

impl Receiver {
    /// A receiver that listens.
    ///
    /// # Panics
    /// When it cannot.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let spans = Arc::default();
        let router = Router::new()
            .route("/v1/traces", post(receive))
            .with_state(Arc::clone(&spans));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, spans }
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` has to be.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What was received until now.
    ///
    /// # Panics
    /// When receiving has panicked.
    #[must_use]
    pub fn spans(&self) -> Vec<Received> {
        self.spans.lock().unwrap().clone()
    }
}

/// Takes what is exactly as the protocol has it (OTLP 1.x, "OTLP/HTTP Request").
async fn receive(
    State(spans): State<Arc<Mutex<Vec<Received>>>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<([(header::HeaderName, &'static str); 1], Vec<u8>), StatusCode> {
    let protobuf = "application/x-protobuf";
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != protobuf) {
        return Err(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    let request = ExportTraceServiceRequest::decode(body).map_err(|_| StatusCode::BAD_REQUEST)?;
    for of_resource in request.resource_spans {
        let resource = attributes(&of_resource.resource.unwrap_or_default().attributes);
        for of_scope in of_resource.scope_spans {
            let scope = of_scope.scope.unwrap_or_default().name;
            let received = of_scope.spans.into_iter().map(|span| Received {
                resource: resource.clone(),
                scope: scope.clone(),
                attributes: attributes(&span.attributes),
                span,
            });
            spans.lock().unwrap().extend(received);
        }
    }
    let answer = ExportTraceServiceResponse::default().encode_to_vec();
    Ok(([(header::CONTENT_TYPE, protobuf)], answer))
}

fn attributes(pairs: &[KeyValue]) -> BTreeMap<String, Value> {
    let pair = |pair: &KeyValue| (pair.key.clone(), value(pair.value.as_ref()));
    pairs.iter().map(pair).collect()
}

fn value(value: Option<&AnyValue>) -> Value {
    match value.and_then(|value| value.value.as_ref()) {
        Some(Any::StringValue(text)) => json!(text),
        Some(Any::BoolValue(is)) => json!(is),
        Some(Any::IntValue(number)) => json!(number),
        Some(Any::DoubleValue(number)) => json!(number),
        other => panic!("no attribute of ours is {other:?}"),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
