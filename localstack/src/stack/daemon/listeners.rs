//! The stage of the addresses: the Lambda API with the stack's own admin API, the template's routes, and the console.

use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::plan::StartPlan;
use super::progress::Progress;
use crate::stack::console::{self, Console};
use crate::stack::context::StackContext;
use crate::stack::{ConsoleMode, StackError, StackOptions, StackPaths, admin_api, request_origin};

/// What serves the stack's addresses until it is aborted.
pub(super) struct Listeners {
    serving: Vec<JoinHandle<()>>,
}

impl Listeners {
    /// Listens on every port of the plan.
    pub(super) async fn open(
        plan: &StartPlan,
        paths: &StackPaths,
        options: &StackOptions,
        console: &Console,
        progress: &Progress,
    ) -> Result<Self, StackError> {
        let context = console.stack();
        let mut serving = vec![serve_lambda_api(console, plan.ports.lambda, plan.endpoints.docker).await?];
        serving.extend(serve_http_api(context, plan.ports.http_api).await?);
        if options.console != ConsoleMode::Off {
            if !console::is_built(paths) {
                progress.line("the console is not built, so its address says only that: ./console/build builds it");
            }
            let listener = listen(plan.ports.console).await?;
            serving.push(console::serve(console.clone(), paths, listener).await?);
        }
        Ok(Self { serving })
    }

    /// Ends all at once.
    pub(super) fn abort(&self) {
        for serving in &self.serving {
            serving.abort();
        }
    }
}

/// Serves the Invoke API, the stack's admin API, and the receiver of what the functions trace.
async fn serve_lambda_api(
    console: &Console,
    port: u16,
    bridge: Option<Ipv4Addr>,
) -> Result<JoinHandle<()>, StackError> {
    let listener = listen(port).await?;
    let context = console.stack();
    let mut router = admin_api::router(Arc::clone(context)).merge(console.trace_receiver());
    if let Some(emulator) = context.emulator().await {
        router = router.merge(emulator.router());
    }
    let router = router.layer(axum::middleware::from_fn_with_state(
        bridge,
        request_origin::programs_only,
    ));
    Ok(tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(error = &error as &dyn std::error::Error, "The Lambda API ended");
        }
    }))
}

/// Serves the template's routes.
async fn serve_http_api(context: &StackContext, port: u16) -> Result<Option<JoinHandle<()>>, StackError> {
    let listener = listen(port).await?;
    let emulator = context.emulator().await;
    Ok(emulator.map(|emulator| emulator.serve_http_api(listener)))
}

async fn listen(port: u16) -> Result<TcpListener, StackError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
    listener.map_err(StackError::system(format!("listen on port {port}")))
}
