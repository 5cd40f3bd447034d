//! The Lambda Runtime API, one listener for each function instance.
//!
//! Source: "Using the Lambda runtime API", AWS Lambda developer guide. Payloads are opaque bytes here: a rate that passes
//! keeps its digits.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::{Mutex as AsyncMutex, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use super::{PAYLOAD_LIMIT, lock};

/// What one invocation ended with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Answer {
    /// The function's answer.
    Response(Bytes),
    /// The function's error, as JSON.
    Error(Bytes),
}

/// How far the function's start has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Init {
    /// It has not asked for an event yet.
    Starting,
    /// It has asked for its first event.
    Ready,
    /// It has reported that it cannot start, with this JSON.
    Failed(Bytes),
}

/// One event on its way to the function.
pub(super) struct Work {
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    pub(super) deadline_ms: i64,
    pub(super) function_arn: HeaderValue,
    pub(super) trace_id: String,
    /// Gets the answer.
    pub(super) reply: oneshot::Sender<Answer>,
}

/// A served Runtime API. Dropping it closes the listener.
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    pub(super) work: mpsc::Sender<Work>,
    pub(super) init: watch::Receiver<Init>,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    work: AsyncMutex<mpsc::Receiver<Work>>,
    /// The invocation that the function has taken and not answered.
    current: Mutex<Option<(String, oneshot::Sender<Answer>)>>,
    init: watch::Sender<Init>,
}

impl RuntimeApi {
    /// Listens on a free loopback port.
    pub(super) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        // Without this, the last part of a large event waits for the function's delayed acknowledgement.
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(error = &error as &dyn std::error::Error, "Could not set TCP_NODELAY");
            }
        });
        let (work, receiver) = mpsc::channel(1);
        let (init_sender, init) = watch::channel(Init::Starting);
        let shared = Arc::new(Shared {
            work: AsyncMutex::new(receiver),
            current: Mutex::new(None),
            init: init_sender,
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "A runtime API stopped serving"
                );
            }
        });
        Ok(Self {
            address,
            work,
            init,
            shared,
            server,
        })
    }

    /// Whether the function has taken an event that it has not answered.
    pub(super) fn has_taken_work(&self) -> bool {
        lock(&self.shared.current).is_some()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.init.send_if_modified(|init| {
        let is_first = *init == Init::Starting;
        if is_first {
            *init = Init::Ready;
        }
        is_first
    });
    let Some(work) = shared.work.lock().await.recv().await else {
        return refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "ShuttingDown",
            "no more events for this instance",
        );
    };
    let mut response = Response::new(Body::from(work.payload));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("lambda-runtime-deadline-ms", HeaderValue::from(work.deadline_ms));
    headers.insert("lambda-runtime-invoked-function-arn", work.function_arn);
    for (name, value) in [
        ("lambda-runtime-aws-request-id", &work.request_id),
        ("lambda-runtime-trace-id", &work.trace_id),
    ] {
        match HeaderValue::from_str(value) {
            Ok(value) => headers.insert(name, value),
            Err(_) => return refuse(StatusCode::INTERNAL_SERVER_ERROR, "InvalidHeader", name),
        };
    }
    *lock(&shared.current) = Some((work.request_id, work.reply));
    response
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Body) -> Response {
    match to_bytes(body, PAYLOAD_LIMIT).await {
        Ok(body) => answer(&shared, &id, Answer::Response(body)),
        Err(_) => {
            let message =
                format!("Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes).");
            let error = error_json("Function.ResponseSizeTooLarge", &message);
            let accepted = answer(&shared, &id, Answer::Error(error));
            if accepted.status() == StatusCode::ACCEPTED {
                refuse(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
            } else {
                accepted
            }
        }
    }
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let body = error_body(&headers, body).await;
    answer(&shared, &id, Answer::Error(body))
}

async fn init_error(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Body) -> Response {
    let body = error_body(&headers, body).await;
    shared.init.send_replace(Init::Failed(body));
    accepted()
}

/// The error as the function sent it, or one made of its type header when it sent no body.
async fn error_body(headers: &HeaderMap, body: Body) -> Bytes {
    let kind = headers
        .get("lambda-runtime-function-error-type")
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or("Unhandled");
    match to_bytes(body, PAYLOAD_LIMIT).await {
        Ok(body) if !body.is_empty() => body,
        Ok(_) => error_json(kind, "the function gave no message"),
        Err(_) => error_json(kind, "the function's error was larger than an answer may be"),
    }
}

fn answer(shared: &Shared, id: &str, answer: Answer) -> Response {
    let taken = {
        let mut current = lock(&shared.current);
        if current.as_ref().is_some_and(|(current, _)| current == id) {
            current.take()
        } else {
            None
        }
    };
    match taken {
        Some((_, reply)) => {
            if reply.send(answer).is_err() {
                tracing::debug!(invocation.id = id, "An answer came after its invocation had ended");
            }
            accepted()
        }
        None => refuse(
            StatusCode::BAD_REQUEST,
            "InvalidRequestID",
            "no such invocation is under way",
        ),
    }
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, axum::Json(serde_json::json!({ "status": "OK" }))).into_response()
}

fn refuse(status: StatusCode, kind: &str, message: &str) -> Response {
    (
        status,
        axum::Json(serde_json::json!({ "errorType": kind, "errorMessage": message })),
    )
        .into_response()
}

/// An error as Lambda words those that the function did not report itself.
pub(super) fn error_json(kind: &str, message: &str) -> Bytes {
    Bytes::from(serde_json::json!({ "errorType": kind, "errorMessage": message }).to_string())
}
