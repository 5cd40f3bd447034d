//! The Lambda Runtime API, one listener for each function instance.
//!
//! Source: "Using the Lambda runtime API", AWS Lambda developer guide. Payloads are opaque bytes here: a number that
//! passes keeps its digits.

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

use crate::aws::PAYLOAD_LIMIT;
use crate::sync::lock;

/// What one invocation ended with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FunctionResponse {
    /// The function's response.
    Success(Bytes),
    /// The function's error, as JSON.
    Error(Bytes),
}

/// How far the function's start has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum InitState {
    /// It has not asked for an event yet.
    Starting,
    /// It has asked for its first event.
    Ready,
    /// It has reported that it cannot start, with this JSON.
    Failed(Bytes),
}

/// One event on its way to the function.
pub(super) struct InvocationRequest {
    pub(super) request_id: String,
    pub(super) payload: Bytes,
    pub(super) deadline_ms: i64,
    pub(super) function_arn: HeaderValue,
    pub(super) trace_id: String,
    /// Gets the response.
    pub(super) reply: oneshot::Sender<FunctionResponse>,
}

/// A served Runtime API. Dropping it closes the listener.
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    pub(super) requests: mpsc::Sender<InvocationRequest>,
    pub(super) init: watch::Receiver<InitState>,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

struct Shared {
    requests: AsyncMutex<mpsc::Receiver<InvocationRequest>>,
    /// The invocation that the function has taken and not answered.
    unanswered: Mutex<Option<UnansweredRequest>>,
    init: watch::Sender<InitState>,
}

/// An event that the function has.
struct UnansweredRequest {
    request_id: String,
    reply: oneshot::Sender<FunctionResponse>,
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
        let (requests, receiver) = mpsc::channel(1);
        let (init_sender, init) = watch::channel(InitState::Starting);
        let shared = Arc::new(Shared {
            requests: AsyncMutex::new(receiver),
            unanswered: Mutex::new(None),
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
            requests,
            init,
            shared,
            server,
        })
    }

    /// Whether the function has taken an event that it has not answered.
    pub(super) fn has_unanswered_request(&self) -> bool {
        lock(&self.shared.unanswered).is_some()
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    shared.init.send_if_modified(|init| {
        let is_first = *init == InitState::Starting;
        if is_first {
            *init = InitState::Ready;
        }
        is_first
    });
    let Some(request) = shared.requests.lock().await.recv().await else {
        return error_response(
            StatusCode::SERVICE_UNAVAILABLE,
            "ShuttingDown",
            "no more events for this instance",
        );
    };
    let mut response = Response::new(Body::from(request.payload));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("lambda-runtime-deadline-ms", HeaderValue::from(request.deadline_ms));
    headers.insert("lambda-runtime-invoked-function-arn", request.function_arn);
    for (name, value) in [
        ("lambda-runtime-aws-request-id", &request.request_id),
        ("lambda-runtime-trace-id", &request.trace_id),
    ] {
        match HeaderValue::from_str(value) {
            Ok(value) => headers.insert(name, value),
            Err(_) => return error_response(StatusCode::INTERNAL_SERVER_ERROR, "InvalidHeader", name),
        };
    }
    *lock(&shared.unanswered) = Some(UnansweredRequest {
        request_id: request.request_id,
        reply: request.reply,
    });
    response
}

async fn response(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Body) -> Response {
    match to_bytes(body, PAYLOAD_LIMIT).await {
        Ok(body) => respond(&shared, &id, FunctionResponse::Success(body)),
        Err(_) => {
            let message =
                format!("Response payload size exceeded maximum allowed payload size ({PAYLOAD_LIMIT} bytes).");
            let error = error_json("Function.ResponseSizeTooLarge", &message);
            let accepted = respond(&shared, &id, FunctionResponse::Error(error));
            if accepted.status() == StatusCode::ACCEPTED {
                error_response(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", &message)
            } else {
                accepted
            }
        }
    }
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, headers: HeaderMap, body: Body) -> Response {
    let body = error_body(&headers, body).await;
    respond(&shared, &id, FunctionResponse::Error(body))
}

async fn init_error(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Body) -> Response {
    let body = error_body(&headers, body).await;
    shared.init.send_replace(InitState::Failed(body));
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

/// Hands the function's response to the invocation that waits for it.
fn respond(shared: &Shared, id: &str, response: FunctionResponse) -> Response {
    let taken = {
        let mut unanswered = lock(&shared.unanswered);
        unanswered.take_if(|request| request.request_id == id)
    };
    match taken {
        Some(request) => {
            if request.reply.send(response).is_err() {
                tracing::debug!(invocation.id = id, "An answer came after its invocation had ended");
            }
            accepted()
        }
        None => error_response(
            StatusCode::BAD_REQUEST,
            "InvalidRequestID",
            "no such invocation is under way",
        ),
    }
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, axum::Json(serde_json::json!({ "status": "OK" }))).into_response()
}

fn error_response(status: StatusCode, kind: &str, message: &str) -> Response {
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
