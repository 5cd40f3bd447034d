//! Templates that lack one thing.

use tests::contract::Document;

use crate::mutant::{Mutant, conditions, statements, without};

/// Every template from which one right, the condition of one, variable, mapping, setting of a mapping, alarm, what an alarm watches, queue, function,
/// what a function waits for, secret of the template's own, or header with it is taken.
pub fn removals(template: &Document) -> Vec<Mutant> {
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
                for place in 0..properties["Policies"].as_array().map_or(0, Vec::len) {
                    let at = format!("{at}/Properties/Policies/{place}");
                    mutants.push(without(template, &at));
                    let (at, conditions) = conditions(template, &at);
                    mutants.extend(conditions);
                    if template.0.pointer(&at).unwrap()["Statement"].is_array() {
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
                mutants.push(without(template, &at));
                let at = format!("{at}/Properties/PolicyDocument/Statement");
                mutants.extend(statements(template, &at));
            }
            _ => {}
        }
    }
    mutants.push(without(template, "/Globals/Function/Architectures"));
    mutants.push(without(template, "/Globals/Function/Layers"));
    mutants.push(without(template, "/Globals/Function/Layers/0"));
    for preference in ["Alarms", "Hooks", "Role"] {
        mutants.push(without(
            template,
            &format!("/Globals/Function/DeploymentPreference/{preference}"),
        ));
    }
    mutants.push(without(template, "/Resources/DeploymentRole"));
    mutants.push(without(template, "/Resources/DeploymentRole/Properties/Policies/0"));
    mutants.push(without(
        template,
        "/Resources/DeploymentRole/Properties/ManagedPolicyArns/0",
    ));
    mutants.push(without(template, "/Resources/OperationsCheck/Properties/VpcConfig"));
    mutants.push(without(template, "/Resources/Tables/Properties/Generation"));
    for name in ["LOG_LEVEL", "OTEL_EXPORTER_OTLP_ENDPOINT"] {
        mutants.push(without(
            template,
            &format!("/Globals/Function/Environment/Variables/{name}"),
        ));
    }
    mutants
}
