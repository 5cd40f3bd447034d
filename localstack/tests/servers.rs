//! The real servers: they answer when started, keep their data through a crash, and name who has their port.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use krafka::admin::{CreateTopicsOptions, ListTopicsOptions, NewTopic};
use krafka::producer::Record;
use localstack::servers::{Kafka, Options, Postgres, Redis, ServerError, Sqs, free_port};
use sqlx::{Connection as _, Executor as _, PgConnection, Row as _};

/// A folder that PostgreSQL's user may enter as well.
fn folder() -> tempfile::TempDir {
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    tempfile::Builder::new()
        .prefix("hwanyul-test-")
        .permissions(permissions)
        .tempdir()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn kafka_killed_and_restarted_has_its_topics_and_records() {
    let dir = folder();
    let mut kafka = Kafka::start(&Options::in_dir(dir.path().join("kafka"))).await.unwrap();
    let bootstrap = kafka.bootstrap();
    let client = krafka::Kafka::builder(&bootstrap).connect().await.unwrap();
    let created = client
        .admin()
        .create_topics([NewTopic::new("rates", 3, 1).unwrap()], CreateTopicsOptions::default())
        .await
        .unwrap();
    assert!(created.values().all(Result::is_ok), "{created:?}");
    let producer = client.producer().build().await.unwrap();
    let sent = producer.send(Record::new("rates", b"1335.30".to_vec())).await.unwrap();
    assert_eq!(sent.offset, 0);

    kafka.kill().await.unwrap();
    assert!(
        krafka::Kafka::builder(&bootstrap)
            .connect_timeout(Duration::from_secs(1))
            .connect()
            .await
            .is_err()
    );
    kafka.restart().await.unwrap();

    assert_eq!(kafka.bootstrap(), bootstrap);
    let client = krafka::Kafka::builder(&bootstrap).connect().await.unwrap();
    assert_eq!(
        client.admin().list_topics(ListTopicsOptions::default()).await.unwrap(),
        ["rates"]
    );
    assert_eq!(
        localstack::servers::topic_ends(&client.admin(), "rates")
            .await
            .unwrap()
            .values()
            .sum::<i64>(),
        1
    );
    kafka.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_killed_and_restarted_has_its_rows() {
    let dir = folder();
    let mut postgres = Postgres::start(&Options::in_dir(dir.path().join("postgres")))
        .await
        .unwrap();
    let url = postgres.url("postgres");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    connection
        .execute("CREATE TABLE rate (value numeric); INSERT INTO rate VALUES (1335.30)")
        .await
        .unwrap();

    postgres.kill().await.unwrap();
    assert!(PgConnection::connect(&url).await.is_err());
    postgres.restart().await.unwrap();

    let mut connection = PgConnection::connect(&url).await.unwrap();
    let row = connection.fetch_one("SELECT value::text FROM rate").await.unwrap();
    assert_eq!(row.get::<String, _>(0), "1335.30");
    connection.close().await.unwrap();
    postgres.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_killed_and_restarted_answers_on_the_same_port_and_is_empty() {
    let dir = folder();
    let mut redis = Redis::start(&Options::in_dir(dir.path().join("redis"))).await.unwrap();
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    redis::cmd("SET")
        .arg("rate:USD")
        .arg("1335.30")
        .exec_async(&mut connection)
        .await
        .unwrap();

    redis.kill().await.unwrap();
    assert!(client.get_multiplexed_async_connection().await.is_err());
    redis.restart().await.unwrap();

    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let kept: Option<String> = redis::cmd("GET")
        .arg("rate:USD")
        .query_async(&mut connection)
        .await
        .unwrap();
    assert_eq!(kept, None, "a cache keeps nothing through a crash");
    redis.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn sqs_killed_and_restarted_takes_messages_under_the_same_url() {
    let dir = folder();
    let mut sqs = Sqs::start(&Options::in_dir(dir.path().join("sqs"))).await.unwrap();
    let create = async |sqs: &Sqs| {
        let queue = sqs
            .client()
            .create_queue()
            .queue_name("dead-letters")
            .send()
            .await
            .unwrap();
        queue.queue_url.unwrap()
    };
    let queue = create(&sqs).await;
    assert!(queue.starts_with(&sqs.url()), "{queue} leads elsewhere");

    sqs.kill().await.unwrap();
    sqs.restart().await.unwrap();

    assert_eq!(create(&sqs).await, queue);
    sqs.client()
        .send_message()
        .queue_url(&queue)
        .message_body("1335.30")
        .send()
        .await
        .unwrap();
    let received = sqs.client().receive_message().queue_url(&queue).send().await.unwrap();
    assert_eq!(received.messages()[0].body(), Some("1335.30"));
    sqs.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_named_with_its_owner() {
    let dir = folder();
    let port = free_port().unwrap();
    let options = Options {
        port: Some(port),
        ..Options::in_dir(dir.path().join("redis"))
    };
    let first = Redis::start(&options).await.unwrap();

    let error = Redis::start(&options).await.unwrap_err();

    let owner = first.identity().unwrap().pid;
    assert_eq!(
        error.to_string(),
        format!("port {port} for Redis is in use by redis-server (pid {owner}); end it or choose another port")
    );
    assert!(matches!(error, ServerError::PortTaken { .. }));
    first.stop().await.unwrap();
}
