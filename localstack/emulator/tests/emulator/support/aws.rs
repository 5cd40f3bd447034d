//! SQS and S3 as LocalStack speaks them.

use std::sync::OnceLock;

use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region};
use serde_json::Value;

use super::outliving;

/// The SQS (and S3) of `localstack servers`, else one that ends with this process.
pub fn shared_sqs() -> &'static str {
    static SQS: OnceLock<String> = OnceLock::new();
    SQS.get_or_init(|| match std::env::var("HWANYUL_TEST_SQS") {
        Ok(url) => url,
        Err(_) => outliving(async |folder| {
            let sqs = servers::Sqs::start(&servers::Options::in_dir(folder.join("sqs")))
                .await
                .unwrap();
            (sqs.url(), sqs)
        }),
    })
}

fn sqs() -> aws_sdk_sqs::Client {
    let config = aws_sdk_sqs::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .endpoint_url(shared_sqs())
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .build();
    aws_sdk_sqs::Client::from_conf(config)
}

/// A queue of its own; gives its URL.
pub async fn queue() -> String {
    let name = format!("letters-{}", uuid::Uuid::new_v4().simple());
    let created = sqs().create_queue().queue_name(name).send().await.unwrap();
    created.queue_url().unwrap().to_owned()
}

/// All messages of the queue, as JSON.
pub async fn messages(url: &str, count: usize) -> Vec<Value> {
    let mut bodies = Vec::new();
    while bodies.len() < count {
        let request = sqs()
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(10)
            .wait_time_seconds(5);
        let received = request.send().await.unwrap();
        assert!(!received.messages().is_empty(), "{} of {count} messages", bodies.len());
        bodies.extend(
            received
                .messages()
                .iter()
                .map(|message| serde_json::from_str(message.body().unwrap()).unwrap()),
        );
    }
    bodies
}

/// A bucket of its own; gives its name.
pub async fn bucket() -> String {
    let name = format!("b{}", uuid::Uuid::new_v4().simple());
    make_bucket(&name).await;
    name
}

/// Makes a bucket of this name.
pub async fn make_bucket(name: &str) {
    let made = reqwest::Client::new()
        .put(format!("{}/{name}", shared_sqs()))
        .send()
        .await
        .unwrap();
    assert!(made.status().is_success(), "{made:?}");
}

/// The keys of all objects, and the objects.
pub async fn objects(bucket: &str) -> Vec<(String, Value)> {
    let list = reqwest::get(format!("{}/{bucket}?list-type=2", shared_sqs()))
        .await
        .unwrap();
    let list = list.text().await.unwrap();
    let keys = list
        .split("<Key>")
        .skip(1)
        .map(|rest| rest.split("</Key>").next().unwrap().to_owned());
    let mut objects = Vec::new();
    for key in keys {
        let object = reqwest::get(format!("{}/{bucket}/{key}", shared_sqs())).await.unwrap();
        objects.push((key, object.json().await.unwrap()));
    }
    objects
}
