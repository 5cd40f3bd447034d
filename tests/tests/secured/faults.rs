//! Wrong passwords, wrong authorities, expired certificates, and clients that speak TLS where none is or none where it is: the function says which setting
//! is to blame, connects a few times at most, and writes no secret anywhere (each invocation is searched for them).

use serde_json::json;
use servers::{Kafka, Options, Postgres, Redis, RedisCluster, Security};
use tests::kafka_event;
use tests::secured::{CountingProxy, Functions, Secured, Seen};
use tests::{RawRecord, server};

/// More connections than this within one invocation would be a storm, were there a thousand functions.
const MOST_CONNECTIONS: usize = 5;

/// One wrong setting: its name for people, the port it leads to, the parameters, and what must be said.
struct Case<'a> {
    name: &'a str,
    port: u16,
    settings: Vec<(&'a str, String)>,
    says: &'a [&'a str],
}

fn path(file: &std::path::Path) -> String {
    file.display().to_string()
}

fn port_of(address: &str) -> u16 {
    let port = address.rsplit(':').next().unwrap();
    port.split('/').next().unwrap().parse().unwrap()
}

fn event() -> String {
    let payload = json!({"source": "ecb", "data_count": 1, "collection_time": "2026-10-30T13:15:00Z", "processing_time_ms": 1,
        "correlation_id": "018f0000-0000-7000-8000-000000000000"});
    kafka_event("new_data_received", &[RawRecord::Value(payload.to_string().as_bytes())])
}

fn assert_said(case: &Case<'_>, function: &str, seen: &Seen, proxy: &CountingProxy, in_answer: bool) {
    let context = format!("{}, {function}: {:?}\n{}", case.name, seen.answer, seen.log);
    let answer = seen.answer.as_ref().err().cloned().unwrap_or_default();
    // A plain Redis waits for the rest of what is a greeting to TLS, and a reader for no server longer than half a second.
    let gave_up = function == "currency-api" && seen.log.contains("redis did not answer in 500ms");
    for words in case.says.iter().filter(|_| !gave_up) {
        let is_said = answer.contains(words) || (!in_answer && seen.log.contains(words));
        assert!(is_said, "{words:?} is not said: {context}");
    }
    let taken = proxy.taken();
    assert!(
        (1..=MOST_CONNECTIONS).contains(&taken),
        "{taken} connections: {context}"
    );
}

/// A server and an older one, whose certificate has expired: user, password and certificate of each, and where it runs.
fn pair_of_servers(secured: &Secured, name: &str) -> [(Security, Options); 2] {
    let place = |name: &str, security: Security| {
        let options = Options::in_dir(secured.folder(name)).secured(security.clone());
        (security, options)
    };
    [
        place(name, secured.current()),
        place(&format!("{name}-expired"), secured.expired()),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kafka_with_a_wrong_setting_is_told_by_its_name() {
    let (secured, functions) = (Secured::new(), Functions::new().await);
    let [(current, on_current), (expired, on_expired)] = pair_of_servers(&secured, "kafka");
    let kafka = Kafka::start(&on_current).await.unwrap();
    let old_kafka = Kafka::start(&on_expired).await.unwrap();
    let (ca, stranger) = (path(secured.trusted.ca_file()), path(secured.stranger.ca_file()));
    let scram = |security: &Security, password: &str, ca: &str| {
        let values = [
            ("KafkaSecurity", "sasl_ssl_scram"),
            ("KafkaUsername", &security.user),
            ("KafkaPassword", password),
            ("KafkaCaFile", ca),
        ];
        values.map(|(name, value)| (name, value.to_owned())).to_vec()
    };
    let plain_port = port_of(&server("HWANYUL_TEST_KAFKA"));
    let refused = format!("the broker refused user \\\"{}\\\"", current.user);
    let cases = [
        Case {
            name: "wrong password",
            port: kafka.port(),
            settings: scram(&current, "another-password", &ca),
            says: &[&refused, "wrong password in KAFKA_PASSWORD"],
        },
        Case {
            name: "wrong authority",
            port: kafka.port(),
            settings: scram(&current, &current.password, &stranger),
            says: &["KAFKA_CA_FILE", "stranger.pem"],
        },
        Case {
            name: "no authority",
            port: kafka.port(),
            settings: scram(&current, &current.password, ""),
            says: &["from no public authority; KAFKA_CA_FILE"],
        },
        Case {
            name: "expired certificate",
            port: old_kafka.port(),
            settings: scram(&expired, &expired.password, &ca),
            says: &["KAFKA_BOOTSTRAP_SERVERS", "has expired"],
        },
        Case {
            name: "plaintext to TLS",
            port: kafka.port(),
            settings: vec![("KafkaSecurity", "plaintext".to_owned())],
            says: &["KAFKA_SECURITY is plaintext"],
        },
        Case {
            name: "TLS to plaintext",
            port: plain_port,
            settings: scram(&current, &current.password, &ca),
            says: &["KAFKA_SECURITY is sasl_ssl_scram"],
        },
    ];
    for case in &cases {
        let backfill = json!({"from": "2026-10-29", "to": "2026-10-30"}).to_string();
        for (function, event, in_answer) in [
            ("operations-topics", "{}", true),
            ("operations-backfill", backfill.as_str(), false),
            ("ingestor", r#"{"force":true}"#, false),
        ] {
            let proxy = CountingProxy::start(case.port).await;
            let mut settings = case.settings.clone();
            settings.push(("KafkaBootstrapServers", format!("127.0.0.1:{}", proxy.port())));
            let seen = functions.invoke(functions.with(&settings), function, event).await;
            assert!(seen.answer.is_err(), "{} {function} succeeded: {}", case.name, seen.log);
            assert_said(case, function, &seen, &proxy, in_answer);
        }
    }
    // The right settings, as a check of all the others.
    let mut settings = scram(&current, &current.password, &ca);
    settings.push(("KafkaBootstrapServers", kafka.bootstrap()));
    let seen = functions
        .invoke(functions.with(&settings), "operations-topics", "{}")
        .await;
    assert!(seen.answer.is_ok(), "{:?}", seen.answer);
    kafka.stop().await.unwrap();
    old_kafka.stop().await.unwrap();
    functions.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_with_a_wrong_setting_is_told_by_its_name() {
    let (secured, functions) = (Secured::new(), Functions::new().await);
    let [(current, on_current), (expired, on_expired)] = pair_of_servers(&secured, "redis");
    let redis = Redis::start(&on_current).await.unwrap();
    let old_redis = Redis::start(&on_expired).await.unwrap();
    let (ca, stranger) = (path(secured.trusted.ca_file()), path(secured.stranger.ca_file()));
    let plain_port = port_of(&server("HWANYUL_TEST_REDIS"));
    let login = |security: &Security, password: &str| format!("{}:{password}@", security.user);
    let case = |name, port, scheme: &str, login: String, ca: &str, says| {
        let settings = vec![
            ("RedisUrl", format!("{scheme}://{login}")),
            ("RedisCaFile", ca.to_owned()),
        ];
        Case {
            name,
            port,
            settings,
            says,
        }
    };
    let own = login(&current, &current.password);
    let refused = format!(
        "redis refused user \\\"{}\\\": wrong user or password in REDIS_URL",
        current.user
    );
    let port = redis.port();
    let (refused, is_from_stranger) = ([refused.as_str()], ["REDIS_URL", "REDIS_CA_FILE", "stranger.pem"]);
    let cases = [
        case(
            "wrong password",
            port,
            "rediss",
            login(&current, "another-password"),
            &ca,
            &refused,
        ),
        case(
            "no user",
            port,
            "rediss",
            String::new(),
            &ca,
            &["REDIS_URL does not have"],
        ),
        case(
            "wrong authority",
            port,
            "rediss",
            own.clone(),
            &stranger,
            &is_from_stranger,
        ),
        case(
            "no authority",
            port,
            "rediss",
            own.clone(),
            "",
            &["from no public authority; REDIS_CA_FILE"],
        ),
        case(
            "expired certificate",
            old_redis.port(),
            "rediss",
            login(&expired, &expired.password),
            &ca,
            &["REDIS_URL", "has expired"],
        ),
        case(
            "plain to TLS",
            port,
            "redis",
            own.clone(),
            "",
            &["REDIS_URL begins with redis://"],
        ),
        case(
            "TLS to plain",
            plain_port,
            "rediss",
            own.clone(),
            &ca,
            &["REDIS_URL begins with rediss://"],
        ),
    ];
    let click = tests::api::Ask::post("/api/v1/rankings/click", &json!({"country": "US", "user_id": "user-1"})).event();
    let rates = tests::api::Ask::get("/api/v1/currencies/USD").event();
    for case in &cases {
        for (function, event, in_answer) in [
            ("history-new-data-received", event(), true),
            ("currency-new-data-received", event(), true),
            // They answer all the same, or with 503, and say why in their logs.
            ("currency-api", rates.to_string(), false),
            ("ranking-api", click.to_string(), false),
            ("ingestor", json!({"force": true}).to_string(), false),
        ] {
            let proxy = CountingProxy::start(case.port).await;
            let mut settings = case.settings.clone();
            settings[0].1 = format!("{}127.0.0.1:{}", settings[0].1, proxy.port());
            let seen = functions.invoke(functions.with(&settings), function, &event).await;
            assert_eq!(
                seen.answer.is_err(),
                in_answer,
                "{} {function}: {:?} {}",
                case.name,
                seen.answer,
                seen.log
            );
            assert_said(case, function, &seen, &proxy, in_answer);
        }
    }
    let settings = [("RedisUrl", redis.url()), ("RedisCaFile", ca.clone())];
    let seen = functions
        .invoke(functions.with(&settings), "history-new-data-received", &event())
        .await;
    assert!(seen.answer.is_ok(), "{:?}", seen.answer);
    redis.stop().await.unwrap();
    old_redis.stop().await.unwrap();

    let cluster = RedisCluster::start(&secured.folder("cluster"), Some(&current))
        .await
        .unwrap();
    let wrong = cluster.url().replace(&current.password, "another-password");
    for (url, ca, words) in [
        (wrong, &ca, "wrong user or password in REDIS_URL"),
        (cluster.url(), &stranger, "in REDIS_CA_FILE"),
    ] {
        let settings = [
            ("RedisUrl", url),
            ("RedisCaFile", ca.clone()),
            ("RedisCluster", "true".to_owned()),
        ];
        let seen = functions
            .invoke(functions.with(&settings), "history-new-data-received", &event())
            .await;
        assert!(
            seen.answer.as_ref().is_err_and(|answer| answer.contains(words)),
            "{:?} {}",
            seen.answer,
            seen.log
        );
    }
    cluster.stop().await.unwrap();
    functions.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_with_a_wrong_setting_is_told_by_its_name() {
    let (secured, functions) = (Secured::new(), Functions::new().await);
    let [(current, on_current), (expired, on_expired)] = pair_of_servers(&secured, "postgres");
    let postgres = Postgres::start(&on_current).await.unwrap();
    let old_postgres = Postgres::start(&on_expired).await.unwrap();
    let (ca, stranger) = (path(secured.trusted.ca_file()), path(secured.stranger.ca_file()));
    let plain_port = port_of(&server("HWANYUL_TEST_DATABASE"));
    let case = |name, port, security: &Security, password: &str, mode: &str, ca: &str, says| {
        let url = format!(
            "postgres://{}:{password}@127.0.0.1:PORT/postgres?sslmode={mode}",
            security.user
        );
        let settings = vec![("DatabaseUrl", url), ("DatabaseCaFile", ca.to_owned())];
        Case {
            name,
            port,
            settings,
            says,
        }
    };
    let (port, own) = (postgres.port(), current.password.as_str());
    let full = "verify-full";
    let cases = [
        case(
            "wrong password",
            port,
            &current,
            "another-password",
            full,
            &ca,
            &["DATABASE_URL: wrong user or password"],
        ),
        case(
            "wrong authority",
            port,
            &current,
            own,
            full,
            &stranger,
            &["DATABASE_URL", "DATABASE_CA_FILE"],
        ),
        case(
            "no authority",
            port,
            &current,
            own,
            full,
            "",
            &["DATABASE_URL", "DATABASE_CA_FILE"],
        ),
        case(
            "expired certificate",
            old_postgres.port(),
            &expired,
            &expired.password,
            full,
            &ca,
            &["DATABASE_URL", "has expired"],
        ),
        case(
            "plain to TLS",
            port,
            &current,
            own,
            "disable",
            "",
            &["DATABASE_URL needs sslmode=verify-full"],
        ),
        case(
            "TLS to plain",
            plain_port,
            &current,
            own,
            full,
            &ca,
            &["server does not support TLS", "sslmode in DATABASE_URL"],
        ),
    ];
    let history = tests::api::Ask::get("/api/v1/history?target=USD&period=1m").event();
    for case in &cases {
        for (function, event, in_answer) in [
            ("operations-migrations", "{}".to_owned(), true),
            ("currency-new-data-received", event(), true),
            ("history-api", history.to_string(), false),
        ] {
            let proxy = CountingProxy::start(case.port).await;
            let mut settings = case.settings.clone();
            settings[0].1 = settings[0].1.replace("PORT", &proxy.port().to_string());
            let seen = functions.invoke(functions.with(&settings), function, &event).await;
            assert_eq!(
                seen.answer.is_err(),
                in_answer,
                "{} {function}: {:?} {}",
                case.name,
                seen.answer,
                seen.log
            );
            assert_said(case, function, &seen, &proxy, in_answer);
        }
    }
    // Right settings in both spellings; the file's path stands in the URL of the first.
    let by_variable = postgres
        .url("postgres")
        .split("&sslrootcert")
        .next()
        .unwrap()
        .to_owned();
    for settings in [
        vec![("DatabaseUrl", postgres.url("postgres"))],
        vec![("DatabaseUrl", by_variable), ("DatabaseCaFile", ca.clone())],
    ] {
        let seen = functions
            .invoke(functions.with(&settings), "operations-migrations", "{}")
            .await;
        assert!(seen.answer.is_ok(), "{:?} {}", seen.answer, seen.log);
    }
    postgres.stop().await.unwrap();
    old_postgres.stop().await.unwrap();
    functions.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ca_file_that_cannot_be_read_ends_the_cold_start_with_its_variable_and_path() {
    let functions = Functions::new().await;
    let missing = "/var/task/no-such-ca.pem".to_owned();
    let url = "postgres://app@127.0.0.1:1/postgres?sslmode=verify-full";
    let in_url = format!("{url}&sslrootcert={missing}");
    let cases = [
        (
            "operations-topics",
            "KAFKA_CA_FILE",
            vec![
                ("KafkaSecurity", "sasl_ssl_scram".to_owned()),
                ("KafkaUsername", "app".to_owned()),
                ("KafkaPassword", "never-written".to_owned()),
                ("KafkaCaFile", missing.clone()),
            ],
        ),
        (
            "history-new-data-received",
            "REDIS_CA_FILE",
            vec![
                ("RedisUrl", "rediss://127.0.0.1:1".to_owned()),
                ("RedisCaFile", missing.clone()),
            ],
        ),
        (
            "history-api",
            "DATABASE_CA_FILE",
            vec![("DatabaseUrl", url.to_owned()), ("DatabaseCaFile", missing.clone())],
        ),
        ("operations-migrations", "DATABASE_URL", vec![("DatabaseUrl", in_url)]),
    ];
    for (function, variable, settings) in cases {
        let event = if function.starts_with("operations") {
            "{}".to_owned()
        } else {
            event()
        };
        let seen = functions.invoke(functions.with(&settings), function, &event).await;
        assert!(seen.answer.is_err(), "{function} started without {missing}");
        let said = format!("environment variable {variable} names the file {missing:?}, which cannot be read");
        let text = format!("{:?} {}", seen.answer, seen.log).replace('\\', "");
        assert!(text.contains(&said), "{function}: {text}");
    }
    functions.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_and_passwords_on_disk_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let secured = Secured::new();
    let security = secured.current();
    let place = |name: &str| Options::in_dir(secured.folder(name)).secured(security.clone());
    let (on_redis, on_postgres) = (place("redis"), place("postgres"));
    let redis = Redis::start(&on_redis).await.unwrap();
    let postgres = Postgres::start(&on_postgres).await.unwrap();
    let data = Postgres::data_dir(&secured.folder("postgres"));
    let files = [
        secured.folder("redis/server.key"),
        secured.folder("redis/redis.conf"),
        data.join("server.key"),
        data.join("pg_hba.conf"),
    ];
    for file in files {
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
    }
    assert!(!data.with_extension("password").exists());
    redis.stop().await.unwrap();
    postgres.stop().await.unwrap();
}
