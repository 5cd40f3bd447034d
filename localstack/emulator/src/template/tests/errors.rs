//! Templates that are refused, each with the words that say what is allowed.

use super::*;

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
