//! Rights: what each function's code needs stands in `rights.yaml` of its package, and its role has exactly that.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::document::Document;
use crate::checkout::project;

/// An action on one thing: `cluster`, `topic/NAME`, `group/NAME`, a parameter with a secret's ARN, a logical id of the template (a secret's among them), or
/// `FUNCTION:ALIAS`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Right {
    /// `sqs:SendMessage`.
    pub action: String,
    /// On what.
    pub on: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Need {
    may: Vec<String>,
    with: Vec<String>,
}

/// The rights that the code of every function needs, from the tables beside it.
///
/// # Panics
/// When a table cannot be read.
#[must_use]
pub fn rights() -> BTreeMap<String, BTreeSet<Right>> {
    let mut all = BTreeMap::new();
    for package in ["ingestor", "currency", "history", "ranking", "operations"] {
        let path = project().join("functions").join(package).join("rights.yaml");
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let table: BTreeMap<String, Vec<Need>> =
            serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for (function, needs) in table {
            let each = |need: &Need| {
                let pairs = need
                    .may
                    .iter()
                    .flat_map(|action| need.with.iter().map(move |on| (action, on)));
                let right = |(action, on): (&String, &String)| Right {
                    action: action.clone(),
                    on: on.clone(),
                };
                pairs.map(right).collect::<Vec<_>>()
            };
            all.insert(function, needs.iter().flat_map(each).collect());
        }
    }
    all
}

pub(super) fn check(template: &Document, needed: &BTreeMap<String, BTreeSet<Right>>) -> Vec<String> {
    let mut found = Vec::new();
    for function in template.functions() {
        let name = &function.name;
        let Some(needed) = needed.get(name) else {
            found.push(format!("no rights.yaml has {name}"));
            continue;
        };
        let mut given = BTreeSet::new();
        for policy in function.properties["Policies"].as_array().into_iter().flatten() {
            match given_by(template, policy) {
                Ok(rights) => given.extend(rights),
                Err(problem) => found.push(format!("{name}: {problem}")),
            }
        }
        let lacking = needed.difference(&given);
        found.extend(lacking.map(|right| format!("{name}: its code needs {} on {}", right.action, right.on)));
        let surplus = given.difference(needed);
        found.extend(surplus.map(|right| format!("{name}: no code needs {} on {}", right.action, right.on)));
    }
    found
}

/// What a policy of a function allows: statements in place, those of a secret, or a policy of the template's own, which several functions share.
fn given_by(template: &Document, policy: &Value) -> Result<Vec<Right>, String> {
    let own = policy["Ref"].as_str();
    let own = own.map(|id| &template.0["Resources"][id]["Properties"]["PolicyDocument"]);
    let policy = of_secret(template, own.unwrap_or(policy))?;
    let Some(statements) = policy["Statement"].as_array() else {
        return Err(format!("a policy that is no list of statements: {policy}"));
    };
    let mut rights = Vec::new();
    for statement in statements {
        rights.extend(allowed(template, of_secret(template, statement)?)?);
    }
    Ok(rights)
}

/// A policy, or a statement of one; of one that is there on a condition, that which it is when there is the secret that it is for. No other condition may
/// decide over rights.
fn of_secret<'a>(template: &Document, part: &'a Value) -> Result<&'a Value, String> {
    let Some(choice) = part["Fn::If"].as_array() else {
        return Ok(part);
    };
    let condition = choice[0].as_str().unwrap_or_default();
    let statements = match choice[1]["Statement"].as_array() {
        Some(of_policy) => of_policy.as_slice(),
        None => std::slice::from_ref(&choice[1]),
    };
    let resources = statements
        .iter()
        .flat_map(|statement| statement["Resource"].as_array())
        .flatten();
    let secrets: BTreeSet<&str> = resources.map(|on| on["Ref"].as_str().unwrap_or_default()).collect();
    let [secret] = secrets.into_iter().collect::<Vec<_>>()[..] else {
        return Err(format!(
            "condition {condition} decides over other rights than those on one secret"
        ));
    };
    if !is_of(template, condition, secret) {
        return Err(format!("condition {condition} is not that there is {secret}"));
    }
    if choice[2] != json!({"Ref": "AWS::NoValue"}) {
        return Err(format!("without {secret} there is something else: {}", choice[2]));
    }
    Ok(&choice[1])
}

/// Whether a condition is that there is a secret: the template's own is there on the same one, any other has a parameter, which is set.
fn is_of(template: &Document, condition: &str, secret: &str) -> bool {
    if is_own_secret(template, secret) {
        return template.0["Resources"][secret]["Condition"] == condition;
    }
    template.0["Conditions"][condition] == json!({"Fn::Not": [{"Fn::Equals": [{"Ref": secret}, ""]}]})
}

fn is_own_secret(template: &Document, id: &str) -> bool {
    template.0["Resources"][id]["Type"] == "AWS::SecretsManager::Secret"
}

fn allowed(template: &Document, statement: &Value) -> Result<Vec<Right>, String> {
    if statement["Effect"] != "Allow" {
        return Err(format!("Effect is {}", statement["Effect"]));
    }
    let actions = statement["Action"].as_array().filter(|list| !list.is_empty());
    let resources = match &statement["Resource"] {
        // Where AWS has nothing else; the table says for what.
        Value::String(all) if all == "*" => Some(std::slice::from_ref(&statement["Resource"])),
        resources => resources.as_array().filter(|list| !list.is_empty()).map(Vec::as_slice),
    };
    let (Some(actions), Some(resources)) = (actions, resources) else {
        return Err(format!("a statement without actions or resources: {statement}"));
    };
    let mut rights = Vec::new();
    for action in actions.iter().filter_map(Value::as_str) {
        for resource in resources {
            rights.push(Right {
                action: action.to_owned(),
                on: thing(template, resource),
            });
        }
    }
    Ok(rights)
}

/// What a resource names; its JSON when it is none of the forms that are used here.
fn thing(template: &Document, resource: &Value) -> String {
    if resource == "*" {
        return "*".to_owned();
    }
    if resource["Ref"] == "MskClusterArn" {
        return "cluster".to_owned();
    }
    let is_secret = |name: &&str| name.ends_with("SecretArn") || is_own_secret(template, name);
    if let Some(secret) = resource["Ref"].as_str().filter(is_secret) {
        return secret.to_owned();
    }
    if resource["Fn::GetAtt"][1] == "Arn" {
        return resource["Fn::GetAtt"][0].as_str().unwrap_or_default().to_owned();
    }
    // CodeDeploy's groups, whose names SAM makes.
    if resource["Fn::Sub"] == "arn:${AWS::Partition}:codedeploy:${AWS::Region}:${AWS::AccountId}:deploymentgroup:*" {
        return "deployments".to_owned();
    }
    // The alias of a function, or any version: `!Sub "${FUNCTION.Arn}:live"`.
    let alias = resource["Fn::Sub"].as_str().and_then(|text| text.strip_prefix("${"));
    if let Some((function, name)) = alias.and_then(|text| text.split_once(".Arn}:")) {
        return format!("{function}:{name}");
    }
    // Of the cluster, whose ARN has `cluster` where this has `topic` or `group`: `!Join ["", [!Join [":topic/", !Split [":cluster/", !Ref MskClusterArn]], /NAME]]`.
    for kind in ["topic", "group"] {
        let split = json!({"Fn::Split": [":cluster/", {"Ref": "MskClusterArn"}]});
        let of_cluster = json!({"Fn::Join": [format!(":{kind}/"), split]});
        let name = resource["Fn::Join"][1][1].as_str().unwrap_or_default();
        if *resource == json!({"Fn::Join": ["", [of_cluster, name]]})
            && let Some(name) = name.strip_prefix('/')
        {
            return format!("{kind}/{name}");
        }
    }
    resource.to_string()
}
