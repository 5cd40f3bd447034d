//! Templates with one thing too much, or another than it must be.

use serde_json::json;
use tests::contract::Document;

use crate::mutant::{Mutant, with};

/// Templates with one thing in them that must not be.
pub fn additions(template: &Document) -> Vec<Mutant> {
    let handler = "/Resources/CurrencyExchangeRateUpdated/Properties";
    let mapping = "/Resources/CurrencyExchangeRateUpdatedKafka/Properties";
    let group = format!("{mapping}/AmazonManagedKafkaEventSourceConfig/Fn::If/2");
    let statements = format!("{handler}/Policies/1/Statement");
    let shared = "/Resources/KafkaHandlers/Properties/PolicyDocument/Statement";
    let origins = "/Resources/ConsoleDistribution/Properties/DistributionConfig/Origins";
    let mut mutants = vec![
        with(template, &format!("{mapping}/StartingPosition"), json!("LATEST")),
        with(
            template,
            &format!("{group}/ConsumerGroupId"),
            json!("history-service.exchange_rate_updated"),
        ),
        with(template, &format!("{mapping}/Topics"), json!(["new_data_received"])),
        with(
            template,
            &format!("{mapping}/Topics"),
            json!(["exchange_rate_updated", "new_data_received"]),
        ),
        with(template, &format!("{mapping}/MaximumRetryAttempts"), json!(10)),
        with(
            template,
            &format!("{mapping}/MetricsConfig/Metrics"),
            json!(["EventCount", "KafkaMetrics"]),
        ),
        with(
            template,
            "/Resources/CurrencyLagAlarm/Properties/Threshold",
            json!(1_000),
        ),
        with(
            template,
            "/Resources/HistoryLagAlarm/Properties/EvaluationPeriods",
            json!(60),
        ),
        with(
            template,
            "/Resources/HistoryLagAlarm/Properties/Metrics/5/MetricStat/Stat",
            json!("Maximum"),
        ),
        with(
            template,
            "/Resources/HistoryLagAlarm/Properties/Metrics/5/MetricStat/Metric/Dimensions/0/Name",
            json!("FunctionName"),
        ),
        with(template, "/Resources/AgeAlarm/Properties/Threshold", json!(3_600_000)),
        with(
            template,
            "/Resources/RetriesAlarm/Properties/EvaluationPeriods",
            json!(288),
        ),
        with(
            template,
            "/Resources/CurrencySilentAlarm/Properties/Metrics/1/Expression",
            json!("IF(FILL(p, 0) > 0, 1, 0)"),
        ),
        with(
            template,
            &format!("{mapping}/FunctionName"),
            json!({"Ref": "CurrencyExchangeRateUpdated"}),
        ),
        with(template, "/Resources/Tables/Properties/Generation", json!("5")),
        with(template, "/Resources/OperationsMigrations/DependsOn", json!(["Tables"])),
        with(template, &format!("{handler}/Architectures"), json!(["x86_64"])),
        with(template, &format!("{handler}/Layers"), json!([])),
        with(template, "/Conditions/HasCaLayer", json!({"Fn::Equals": ["", ""]})),
        with(template, "/Globals/Function/Architectures", json!(["arm64"])),
        with(template, "/Parameters/Architecture/Default", json!("x86_64")),
        with(
            template,
            "/Globals/Function/DeploymentPreference/Alarms/3",
            json!({"Ref": "ApiServerErrorsAlarm"}),
        ),
        with(template, &format!("{handler}/Timeout"), json!(841)),
        with(template, "/Resources/OperationsRedrive/Properties/Timeout", json!(61)),
        with(
            template,
            "/Resources/BackupQueue/Properties/VisibilityTimeout",
            json!(359),
        ),
        with(
            template,
            "/Resources/DeadLetterQueue/Properties/SqsManagedSseEnabled",
            json!(false),
        ),
        with(
            template,
            "/Resources/DeadLetterQueue/Properties/MessageRetentionPeriod",
            json!(345_600),
        ),
        with(template, &format!("{handler}/FunctionName"), json!("currency-api")),
        with(
            template,
            &format!("{handler}/Environment/Variables/NOBODY_READS_THIS"),
            json!("1"),
        ),
        with(
            template,
            &format!("{handler}/Environment/Variables/DATABASE_URL"),
            json!("postgres://u:p@host/db"),
        ),
        with(template, "/Parameters/DatabaseUrl/NoEcho", json!(false)),
        with(
            template,
            "/Parameters/DatabaseUrl/Default",
            json!("postgres://u:p@host/db"),
        ),
        with(
            template,
            "/Parameters/KafkaPassword",
            json!({"Type": "String", "Default": "", "NoEcho": true}),
        ),
        with(template, "/Conditions/HasKafkaSecret", json!({"Fn::Equals": ["", ""]})),
        with(
            template,
            "/Resources/CurrencyApi/Properties/Policies/0/Fn::If/1/Statement/0/Resource/0/Ref",
            json!("MongodbSecretArn"),
        ),
        with(
            template,
            "/Resources/RankingApi/Properties/Environment/Variables/EDGE_SECRET_ARN",
            json!({"Ref": "RedisSecretArn"}),
        ),
        with(
            template,
            "/Resources/ConsoleEdgeSecret/Properties/SecretString",
            json!(r#"{"key":"in plain text"}"#),
        ),
        with(
            template,
            "/Resources/ConsoleEdgeSecret/Properties/GenerateSecretString/GenerateStringKey",
            json!("password"),
        ),
        with(
            template,
            &format!("{origins}/1/OriginCustomHeaders/0/HeaderName"),
            json!("X-Edge"),
        ),
        with(
            template,
            &format!("{origins}/1/OriginCustomHeaders/0/HeaderValue"),
            json!("in plain text"),
        ),
        with(
            template,
            &format!("{origins}/0/OriginCustomHeaders"),
            template
                .0
                .pointer(&format!("{origins}/1/OriginCustomHeaders"))
                .unwrap()
                .clone(),
        ),
        with(
            template,
            "/Resources/OperationsRedrive/Properties/Policies/0/Statement/2/Resource/0",
            json!({"Fn::GetAtt": ["CurrencyNewDataReceived", "Arn"]}),
        ),
        with(template, &format!("{statements}/0/Resource"), json!(["*"])),
        with(template, &format!("{statements}/0/Action"), json!(["kafka-cluster:*"])),
        with(template, &format!("{statements}/0/Effect"), json!("Deny")),
        // What eight functions share: no more than each of them needs, and for no other.
        with(template, &format!("{shared}/0/Resource"), json!(["*"])),
        with(template, &format!("{shared}/2/Action"), json!(["kafka-cluster:*"])),
        with(template, &format!("{shared}/3/Effect"), json!("Deny")),
        with(
            template,
            &format!("{shared}/3/Resource"),
            json!([{"Fn::GetAtt": ["DeadLetterQueue", "Arn"]}, {"Fn::GetAtt": ["BackupQueue", "Arn"]}]),
        ),
        with(
            template,
            &format!("{shared}/4/Fn::If/1/Resource/0/Ref"),
            json!("MongodbSecretArn"),
        ),
        with(
            template,
            "/Resources/CurrencyApi/Properties/Policies/0",
            json!({"Ref": "KafkaHandlers"}),
        ),
        // A topic of another cluster than the one that is read.
        with(
            template,
            &format!("{statements}/0/Resource/0/Fn::Join/1/0/Fn::Join/1/Fn::Split/1/Ref"),
            json!("KafkaCluster"),
        ),
        with(
            template,
            "/Resources/CurrencyApi/Properties/Policies",
            json!(["AdministratorAccess"]),
        ),
    ];
    let queue = template.0["Resources"]["DeadLetterQueue"].clone();
    mutants.push(with(template, "/Resources/AnotherQueue", queue));
    let function = template.0["Resources"]["CurrencyApi"].clone();
    mutants.push(with(template, "/Resources/AnotherFunction", function));
    mutants
}
