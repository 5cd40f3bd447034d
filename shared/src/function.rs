//! Serves a Lambda function, measures and traces each invocation, puts its ids into each line of its log, and has it served anew when secrets were rotated.

use crate::error_chain::error_chain;
use std::time::{Instant, SystemTime};

use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tracing::Instrument as _;

use crate::config::{ConfigError, Get};
use crate::refused_login;
use crate::secrets::{Secrets, Values};
use crate::trace::{Invocation, Trigger};
use crate::{metrics, trace};

/// Builds the service once, and calls `handle` with it and each event of `trigger` until the Runtime API ends.
///
/// # Errors
/// When `build` refuses the settings, a secret cannot be read, or the Runtime API ends.
pub async fn run<S, A, R, E>(
    trigger: Trigger,
    build: impl Fn(Get<'_>) -> Result<S, ConfigError>,
    handle: impl AsyncFn(&S, &LambdaEvent<A>) -> Result<R, E>,
) -> Result<(), Error>
where
    A: for<'de> Deserialize<'de>,
    R: Serialize,
    E: Into<Diagnostic> + std::fmt::Debug,
{
    let instance = Instance::start(build).await?;
    instance.serve(trigger, handle, Result::is_err).await
}

/// One instance of a function: what it serves with, and how that is made from its settings and secrets.
///
/// A server that refuses our user may have a new password. The secrets are read again then, and when they differ, the service is built anew and the invocation,
/// if it failed, done once more.
pub struct Instance<S, B> {
    build: B,
    secrets: Secrets,
    values: Values,
    service: S,
}

impl<S, B: Fn(Get<'_>) -> Result<S, ConfigError>> Instance<S, B> {
    /// Reads the secrets that the environment names, and builds the service.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable.
    pub async fn start(build: B) -> Result<Self, ConfigError> {
        let secrets = Secrets::named().await;
        let values = secrets.read().await?;
        let service = build(&|name| values.get(name))?;
        Ok(Self {
            build,
            secrets,
            values,
            service,
        })
    }

    /// The service.
    pub fn service(&self) -> &S {
        &self.service
    }

    /// Calls `handle` with each event of `trigger` until the Runtime API ends. What it answers may be a failure without being an error, which `has_failed` tells.
    ///
    /// # Errors
    /// When the Runtime API ends.
    pub async fn serve<A, R, E>(
        self,
        trigger: Trigger,
        handle: impl AsyncFn(&S, &LambdaEvent<A>) -> Result<R, E>,
        has_failed: impl Fn(&Result<R, E>) -> bool,
    ) -> Result<(), Error>
    where
        A: for<'de> Deserialize<'de>,
        R: Serialize,
        E: Into<Diagnostic> + std::fmt::Debug,
    {
        // An instance has one invocation at a time, so nobody ever waits for it.
        let instance = &Mutex::new(self);
        let (handle, has_failed) = (&handle, &has_failed);
        lambda_runtime::run(service_fn(move |event: LambdaEvent<A>| async move {
            let began = Instant::now();
            metrics::begin(&event.context.request_id);
            let deadline = event.context.deadline();
            let invocation = Invocation::begin(&event.context, trigger);
            let log = invocation.log();
            // Boxed, because a function's future around the runtime's is deeper than the compiler follows.
            let work = Box::pin(async {
                let mut instance = instance.lock().await;
                let mut answer = handle(&instance.service, &event).await;
                // What succeeded all the same stands; the next invocation has the new service.
                if instance.renew().await && has_failed(&answer) {
                    answer = handle(&instance.service, &event).await;
                }
                answer.map_err(Into::into)
            });
            let answer: Result<R, Diagnostic> = invocation.around(work).await;
            // Before the answer, after which Lambda freezes the process; and never so long that there is no time for the answer.
            let time_left = deadline.duration_since(SystemTime::now()).unwrap_or_default();
            trace::flush(time_left / 2).instrument(log).await;
            metrics::end(began.elapsed(), answer.is_err());
            answer
        }))
        .await
    }

    /// Builds the service anew when a server has refused our user and the secrets are others now. Answers whether it did.
    async fn renew(&mut self) -> bool {
        if !refused_login::take() {
            return false;
        }
        let renewed = self.secrets.read_again().await.and_then(|read| match read {
            Some(values) if values != self.values => {
                let service = (self.build)(&|name| values.get(name))?;
                Ok(Some((values, service)))
            }
            _ => Ok(None),
        });
        match renewed {
            Ok(Some((values, service))) => {
                let variables = values.differing(&self.values).join(", ");
                tracing::info!(
                    variables,
                    "A server refused our user; the secrets are others now and in use"
                );
                (self.values, self.service) = (values, service);
                true
            }
            Ok(None) => false,
            Err(error) => {
                let error = error_chain(&error);
                tracing::warn!(
                    error,
                    "A server refused our user, and the secrets could not be read again"
                );
                false
            }
        }
    }
}
