//! PostgreSQL: a lazy pool that is ready for Lambda's freezing, and the reads of days that two services need.

mod common_rates;
mod day;

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};

use crate::config::{CaFile, ConfigError, Get, required, var, with_login};

pub use self::common_rates::{CommonRates, newest_common};
pub use self::day::{DayRate, DayRates, LOOK_BACK_DAYS, newest, progress, rates_on, stored_rate};

/// Parameters of the URL with the path of a CA file, as sqlx spells them.
const CA_FILE_PARAMETERS: [&str; 3] = ["sslrootcert", "ssl-root-cert", "ssl-ca"];
/// The others that it knows. It would log any other one with its value, which may be a secret (`sslpassword`).
const PARAMETERS: [&str; 12] = [
    "sslmode",
    "ssl-mode",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
    "host",
    "hostaddr",
    "port",
    "application_name",
    "options",
];

/// A pool for `DATABASE_URL`, with `DATABASE_USERNAME` and `DATABASE_PASSWORD` where it has none, and `DATABASE_CA_FILE`. Nothing is connected before the first use.
///
/// Two connections suffice for a function that handles one event at a time. Each is tested before use, because the server may have closed it
/// while the function was frozen.
///
/// # Errors
/// [`ConfigError`] when the variable is missing, is no PostgreSQL URL, or names a CA file that is none.
pub fn pool(get: Get<'_>) -> Result<PgPool, ConfigError> {
    Ok(PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(Duration::from_secs(5))
        .test_before_acquire(true)
        .connect_lazy_with(options(get)?))
}

fn options(get: Get<'_>) -> Result<PgConnectOptions, ConfigError> {
    let refused = |allowed| ConfigError::Invalid {
        name: var::DATABASE_URL,
        value: "(hidden)".to_owned(),
        allowed,
    };
    let url = required(get, var::DATABASE_URL)?;
    let url = with_login(&url, get, var::DATABASE_USERNAME, var::DATABASE_PASSWORD);
    let query = url.split_once('?').map_or("", |(_, query)| query);
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if CA_FILE_PARAMETERS.contains(&&*name) {
            // Read now, so that a file that is not there is found at the cold start, and its variable is named.
            CaFile::open(var::DATABASE_URL, &value)?;
        } else if !PARAMETERS.contains(&&*name) {
            return Err(refused(
                "postgres://user:password@host:port/database with no parameters but sslmode, sslrootcert, sslcert, sslkey, host, hostaddr, port, \
                 application_name, options and statement-cache-capacity",
            ));
        }
    }
    let options: PgConnectOptions = url
        .parse()
        .map_err(|_| refused("postgres://user:password@host:port/database"))?;
    let options = options.application_name("hwanyul");
    match CaFile::read(get, var::DATABASE_CA_FILE)? {
        None => Ok(options),
        // Any other mode would not look at the certificate, and nobody would notice.
        Some(_) if !matches!(options.get_ssl_mode(), PgSslMode::VerifyCa | PgSslMode::VerifyFull) => Err(refused(
            "a URL with sslmode=verify-full (or verify-ca), because DATABASE_CA_FILE is set",
        )),
        Some(ca_file) => Ok(options.ssl_root_cert_from_pem(ca_file.pem().to_vec())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(pairs: &[(&str, &str)]) -> String {
        let get = |name: &str| {
            let pair = pairs.iter().find(|(key, _)| *key == name);
            pair.map(|(_, value)| (*value).to_owned())
        };
        options(&get).unwrap_err().to_string()
    }

    #[test]
    fn a_certificate_that_nobody_would_look_at_is_refused() {
        let ca_file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/config/test-ca.pem");
        for mode in ["", "?sslmode=require", "?sslmode=prefer"] {
            let url = format!("postgres://user:hidden-one@db/rates{mode}");
            let error = error_of(&[("DATABASE_URL", &url), ("DATABASE_CA_FILE", ca_file)]);
            assert!(
                error.contains("DATABASE_CA_FILE is set") && !error.contains("hidden-one"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_parameter_that_sqlx_would_log_is_refused_without_its_value() {
        let error = error_of(&[("DATABASE_URL", "postgres://user@db/rates?sslpassword=hidden-one")]);
        assert!(
            error.contains("DATABASE_URL") && !error.contains("hidden-one"),
            "{error}"
        );
    }

    #[test]
    fn a_ca_file_that_is_not_there_is_named_with_its_variable() {
        let error = error_of(&[(
            "DATABASE_URL",
            "postgres://db/rates?sslmode=verify-full&sslrootcert=/no/ca.pem",
        )]);
        assert!(
            error.contains("DATABASE_URL") && error.contains("\"/no/ca.pem\""),
            "{error}"
        );
        let url = "postgres://db/rates?sslmode=verify-full";
        let error = error_of(&[("DATABASE_URL", url), ("DATABASE_CA_FILE", "/no/ca.pem")]);
        assert!(
            error.contains("DATABASE_CA_FILE") && error.contains("\"/no/ca.pem\""),
            "{error}"
        );
    }
}
