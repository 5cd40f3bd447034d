//! The template's parameters that the local stack gives.

use std::collections::BTreeMap;

use emulator::{ACCESS_KEY, SECRET_KEY};
use shared::source::SOURCES;

use super::Endpoints;
use crate::feed::provider_urls;

/// How often the ingestor runs while the feed's days go by.
const FEED_SCHEDULE: &str = "rate(2 seconds)";

/// The values for `template.yaml`; what the caller gave wins.
pub(super) fn parameters(endpoints: &Endpoints, given: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut parameters = vec![
        ("KafkaBootstrapServers", endpoints.kafka.clone()),
        ("KafkaSecurity", "plaintext".to_owned()),
        // There is one broker.
        ("KafkaReplication", "1".to_owned()),
        ("RedisUrl", endpoints.redis.clone()),
        ("DatabaseUrl", endpoints.database.clone()),
        ("MongodbUri", endpoints.mongo.clone()),
        // The stack serves the page itself: there is no distribution whose key a function could read.
        ("Console", "false".to_owned()),
    ];
    // Its timelines are made of the spans that functions send.
    parameters.extend(
        endpoints
            .console
            .is_some()
            .then(|| ("OtlpEndpoint", endpoints.lambda.clone())),
    );
    if let Some(feed) = &endpoints.feed {
        parameters.extend([
            ("IngestSchedule", FEED_SCHEDULE.to_owned()),
            // The feed's days have no time of publication.
            ("PublicationSchedule", String::new()),
            ("ProviderUrls", provider_urls(feed)),
            ("EcbHistoryUrl", format!("{feed}/stats/eurofxref/eurofxref-hist.zip")),
        ]);
    }
    let mut parameters: BTreeMap<String, String> = parameters
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    parameters.extend(given.clone());
    parameters
}

/// What Lambda sets for every function on AWS, the keys of providers that this process has, and where SQS, Secrets Manager and Lambda's own API are here.
/// On AWS functions have the keys from Secrets Manager; here they may stand in the environment of `up`.
pub(super) fn function_env(endpoints: &Endpoints) -> BTreeMap<String, String> {
    let variables = [
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ("AWS_ENDPOINT_URL_SQS", &endpoints.sqs),
        // The same program.
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &endpoints.sqs),
        ("AWS_ENDPOINT_URL_LAMBDA", &endpoints.lambda),
    ];
    let keys = SOURCES.iter().filter_map(|source| {
        let name = source.api_key_variable()?;
        Some((name.to_owned(), std::env::var(name).ok()?))
    });
    variables
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .chain(keys)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoints(feed: Option<&str>) -> Endpoints {
        Endpoints {
            kafka: "127.0.0.1:9092".to_owned(),
            feed: feed.map(str::to_owned),
            ..Endpoints::default()
        }
    }

    #[test]
    fn without_a_feed_providers_and_pace_are_the_templates_own() {
        let live = parameters(&endpoints(None), &BTreeMap::new());
        assert_eq!(live["KafkaBootstrapServers"], "127.0.0.1:9092");
        assert!(
            !live
                .keys()
                .any(|name| name == "ProviderUrls" || name == "EcbHistoryUrl")
        );
        assert!(!live.contains_key("IngestSchedule"));
    }

    #[test]
    fn what_was_given_wins() {
        let given = BTreeMap::from([("IngestSchedule".to_owned(), "rate(1 minute)".to_owned())]);
        let parameters = parameters(&endpoints(Some("http://127.0.0.1:9010")), &given);
        assert_eq!(parameters["IngestSchedule"], "rate(1 minute)");
        let ecb = "ecb=http://127.0.0.1:9010/stats/eurofxref/eurofxref-daily.xml,";
        assert!(parameters["ProviderUrls"].starts_with(ecb), "{parameters:?}");
    }
}
