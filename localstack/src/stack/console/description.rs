//! The routes below `/pipeline`, and their description, `docs/stack.yaml`, which the page's client is made of.

use axum::Router;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::{Console, Refusal, dead_letters, look, poison, run, servers};

/// What the description says of all.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Hwanyul, the local stack",
        version = "1",
        description = "What the console is told of the pipeline, and what it may tell the stack to do. On this machine alone: no deployment has these addresses."
    ),
    tags(
        (name = "Look", description = "How the pipeline fares. 파이프라인 상태."),
        (name = "Tell", description = "What the stack is to do: with `./localstack/up --console view` it refuses. 스택에 내리는 지시.")
    ),
    components(schemas(Refusal))
)]
struct Description;

/// The routes that only look.
pub(super) fn looks() -> Router<Console> {
    looking().split_for_parts().0
}

/// The routes that change something.
pub(super) fn tells() -> Router<Console> {
    telling().split_for_parts().0
}

/// The description of both.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document = Description::openapi();
    document.merge(looking().into_openapi());
    document.merge(telling().into_openapi());
    document
}

fn looking() -> OpenApiRouter<Console> {
    OpenApiRouter::new()
        .routes(routes!(look::state))
        .routes(routes!(run::runs))
        .routes(routes!(run::timeline))
        .routes(routes!(dead_letters::list))
}

fn telling() -> OpenApiRouter<Console> {
    OpenApiRouter::new()
        .routes(routes!(run::run))
        .routes(routes!(poison::poison))
        .routes(routes!(poison::mend))
        .routes(routes!(servers::stop))
        .routes(routes!(servers::start))
        .routes(routes!(dead_letters::replay))
        .routes(routes!(dead_letters::purge))
}
