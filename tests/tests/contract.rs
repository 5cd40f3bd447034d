//! `template.yaml` and the code agree, and a template from which any one thing is taken does not pass.

use std::collections::BTreeSet;

use flows::contract::{Document, Known, read_variables, rights, server_violations, violations};
use flows::pipeline::project;
use flows::samples::Samples;
use localstack::emulator::{KafkaSource, Template};
use serde_json::{Value, json};

/// The binaries of the packages in `functions/`.
fn binaries() -> BTreeSet<String> {
    let mut names = Vec::new();
    for package in std::fs::read_dir(project().join("functions")).unwrap() {
        let manifest = std::fs::read_to_string(package.unwrap().path().join("Cargo.toml")).unwrap();
        let tables = manifest.split("[[bin]]").skip(1);
        let own: Vec<String> = tables.map(|table| quoted(table, "name = ")).collect();
        if own.is_empty() {
            names.push(quoted(&manifest, "name = "));
        }
        names.extend(own);
    }
    let distinct: BTreeSet<String> = names.iter().cloned().collect();
    assert_eq!(distinct.len(), names.len(), "two binaries of one name: {names:?}");
    distinct
}

/// The number of the newest file in the migrations' folder.
fn newest_migration() -> u32 {
    let files = std::fs::read_dir(project().join("functions/operations/migrations")).unwrap();
    let number = |name: String| -> u32 { name.split('_').next().unwrap().parse().unwrap() };
    files
        .map(|file| number(file.unwrap().file_name().into_string().unwrap()))
        .max()
        .unwrap()
}

fn quoted(text: &str, before: &str) -> String {
    let rest = &text[text.find(before).unwrap() + before.len()..];
    rest.split('"').nth(1).unwrap().to_owned()
}

async fn known() -> Known {
    let samples = Samples::start().await;
    let binaries = binaries();
    Known {
        rights: rights(),
        variables: read_variables(&binaries, &samples.environment).await,
        binaries,
        newest_migration: newest_migration(),
    }
}

fn template() -> Document {
    Document::load(&project().join("template.yaml"))
}

/// A change of the template, and in words what it is.
type Mutant = (String, Document);

/// The template without what stands at `pointer`.
fn without(template: &Document, pointer: &str) -> Mutant {
    let mut changed = template.clone();
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    match changed.0.pointer_mut(parent).unwrap() {
        Value::Object(fields) => assert!(fields.remove(&last.replace("~1", "/")).is_some(), "{pointer}"),
        Value::Array(items) => drop(items.remove(last.parse().unwrap())),
        _ => panic!("{pointer}"),
    }
    (format!("without {pointer}"), changed)
}

/// The template with `value` at `pointer`.
fn with(template: &Document, pointer: &str, value: Value) -> Mutant {
    let mut changed = template.clone();
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let what = format!("{value} at {pointer}");
    match changed.0.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[last.parse::<usize>().unwrap()] = value,
        fields => fields[last] = value,
    }
    (what, changed)
}

/// Every template from which one statement, action or resource of the statements at `at` is taken.
fn statements(template: &Document, at: &str) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (place, statement) in template.0.pointer(at).unwrap().as_array().unwrap().iter().enumerate() {
        mutants.push(without(template, &format!("{at}/{place}")));
        for list in ["Action", "Resource"] {
            let count = statement[list].as_array().map_or(0, Vec::len);
            mutants.extend((0..count).map(|item| without(template, &format!("{at}/{place}/{list}/{item}"))));
        }
    }
    mutants
}

/// Every template from which one right, the condition of one, variable, mapping, setting of a mapping, alarm, what an alarm watches, queue, function,
/// what a function waits for, secret of the template's own, or header with it is taken.
fn removals(template: &Document) -> Vec<Mutant> {
    let mut mutants = Vec::new();
    for (id, resource) in template.0["Resources"].as_object().unwrap() {
        let at = format!("/Resources/{id}");
        let properties = &resource["Properties"];
        match resource["Type"].as_str().unwrap() {
            "AWS::CloudWatch::Alarm" => {
                mutants.push(without(template, &at));
                for place in 0..properties["Metrics"].as_array().map_or(0, Vec::len) {
                    mutants.push(without(template, &format!("{at}/Properties/Metrics/{place}")));
                }
                mutants.push(without(template, &format!("{at}/Properties/AlarmActions")));
            }
            "AWS::CloudWatch::Dashboard" => mutants.push(without(template, &at)),
            "AWS::SecretsManager::Secret" => {
                mutants.push(without(template, &at));
                mutants.push(without(template, &format!("{at}/Condition")));
                mutants.push(without(template, &format!("{at}/Properties/GenerateSecretString")));
            }
            "AWS::CloudFront::Distribution" => {
                let origins = format!("{at}/Properties/DistributionConfig/Origins");
                mutants.push(without(template, &format!("{origins}/1/OriginCustomHeaders")));
            }
            "AWS::Serverless::Function" => {
                mutants.push(without(template, &at));
                if !resource["DependsOn"].is_null() {
                    mutants.push(without(template, &format!("{at}/DependsOn")));
                }
                for name in properties["Environment"]["Variables"].as_object().into_iter().flatten() {
                    mutants.push(without(
                        template,
                        &format!("{at}/Properties/Environment/Variables/{}", name.0),
                    ));
                }
                for (place, policy) in properties["Policies"].as_array().into_iter().flatten().enumerate() {
                    let mut at = format!("{at}/Properties/Policies/{place}");
                    mutants.push(without(template, &at));
                    let mut policy = policy;
                    if policy["Fn::If"].is_array() {
                        mutants.push(with(template, &format!("{at}/Fn::If/0"), json!("InVpc")));
                        mutants.push(with(template, &format!("{at}/Fn::If/2"), policy["Fn::If"][1].clone()));
                        at.push_str("/Fn::If/1");
                        policy = &policy["Fn::If"][1];
                    }
                    if policy["Statement"].is_array() {
                        mutants.extend(statements(template, &format!("{at}/Statement")));
                    }
                }
            }
            "AWS::Lambda::EventSourceMapping" => {
                mutants.push(without(template, &at));
                mutants.push(without(template, &format!("{at}/DependsOn")));
                for setting in properties.as_object().unwrap().keys() {
                    mutants.push(without(template, &format!("{at}/Properties/{setting}")));
                }
                for setting in ["MinimumPollers", "MaximumPollers", "PollerGroupName"] {
                    let at = format!("{at}/Properties/ProvisionedPollerConfig/{setting}");
                    mutants.push(without(template, &at));
                }
                let access = format!("{at}/Properties/SourceAccessConfigurations/Fn::If/1");
                let count = template.0.pointer(&access).unwrap().as_array().unwrap().len();
                mutants.extend((0..count).map(|place| without(template, &format!("{access}/{place}"))));
            }
            "AWS::IAM::ManagedPolicy" => {
                let at = format!("{at}/Properties/PolicyDocument/Statement");
                mutants.extend(statements(template, &at));
            }
            _ => {}
        }
    }
    mutants.push(without(template, "/Globals/Function/Architectures"));
    mutants.push(without(template, "/Globals/Function/Layers"));
    mutants.push(without(template, "/Globals/Function/Layers/0"));
    mutants.push(without(template, "/Globals/Function/DeploymentPreference/Alarms"));
    mutants.push(without(template, "/Resources/Tables/Properties/Generation"));
    for name in ["LOG_LEVEL", "OTEL_EXPORTER_OTLP_ENDPOINT"] {
        mutants.push(without(
            template,
            &format!("/Globals/Function/Environment/Variables/{name}"),
        ));
    }
    mutants
}

/// Templates with one thing in them that must not be.
fn additions(template: &Document) -> Vec<Mutant> {
    let handler = "/Resources/CurrencyExchangeRateUpdated/Properties";
    let mapping = "/Resources/CurrencyExchangeRateUpdatedKafka/Properties";
    let group = format!("{mapping}/AmazonManagedKafkaEventSourceConfig/Fn::If/2");
    let statements = format!("{handler}/Policies/1/Statement");
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
        with(template, "/Resources/CurrencyLagAlarm/Properties/Threshold", json!(1_000)),
        with(template, "/Resources/HistoryLagAlarm/Properties/EvaluationPeriods", json!(60)),
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
        with(template, "/Resources/RetriesAlarm/Properties/EvaluationPeriods", json!(288)),
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_template_and_the_code_agree_and_nothing_can_be_taken_from_it() {
    let (template, known) = (template(), known().await);
    assert_eq!(violations(&template, &known), Vec::<String>::new());
    let removals = removals(&template);
    // 16 functions, some 200 variables, 300 parts of rights, 8 mappings of 14 settings, 22 alarms on some 110 metrics.
    assert!(removals.len() > 700, "{}", removals.len());
    let unnoticed: Vec<String> = removals
        .into_iter()
        .chain(additions(&template))
        .filter(|(_, mutant)| violations(mutant, &known).is_empty())
        .map(|(what, _)| what)
        .collect();
    assert_eq!(unnoticed, Vec::<String>::new());
}

/// One template for both kinds of Kafka, as the local stack and the tests on secured servers use it.
#[test]
fn the_same_mappings_read_msk_and_any_other_kafka() {
    let sources = |security: &str| {
        let parameters = [
            ("KafkaSecurity", security),
            ("KafkaBootstrapServers", "broker.example:9098"),
            (
                "KafkaSecretArn",
                "arn:aws:secretsmanager:us-east-1:000000000000:secret:kafka",
            ),
            ("RedisUrl", "rediss://redis.example:6379"),
            ("DatabaseUrl", "postgres://database.example/rates"),
            ("MongodbUri", "mongodb://mongo.example/hwanyul"),
        ];
        let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let template = Template::load(project().join("template.yaml"), &parameters.into()).unwrap();
        let mappings = template.mappings.into_iter();
        mappings
            .map(|mapping| (mapping.consumer_group, mapping.source))
            .collect::<Vec<_>>()
    };
    let (msk, other) = (sources("msk_iam"), sources("sasl_ssl_scram"));
    assert_eq!((msk.len(), other.len()), (8, 8));
    for ((group, msk), (same, other)) in msk.iter().zip(&other) {
        assert_eq!(group, same);
        assert!(matches!(msk, KafkaSource::Msk { arn } if arn.starts_with("arn:aws:kafka:")));
        assert_eq!(*other, KafkaSource::SelfManaged, "{group}");
    }
}

#[test]
fn what_is_created_is_watched_encrypted_and_kept() {
    let servers = Document::load(&project().join("servers.yaml"));
    assert_eq!(server_violations(&servers), Vec::<String>::new());
    let mut mutants = Vec::new();
    for (id, resource) in servers.0["Resources"].as_object().unwrap() {
        let (at, kind) = (format!("/Resources/{id}"), resource["Type"].as_str().unwrap());
        let creates = ["AWS::MSK::", "AWS::ElastiCache::ServerlessCache", "AWS::RDS::DBCluster"];
        if kind == "AWS::CloudWatch::Alarm" || creates.iter().any(|prefix| kind.starts_with(prefix)) {
            mutants.push(without(&servers, &at));
        }
        for setting in [
            "AlarmActions",
            "DeletionProtection",
            "StorageEncrypted",
            "RequireTLS",
            "UserGroupId",
            "ClientAuthentication",
            "DatabaseInsightsMode",
        ] {
            if !resource["Properties"][setting].is_null() && kind != "AWS::ElastiCache::UserGroup" {
                mutants.push(without(&servers, &format!("{at}/Properties/{setting}")));
            }
        }
    }
    mutants.push(without(&servers, "/Outputs/NatAddress"));
    mutants.push(with(
        &servers,
        "/Resources/DatabaseCluster/Properties/EnableIAMDatabaseAuthentication",
        json!(true),
    ));
    mutants.push(without(&servers, "/Resources/FunctionsToCollector"));
    mutants.push(without(&servers, "/Resources/FunctionsToCollector/Condition"));
    assert!(mutants.len() >= 20, "{}", mutants.len());
    let unnoticed: Vec<String> = mutants
        .into_iter()
        .filter(|(_, mutant)| server_violations(mutant).is_empty())
        .map(|(what, _)| what)
        .collect();
    assert_eq!(unnoticed, Vec::<String>::new());
}

#[test]
fn every_version_that_is_installed_is_pinned() {
    let read = |path: &str| std::fs::read_to_string(project().join(path)).unwrap();
    let compose: serde_yaml_ng::Value = serde_yaml_ng::from_str(&read("localstack/compose.yaml")).unwrap();
    for (name, service) in compose["services"].as_mapping().unwrap() {
        let image = service["image"].as_str().unwrap();
        let tag = image.rsplit_once(':').map_or("", |(_, tag)| tag);
        assert!(
            tag.starts_with(|first: char| first.is_ascii_digit()) || tag.contains("@sha256"),
            "{name:?}: {image}"
        );
    }
    for file in [
        "localstack/sqs-requirements.txt",
        "localstack/tools-requirements.txt",
        "tests/checkov-requirements.txt",
        "tests/schemathesis-requirements.txt",
    ] {
        for line in read(file)
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            // A bound from above holds back what LocalStack itself leaves open.
            assert!(line.contains("==") || line.contains('<'), "{file}: {line}");
        }
    }
}
