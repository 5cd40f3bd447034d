//! Whether a new version of a function is alive, asked before any traffic goes to it: a canary of a handler that gets no records proves nothing. Each function
//! gets an event that changes nothing, which shows that it starts, that its settings and secrets are read, and that it answers in the right form.
//!
//! CodeDeploy invokes this for each deployment with its id, and waits for the verdict ("AppSpec 'hooks' section for an AWS Lambda deployment", AWS CodeDeploy
//! user guide). Invoked with `{"functions": ["currency-api"]}` it asks their aliases and answers the same report.

mod code_deploy;
mod question;

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use shared::config::{ConfigError, Get, optional, var};
use shared::error_chain::error_chain;
use tokio::sync::OnceCell;

use self::code_deploy::{CodeDeploy, CodeDeployError, FunctionVersion};
use self::question::Question;
use crate::failure::{Classified, Kind};
use crate::lambda::{ALIAS, Lambda, LambdaError};

/// How long one function may take: a cold start, with secrets to read, and its own deadline.
const LIMIT: Duration = Duration::from_secs(30);

/// How long to wait for a function that is busy: with concurrency of its own the ingestor runs one at a time, for half a minute at most.
const BUSY: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(2);

/// What this function is asked.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Request {
    #[serde(rename_all = "PascalCase")]
    Deployment {
        deployment_id: String,
        lifecycle_event_hook_execution_id: String,
    },
    Functions(Functions),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Functions {
    /// Names; a version or an alias may follow, as in `currency-api:12`.
    functions: Vec<String>,
}

/// What a function answered.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// Which.
    pub function: String,
    /// Its version, or alias.
    pub version: String,
    /// Whether it is alive.
    pub alive: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How long it took.
    pub duration_ms: u64,
}

/// What all of them answered.
#[derive(Debug, Serialize)]
pub struct CheckReport {
    /// In the order in which they were asked.
    pub checked: Vec<Checked>,
}

/// Why nothing could be asked, or CodeDeploy not be told.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// The input is none.
    #[error(
        "input must be CodeDeploy's, with DeploymentId and LifecycleEventHookExecutionId, or {{\"functions\": [\"currency-api\"]}}"
    )]
    Input(#[source] serde_json::Error),
    /// CodeDeploy could not be asked or told.
    #[error("cannot {what}")]
    CodeDeploy {
        /// What was tried.
        what: &'static str,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Classified for CheckError {
    fn kind(&self) -> Kind {
        match self {
            Self::Input(_) => Kind::CheckInput,
            Self::CodeDeploy { .. } => Kind::CheckCodeDeploy,
        }
    }
}

/// The check. Connects when first needed.
pub struct Check {
    lambda_endpoint: Option<String>,
    code_deploy_endpoint: Option<String>,
    clients: OnceCell<Clients>,
}

/// The ways to AWS that the check needs.
struct Clients {
    lambda: Lambda,
    code_deploy: CodeDeploy,
}

/// Why a version is not alive.
#[derive(Debug, thiserror::Error)]
enum NotAlive {
    #[error("nobody has said which event changes nothing in function {0}")]
    NoQuestion(String),
    #[error(transparent)]
    Call(#[from] LambdaError),
    #[error("it fails: {0}")]
    Fails(String),
    #[error("it answers something else than {wanted}: {text}")]
    AnswersElse { wanted: &'static str, text: String },
}

impl Check {
    /// As, away from AWS, `AWS_ENDPOINT_URL_LAMBDA` and `AWS_ENDPOINT_URL_CODEDEPLOY` say.
    ///
    /// # Errors
    /// None; the signature is that of every function.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            lambda_endpoint: optional(get, var::LAMBDA_ENDPOINT),
            code_deploy_endpoint: optional(get, var::CODE_DEPLOY_ENDPOINT),
            clients: OnceCell::new(),
        })
    }

    /// Asks the versions of a deployment and tells CodeDeploy, or asks functions by name.
    ///
    /// # Errors
    /// [`CheckError`]; a version that is not alive is none, but stands in the report.
    pub async fn handle(&self, event: &str) -> Result<CheckReport, CheckError> {
        let request: Request = serde_json::from_str(event).map_err(CheckError::Input)?;
        match request {
            Request::Functions(Functions { functions }) => {
                let named = functions.into_iter().map(|name| {
                    let (function, version) = name.split_once(':').unwrap_or((&name, ALIAS));
                    FunctionVersion {
                        function: function.to_owned(),
                        version: version.to_owned(),
                    }
                });
                Ok(self.ask(named.collect()).await)
            }
            Request::Deployment {
                deployment_id,
                lifecycle_event_hook_execution_id,
            } => {
                self.deployment(&deployment_id, &lifecycle_event_hook_execution_id)
                    .await
            }
        }
    }

    async fn deployment(&self, deployment: &str, hook: &str) -> Result<CheckReport, CheckError> {
        let code_deploy = &self.clients().await.code_deploy;
        let failed = |what| {
            move |source: CodeDeployError| CheckError::CodeDeploy {
                what,
                source: source.into(),
            }
        };
        let asked = match code_deploy.versions(deployment).await {
            Ok(versions) => Ok(self.ask(versions).await),
            Err(error) => Err(failed("ask CodeDeploy what it deploys")(error)),
        };
        let is_alive = |report: &CheckReport| !report.checked.is_empty() && report.checked.iter().all(|one| one.alive);
        let succeeded = asked.as_ref().is_ok_and(is_alive);
        // A hook that says nothing is waited for, for an hour.
        let told = code_deploy.tell(deployment, hook, succeeded).await;
        tracing::info!(
            deployment.id = deployment,
            succeeded,
            "Told CodeDeploy whether traffic may come"
        );
        told.map_err(failed("tell CodeDeploy whether traffic may come"))?;
        asked
    }

    async fn ask(&self, functions: Vec<FunctionVersion>) -> CheckReport {
        let mut checked = Vec::new();
        for FunctionVersion { function, version } in functions {
            let began = Instant::now();
            let why = self.answers(&function, &version).await;
            let why = why.err().map(|error| error_chain(&error));
            if let Some(why) = &why {
                tracing::error!(
                    function.name = function,
                    function.version = version,
                    error = why,
                    "A version is not alive"
                );
            }
            checked.push(Checked {
                function,
                version,
                alive: why.is_none(),
                why,
                duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            });
        }
        CheckReport { checked }
    }

    async fn answers(&self, function: &str, version: &str) -> Result<(), NotAlive> {
        let question = Question::of(function).ok_or_else(|| NotAlive::NoQuestion(function.to_owned()))?;
        let lambda = &self.clients().await.lambda;
        let event = question.event().to_string().into_bytes();
        let began = Instant::now();
        let invoked = loop {
            match lambda.invoke(function, version, event.clone(), LIMIT).await {
                Err(error) if error.is_throttled() && began.elapsed() < BUSY => tokio::time::sleep(PAUSE).await,
                answer => break answer?,
            }
        };
        let text = shared::dead_letter::shortened(&String::from_utf8_lossy(&invoked.payload), 500);
        if invoked.is_error {
            return Err(NotAlive::Fails(text));
        }
        if question.is_answered_by(&invoked.payload) {
            Ok(())
        } else {
            let wanted = question.wanted();
            Err(NotAlive::AnswersElse { wanted, text })
        }
    }

    async fn clients(&self) -> &Clients {
        let connect = || async {
            let config = shared::aws::config().await;
            Clients {
                code_deploy: CodeDeploy::new(config.clone(), self.code_deploy_endpoint.clone()),
                lambda: Lambda::new(config, self.lambda_endpoint.clone()),
            }
        };
        self.clients.get_or_init(connect).await
    }
}
