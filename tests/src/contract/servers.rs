//! `servers.yaml`: what it creates is watched, encrypted and outlives its stack.

use serde_json::{Value, json};

use super::alarms::{incomplete, watches};
use super::document::Document;

/// What must be watched of what it creates: namespace, metric, logical id.
const WATCHED: [(&str, &str, &str); 4] = [
    ("AWS/ElastiCache", "ThrottledCmds", "RedisCache"),
    ("AWS/ElastiCache", "Evictions", "RedisCache"),
    ("AWS/RDS", "ACUUtilization", "DatabaseCluster"),
    ("AWS/RDS", "DatabaseConnectionsBorrowLatency", "DatabaseProxy"),
];

/// Everything in which `servers.yaml` is not as it must be.
#[must_use]
pub fn server_violations(servers: &Document) -> Vec<String> {
    let mut found = Vec::new();
    let mut watched = Vec::new();
    for (id, alarm) in servers.resources("AWS::CloudWatch::Alarm") {
        found.extend(incomplete(id, alarm));
        watched.extend(watches(alarm));
    }
    for (namespace, metric, of) in WATCHED {
        let is = |(n, m, o): &(String, String, String)| (n.as_str(), m.as_str(), o.as_str()) == (namespace, metric, of);
        if !watched.iter().any(is) {
            found.push(format!("no alarm watches {namespace} {metric} of {of}"));
        }
    }
    if servers.0["Outputs"]["NatAddress"]["Value"] != json!({"Ref": "NatAddress"}) {
        found.push("no output NatAddress names the NAT gateway's address".to_owned());
    }
    for (pointer, wanted) in wanted() {
        let pointer = format!("/Resources/{pointer}");
        let is = servers.0.pointer(&pointer).unwrap_or(&Value::Null);
        if *is != wanted {
            found.push(format!("{pointer} is {is}, not {wanted}"));
        }
    }
    found
}

/// Nobody without a password, nothing unencrypted, no data lost with the stack; the brokers take no other client than AWS's own identities; and custom
/// resources can answer.
fn wanted() -> [(&'static str, Value); 17] {
    [
        ("KafkaCluster/DeletionPolicy", json!("Retain")),
        (
            "KafkaCluster/Properties/ClientAuthentication",
            json!({"Sasl": {"Iam": {"Enabled": true}}}),
        ),
        ("RedisCache/Properties/UserGroupId", json!({"Ref": "RedisUsers"})),
        ("RedisUser/Properties/AuthenticationMode/Type", json!("password")),
        ("DatabaseCluster/DeletionPolicy", json!("Snapshot")),
        ("DatabaseCluster/Properties/DeletionProtection", json!(true)),
        ("DatabaseCluster/Properties/StorageEncrypted", json!(true)),
        ("DatabaseCluster/Properties/ManageMasterUserPassword", json!(true)),
        ("DatabaseProxy/Properties/RequireTLS", json!(true)),
        // One way in: the proxy's password. An IAM login beside it would be another, for which nobody has a right.
        ("DatabaseProxy/Properties/Auth/0/AuthScheme", json!("SECRETS")),
        (
            "DatabaseCluster/Properties/EnableIAMDatabaseAuthentication",
            Value::Null,
        ),
        ("DatabaseCluster/Properties/DatabaseInsightsMode", json!("standard")),
        ("FunctionsToCollector/Condition", json!("Collector")),
        (
            "FunctionsToCollector/Properties/GroupId",
            json!({"Ref": "FunctionsGroup"}),
        ),
        (
            "FunctionsToCollector/Properties/FromPort",
            json!({"Ref": "CollectorPort"}),
        ),
        // Custom resources answer CloudFormation by S3, from subnets that have no other way out.
        ("S3Endpoint/Properties/VpcEndpointType", json!("Gateway")),
        ("S3Endpoint/Properties/RouteTableIds/0", json!({"Ref": "ServersRoutes"})),
    ]
}
