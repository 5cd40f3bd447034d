//! `template.yaml` and the code agree, and a template from which any one thing is taken does not pass.

mod additions;
mod mutant;
mod removals;
mod schedules;

use std::collections::BTreeSet;

use emulator::{Deployment, KafkaSource, Template};
use localstack::stack::STACK_NAME;
use serde_json::json;
use tests::checkout::project;
use tests::contract::{Document, Known, read_variables, rights, server_violations, violations};
use tests::samples::Samples;

use additions::additions;
use mutant::{with, without};
use removals::removals;
use schedules::schedules;

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_template_and_the_code_agree_and_nothing_can_be_taken_from_it() {
    let (template, known) = (template(), known().await);
    assert_eq!(violations(&template, &known), Vec::<String>::new());
    let removals = removals(&template);
    // 17 functions, some 130 variables, 300 policies and parts of them, 8 mappings with 25 settings each, 21 alarms on some 130 metrics.
    assert!(removals.len() > 800, "{}", removals.len());
    let unnoticed: Vec<String> = removals
        .into_iter()
        .chain(additions(&template))
        .chain(schedules(&template))
        .filter(|(_, mutant)| violations(mutant, &known).is_empty())
        .map(|(what, _)| what)
        .collect();
    assert_eq!(unnoticed, Vec::<String>::new());
}

/// The template as the emulator reads it, with these parameters and those that have no default.
fn emulated(parameters: &[(&str, &str)]) -> Template {
    let required = [
        ("KafkaBootstrapServers", "broker.example:9098"),
        ("RedisUrl", "rediss://redis.example:6379"),
        ("DatabaseUrl", "postgres://database.example/rates"),
        ("MongodbUri", "mongodb://mongo.example/hwanyul"),
    ];
    let parameters = required.iter().chain(parameters);
    let parameters = parameters.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let deployment = Deployment::new(STACK_NAME, parameters.collect());
    Template::load(project().join("template.yaml"), &deployment).unwrap()
}

/// The emulator's own tests compute the firings of these expressions against every minute of the calendar.
#[test]
fn the_emulator_leaves_nothing_of_the_template_unresolved_and_knows_its_schedules() {
    // The alternative that the description of the second schedule names.
    let template = emulated(&[
        ("Console", "false"),
        ("SecondPublicationSchedule", "cron(0-30 11 ? * MON-FRI *)"),
    ]);
    assert_eq!(template.unresolved, []);
    assert_eq!(
        template.unsupported_events,
        ["Api (AccessLogSettings)", "Api (DefaultRouteSettings)"]
    );
    assert!(template.functions.len() >= 16 && template.mappings.len() == 8);
    let mut schedules: Vec<_> = template
        .schedules
        .iter()
        .map(|schedule| {
            (
                schedule.name.as_str(),
                schedule.expression.as_str(),
                schedule.zone.name(),
            )
        })
        .collect();
    schedules.sort_unstable();
    assert_eq!(
        schedules,
        [
            ("IngestorPublication", "cron(0-30 16 ? * MON-FRI *)", "Europe/Berlin"),
            ("IngestorSchedule", "rate(5 minutes)", "UTC"),
            ("IngestorSecondPublication", "cron(0-30 11 ? * MON-FRI *)", "Asia/Seoul"),
        ]
    );
}

/// One template for both kinds of Kafka, as the local stack and the tests on secured servers use it.
#[test]
fn the_same_mappings_read_msk_and_any_other_kafka() {
    let sources = |security: &str| {
        let secret = "arn:aws:secretsmanager:us-east-1:000000000000:secret:kafka";
        let template = emulated(&[("KafkaSecurity", security), ("KafkaSecretArn", secret)]);
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
