//! The command's options.

use std::path::PathBuf;

use clap::Parser;
use emulator::{KafkaAccess, PartialResponse};

/// Run the functions of a SAM template, in any language with a bootstrap, on your own Kafka
#[derive(Parser)]
#[command(
    version,
    override_usage = "emulator --template TEMPLATE.yaml [--bin-dir DIR] [--kafka HOST:PORT] [--parameter NAME=VALUE]... [--env NAME=VALUE]... [OPTIONS]"
)]
pub(super) struct Options {
    /// The SAM template
    #[arg(long, value_name = "TEMPLATE.yaml")]
    pub(super) template: PathBuf,
    /// Where bootstraps are: files named as Metadata.BuildProperties.Binary, or folders as `sam build` makes them. Functions with
    /// an executable bootstrap in their CodeUri need none; the template's own folder without it
    #[arg(long, value_name = "DIR")]
    pub(super) bin_dir: Option<PathBuf>,
    /// The brokers that mappings poll; several with commas
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:9092")]
    kafka: String,
    /// A user of the brokers: they are reached with TLS and SCRAM-SHA-512
    #[arg(long, value_name = "NAME", requires = "kafka_password_file")]
    kafka_username: Option<String>,
    /// A file with that user's password
    #[arg(long, value_name = "FILE", requires = "kafka_username")]
    kafka_password_file: Option<PathBuf>,
    /// A PEM file with the brokers' CA; the public ones without it
    #[arg(long, value_name = "FILE", requires = "kafka_username")]
    kafka_ca: Option<PathBuf>,
    /// `AWS::StackName`: what the template does not name is called after it
    #[arg(long, value_name = "NAME", default_value = "local")]
    pub(super) stack_name: String,
    /// A parameter of the template; may be repeated
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parse_assignment)]
    pub(super) parameters: Vec<(String, String)>,
    /// An environment variable of every function, as Lambda would set it; may be repeated
    #[arg(long = "env", value_name = "NAME=VALUE", value_parser = parse_assignment)]
    pub(super) env: Vec<(String, String)>,
    /// Where SQS is: the template's queues are made there. Without it they are listed and gone on without
    #[arg(long, value_name = "URL")]
    pub(super) sqs_endpoint: Option<String>,
    /// Where S3 is, for buckets that are destinations of mappings
    #[arg(long, value_name = "URL")]
    pub(super) s3_endpoint: Option<String>,
    /// Port of the Lambda API: invocations, event source mappings
    #[arg(long, default_value_t = 9001)]
    pub(super) port: u16,
    /// Port of the template's HTTP API
    #[arg(long, default_value_t = 9000)]
    pub(super) api_port: u16,
    /// What a partial batch response of a function means for the records that it does not name
    #[arg(
        long,
        env = "EMULATOR_PARTIAL_RESPONSE",
        value_enum,
        default_value_t,
        value_name = "READING"
    )]
    pub(super) partial_response: PartialResponse,
    /// Where each function's output goes
    #[arg(long, value_name = "DIR", default_value = "logs")]
    pub(super) log_dir: PathBuf,
}

impl Options {
    /// How the brokers are reached.
    pub(super) fn kafka_access(&self) -> Result<KafkaAccess, OptionsError> {
        let (Some(username), Some(file)) = (&self.kafka_username, &self.kafka_password_file) else {
            return Ok(KafkaAccess::plaintext(&self.kafka));
        };
        let password = std::fs::read_to_string(file).map_err(|source| OptionsError::PasswordFile {
            file: file.display().to_string(),
            source,
        })?;
        let password = password.trim_end_matches(['\r', '\n']);
        Ok(KafkaAccess::scram(
            &self.kafka,
            username,
            password,
            self.kafka_ca.clone(),
        ))
    }
}

/// An option that cannot be used.
#[derive(Debug, thiserror::Error)]
pub(super) enum OptionsError {
    /// `--parameter` or `--env`.
    #[error("must be NAME=VALUE, such as Stage=dev")]
    Assignment,
    /// `--kafka-password-file`.
    #[error("--kafka-password-file {file}: {source}")]
    PasswordFile {
        /// The file.
        file: String,
        /// Why it could not be read.
        source: std::io::Error,
    },
}

fn parse_assignment(text: &str) -> Result<(String, String), OptionsError> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(OptionsError::Assignment),
    }
}
