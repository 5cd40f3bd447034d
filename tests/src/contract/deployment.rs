//! What a deployment relies on: tables and topics come before the functions that use them, migrations run when there are new ones, every function is built for
//! the machine that the parameter names, and no alarm that rolls back waits for an alias.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::config::var;

use super::document::{Document, Function};

/// What is made by a custom resource, and the variable of those that use it.
const MADE: [(&str, &str); 2] = [("Tables", var::DATABASE_URL), ("Topics", var::KAFKA_BOOTSTRAP_SERVERS)];

pub(super) fn check(template: &Document, newest_migration: u32) -> Vec<String> {
    let mut found = Vec::new();
    let functions = template.functions();
    for (made, variable) in MADE {
        let resource = &template.0["Resources"][made];
        let maker = resource["Properties"]["ServiceToken"]["Fn::GetAtt"][0].as_str();
        for function in &functions {
            let uses = !function.properties["Environment"]["Variables"][variable].is_null();
            let waits = depends_on(template, &function.id).contains(made);
            let is_maker = maker == Some(function.id.as_str());
            if uses && !is_maker && !waits {
                // Else its alias leads to code for tables or topics that are not there yet.
                found.push(format!(
                    "{}: it reads {variable}, so it must depend on {made}",
                    function.id
                ));
            }
            if is_maker && waits {
                found.push(format!("{}: it makes {made}, and cannot depend on it", function.id));
            }
        }
    }
    let generation = &template.0["Resources"]["Tables"]["Properties"]["Generation"];
    if generation.as_str().and_then(|text| text.parse().ok()) != Some(newest_migration) {
        found.push(format!(
            "Tables: Generation is {generation}, the newest migration {newest_migration}"
        ));
    }
    found.extend(architecture(template, &functions));
    found.extend(layer(template, &functions));
    found.extend(roll_back(template));
    found.extend(hook(template, &functions));
    found
}

/// What CodeDeploy asks before traffic comes.
const HOOK: &str = "OperationsCheck";

/// Each function that CodeDeploy deploys is asked first, by a function that may invoke any of its versions, and that CodeDeploy may invoke.
fn hook(template: &Document, functions: &[Function]) -> Vec<String> {
    let mut found = Vec::new();
    let of_all = &template.0["Globals"]["Function"]["DeploymentPreference"];
    if of_all["Hooks"]["PreTraffic"] != json!({ "Ref": HOOK }) {
        found.push(format!("Globals: {HOOK} is not asked before traffic comes"));
    }
    // AWS's own role for hooks invokes functions named CodeDeployHook_* alone.
    if of_all["Role"] != json!({"Fn::GetAtt": ["DeploymentRole", "Arn"]}) {
        found.push("Globals: CodeDeploy's role is not DeploymentRole".to_owned());
    }
    let role = template.0["Resources"]["DeploymentRole"]["Properties"].to_string();
    let may = json!({"Fn::GetAtt": [HOOK, "Arn"]}).to_string();
    if !role.contains(&may) || !role.contains("AWSCodeDeployRoleForLambdaLimited") {
        found.push(format!("DeploymentRole: it cannot move aliases and invoke {HOOK}"));
    }
    let Some(hook) = functions.iter().find(|function| function.id == HOOK) else {
        found.push(format!("there is no {HOOK}"));
        return found;
    };
    if hook.properties["VpcConfig"] != json!({"Ref": "AWS::NoValue"}) {
        found.push(format!("{HOOK}: in a VPC it has no way to CodeDeploy"));
    }
    let policies = hook.properties["Policies"].to_string();
    for function in functions {
        let own = &function.properties["DeploymentPreference"];
        if own["Enabled"] == false {
            continue;
        }
        if !own.is_null() {
            found.push(format!("{}: it has a DeploymentPreference of its own", function.id));
        }
        if !policies.contains(&format!("${{{}.Arn}}:*", function.id)) {
            found.push(format!("{HOOK}: it cannot ask {}", function.id));
        }
    }
    found
}

fn depends_on(template: &Document, id: &str) -> BTreeSet<String> {
    let on = &template.0["Resources"][id]["DependsOn"];
    let several = on.as_array().into_iter().flatten();
    several
        .chain([on])
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// One parameter says what all functions are built for.
fn architecture(template: &Document, functions: &[Function]) -> Vec<String> {
    let mut found = Vec::new();
    let of_all = &template.0["Globals"]["Function"]["Architectures"];
    if *of_all != json!([{"Ref": "Architecture"}]) {
        found.push(format!(
            "Globals: Architectures is {of_all}, not the parameter Architecture"
        ));
    }
    for function in functions {
        if !function.properties["Architectures"].is_null() {
            found.push(format!("{}: it has Architectures of its own", function.id));
        }
    }
    let parameter = &template.0["Parameters"]["Architecture"];
    if parameter["Default"] != "arm64" || parameter["AllowedValues"] != json!(["arm64", "x86_64"]) {
        found.push(format!(
            "Architecture: it must be arm64 unless set to x86_64, and is {parameter}"
        ));
    }
    found
}

/// All functions have the layer that brings files of certificates, if there is one: each server has a variable for its own.
fn layer(template: &Document, functions: &[Function]) -> Vec<String> {
    let mut found = Vec::new();
    let of_all = &template.0["Globals"]["Function"]["Layers"];
    let wanted = json!([{"Fn::If": ["HasCaLayer", {"Ref": "CaLayerArn"}, {"Ref": "AWS::NoValue"}]}]);
    if *of_all != wanted {
        found.push(format!("Globals: Layers is {of_all}, not {wanted}"));
    }
    let condition = &template.0["Conditions"]["HasCaLayer"];
    if *condition != json!({"Fn::Not": [{"Fn::Equals": [{"Ref": "CaLayerArn"}, ""]}]}) {
        found.push(format!("HasCaLayer is {condition}, not that there is CaLayerArn"));
    }
    for function in functions {
        if !function.properties["Layers"].is_null() {
            found.push(format!("{}: it has Layers of its own", function.id));
        }
    }
    found
}

/// An alias waits for its deployment group, and that for its alarms: an alarm on what waits for aliases (the HTTP API, mappings) closes a circle.
fn roll_back(template: &Document) -> Vec<String> {
    let mut found = Vec::new();
    let alarms = &template.0["Globals"]["Function"]["DeploymentPreference"]["Alarms"];
    let named: Vec<&str> = alarms
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|alarm| alarm["Ref"].as_str())
        .collect();
    if named.is_empty() {
        found.push("no alarm rolls a deployment back".to_owned());
    }
    for alarm in named {
        let resource = &template.0["Resources"][alarm];
        if resource["Type"] != "AWS::CloudWatch::Alarm" {
            found.push(format!("{alarm} shall roll back and is no alarm"));
        }
        let text = resource.to_string();
        for kind in ["AWS::Serverless::HttpApi", "AWS::Lambda::EventSourceMapping"] {
            for (id, _) in template.resources(kind) {
                if text.contains(&format!("\"Ref\":\"{id}\"")) {
                    found.push(format!("{alarm} rolls back and watches {id}, which waits for aliases"));
                }
            }
        }
    }
    found
}
