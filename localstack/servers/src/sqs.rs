//! Amazon SQS, as LocalStack speaks it, and beside it Secrets Manager. LocalStack's free edition keeps both in memory only, so killed is emptied.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use rustix::process::Signal;

use super::process::Program;
use super::server::{Server, ServerKind};
use super::{Options, ProbeError, ServerError, install, probe};

/// The region of the queues.
const REGION: &str = "us-east-1";

/// A running SQS. Dropping it kills it.
pub type Sqs = Server<Kind>;

/// What is particular to SQS.
#[derive(Debug)]
pub struct Kind {
    dir: PathBuf,
    /// What LocalStack computes at its first start (its catalogue of services, 4 s and 300 MB), kept for all later ones.
    seed: PathBuf,
}

impl Sqs {
    /// `http://127.0.0.1:PORT`
    #[must_use]
    pub fn url(&self) -> String {
        url(self.port())
    }

    /// A client for it, with made-up credentials.
    #[must_use]
    pub fn client(&self) -> aws_sdk_sqs::Client {
        client(self.port())
    }
}

impl ServerKind for Kind {
    const NAME: &str = "SQS";

    async fn prepare(options: &Options, port: u16) -> Result<(Self, Program), ServerError> {
        let dir = install::make_dir(&options.dir)?;
        let installed = install::cache()?.join("sqs");
        let python = install::existing(installed.join("bin/python"), "LocalStack")?;
        let seed = installed.join("first-start");
        if seed.exists() {
            copy_tree(&seed, &dir)?;
        }
        let program = Program {
            server: Self::NAME,
            program: python,
            args: ["-m", "localstack.runtime.main"].map(Into::into).into(),
            env: environment(&dir, port),
            cwd: dir.clone(),
            log: options.log.clone(),
            user: None,
            // It keeps nothing, and its orderly end waits for clients' idle connections.
            stop_signal: Signal::KILL,
            ready_limit: Duration::from_secs(90),
            stop_limit: Duration::from_secs(5),
        };
        Ok((Self { dir, seed }, program))
    }

    async fn probe(&self, port: u16) -> Result<(), ProbeError> {
        probe::connect(port).await?;
        // The first request loads the service, which takes seconds; asking again meanwhile would only add to the queue.
        match client(port).list_queues().send().await {
            Ok(_) => Ok(()),
            Err(error) => Err(ProbeError::Sqs(
                aws_sdk_sqs::error::DisplayErrorContext(error).to_string(),
            )),
        }
    }

    fn started(&self) -> Result<(), ServerError> {
        if self.seed.exists() {
            return Ok(());
        }
        keep_first_start(&self.dir, &self.seed)
    }
}

fn environment(dir: &Path, port: u16) -> Vec<(String, String)> {
    let dir = dir.display().to_string();
    [
        // S3 is loaded when a mapping's on-failure records first go there, Secrets Manager when a function has a secret.
        ("SERVICES", "sqs,s3,secretsmanager".to_owned()),
        ("GATEWAY_SERVER", "hypercorn".to_owned()),
        ("GATEWAY_LISTEN", format!("127.0.0.1:{port}")),
        // Queue URLs that lead here without DNS.
        ("LOCALSTACK_HOST", format!("127.0.0.1:{port}")),
        ("SQS_ENDPOINT_STRATEGY", "path".to_owned()),
        // Inside a container LocalStack would write to /var/lib/localstack and listen on every address.
        ("OVERRIDE_IN_DOCKER", "0".to_owned()),
        ("FILESYSTEM_ROOT", dir.clone()),
        ("HOME", dir),
        ("DISABLE_EVENTS", "1".to_owned()),
        ("SKIP_SSL_CERT_DOWNLOAD", "1".to_owned()),
        ("DNS_ADDRESS", "0".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

fn client(port: u16) -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .endpoint_url(url(port))
        .credentials_provider(Credentials::new("local", "local", None, None, "local stack"))
        .retry_config(RetryConfig::disabled())
        .build();
    aws_sdk_sqs::Client::from_conf(config)
}

fn keep_first_start(dir: &Path, seed: &Path) -> Result<(), ServerError> {
    let beside = seed.with_extension(format!("{}.tmp", std::process::id()));
    for kept in ["var/lib/localstack/cache", ".cache"] {
        let source = dir.join(kept);
        if source.exists() {
            copy_tree(&source, &beside.join(kept))?;
        }
    }
    if std::fs::rename(&beside, seed).is_err() && !seed.exists() {
        return Err(ServerError::Missing {
            what: format!("the folder {}, or the right to write there", seed.display()),
        });
    }
    if beside.exists() {
        // Another start was quicker; its copy is as good.
        std::fs::remove_dir_all(&beside).map_err(ServerError::system(format!("remove {}", beside.display())))?;
    }
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> Result<(), ServerError> {
    let copying = || ServerError::system(format!("copy {} to {}", from.display(), to.display()));
    std::fs::create_dir_all(to).map_err(copying())?;
    for entry in std::fs::read_dir(from).map_err(copying())? {
        let entry = entry.map_err(copying())?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else if !target.exists() {
            std::fs::copy(entry.path(), target).map_err(copying())?;
        }
    }
    Ok(())
}
