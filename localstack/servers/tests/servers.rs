//! The real servers: they answer when started, keep their data through a crash, and name who has their port.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use krafka::admin::{CreateTopicsOptions, ListTopicsOptions, NewTopic};
use krafka::producer::Record;
use mongodb::bson::{Document, doc};
use mongodb::error::{ErrorKind, WriteFailure};
use mongodb::options::{IndexOptions, ReturnDocument};
use mongodb::{Client, Collection, IndexModel};
use servers::{Kafka, Mongo, Options, Postgres, Redis, ServerError, Sqs, free_port};
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
        servers::topic_ends(&client.admin(), "rates")
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

/// The clicks of one database, through the official driver.
async fn clicks(mongo: &Mongo) -> Collection<Document> {
    let client = Client::with_uri_str(mongo.url()).await.unwrap();
    client.database("hwanyul").collection("clicks")
}

/// Counts a click on USD, as the rankings do.
async fn click(clicks: &Collection<Document>) -> i64 {
    let counted = clicks
        .find_one_and_update(doc! {"code": "USD"}, doc! {"$inc": {"count": 1_i64}})
        .upsert(true)
        .return_document(ReturnDocument::After)
        .await
        .unwrap();
    counted.unwrap().get_i64("count").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn mongo_speaks_to_the_official_driver() {
    let dir = folder();
    let mongo = Mongo::start(&Options::in_dir(dir.path().join("mongo"))).await.unwrap();
    let clicks = clicks(&mongo).await;
    let unique = IndexOptions::builder().unique(true).build();
    let unique = IndexModel::builder().keys(doc! {"code": 1}).options(unique).build();
    let ttl = IndexOptions::builder().expire_after(Duration::from_secs(60)).build();
    let ttl = IndexModel::builder().keys(doc! {"at": 1}).options(ttl).build();
    clicks.create_indexes([unique, ttl]).await.unwrap();

    clicks
        .insert_one(doc! {"code": "USD", "count": 1_i64, "day": "2026-11-23"})
        .await
        .unwrap();
    let twice = clicks
        .insert_one(doc! {"code": "USD", "count": 9_i64})
        .await
        .unwrap_err();
    assert!(
        matches!(&*twice.kind, ErrorKind::Write(WriteFailure::WriteError(error)) if error.code == 11_000),
        "{twice}"
    );
    let upserted = clicks
        .update_one(
            doc! {"code": "EUR"},
            doc! {"$inc": {"count": 5_i64}, "$set": {"day": "2026-11-23"}},
        )
        .upsert(true)
        .await
        .unwrap();
    assert!(upserted.upserted_id.is_some());
    assert_eq!(click(&clicks).await, 2);
    clicks
        .insert_one(doc! {"code": "JPY", "count": 3_i64, "day": "2026-11-22"})
        .await
        .unwrap();

    let mut days = clicks
        .aggregate([
            doc! {"$match": {"day": {"$gte": "2026-11-22"}}},
            doc! {"$group": {"_id": "$day", "total": {"$sum": "$count"}}},
            doc! {"$sort": {"total": -1, "_id": 1}},
        ])
        .await
        .unwrap();
    let mut totals = Vec::new();
    while days.advance().await.unwrap() {
        let day = days.deserialize_current().unwrap();
        totals.push((day.get_str("_id").unwrap().to_owned(), day.get_i64("total").unwrap()));
    }
    assert_eq!(totals, [("2026-11-23".to_owned(), 7), ("2026-11-22".to_owned(), 3)]);
    mongo.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn mongo_counts_what_many_count_at_once() {
    let dir = folder();
    let mongo = Mongo::start(&Options::in_dir(dir.path().join("mongo"))).await.unwrap();
    let clicks = clicks(&mongo).await;
    let unique = IndexOptions::builder().unique(true).build();
    let unique = IndexModel::builder().keys(doc! {"code": 1}).options(unique).build();
    clicks.create_index(unique).await.unwrap();
    clicks.insert_one(doc! {"code": "USD", "count": 0_i64}).await.unwrap();
    futures::future::join_all((0..500).map(|_| click(&clicks))).await;
    assert_eq!(click(&clicks).await, 501);
    mongo.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn mongo_stopped_or_killed_and_restarted_has_its_documents() {
    let dir = folder();
    let options = Options::in_dir(dir.path().join("mongo"));
    let mongo = Mongo::start(&options).await.unwrap();
    assert_eq!(click(&clicks(&mongo).await).await, 1);
    mongo.stop().await.unwrap();

    let mut mongo = Mongo::start(&options).await.unwrap();
    assert_eq!(click(&clicks(&mongo).await).await, 2);
    // Its file is written every 100 ms, as MongoDB's journal is.
    let file = dir.path().join("mongo/mongo.mv");
    let written = || std::fs::metadata(&file).unwrap().modified().unwrap();
    let before = written();
    while written() == before {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let url = mongo.url();
    mongo.kill().await.unwrap();
    mongo.restart().await.unwrap();
    assert_eq!(mongo.url(), url);
    assert_eq!(click(&clicks(&mongo).await).await, 3);
    mongo.stop().await.unwrap();
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
