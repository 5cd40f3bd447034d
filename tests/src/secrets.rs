//! Users and passwords of tests in Secrets Manager: functions have them from there, as on AWS.

use std::collections::BTreeMap;

use aws_sdk_secretsmanager::Client;
use serde_json::{Map, Value};
use uuid::Uuid;

/// What tests write as parameters and functions read from secrets: the secret's parameter, and by its members the names that tests use.
const KEPT: [(&str, &[(&str, &str)]); 2] = [
    (
        "KafkaSecretArn",
        &[("username", "KafkaUsername"), ("password", "KafkaPassword")],
    ),
    ("ProviderSecretArn", &[("koreaexim", "KoreaeximApiKey")]),
];
/// URLs whose user and password go into a secret.
const URLS: [(&str, &str); 2] = [("RedisSecretArn", "RedisUrl"), ("DatabaseSecretArn", "DatabaseUrl")];

/// A client for the Secrets Manager that the test command has started.
pub async fn client() -> Client {
    Client::new(&aws_config::load_from_env().await)
}

/// A new secret: its ARN.
///
/// # Panics
/// When Secrets Manager does not answer.
pub async fn create(text: &str) -> String {
    let name = format!("hwanyul-{}", Uuid::new_v4().simple());
    let request = client().await.create_secret().name(name).secret_string(text);
    request.send().await.unwrap().arn.unwrap()
}

/// Another value for a secret.
///
/// # Panics
/// When Secrets Manager does not answer.
pub async fn put(arn: &str, text: &str) {
    let client = client().await;
    let request = client.put_secret_value().secret_id(arn).secret_string(text);
    request.send().await.unwrap();
}

/// `parameters` with every user, password and key in secrets, and the passwords and keys themselves.
///
/// # Panics
/// When Secrets Manager does not answer.
pub async fn by_secrets(mut parameters: BTreeMap<String, String>) -> (BTreeMap<String, String>, Vec<String>) {
    let mut found: Vec<(&str, Map<String, Value>)> = Vec::new();
    for (arn, members) in KEPT {
        let mut take = |name: &str| parameters.remove(name).filter(|value| !value.is_empty());
        let values = members
            .iter()
            .filter_map(|(member, name)| Some(((*member).to_owned(), Value::String(take(name)?))));
        found.push((arn, values.collect()));
    }
    for (arn, name) in URLS {
        let Some(url) = parameters.get_mut(name) else { continue };
        let (without, login) = without_login(url);
        *url = without;
        let (username, password) = login.split_once(':').unwrap_or((&login, ""));
        let values = [("username", username), ("password", password)];
        let values = values.into_iter().filter(|(_, value)| !value.is_empty());
        found.push((
            arn,
            values
                .map(|(member, value)| (member.to_owned(), value.into()))
                .collect(),
        ));
    }
    let mut secrets = Vec::new();
    for (name, members) in found.into_iter().filter(|(_, members)| !members.is_empty()) {
        let hidden = members.iter().filter(|(member, _)| *member != "username");
        secrets.extend(hidden.filter_map(|(_, value)| value.as_str().map(str::to_owned)));
        let arn = create(&Value::Object(members).to_string()).await;
        parameters.insert(name.to_owned(), arn);
    }
    (parameters, secrets)
}

/// A URL, or several with commas, without user and password, and those of the first.
fn without_login(urls: &str) -> (String, String) {
    let mut found = String::new();
    let without = urls.split(',').map(|url| {
        let Some((scheme, rest)) = url.split_once("://") else {
            return url.to_owned();
        };
        let Some((login, host)) = rest.split_once('@') else {
            return url.to_owned();
        };
        if found.is_empty() {
            login.clone_into(&mut found);
        }
        format!("{scheme}://{host}")
    });
    let without = without.collect::<Vec<_>>().join(",");
    (without, found)
}

/// What a secret says.
///
/// # Panics
/// When Secrets Manager does not answer, or it is no JSON.
pub async fn get(arn: &str) -> Value {
    let answer = client().await.get_secret_value().secret_id(arn).send().await.unwrap();
    serde_json::from_str(answer.secret_string().unwrap()).unwrap()
}
