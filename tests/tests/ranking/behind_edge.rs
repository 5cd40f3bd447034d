//! Clicks that come by way of the console's distribution: the function's real bootstrap behind the local HTTP API, and this test in CloudFront's place.

use std::path::PathBuf;

use emulator::{Deployment, Emulator, EmulatorOptions, KafkaAccess};
use localstack::stack::STACK_NAME;
use serde_json::json;
use serde_yaml_ng::Value;
use tempfile::TempDir;
use tests::checkout::{binaries, project};
use tests::secured::assert_no_secret;
use tests::{secrets, server};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::Servers;

/// The ranking's function with the distribution's key in a secret, and two clicks a minute for each client.
struct Api {
    emulator: Emulator,
    url: String,
    place: TempDir,
    key: String,
    answers: Vec<String>,
}

impl Api {
    async fn start(servers: &Servers) -> Self {
        let place = tempfile::tempdir().unwrap();
        let key = Uuid::new_v4().simple().to_string();
        let template = template(&place, &secrets::create(&json!({ "key": key }).to_string()).await);
        let parameters = [
            ("KafkaBootstrapServers", server("HWANYUL_TEST_KAFKA")),
            ("RedisUrl", servers.redis.clone()),
            ("DatabaseUrl", "postgres://127.0.0.1:1/nobody".to_owned()),
            ("MongodbUri", servers.mongodb.clone()),
            ("ClickLimitPerMinute", "2".to_owned()),
            ("LogLevel", "debug".to_owned()),
        ];
        let function_env = [
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", server("HWANYUL_TEST_SQS")),
        ];
        let named = |(name, value): (&str, String)| (name.to_owned(), value);
        let kafka = KafkaAccess::plaintext(server("HWANYUL_TEST_KAFKA"));
        let emulator = Emulator::start(EmulatorOptions {
            deployment: Deployment::new(STACK_NAME, parameters.map(named).into()),
            function_env: function_env.map(named).into(),
            ..EmulatorOptions::new(template, binaries(), kafka, place.path().join("logs"))
        })
        .await
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/api/v1/rankings/click", listener.local_addr().unwrap());
        emulator.serve_http_api(listener);
        Self {
            emulator,
            url,
            place,
            key,
            answers: Vec::new(),
        }
    }

    /// A click with this key and `X-Forwarded-For`: its status. The local HTTP API appends the address of this test to the latter, as API Gateway does CloudFront's.
    async fn click(&mut self, key: Option<&str>, forwarded: &str) -> u16 {
        let request = reqwest::Client::new()
            .post(&self.url)
            .header("content-type", "application/json")
            .header("x-forwarded-for", forwarded)
            .body(json!({"country": "US", "user_id": "user-1"}).to_string());
        let request = match key {
            Some(key) => request.header(ranking::EDGE_HEADER, key),
            None => request,
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let headers = format!("{:?}", response.headers());
        self.answers.push(headers + &response.text().await.unwrap());
        status
    }

    /// Ends the function. The key was neither answered nor logged.
    async fn stop(self) {
        self.emulator.shutdown().await;
        assert_no_secret(self.place.path(), &self.answers, &[self.key]);
    }
}

/// `template.yaml` with no function but the ranking's, nothing that invokes another, and the distribution's secret in the place of the one that AWS would make.
fn template(place: &TempDir, secret: &str) -> PathBuf {
    let text = std::fs::read_to_string(project().join("template.yaml")).unwrap();
    let mut template: Value = serde_yaml_ng::from_str(&text).unwrap();
    let resources = template["Resources"].as_mapping_mut().unwrap();
    resources.retain(|id, _| id == "Api" || id == "ApiLogs" || id == "RankingApi");
    let variables = &mut template["Resources"]["RankingApi"]["Properties"]["Environment"]["Variables"];
    assert!(!variables["EDGE_SECRET_ARN"].is_null());
    variables["EDGE_SECRET_ARN"] = secret.into();
    let path = place.path().join("template.yaml");
    std::fs::write(&path, serde_yaml_ng::to_string(&template).unwrap()).unwrap();
    path
}

#[tokio::test]
async fn clients_behind_one_edge_have_a_limit_each_and_cannot_choose_who_they_are() {
    let servers = Servers::start().await;
    let mut api = Api::start(&servers).await;
    let key = api.key.clone();
    let key = Some(key.as_str());
    for client in ["198.51.100.7", "198.51.100.8"] {
        assert_eq!(api.click(key, client).await, 201);
        // What the client itself sent stands first.
        assert_eq!(api.click(key, &format!("203.0.113.1, {client}")).await, 201);
        assert_eq!(api.click(key, &format!("203.0.113.2, {client}")).await, 429);
    }
    assert_eq!(servers.stored().await, 4);
    api.stop().await;
}

#[tokio::test]
async fn without_the_key_of_the_distribution_its_headers_change_nothing() {
    let servers = Servers::start().await;
    let mut api = Api::start(&servers).await;
    assert_eq!(api.click(None, "198.51.100.1").await, 201);
    assert_eq!(api.click(Some("wrong"), "198.51.100.2").await, 201);
    for key in [None, Some(""), Some("wrong")] {
        assert_eq!(api.click(key, "198.51.100.3").await, 429, "{key:?}");
    }
    let key = api.key.clone();
    assert_eq!(api.click(Some(&key), "198.51.100.3").await, 201);
    api.stop().await;
}
