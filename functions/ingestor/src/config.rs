//! Settings of the ingestor, read once from the environment. The names of the variables stand in `shared::config::var`.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::time::Duration;

use rust_decimal::Decimal;
use shared::config::{ConfigError, Get, KafkaConfig, RedisConfig, optional, parse_or, required, var};
use shared::source::{self, ApiKey, Source};

use crate::error::IngestError;
use crate::provider::RequestLimits;
use crate::provider::access::{self, Access};
use crate::provider::key::ProviderKey;

/// How long all providers of a run may take together. On top come Kafka's 10 s, which a run waits once, at most 10 s for each call to the backup queue, of
/// which the first that fails ends the run, and 9 s for Redis: the function has 90 s.
const CHAIN_DEADLINE: Duration = Duration::from_secs(30);
const DEFAULT_PROVIDERS: &str = shared::ecb::SOURCE;

/// Settings of the ingestor.
#[derive(Clone)]
pub struct Config {
    /// `PROVIDERS`: the provider chain, in the order in which providers are tried. Default `ecb`; example `koreaexim,ecb`.
    pub providers: Vec<ProviderKey>,
    /// `PUBLICATION`: `public` (default) or `private`.
    pub publication: Publication,
    /// `PROVIDER_URLS` and each source's key, such as `KOREAEXIM_API_KEY`: where every provider of the registry is asked, and with which key.
    pub access: BTreeMap<ProviderKey, Access>,
    /// `PROVIDER_TIMEOUT_MS` and `PROVIDER_ATTEMPTS`: how long providers may take.
    pub limits: RequestLimits,
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
        let config = Self {
            providers: providers(get)?,
            publication: publication(get)?,
            access: access::read(get)?,
            limits: RequestLimits {
                timeout: timeout(get)?,
                attempts: parse_or(
                    get,
                    var::PROVIDER_ATTEMPTS,
                    NonZeroU32::MIN.saturating_add(2),
                    "1 or more",
                )?,
                chain_deadline: CHAIN_DEADLINE,
            },
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
        if !self.may_show(provider) {
            return Err(IngestError::Terms { provider });
        }
        self.check_key(provider)?;
        Ok(vec![provider])
    }

    fn check_chain(&self, get: Get<'_>) -> Result<(), ConfigError> {
        if !self.providers.iter().all(|provider| self.may_show(*provider)) {
            return Err(ConfigError::Invalid {
                name: var::PROVIDERS,
                value: optional(get, var::PROVIDERS).unwrap_or_default(),
                allowed: &ALLOWED_IN_PUBLIC,
            });
        }
        self.providers.iter().try_for_each(|provider| self.check_key(*provider))
    }

    /// Whether the provider's terms allow what its rates are for.
    fn may_show(&self, provider: ProviderKey) -> bool {
        self.publication == Publication::Private || provider.source().terms.allow_redistribution
    }

    fn check_key(&self, provider: ProviderKey) -> Result<(), ConfigError> {
        let has_key = self
            .access
            .get(&provider)
            .is_some_and(|access| access.api_key.is_some());
        match provider.source().api_key {
            ApiKey::Required { variable } if !has_key => Err(ConfigError::Missing(variable)),
            ApiKey::None | ApiKey::Optional { .. } | ApiKey::Required { .. } => Ok(()),
        }
    }
}

/// What `PROVIDERS` may name.
static ALLOWED: LazyLock<String> = LazyLock::new(|| format!("{}, each at most once, with commas", source::allowed()));

/// What `PROVIDERS` may name while others see the rates, and why not more.
static ALLOWED_IN_PUBLIC: LazyLock<String> = LazyLock::new(|| {
    let is_private = |source: &&Source| !source.terms.allow_redistribution;
    let forbidding = source::SOURCES.iter().filter(is_private);
    let terms: Vec<String> = forbidding
        .map(|source| format!("{} ({})", source.key, source.terms.page))
        .collect();
    format!(
        "{} while PUBLICATION is public, because the terms of {} forbid redistribution; PUBLICATION=private allows it",
        source::allowed_in_public(),
        terms.join(" and ")
    )
});

fn providers(get: Get<'_>) -> Result<Vec<ProviderKey>, ConfigError> {
    let value = optional(get, var::PROVIDERS).unwrap_or_else(|| DEFAULT_PROVIDERS.to_owned());
    let refused = || ConfigError::Invalid {
        name: var::PROVIDERS,
        value: value.clone(),
        allowed: &ALLOWED,
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
