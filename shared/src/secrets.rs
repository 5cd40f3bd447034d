//! Secrets of AWS Secrets Manager: all of a function's are read at its cold start, and read again when a server refuses who we say we are. An instance keeps
//! what it has while that works, because a rotation does not break connections that are open.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use aws_sdk_secretsmanager::Client;
use futures::future::try_join_all;

use crate::config::secret::{SECRETS, Secret, secret_of};
use crate::config::{ConfigError, environment};
use crate::error_chain::error_chain;

/// From one reading to the next, at least: a password that is really wrong must not become a flood of calls.
const PAUSE: Duration = Duration::from_secs(10);

/// Variables that secrets give. No `Debug`, so that none is ever written.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Values(BTreeMap<&'static str, String>);

impl Values {
    /// A variable: of a secret when there is one that gives it, else of the process environment.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        // Through `environment`, so that whoever reads what a secret may give is known to need that secret's variable.
        let secret = secret_of(name).and_then(|secret| environment(secret.arn));
        match self.0.get(name) {
            Some(value) if secret.is_some() => Some(value.clone()),
            _ => environment(name),
        }
    }

    /// The names of those that differ.
    pub(crate) fn differing(&self, other: &Self) -> Vec<&'static str> {
        let names = self.0.keys().chain(other.0.keys());
        let mut differing: Vec<_> = names
            .filter(|name| self.0.get(*name) != other.0.get(*name))
            .copied()
            .collect();
        differing.sort_unstable();
        differing.dedup();
        differing
    }
}

/// The secrets that the environment names.
pub(crate) struct Secrets {
    named: Vec<(&'static Secret, String)>,
    client: Option<Client>,
    read_again: Option<Instant>,
}

impl Secrets {
    /// Those of the environment. Without any, nothing is ever asked.
    pub(crate) async fn named() -> Self {
        // Not through `environment`: what a function is given follows from the variables that it reads, and these are looked for everywhere.
        let named = SECRETS.iter().filter_map(|secret| {
            let arn = std::env::var(secret.arn).ok().filter(|arn| !arn.is_empty())?;
            Some((secret, arn))
        });
        let named: Vec<_> = named.collect();
        let client = match named.is_empty() {
            true => None,
            false => Some(Client::new(&crate::aws::config().await)),
        };
        Self {
            named,
            client,
            read_again: None,
        }
    }

    /// What they say now, all asked at once.
    ///
    /// # Errors
    /// [`ConfigError::Secret`] names the variable of one that cannot be read.
    pub(crate) async fn read(&self) -> Result<Values, ConfigError> {
        let Some(client) = &self.client else {
            return Ok(Values::default());
        };
        let given = try_join_all(self.named.iter().map(|(secret, arn)| one(client, secret, arn))).await?;
        Ok(Values(given.into_iter().flatten().collect()))
    }

    /// The same once more; nothing where there is no secret, and within [`PAUSE`] of the last time.
    ///
    /// # Errors
    /// [`ConfigError::Secret`].
    pub(crate) async fn read_again(&mut self) -> Result<Option<Values>, ConfigError> {
        let now = Instant::now();
        if self.named.is_empty() || !is_due(self.read_again, now) {
            return Ok(None);
        }
        self.read_again = Some(now);
        self.read().await.map(Some)
    }
}

fn is_due(last: Option<Instant>, now: Instant) -> bool {
    last.is_none_or(|last| now.saturating_duration_since(last) >= PAUSE)
}

async fn one(client: &Client, secret: &Secret, arn: &str) -> Result<Vec<(&'static str, String)>, ConfigError> {
    let refused = |fault: String| ConfigError::Secret {
        name: secret.arn,
        fault,
    };
    // Boxed: the SDK's futures are deep, and this one lies within those of every function.
    let answer = Box::pin(client.get_secret_value().secret_id(arn).send()).await;
    let value = answer.map_err(|error| refused(format!("cannot be read: {}", error_chain(&error))))?;
    let text = value.secret_string().ok_or_else(|| refused("is no text".to_owned()))?;
    secret.parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_read_again_after_ten_seconds_at_the_earliest() {
        let now = Instant::now();
        assert!(is_due(None, now));
        assert!(!is_due(Some(now), now + Duration::from_millis(9_999)));
        assert!(is_due(Some(now), now + Duration::from_secs(10)));
    }

    #[test]
    fn what_differs_is_named_without_its_value() {
        let values = |pairs: &[(&'static str, &str)]| {
            Values(pairs.iter().map(|(name, text)| (*name, (*text).to_owned())).collect())
        };
        let old = values(&[("A", "1"), ("B", "2"), ("C", "3")]);
        let new = values(&[("A", "1"), ("B", "20"), ("D", "4")]);
        assert_eq!(old.differing(&new), ["B", "C", "D"]);
        assert!(old.differing(&old).is_empty());
    }
}
