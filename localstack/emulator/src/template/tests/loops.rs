//! `Fn::ForEach`, in every place where it may stand.

use serde_json::json;

use super::*;

#[test]
fn loops_are_written_out_in_conditions_resources_and_properties() {
    let text = r#"
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Parameters:
  Services: {Type: CommaDelimitedList, Default: "orders,carts"}
Mappings:
  Sizes: {orders: {Batch: 10}, carts: {Batch: 20}}
Conditions:
  Fn::ForEach::Is:
    - Service
    - !Ref Services
    - Is${Service}: !Equals [!Ref Service, carts]
Globals: {Function: {Runtime: provided.al2023}}
Resources:
  Fn::ForEach::Functions:
    - Service
    - !Ref Services
    - Handle${Service}:
        Type: AWS::Serverless::Function
        Properties:
          FunctionName: !Sub "${Service}-handler"
          Environment:
            Variables:
              IS_CARTS: !If ["Is${Service}", "yes", "no"]
              Fn::ForEach::Urls:
                - Other
                - [a.b, c]
                - URL_&{Other}: !Sub "http://${Other}/${Service}"
          Events:
            Fn::ForEach::Topics:
              - Kind
              - [made, paid]
              - On${Kind}:
                  Type: SelfManagedKafka
                  Properties:
                    Topics: [!Join [".", [!Ref Service, !Ref Kind]]]
                    StartingPosition: LATEST
                    BatchSize: !FindInMap [Sizes, !Ref Service, Batch]
  Fn::ForEach::Outer:
    - Stage
    - [dev, prod]
    - Fn::ForEach::Inner:
        - Name
        - [X, Y]
        - Queue${Stage}${Name}: {Type: AWS::SQS::Queue, Properties: {QueueName: !Sub "${Stage}-${Name}"}}
  Fn::ForEach::Foreign:
    - Zone
    - !GetAZs ""
    - Queue${Zone}: {Type: AWS::SQS::Queue}
Outputs:
  Fn::ForEach::Out:
    - Service
    - !Ref Services
    - ${Service}Arn: {Value: !GetAtt "Handle${Service}.Arn"}
"#;
    let template = parse(text, &[]).unwrap();
    let [orders, carts] = template.functions.as_slice() else {
        panic!("{:?}", template.functions)
    };
    assert_eq!(
        (orders.logical_id.as_str(), orders.name.as_str()),
        ("Handleorders", "orders-handler")
    );
    let variables = |function: &FunctionSpec| json!(function.environment);
    assert_eq!(
        variables(orders),
        json!({"IS_CARTS": "no", "URL_ab": "http://a.b/orders", "URL_c": "http://c/orders"})
    );
    assert_eq!(variables(carts)["IS_CARTS"], "yes");
    let mappings: Vec<_> = template
        .mappings
        .iter()
        .map(|mapping| (mapping.topic.as_str(), mapping.batch_size))
        .collect();
    assert_eq!(
        mappings,
        [
            ("orders.made", 10),
            ("orders.paid", 10),
            ("carts.made", 20),
            ("carts.paid", 20)
        ]
    );
    let queues: Vec<_> = template.queues.iter().map(|queue| queue.name.as_str()).collect();
    assert_eq!(queues, ["dev-X", "dev-Y", "prod-X", "prod-Y"]);
    let [unresolved] = template.unresolved.as_slice() else {
        panic!("{:?}", template.unresolved)
    };
    assert_eq!(
        unresolved.to_string(),
        "Resources: Fn::ForEach::Foreign: !GetAZs, which is the account's own: nothing of the loop is there"
    );
}

#[test]
fn a_loop_that_is_none_or_never_ends_is_refused() {
    let many = "[0,1,2,3,4,5,6,7,8,9]";
    let mut nested = "\"R${A}${B}${C}${D}${E}\": {Type: AWS::SQS::Queue}".to_owned();
    for name in ["A", "B", "C", "D", "E"] {
        nested = format!("\"Fn::ForEach::{name}\": [{name}, {many}, {{{nested}}}]");
    }
    for (text, refusal) in [
        (
            "Resources: {\"Fn::ForEach::A\": [a, b]}".to_owned(),
            "allowed: [Identifier, [values], {key with ${Identifier}: value}]",
        ),
        (
            "Resources: {\"Fn::ForEach::A\": [a, [[b]], {c: d}]}".to_owned(),
            "allowed: [Identifier, [values]",
        ),
        (
            format!("Resources: {{{nested}}}"),
            "allowed: loops that give 10000 keys at the most",
        ),
    ] {
        let error = error(&text);
        assert!(
            error.starts_with("template.yaml: Resources: Fn::ForEach::") && error.contains(refusal),
            "{error}"
        );
    }
}
