//! Where a provider is asked, and with which key: the registry's addresses, or those of the settings.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use reqwest::Url;
use shared::config::{ConfigError, Get, optional, var};
use shared::source::{self, ApiKey};

use super::key::ProviderKey;

/// Where a provider is asked, and with which key. Without `Debug`, because the key is secret.
#[derive(Clone)]
pub struct Access {
    /// Its document, or what the document's address begins with.
    pub url: Url,
    /// The key; `None` of a provider that takes none, or that is asked without.
    pub api_key: Option<String>,
}

/// The access of every provider of the registry.
///
/// # Errors
/// [`ConfigError`] names the variable and what is allowed.
pub(crate) fn read(get: Get<'_>) -> Result<BTreeMap<ProviderKey, Access>, ConfigError> {
    let mut urls = urls(get)?;
    let access = |provider: ProviderKey| {
        let source = provider.source();
        let api_key = source.api_key_variable().and_then(|variable| optional(get, variable));
        let own = match source.api_key {
            ApiKey::Optional { url, .. } if api_key.is_some() => url,
            ApiKey::None | ApiKey::Optional { .. } | ApiKey::Required { .. } => source.url,
        };
        let url = match urls.remove(&provider) {
            Some(url) => url,
            None => web_address(own).ok_or_else(|| refused(own))?,
        };
        Ok((provider, Access { url, api_key }))
    };
    ProviderKey::all().map(access).collect()
}

/// `PROVIDER_URLS`: `ecb=http://127.0.0.1:9010/daily.xml,koreaexim=https://example.com/rates`.
fn urls(get: Get<'_>) -> Result<BTreeMap<ProviderKey, Url>, ConfigError> {
    let mut urls = BTreeMap::new();
    let Some(text) = optional(get, var::PROVIDER_URLS) else {
        return Ok(urls);
    };
    for entry in text.split(',') {
        let read = || {
            let (key, url) = entry.trim().split_once('=')?;
            Some((key.parse::<ProviderKey>().ok()?, web_address(url)?))
        };
        let (provider, url) = read().ok_or_else(|| refused(&text))?;
        if urls.insert(provider, url).is_some() {
            return Err(refused(&text));
        }
    }
    Ok(urls)
}

fn refused(value: &str) -> ConfigError {
    static ALLOWED: LazyLock<String> = LazyLock::new(|| {
        format!(
            "provider=URL, several with commas between, each of {} at most once and each URL with http:// or https://",
            source::allowed()
        )
    });
    ConfigError::Invalid {
        name: var::PROVIDER_URLS,
        value: value.to_owned(),
        allowed: &ALLOWED,
    }
}

fn web_address(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    matches!(url.scheme(), "http" | "https").then_some(url)
}
