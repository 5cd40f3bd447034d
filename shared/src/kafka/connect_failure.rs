//! Why Kafka does not let us in, in terms of the settings.

use std::io;

use krafka::KrafkaError;

use crate::certificate::{Fault, text_of};
use crate::config::var::{
    KAFKA_BOOTSTRAP_SERVERS, KAFKA_CA_FILE, KAFKA_PASSWORD, KAFKA_SECRET_ARN, KAFKA_SECURITY, KAFKA_USERNAME,
};
use crate::config::{CaFile, KafkaConfig, KafkaSecurity};
use crate::refused_login;

/// The same kind of error, so that a refusal stays permanent and a broken connection stays none, in words that name the setting. That a user is refused is
/// noted, because the secret may have changed.
pub(super) fn named(config: &KafkaConfig, error: KrafkaError) -> KrafkaError {
    match error {
        KrafkaError::Auth { .. } => of_login(config, error),
        KrafkaError::Network(error) if hung_up(&error) => {
            KrafkaError::network(io::Error::new(error.kind(), format!("{} ({error})", mismatch(config))))
        }
        KrafkaError::Protocol { kind, message } => KrafkaError::Protocol {
            kind,
            message: format!("{} ({message})", mismatch(config)),
        },
        other => other,
    }
}

/// The same of a connection that was there before, whose end says nothing of the settings.
pub(super) fn of_login(config: &KafkaConfig, error: KrafkaError) -> KrafkaError {
    let text = text_of(&error);
    match error {
        KrafkaError::Auth { message, source } => {
            let message = match reason(config, &text) {
                Some(reason) => format!("{reason} ({message})"),
                None => message,
            };
            KrafkaError::Auth { message, source }
        }
        other => other,
    }
}

fn reason(config: &KafkaConfig, text: &str) -> Option<String> {
    match &config.security {
        KafkaSecurity::Scram { username, ca_file, .. } => {
            let path = ca_file.as_ref().map(CaFile::path);
            Some(match Fault::of(text) {
                Some(fault) => fault.sentence(KAFKA_BOOTSTRAP_SERVERS, KAFKA_CA_FILE, path),
                None if text.contains("TLS handshake failed") => mismatch(config),
                None if text.contains("SASL handshake failed") => {
                    format!("the broker does not know SCRAM-SHA-512, which {KAFKA_SECURITY} sasl_ssl_scram means")
                }
                None => {
                    refused_login::note();
                    format!(
                        "the broker refused user {username:?}: wrong password in {KAFKA_PASSWORD}, or wrong user in {KAFKA_USERNAME}, which the secret \
                         of {KAFKA_SECRET_ARN} may give"
                    )
                }
            })
        }
        KafkaSecurity::MskIam { .. } => Some(format!(
            "the broker refused this function's role, as {KAFKA_SECURITY} msk_iam has it identified"
        )),
        KafkaSecurity::Plaintext => None,
    }
}

/// Whether the broker took the connection and then ended it, or answered with what is no answer of Kafka's (the length of a TLS alert, read as that of an
/// answer, is some 350 MB), as it does when it hears another protocol than its own.
fn hung_up(error: &io::Error) -> bool {
    let text = text_of(error);
    let ended = [
        "eof",
        "reset by peer",
        "connection closed",
        "broken pipe",
        "unexpected end",
        "protocol error",
    ];
    ended.iter().any(|words| text.to_lowercase().contains(words))
}

fn mismatch(config: &KafkaConfig) -> String {
    let (security, not) = match &config.security {
        KafkaSecurity::Plaintext => ("plaintext", "wants TLS"),
        KafkaSecurity::Scram { .. } => ("sasl_ssl_scram", "speaks no TLS"),
        KafkaSecurity::MskIam { .. } => ("msk_iam", "speaks no TLS"),
    };
    format!(
        "the broker does not speak as we do: {KAFKA_SECURITY} is {security}, and the port in {KAFKA_BOOTSTRAP_SERVERS} perhaps {not}"
    )
}
