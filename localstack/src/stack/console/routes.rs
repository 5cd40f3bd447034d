//! The routes below `/pipeline`, and their description, `docs/stack.yaml`, which the page's client is made of.

use axum::Router;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api_error::ApiError;
use super::{Console, dead_letters, poison, run, servers, snapshots};

/// What the description says of all.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hwanyul, the local stack",
        version = "1",
        description = "What the console reads of the pipeline, and what it may have the stack do. On this machine alone: no deployment has these addresses."
    ),
    tags(
        (name = "Read", description = "How the pipeline fares. 파이프라인 상태."),
        (name = "Control", description = "What the stack is to do: with `./localstack/up --console view` it refuses. 스택에 내리는 지시.")
    ),
    components(schemas(ApiError))
)]
struct Description;

/// The routes that change nothing.
pub(super) fn reads() -> Router<Console> {
    described_reads().split_for_parts().0
}

/// The routes that change something.
pub(super) fn controls() -> Router<Console> {
    described_controls().split_for_parts().0
}

/// The description of both.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Description::openapi();
    document.merge(described_reads().into_openapi());
    document.merge(described_controls().into_openapi());
    document
}

fn described_reads() -> OpenApiRouter<Console> {
    OpenApiRouter::new()
        .routes(routes!(snapshots::state))
        .routes(routes!(run::runs))
        .routes(routes!(run::timeline))
        .routes(routes!(dead_letters::list))
}

fn described_controls() -> OpenApiRouter<Console> {
    OpenApiRouter::new()
        .routes(routes!(run::run))
        .routes(routes!(poison::poison))
        .routes(routes!(poison::mend))
        .routes(routes!(servers::stop))
        .routes(routes!(servers::start))
        .routes(routes!(dead_letters::replay))
        .routes(routes!(dead_letters::purge))
}
