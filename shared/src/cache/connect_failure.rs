//! Why Redis does not let us in, in terms of the settings.

use redis::{ErrorKind, RedisError};

use crate::certificate::{Fault, text_of};
use crate::config::var::{REDIS_CA_FILE, REDIS_SECRET_ARN, REDIS_URL};
use crate::config::{CaFile, RedisConfig};
use crate::refused_login;

/// What a failed connection means.
pub(super) enum Failure {
    /// Nothing helps until somebody changes a setting or the server.
    Refused(String),
    /// The two may speak different protocols, or the server ended.
    Mismatch(String),
    /// The server is away, as far as we can see.
    Away,
}

/// What it means that no connection could be made. A cluster's client has only the text of its nodes' errors. That a user is refused is noted, because the
/// secrets may have changed.
pub(super) fn failure(config: &RedisConfig, error: &RedisError) -> Failure {
    let text = text_of(error);
    let says = |words: &str| text.contains(words);
    let is_tls = config.url.starts_with("rediss://");
    if let Some(fault) = Fault::of(&text) {
        let path = config.ca_file.as_ref().map(CaFile::path);
        Failure::Refused(fault.sentence(REDIS_URL, REDIS_CA_FILE, path))
    } else if is_wrong_login(error, &text) {
        refused_login::note();
        let user = user(&config.url);
        Failure::Refused(format!(
            "redis refused user {user:?}: wrong user or password in {REDIS_URL} or in the secret of {REDIS_SECRET_ARN}"
        ))
    } else if says("NOAUTH") {
        refused_login::note();
        Failure::Refused(format!(
            "redis wants a user and a password, which {REDIS_URL} does not have, and no secret of {REDIS_SECRET_ARN}"
        ))
    } else if says("NOPERM") {
        Failure::Refused(format!("redis does not let the user in {REDIS_URL} do what it must"))
    } else if is_tls && (says("corrupt message") || is_hang_up(error, &text) || error.is_timeout()) {
        Failure::Mismatch(format!(
            "redis did not complete a TLS handshake: {REDIS_URL} begins with rediss://, and its port perhaps speaks no TLS"
        ))
    } else if !is_tls && (error.kind() == ErrorKind::Parse || is_hang_up(error, &text)) {
        Failure::Mismatch(format!(
            "redis ended the connection: {REDIS_URL} begins with redis://, and its port perhaps wants TLS (rediss://)"
        ))
    } else {
        Failure::Away
    }
}

/// Whether Redis does not take our user and password, or wants them first. A connection that was made again says so in answer to a command.
pub(super) fn is_refused_login(error: &RedisError) -> bool {
    let text = text_of(error);
    is_wrong_login(error, &text) || text.contains("NOAUTH")
}

fn is_wrong_login(error: &RedisError, text: &str) -> bool {
    let words = ["authentication failed", "WRONGPASS"];
    error.kind() == ErrorKind::AuthenticationFailed || words.iter().any(|words| text.contains(words))
}

fn is_hang_up(error: &RedisError, text: &str) -> bool {
    let ended = [
        "eof",
        "reset by peer",
        "end of file",
        "broken pipe",
        "driver unexpectedly terminated",
        "multiplexed connection",
    ];
    (error.is_connection_dropped() && !error.is_connection_refusal() && !text.contains("refused"))
        || ended.iter().any(|words| text.to_lowercase().contains(words))
}

/// The user in a URL; `default` is whom Redis takes when there is none. Without a colon it may be a password that somebody put in the wrong place.
fn user(url: &str) -> &str {
    let login = url.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@'));
    let user = login
        .and_then(|(login, _)| login.split_once(':'))
        .map_or("", |(user, _)| user);
    if user.is_empty() { "default" } else { user }
}

#[cfg(test)]
mod tests {
    use super::user;

    #[test]
    fn a_user_is_named_without_the_password() {
        assert_eq!(user("rediss://app:hidden@host:6379/0"), "app");
        assert_eq!(user("redis://:hidden@host"), "default");
        assert_eq!(user("redis://hidden@host"), "default");
        assert_eq!(user("redis://host:6379"), "default");
        assert_eq!(user("rediss://app:hid:den@host,rediss://app:hidden@other"), "app");
    }
}
