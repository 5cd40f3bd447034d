//! Settings of the ingestor, read once from the environment. The names of the variables stand in `shared::config::var`.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use reqwest::Url;
use rust_decimal::Decimal;
use shared::config::{ConfigError, Get, KafkaConfig, RedisConfig, optional, parse_or, required, var};

use crate::error::IngestError;
use crate::provider::ProviderKey;

/// How long all providers of a run may take together. On top come Kafka's 10 s, which a run waits once, at most 10 s for each call to the backup queue, of
/// which the first that fails ends the run, and 9 s for Redis: the function has 90 s.
const CHAIN_DEADLINE: Duration = Duration::from_secs(30);

/// Settings of the ingestor.
#[derive(Clone)]
pub struct Config {
    /// `PROVIDERS`: the chain, in the order in which providers are tried. Default `ecb`; example `koreaexim,ecb`.
    pub providers: Vec<ProviderKey>,
    /// `PUBLICATION`: `public` (default) or `private`.
    pub publication: Publication,
    /// `ECB_URL`: the daily XML. Default <https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml>.
    pub ecb_url: Url,
    /// `EXCHANGERATE_API_URL`: scheme and host. Default <https://open.er-api.com>, with a key <https://v6.exchangerate-api.com>.
    pub exchangerate_api_url: Url,
    /// `EXCHANGERATE_API_KEY`: unset means the open access.
    pub exchangerate_api_key: Option<String>,
    /// `KOREAEXIM_URL`. Default <https://oapi.koreaexim.go.kr/site/program/financial/exchangeJSON>.
    pub koreaexim_url: Url,
    /// `KOREAEXIM_API_KEY`: without it the provider cannot be asked.
    pub koreaexim_api_key: Option<String>,
    /// `PROVIDER_TIMEOUT_MS`: longest wait for one answer, connection and body included. Default 5000.
    pub timeout: Duration,
    /// `PROVIDER_ATTEMPTS`: how often one document is asked for in a run. Default 3.
    pub attempts: NonZeroU32,
    /// Longest time for the whole chain: 30 s.
    pub chain_deadline: Duration,
    /// `MAX_JUMP_PERCENT`: a change of more percent than this is held back unless a second provider confirms it. Default 10.
    pub max_jump_percent: Decimal,
    /// `SPREAD_PERCENT`: percent around the base rate for `tts` and `ttb` where the source gives none. Unset: they stay null.
    pub spread_percent: Option<Decimal>,
    /// Where events go.
    pub kafka: KafkaConfig,
    /// `BACKUP_QUEUE_URL`: where they go while Kafka is away. Example `https://sqs.us-east-1.amazonaws.com/123456789012/hwanyul-backup.fifo`.
    pub backup_queue_url: String,
    /// Where circuits and the memory of published rates are kept.
    pub redis: RedisConfig,
}

/// Who sees the rates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Publication {
    /// Anybody: only sources whose terms allow redistribution.
    Public,
    /// Nobody outside.
    Private,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Keys and URLs with passwords stay out.
        f.debug_struct("Config")
            .field("providers", &self.providers)
            .field("publication", &self.publication)
            .finish_non_exhaustive()
    }
}

impl Config {
    /// Reads every setting.
    ///
    /// # Errors
    /// [`ConfigError`] names the variable and what is allowed; it refuses a public chain that holds a provider whose terms forbid that.
    pub fn read(get: Get<'_>) -> Result<Self, ConfigError> {
        let exchangerate_api_key = optional(get, var::EXCHANGERATE_API_KEY);
        let exchangerate_api_host = if exchangerate_api_key.is_some() {
            "https://v6.exchangerate-api.com"
        } else {
            "https://open.er-api.com"
        };
        let config = Self {
            providers: providers(get)?,
            publication: publication(get)?,
            ecb_url: url(
                get,
                var::ECB_URL,
                "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml",
            )?,
            exchangerate_api_url: url(get, var::EXCHANGERATE_API_URL, exchangerate_api_host)?,
            exchangerate_api_key,
            koreaexim_url: url(
                get,
                var::KOREAEXIM_URL,
                "https://oapi.koreaexim.go.kr/site/program/financial/exchangeJSON",
            )?,
            koreaexim_api_key: optional(get, var::KOREAEXIM_API_KEY),
            timeout: timeout(get)?,
            attempts: parse_or(
                get,
                var::PROVIDER_ATTEMPTS,
                NonZeroU32::MIN.saturating_add(2),
                "1 or more",
            )?,
            chain_deadline: CHAIN_DEADLINE,
            max_jump_percent: max_jump(get)?,
            spread_percent: spread(get)?,
            kafka: KafkaConfig::read(get)?,
            backup_queue_url: required(get, var::BACKUP_QUEUE_URL)?,
            redis: RedisConfig::read(get)?,
        };
        config.check_chain(get)?;
        Ok(config)
    }

    /// The providers of a run, in order: the one that was asked for, else the chain.
    ///
    /// # Errors
    /// [`IngestError`] when the provider may not or cannot be asked.
    pub fn order(&self, asked_for: Option<ProviderKey>) -> Result<Vec<ProviderKey>, IngestError> {
        let Some(provider) = asked_for else {
            return Ok(self.providers.clone());
        };
        if self.publication == Publication::Public && !provider.may_be_shown_to_others() {
            return Err(IngestError::Terms { provider });
        }
        if provider == ProviderKey::Koreaexim && self.koreaexim_api_key.is_none() {
            return Err(ConfigError::Missing(var::KOREAEXIM_API_KEY).into());
        }
        Ok(vec![provider])
    }

    fn check_chain(&self, get: Get<'_>) -> Result<(), ConfigError> {
        if self.publication == Publication::Public && !self.providers.iter().all(|key| key.may_be_shown_to_others()) {
            return Err(ConfigError::Invalid {
                name: var::PROVIDERS,
                value: optional(get, var::PROVIDERS).unwrap_or_default(),
                allowed: "ecb and koreaexim while PUBLICATION is public, because the terms of exchangerate_api \
                          (https://www.exchangerate-api.com/terms) forbid redistribution; PUBLICATION=private allows it",
            });
        }
        if self.providers.contains(&ProviderKey::Koreaexim) && self.koreaexim_api_key.is_none() {
            return Err(ConfigError::Missing(var::KOREAEXIM_API_KEY));
        }
        Ok(())
    }
}

fn providers(get: Get<'_>) -> Result<Vec<ProviderKey>, ConfigError> {
    let Some(value) = optional(get, var::PROVIDERS) else {
        return Ok(vec![ProviderKey::Ecb]);
    };
    let allowed = "ecb, exchangerate_api and koreaexim, each at most once, with commas";
    let refused = || ConfigError::Invalid {
        name: var::PROVIDERS,
        value: value.clone(),
        allowed,
    };
    let mut keys = Vec::new();
    for text in value.split(',') {
        let key: ProviderKey = text.trim().parse().map_err(|_| refused())?;
        if keys.contains(&key) {
            return Err(refused());
        }
        keys.push(key);
    }
    Ok(keys)
}

fn publication(get: Get<'_>) -> Result<Publication, ConfigError> {
    match optional(get, var::PUBLICATION).as_deref() {
        None | Some("public") => Ok(Publication::Public),
        Some("private") => Ok(Publication::Private),
        Some(other) => Err(ConfigError::Invalid {
            name: var::PUBLICATION,
            value: other.to_owned(),
            allowed: "public or private",
        }),
    }
}

fn url(get: Get<'_>, name: &'static str, default: &str) -> Result<Url, ConfigError> {
    let value = optional(get, name).unwrap_or_else(|| default.to_owned());
    let refused = || ConfigError::Invalid {
        name,
        value: value.clone(),
        allowed: "an http:// or https:// URL",
    };
    let url: Url = value.parse().map_err(|_| refused())?;
    if matches!(url.scheme(), "http" | "https") {
        Ok(url)
    } else {
        Err(refused())
    }
}

fn timeout(get: Get<'_>) -> Result<Duration, ConfigError> {
    let allowed = "whole milliseconds, 1 to 30000";
    let milliseconds: u64 = parse_or(get, var::PROVIDER_TIMEOUT_MS, 5_000, allowed)?;
    if (1..=30_000).contains(&milliseconds) {
        return Ok(Duration::from_millis(milliseconds));
    }
    Err(ConfigError::Invalid {
        name: var::PROVIDER_TIMEOUT_MS,
        value: milliseconds.to_string(),
        allowed,
    })
}

fn max_jump(get: Get<'_>) -> Result<Decimal, ConfigError> {
    let allowed = "a decimal number of percent greater than 0";
    let percent = parse_or(get, var::MAX_JUMP_PERCENT, Decimal::TEN, allowed)?;
    if percent > Decimal::ZERO {
        return Ok(percent);
    }
    Err(ConfigError::Invalid {
        name: var::MAX_JUMP_PERCENT,
        value: percent.to_string(),
        allowed,
    })
}

fn spread(get: Get<'_>) -> Result<Option<Decimal>, ConfigError> {
    if optional(get, var::SPREAD_PERCENT).is_none() {
        return Ok(None);
    }
    let allowed = "a decimal number of percent greater than 0 and less than 100";
    let text = required(get, var::SPREAD_PERCENT)?;
    match text.parse::<Decimal>() {
        Ok(percent) if percent > Decimal::ZERO && percent < Decimal::ONE_HUNDRED => Ok(Some(percent)),
        _ => Err(ConfigError::Invalid {
            name: var::SPREAD_PERCENT,
            value: text,
            allowed,
        }),
    }
}
