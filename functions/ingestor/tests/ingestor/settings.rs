//! Settings that are refused, and providers that may not be asked.

use std::collections::HashMap;

use ingestor::{Config, IngestError};
use shared::config::ConfigError;

fn read(changes: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let needed = [
        ("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1"),
        ("REDIS_URL", "redis://127.0.0.1:1"),
        ("BACKUP_QUEUE_URL", "http://127.0.0.1:1/000000000000/backup.fifo"),
    ];
    let settings: HashMap<String, String> = needed
        .iter()
        .chain(changes)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Config::read(&|name| settings.get(name).cloned())
}

#[test]
fn without_settings_the_ecb_is_asked_for_the_public() {
    let config = read(&[("PROVIDERS", ""), ("SPREAD_PERCENT", ""), ("EXCHANGERATE_API_KEY", "")]).unwrap();
    assert_eq!(
        config.providers.iter().map(|key| key.as_str()).collect::<Vec<_>>(),
        ["ecb"]
    );
    let url = |config: &Config, provider: &str| config.access[&provider.parse().unwrap()].url.to_string();
    let bank = "https://oapi.koreaexim.go.kr/site/program/financial/exchangeJSON";
    assert_eq!(
        url(&config, "ecb"),
        "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml"
    );
    assert_eq!(url(&config, "exchangerate_api"), "https://open.er-api.com/");
    assert_eq!(url(&config, "koreaexim"), bank);
    assert_eq!(
        (
            config.limits.timeout.as_millis(),
            config.limits.attempts.get(),
            config.spread_percent
        ),
        (5000, 3, None)
    );
    let keyed = read(&[("EXCHANGERATE_API_KEY", "k")]).unwrap();
    assert_eq!(url(&keyed, "exchangerate_api"), "https://v6.exchangerate-api.com/");
    let moved = read(&[(
        "PROVIDER_URLS",
        "ecb=http://127.0.0.1:1/a.xml, exchangerate_api=https://b.example",
    )])
    .unwrap();
    assert_eq!(url(&moved, "ecb"), "http://127.0.0.1:1/a.xml");
    assert_eq!(url(&moved, "exchangerate_api"), "https://b.example/");
    assert_eq!(url(&moved, "koreaexim"), bank);
}

#[test]
fn a_public_chain_refuses_the_source_whose_terms_forbid_redistribution() {
    let error = read(&[("PROVIDERS", "ecb,exchangerate_api")]).unwrap_err().to_string();
    assert!(
        error.contains("https://www.exchangerate-api.com/terms") && error.contains("PUBLICATION=private"),
        "{error}"
    );
    assert!(read(&[("PROVIDERS", "ecb,exchangerate_api"), ("PUBLICATION", "private")]).is_ok());
    let error = read(&[])
        .unwrap()
        .order(Some("exchangerate_api".parse().unwrap()))
        .unwrap_err();
    assert!(matches!(error, IngestError::Terms { .. }));
    assert!(
        error.to_string().contains("https://www.exchangerate-api.com/terms"),
        "{error}"
    );
}

#[test]
fn koreaexim_needs_its_key() {
    let error = read(&[("PROVIDERS", "koreaexim")]).unwrap_err();
    assert_eq!(error, ConfigError::Missing("KOREAEXIM_API_KEY"));
    let error = read(&[])
        .unwrap()
        .order(Some("koreaexim".parse().unwrap()))
        .unwrap_err();
    assert_eq!(error.to_string(), "environment variable KOREAEXIM_API_KEY is not set");
}

#[test]
fn a_bad_value_is_named_with_what_is_allowed() {
    for (name, value) in [
        ("PROVIDERS", "ecb,bok"),
        ("PROVIDERS", "ecb,ecb"),
        ("PROVIDERS", "ecb,"),
        ("PUBLICATION", "internal"),
        ("PROVIDER_URLS", "ecb=ftp://ecb"),
        ("PROVIDER_URLS", "ecb=ecb"),
        ("PROVIDER_URLS", "https://ecb.example"),
        ("PROVIDER_URLS", "bok=https://bok.example"),
        ("PROVIDER_URLS", "ecb=https://a.example,ecb=https://b.example"),
        ("PROVIDER_TIMEOUT_MS", "0"),
        ("PROVIDER_ATTEMPTS", "0"),
        ("MAX_JUMP_PERCENT", "0"),
        ("MAX_JUMP_PERCENT", "ten"),
        ("SPREAD_PERCENT", "100"),
        ("SPREAD_PERCENT", "-1"),
    ] {
        let error = read(&[(name, value)]).unwrap_err();
        assert!(
            matches!(error, ConfigError::Invalid { name: named, .. } if named == name),
            "{name}={value}: {error}"
        );
    }
}

#[test]
fn keys_stay_out_of_debug() {
    let config = read(&[("KOREAEXIM_API_KEY", "secret"), ("EXCHANGERATE_API_KEY", "secret")]).unwrap();
    assert!(!format!("{config:?}").contains("secret"));
}
