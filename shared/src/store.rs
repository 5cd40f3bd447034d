//! PostgreSQL: a lazy pool that is ready for Lambda's freezing, and the one read that two services need.

mod day;

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use crate::config::{ConfigError, Get, required, var};

pub use self::day::{DayRate, DayRates, LOOK_BACK_DAYS, rates_on};

/// A pool for `DATABASE_URL`. Nothing is connected before the first use.
///
/// Two connections suffice for a function that handles one event at a time. Each is tested before use, because the server may have closed it
/// while the function was frozen.
///
/// # Errors
/// [`ConfigError`] when the variable is missing or is no PostgreSQL URL.
pub fn pool(get: Get<'_>) -> Result<PgPool, ConfigError> {
    let options: PgConnectOptions = required(get, var::DATABASE_URL)?
        .parse()
        .map_err(|_| ConfigError::Invalid {
            name: var::DATABASE_URL,
            value: "(hidden)".to_owned(),
            allowed: "postgres://user:password@host:port/database",
        })?;
    Ok(PgPoolOptions::new()
        .max_connections(2)
        .acquire_timeout(Duration::from_secs(5))
        .test_before_acquire(true)
        .connect_lazy_with(options.application_name("hwanyul")))
}
