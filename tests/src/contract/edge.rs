//! The console's distribution and the ranking's function know each other by one secret, which is generated and stands nowhere in the template.

use ranking::EDGE_HEADER;
use serde_json::{Value, json};
use shared::config::secret::secret_of;
use shared::config::var;

use super::document::Document;

/// The one that both use.
const SECRET: &str = "ConsoleEdgeSecret";
/// On which the secret is there, as is the distribution.
const CONDITION: &str = "HasConsole";

pub(super) fn check(template: &Document) -> Vec<String> {
    let mut found = Vec::new();
    for (id, secret) in template.resources("AWS::SecretsManager::Secret") {
        if !secret["GenerateSecretString"].is_object() || !secret["SecretString"].is_null() {
            found.push(format!("{id}: what it says must be generated, and stand nowhere"));
        }
    }
    let members = secret_of(var::EDGE_KEY)
        .map(|secret| secret.members())
        .unwrap_or_default();
    let member = members.first().map_or("", |(member, _)| *member);
    let secret = &template.0["Resources"][SECRET];
    if secret["Condition"] != CONDITION || secret["Properties"]["GenerateSecretString"]["GenerateStringKey"] != member {
        found.push(format!("{SECRET}: with {CONDITION} it must have a member {member}"));
    }
    found.extend(senders(template, member));
    for function in template.functions() {
        let named = &function.properties["Environment"]["Variables"][var::EDGE_SECRET_ARN];
        if !named.is_null() && *named != json!({"Fn::If": [CONDITION, {"Ref": SECRET}, ""]}) {
            found.push(format!("{}: {} is not {SECRET}", function.name, var::EDGE_SECRET_ARN));
        }
    }
    found
}

/// Every distribution says who it is to the API, and to nobody else.
fn senders(template: &Document, member: &str) -> Vec<String> {
    let mut found = Vec::new();
    let reference = format!("{{{{resolve:secretsmanager:${{{SECRET}}}:SecretString:{member}}}}}");
    for (id, distribution) in template.resources("AWS::CloudFront::Distribution") {
        for origin in distribution["DistributionConfig"]["Origins"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let headers = origin["OriginCustomHeaders"].as_array().into_iter().flatten();
            let sent: Vec<(String, &Value)> = headers
                .map(|header| {
                    let name = header["HeaderName"].as_str().unwrap_or_default();
                    (name.to_ascii_lowercase(), &header["HeaderValue"])
                })
                .collect();
            let is_api = origin["CustomOriginConfig"].is_object();
            let key = json!({"Fn::Sub": reference});
            let wanted = if is_api {
                vec![(EDGE_HEADER.to_owned(), &key)]
            } else {
                Vec::new()
            };
            if sent != wanted {
                found.push(format!(
                    "{id}: origin {} gets {sent:?}, wanted {wanted:?}",
                    origin["Id"]
                ));
            }
        }
    }
    found
}
