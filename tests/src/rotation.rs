//! Passwords of secured servers that change while functions use them.

use std::collections::BTreeMap;
use std::path::Path;

use redis::aio::MultiplexedConnection;
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnectOptions;
use tokio::process::Command;
use uuid::Uuid;

use crate::checkout::binaries;
use crate::pipeline::Pipeline;
use crate::secrets::{get, put};
use crate::tool;

/// Who changes passwords: a connection to Redis that outlives each change, and the secrets that are not pushed yet.
pub struct Rotation {
    redis: MultiplexedConnection,
    not_pushed: BTreeMap<String, String>,
}

impl Rotation {
    /// Connected with the passwords that a pipeline was started with.
    ///
    /// # Panics
    /// When Redis does not answer.
    pub async fn of(pipeline: &Pipeline) -> Self {
        let client = pipeline.redis.client().unwrap();
        Self {
            redis: client.get_multiplexed_async_connection().await.unwrap(),
            not_pushed: BTreeMap::new(),
        }
    }

    /// Gives the user of the secret a new password, which must be in no log. The secret is not pushed yet.
    async fn new_password(&mut self, pipeline: &mut Pipeline, secret: &str) -> (String, String) {
        let arn = pipeline.secret_arns[secret].clone();
        let user = get(&arn).await["username"].as_str().unwrap().to_owned();
        let password = Uuid::new_v4().simple().to_string();
        pipeline.secrets.push(password.clone());
        // With members that AWS adds and nobody here reads.
        let text = json!({"username": user, "password": password, "engine": "any", "port": 1});
        self.not_pushed.insert(arn, text.to_string());
        (user, password)
    }

    /// Redis has another password, and every other connection to it is closed.
    ///
    /// # Panics
    /// When Redis does not answer.
    pub async fn redis(&mut self, pipeline: &mut Pipeline) {
        let (user, password) = self.new_password(pipeline, "RedisSecretArn").await;
        let mut change = redis::cmd("ACL");
        change
            .arg("SETUSER")
            .arg(user)
            .arg("resetpass")
            .arg(format!(">{password}"));
        change.exec_async(&mut self.redis).await.unwrap();
        let mut kill = redis::cmd("CLIENT");
        kill.arg(&["KILL", "TYPE", "normal", "SKIPME", "yes"]);
        kill.exec_async(&mut self.redis).await.unwrap();
    }

    /// PostgreSQL has another password, and every other connection to it is closed. The pipeline's own store has the new one.
    ///
    /// # Panics
    /// When PostgreSQL does not answer.
    pub async fn postgres(&mut self, pipeline: &mut Pipeline) {
        let (user, password) = self.new_password(pipeline, "DatabaseSecretArn").await;
        let mut connection = pipeline.store.acquire().await.unwrap();
        let change = format!("ALTER USER {user} PASSWORD '{password}'");
        sqlx::query(AssertSqlSafe(change))
            .execute(&mut *connection)
            .await
            .unwrap();
        let options = PgConnectOptions::clone(&pipeline.store.connect_options());
        pipeline.store.set_connect_options(options.password(&password));
        let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()";
        sqlx::query(kill).execute(&mut *connection).await.unwrap();
    }

    /// Kafka has another password, and is started again, which closes every connection.
    ///
    /// # Panics
    /// When Kafka does not answer.
    pub async fn kafka(&mut self, pipeline: &mut Pipeline) {
        let (user, password) = self.new_password(pipeline, "KafkaSecretArn").await;
        let output = Command::new("java")
            .arg("-cp")
            .arg(tool("kafka/lib").join("*"))
            .arg("kafka.admin.ConfigCommand")
            .args(["--bootstrap-server", &pipeline.kafka.plain_bootstrap()])
            .args(["--alter", "--entity-type", "users", "--entity-name", &user])
            .arg("--add-config")
            .arg(format!("SCRAM-SHA-512=[password={password}]"))
            .output();
        let output = output.await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        pipeline.kafka.restart().await.unwrap();
    }

    /// Pushes to Secrets Manager what the servers want since their passwords were changed.
    ///
    /// # Panics
    /// When Secrets Manager does not answer.
    pub async fn push(&mut self) {
        for (arn, text) in std::mem::take(&mut self.not_pushed) {
            put(&arn, &text).await;
        }
    }
}

/// The processes of functions that this test runs, with their names.
///
/// # Panics
/// When `/proc` cannot be read.
#[must_use]
pub fn function_processes() -> BTreeMap<u32, String> {
    let mut found = BTreeMap::new();
    for thread in std::fs::read_dir("/proc/self/task").unwrap() {
        let children = std::fs::read_to_string(thread.unwrap().path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            let Ok(program) = std::fs::read_link(Path::new("/proc").join(child).join("exe")) else {
                continue;
            };
            if program.parent() == binaries().canonicalize().ok().as_deref() {
                let name = program.file_name().unwrap().to_string_lossy().into_owned();
                found.insert(child.parse().unwrap(), name);
            }
        }
    }
    found
}
