mod http_api;
mod intrinsics;
mod unsupported;

use std::time::Duration;

use super::*;

const RATES: &str = include_str!("../../tests/fixtures/rates.yaml");

fn parse(text: &str, parameters: &[(&str, &str)]) -> Result<Template, TemplateError> {
    let parameters = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let mut deployment = Deployment::new("rates-local", parameters);
    let dead = "http://127.0.0.1:4566/000000000000/dead".to_owned();
    deployment.queue_urls.insert("DeadLetters".to_owned(), dead);
    Template::parse(text, "template.yaml", &deployment)
}

/// The template of the project that this crate is built in, with what has no default there and one parameter more.
pub(crate) fn of_the_project(name: &str, value: &str) -> Template {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../template.yaml");
    let given = [
        ("KafkaBootstrapServers", "127.0.0.1:9092"),
        ("RedisUrl", "redis://127.0.0.1"),
        ("DatabaseUrl", "postgres://127.0.0.1/rates"),
        ("MongodbUri", "mongodb://127.0.0.1"),
        (name, value),
    ];
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    Template::load(path, &Deployment::new("local", given)).unwrap()
}

fn rates(parameters: &[(&str, &str)]) -> Template {
    parse(RATES, parameters).unwrap()
}

fn error(text: &str) -> String {
    parse(text, &[]).unwrap_err().to_string()
}

#[test]
fn globals_are_merged_and_references_resolved() {
    let template = rates(&[]);
    let function = &template.functions[0];
    assert_eq!(function.name, "rate-updated");
    assert_eq!(function.binary, "rate_updated");
    assert_eq!(function.timeout, Duration::from_secs(20));
    assert_eq!(function.memory_mb, 256);
    assert_eq!(function.reserved_concurrency, Some(2));
    let expected = [
        ("ACCOUNT", "us-east-1/000000000000/rates-local"),
        (
            "BACKUP_ARN",
            "arn:aws:sqs:us-east-1:000000000000:rates-local-backup.fifo",
        ),
        ("DEAD_LETTERS_URL", "http://127.0.0.1:4566/000000000000/dead"),
        ("FIRST_HOST", "a:9092"),
        ("HOSTS", "a:9092;b:9092"),
        ("KAFKA", "a:9092,b:9092"),
        ("LITERAL", "${Kept} a:9092,b:9092"),
        ("LOG_LEVEL", "debug"),
        ("SELF", "arn:aws:lambda:us-east-1:000000000000:function:other"),
        ("TTL_SECONDS", "600"),
    ];
    let expected: BTreeMap<String, String> = expected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    assert_eq!(function.environment, expected);
    assert_eq!(template.functions[1].name, "other");
    assert_eq!(template.functions[1].timeout, Duration::from_secs(3));
    assert_eq!(template.functions[1].environment["LOG_LEVEL"], "info");
}

#[test]
fn mappings_come_from_events_and_from_resources() {
    let template = rates(&[]);
    let [msk, own] = template.mappings.as_slice() else {
        panic!("{:?}", template.mappings)
    };
    assert_eq!(msk.name, "RateUpdatedRates");
    assert_eq!(msk.function, "rate-updated");
    assert!(matches!(&msk.source, KafkaSource::Msk { arn } if arn.contains(":cluster/rates-local-Cluster/")));
    assert_eq!(
        (msk.topic.as_str(), msk.consumer_group.as_str()),
        ("exchange_rate_updated", "currency-service.exchange_rate_updated")
    );
    assert_eq!(msk.starting_position, StartingPosition::TrimHorizon);
    assert_eq!((msk.batch_size, msk.window), (5_000, Duration::from_secs(1)));
    assert!(msk.report_item_failures && msk.is_enabled);
    assert_eq!(
        msk.destination,
        Some(DestinationSpec::Queue {
            arn: "arn:aws:sqs:us-east-1:000000000000:rates-local-DeadLetters".to_owned()
        })
    );
    assert_eq!(
        msk.maximum_retry_attempts,
        Some(10),
        "for ever is 10 with a destination"
    );
    assert_eq!(
        (msk.maximum_record_age, msk.bisects, msk.filters.len()),
        (None, false, 0)
    );
    assert_eq!((msk.pollers.minimum, msk.pollers.maximum), (1, 1));
    assert_eq!(
        msk.warnings,
        ["FunctionResponseTypes works here, but AWS takes it only with ProvisionedPollerConfig"]
    );
    assert_eq!(own.name, "OwnMapping");
    assert_eq!(
        (&own.source, own.function.as_str()),
        (&KafkaSource::SelfManaged, "other")
    );
    assert_eq!(own.consumer_group, "other.rates");
    assert_eq!(own.starting_position, StartingPosition::AtTimestamp(1_700_000_000_500));
    assert_eq!((own.batch_size, own.window), (100, Duration::from_millis(500)));
    assert_eq!(own.maximum_retry_attempts, Some(3));
    assert!(!own.report_item_failures && !own.is_enabled);
}

#[test]
fn schedules_queues_and_unsupported_events_are_read() {
    let template = rates(&[]);
    let [rate, daily] = template.schedules.as_slice() else {
        panic!("{:?}", template.schedules)
    };
    assert_eq!(
        (rate.function.as_str(), rate.expression.as_str(), rate.is_enabled),
        ("other", "rate(5 minutes)", true)
    );
    assert_eq!(rate.input.as_deref(), Some(r#"{"force":true}"#));
    assert_eq!((daily.style, daily.is_enabled), (ScheduleStyle::Scheduler, false));
    assert_eq!((rate.zone, daily.zone), (chrono_tz::UTC, chrono_tz::Asia::Seoul));
    let [backup, dead] = template.queues.as_slice() else {
        panic!("{:?}", template.queues)
    };
    assert_eq!((backup.name.as_str(), backup.fifo), ("rates-local-backup.fifo", true));
    assert_eq!(backup.attributes["FifoQueue"], "true");
    assert_eq!(backup.attributes["VisibilityTimeout"], "120");
    assert_eq!(
        backup.attributes["RedrivePolicy"],
        r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:rates-local-DeadLetters","maxReceiveCount":5}"#
    );
    assert_eq!(
        (dead.name.as_str(), dead.fifo, dead.attributes.len()),
        ("rates-local-DeadLetters", false, 0)
    );
    assert_eq!(
        template.unsupported_events,
        [
            "other.Queued (FilterCriteria)",
            "other.Stored (S3)",
            "other.OtherForeign (queue arn:aws:sqs:us-east-1:111111111111:theirs)"
        ]
    );
}

#[test]
fn queue_mappings_are_read_from_events_and_from_resources() {
    let template = rates(&[]);
    let [queued, own] = template.queue_mappings.as_slice() else {
        panic!("{:?}", template.queue_mappings)
    };
    let expected = QueueMappingSpec {
        name: "OtherQueued".to_owned(),
        function: "other".to_owned(),
        queue_arn: "arn:aws:sqs:us-east-1:000000000000:rates-local-backup.fifo".to_owned(),
        batch_size: 5,
        window: Duration::ZERO,
        report_item_failures: true,
        maximum_concurrency: 2,
        is_enabled: true,
    };
    assert_eq!(queued, &expected);
    assert!(queued.is_fifo() && !own.is_fifo());
    assert_eq!(own.queue_name(), "rates-local-DeadLetters");
    assert_eq!(
        (own.batch_size, own.window, own.maximum_concurrency),
        (500, Duration::from_secs(30), 5)
    );
    assert!(!own.is_enabled && !own.report_item_failures);
}

#[test]
fn a_queue_mapping_that_aws_would_refuse_is_refused() {
    for (from, to, refused) in [
        (
            "BatchSize: 5",
            "BatchSize: 11",
            "BatchSize is 11, allowed: a whole number from 1 to 10",
        ),
        (
            "BatchSize: 5",
            "MaximumBatchingWindowInSeconds: 1",
            "a FIFO queue has no batching window",
        ),
        (
            "Seconds: 30",
            "Seconds: 0",
            "BatchSize is 500, allowed: a whole number from 1 to 10, or more with a",
        ),
        (
            "MaximumConcurrency: 2",
            "MaximumConcurrency: 1",
            "a whole number from 2 to 1000",
        ),
        (
            "Queue: !GetAtt Backup.Arn",
            "Queue: !GetAtt Other.Arn",
            "allowed: the ARN of an SQS queue",
        ),
    ] {
        let changed = RATES.replacen(from, to, 1);
        assert_ne!(changed, RATES, "{from}");
        let error = error(&changed);
        assert!(error.contains(refused), "{error}");
    }
}

#[test]
fn custom_resources_stand_after_what_they_depend_on() {
    let template = rates(&[]);
    let order: Vec<&str> = template
        .custom_resources
        .iter()
        .map(|resource| resource.logical_id.as_str())
        .collect();
    assert_eq!(order, ["Tables", "Topics", "Seed"]);
    let topics = &template.custom_resources[1];
    assert_eq!(
        (topics.kind.as_str(), topics.function.as_str()),
        ("Custom::Topics", "other")
    );
    assert_eq!(topics.properties["Partitions"], "3");
    assert_eq!(topics.properties["Compact"], "false");
}

#[test]
fn parameters_and_conditions_decide_what_exists() {
    assert!(rates(&[]).functions.iter().all(|function| function.name != "extra"));
    let template = rates(&[("Stage", "prod"), ("BatchSize", "10")]);
    assert!(template.functions.iter().any(|function| function.name == "extra"));
    assert_eq!(template.mappings[0].batch_size, 10);
    assert_eq!(
        template.functions[0].environment.get("LOG_LEVEL"),
        Some(&"warn".to_owned())
    );
    assert!(!template.functions[0].environment.contains_key("TTL_SECONDS"));
}

#[test]
fn parameters_are_checked() {
    for (name, value, expected) in [
        (
            "Stag",
            "dev",
            "template.yaml: no parameter Stag; its parameters are: Stage, BatchSize, Hosts, Secret",
        ),
        (
            "Stage",
            "test",
            r#"template.yaml: parameter Stage is "test", allowed: dev, prod"#,
        ),
        (
            "BatchSize",
            "0",
            r#"template.yaml: parameter BatchSize is "0", allowed: at least 1"#,
        ),
        (
            "BatchSize",
            "many",
            r#"template.yaml: parameter BatchSize is "many", allowed: a number"#,
        ),
        (
            "Secret",
            "s",
            r#"template.yaml: parameter Secret is "***", allowed: at least 2 characters"#,
        ),
    ] {
        assert_eq!(parse(RATES, &[(name, value)]).unwrap_err().to_string(), expected);
    }
}

fn with_function(properties: &str, rest: &str) -> String {
    format!(
        "Resources:\n  Rates:\n    Type: AWS::Serverless::Function\n    Metadata: {{BuildMethod: rust-cargolambda, BuildProperties: {{Binary: rates}}}}\n    Properties:\n      Handler: bootstrap\n{properties}\n{rest}"
    )
}

#[test]
fn errors_name_the_resource_the_property_its_value_and_what_is_allowed() {
    let event = |text: &str| {
        with_function(
            &format!("      Events:\n        Kafka: {{Type: SelfManagedKafka, Properties: {{{text}}}}}"),
            "",
        )
    };
    for (text, expected) in [
        (
            with_function("      Timeout: 901", ""),
            "template.yaml: Rates: Timeout is 901, allowed: a whole number from 1 to 900",
        ),
        (
            with_function("      Environment: {Variables: {URL: !Ref Nowhere}}", ""),
            "template.yaml: Rates: Environment.Variables.URL refers to Nowhere, which is no parameter, resource or pseudo parameter of this template",
        ),
        (
            with_function("      Environment: {Variables: {URL: [1]}}", ""),
            "template.yaml: Rates: Environment.Variables.URL is [1], allowed: text",
        ),
        (
            event("StartingPosition: TRIM_HORIZON, Topics: [a, b]"),
            r#"template.yaml: Rates: Events.Kafka.Topics is ["a","b"], allowed: a list of exactly one topic"#,
        ),
        (
            event("StartingPosition: FIRST, Topics: [a]"),
            r#"template.yaml: Rates: Events.Kafka.StartingPosition is "FIRST", allowed: TRIM_HORIZON, LATEST, AT_TIMESTAMP"#,
        ),
        (
            event("StartingPosition: LATEST, Topics: [a], BatchSize: 10001"),
            "template.yaml: Rates: Events.Kafka.BatchSize is 10001, allowed: a whole number from 1 to 10000",
        ),
        (
            with_function(
                "      Events:\n        Tick: {Type: Schedule, Properties: {Schedule: every minute}}",
                "",
            ),
            r#"template.yaml: Rates: Events.Tick.Schedule is "every minute", allowed: rate(value unit) or cron(minutes hours day-of-month month day-of-week year), without blanks around it"#,
        ),
        (
            with_function(
                "      Events:\n        Tick: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day), ScheduleExpressionTimezone: KST}}",
                "",
            ),
            r#"template.yaml: Rates: Events.Tick.ScheduleExpressionTimezone is "KST", allowed: a name of the IANA time zone database, such as Asia/Seoul"#,
        ),
        (
            with_function(
                "      Events:\n        Tick: {Type: Schedule, Properties: {Schedule: rate(5 minute)}}",
                "",
            ),
            r#"template.yaml: Rates: Events.Tick.Schedule is "rate(5 minute)", allowed: rate(5 minutes): singular for 1, plural above"#,
        ),
        (
            with_function(
                "      Events:\n        Tick: {Type: Schedule, Properties: {Schedule: rate(1 day), ScheduleExpressionTimezone: Asia/Seoul}}",
                "",
            ),
            r#"template.yaml: Rates: Events.Tick.ScheduleExpressionTimezone is "Asia/Seoul", allowed: absent: an EventBridge rule is in UTC; only ScheduleV2 has a time zone"#,
        ),
        (
            "Resources:\n  Rates:\n    Type: AWS::Serverless::Function\n    Properties: {}\n".to_owned(),
            "template.yaml: Rates: Runtime is absent, allowed: provided.al2023 or provided.al2, with an executable file bootstrap in CodeUri; or Metadata.BuildMethod rust-cargolambda",
        ),
        (
            "Resources:\n  Rates:\n    Type: AWS::Serverless::Function\n    Metadata: {BuildMethod: rust-cargolambda}\n    Properties: {}\n".to_owned(),
            "template.yaml: Rates: Metadata.BuildProperties.Binary is absent, allowed: the file name of the function's bootstrap binary",
        ),
        (
            event("StartingPosition: LATEST, Topics: [a], DestinationConfig: {OnFailure: {Destination: 'kafka://a'}}"),
            r#"template.yaml: Rates: Events.Kafka.DestinationConfig.OnFailure.Destination is "kafka://a", allowed: the ARN of a standard SQS queue, arn:aws:s3:::BUCKET, or kafka://TOPIC with another topic than the mapping's"#,
        ),
        (
            event("StartingPosition: LATEST, Topics: [a], MaximumRecordAgeInSeconds: 59"),
            "template.yaml: Rates: Events.Kafka.MaximumRecordAgeInSeconds is 59, allowed: -1, or 60 to 604800 seconds",
        ),
        (
            event("StartingPosition: LATEST, Topics: [a], ProvisionedPollerConfig: {MinimumPollers: 3, MaximumPollers: 2}"),
            "template.yaml: Rates: Events.Kafka.ProvisionedPollerConfig.MaximumPollers is 2, allowed: at least MinimumPollers, which is 3",
        ),
        (
            event(r#"StartingPosition: LATEST, Topics: [a], FilterCriteria: {Filters: [{Pattern: '{"key":["a"]}'}]}"#),
            r#"template.yaml: Rates: Events.Kafka.FilterCriteria.Filters.0.Pattern is "{\"key\":[\"a\"]}", allowed: patterns on value alone, not on key: Lambda filters Kafka records by nothing else"#,
        ),
        (
            event(&format!("StartingPosition: LATEST, Topics: [a], ConsumerGroupId: {}", "g".repeat(201))),
            &format!(r#"template.yaml: Rates: Events.Kafka.ConsumerGroupId is "{}…, allowed: 1 to 200 characters"#, "g".repeat(119)),
        ),
        (
            with_function(
                "",
                "  A: {Type: Custom::A, DependsOn: B, Properties: {ServiceToken: !GetAtt Rates.Arn}}\n  B: {Type: Custom::B, DependsOn: A, Properties: {ServiceToken: !GetAtt Rates.Arn}}",
            ),
            "template.yaml: A depends on itself through A, B",
        ),
        (
            format!(
                "{}\nConditions: {{Never: !Equals [a, b]}}",
                with_function(
                    "      Environment: {Variables: {Q: !Ref Q}}",
                    "  Q: {Type: AWS::SQS::Queue, Condition: Never}"
                )
            ),
            "template.yaml: Rates: Environment.Variables.Q refers to Q, whose condition is false",
        ),
        (
            "Resources: [1]".to_owned(),
            "template.yaml: section Resources is - 1, must be a mapping",
        ),
    ] {
        assert_eq!(error(&text), expected, "{text}");
    }
    assert!(error("Resources: {").starts_with("template.yaml: not valid YAML"));
}
