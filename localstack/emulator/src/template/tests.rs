mod errors;
mod http_api;
mod intrinsics;
mod loops;
mod unsupported;

use std::time::Duration;

use super::*;
use crate::schedule::ScheduleStyle;

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

fn with_function(properties: &str, rest: &str) -> String {
    format!(
        "Resources:\n  Rates:\n    Type: AWS::Serverless::Function\n    Metadata: {{BuildMethod: rust-cargolambda, BuildProperties: {{Binary: rates}}}}\n    Properties:\n      Handler: bootstrap\n{properties}\n{rest}"
    )
}
