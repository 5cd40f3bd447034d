//! Every intrinsic function, in a template of its own and all in one: resolved, or listed and gone on without.

use super::*;

/// A template with one function, whose variable `V` is `value`, and what else it needs.
fn with_variable(value: &str, rest: &str) -> String {
    format!(
        r#"
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Parameters:
  Stage: {{Type: String, Default: dev}}
  Names: {{Type: CommaDelimitedList, Default: "orders,carts"}}
  Stored: {{Type: AWS::SSM::Parameter::Value<String>, Default: /shop/url}}
Mappings:
  ByStage:
    dev: {{Size: 5, Hosts: [a, b]}}
    1: {{Size: 7}}
Conditions:
  IsDev: !Equals [!FindInMap [ByStage, !Ref Stage, Size], "5"]
  IsImported: !Equals [!ImportValue x, y]
  IsEither: !Or [!Condition IsImported, !Condition IsDev]
  IsBoth: !And [!Condition IsImported, !Not [!Condition IsDev]]
Resources:
  Shop:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: shop
      Runtime: provided.al2023
      Environment: {{Variables: {{KEPT: kept, V: {value}}}}}
  Carts: {{Type: AWS::DynamoDB::Table, Properties: {{TableName: carts}}}}
  Nameless: {{Type: AWS::DynamoDB::Table}}
  Setting: {{Type: AWS::SSM::Parameter, Properties: {{Name: /shop/name, Value: !Sub "${{Stage}} shop"}}}}
  Named: {{Type: AWS::SNS::Topic, Properties: {{TopicName: named}}}}
  Made: {{Type: Custom::Made, Properties: {{ServiceToken: !GetAtt Maker.Arn}}}}
  Maker: {{Type: AWS::Serverless::Function, Properties: {{Runtime: provided.al2023}}}}
  Snake: {{Type: AWS::Serverless::Function, Properties: {{Runtime: python3.12, Handler: a.b}}}}
{rest}"#
    )
}

/// What the template decides.
#[rustfmt::skip]
const RESOLVED: &[(&str, &str)] = &[
    ("!Ref Stage", "dev"),
    ("{Ref: AWS::Region}", "us-east-1"),
    ("!Sub '${Stage} of ${AWS::AccountId}'", "dev of 000000000000"),
    ("!Sub ['${A}', {A: !Length [x, y]}]", "2"),
    ("!Join ['-', [a, !Ref Stage]]", "a-dev"),
    ("!Select [1, !Ref Names]", "carts"),
    ("!Select [0, !Split ['/', a/b]]", "a"),
    ("!If [IsDev, small, large]", "small"),
    // What is not known does not matter where another decides.
    ("!If [IsEither, small, large]", "small"),
    ("!If [IsBoth, small, large]", "large"),
    ("!FindInMap [ByStage, !Ref Stage, Size]", "5"),
    ("!FindInMap [ByStage, 1, Size]", "7"),
    ("{'Fn::FindInMap': [ByStage, !Sub '${Stage}', Size]}", "5"),
    ("!FindInMap [ByStage, prod, Size, {DefaultValue: 9}]", "9"),
    ("!FindInMap [ByStage, prod, Size, {DefaultValue: !Ref Stage}]", "dev"),
    ("!Join [',', !FindInMap [ByStage, dev, Hosts]]", "a,b"),
    ("{'Fn::Length': !Ref Names}", "2"),
    ("!Length [1, 2, 3]", "3"),
    ("{'Fn::ToJsonString': {a: !Ref Stage, b: [1, true]}}", r#"{"a":"dev","b":[1,true]}"#),
    ("!ToJsonString [!Ref Stage]", r#"["dev"]"#),
    ("!Base64 dev", "ZGV2"),
    ("{'Fn::Base64': !Sub '${Stage}'}", "ZGV2"),
    ("!Select [1, !Cidr [10.0.0.0/16, 2, 8]]", "10.0.1.0/24"),
    ("!Equals [a, a]", "true"),
    ("!GetAtt Shop.Arn", "arn:aws:lambda:us-east-1:000000000000:function:shop"),
    ("!Ref Carts", "carts"),
    ("!GetAtt Carts.Arn", "arn:aws:dynamodb:us-east-1:000000000000:table/carts"),
    ("!Ref Named", "arn:aws:sns:us-east-1:000000000000:named"),
    ("!GetAtt Setting.Value", "dev shop"),
];

/// What only AWS knows: what is listed of it.
#[rustfmt::skip]
const UNRESOLVED: &[(&str, &str)] = &[
    ("!ImportValue shared-url", "!ImportValue shared-url, which another stack exports"),
    ("{'Fn::ImportValue': !Sub '${Stage}-url'}", "!ImportValue !Sub ${Stage}-url, which another stack exports"),
    ("!Sub ['http://${Host}/', {Host: !ImportValue host}]", "!ImportValue host, which another stack exports"),
    ("!Join ['', [a, !ImportValue b]]", "!ImportValue b, which another stack exports"),
    ("!Select [0, !GetAZs '']", "!GetAZs, which is the account's own"),
    ("!FindInMap [ByStage, prod, Size]", "!FindInMap ByStage.prod.Size, which section Mappings does not have"),
    ("!FindInMap [Nowhere, a, b]", "!FindInMap Nowhere.a.b, which section Mappings does not have"),
    ("{'Fn::Transform': {Name: Upper, Parameters: {Text: a}}}", "!Transform Name: Upper Parameters:   Text: a, a macro, which AWS runs"),
    ("!If [IsImported, a, b]", "condition IsImported, which hangs on !ImportValue x, which another stack exports"),
    ("!Ref Nameless", "!Ref Nameless, AWS::DynamoDB::Table Nameless is not run here, and the template does not say it"),
    ("!GetAtt Nameless.StreamArn", "!GetAtt Nameless.StreamArn, AWS::DynamoDB::Table Nameless is not run here, and the template does not say it"),
    ("!Sub '${Nameless.Arn}/index'", "!GetAtt Nameless.Arn, AWS::DynamoDB::Table Nameless is not run here, and the template does not say it"),
    ("!GetAtt Made.Answer", "!GetAtt Made.Answer, an answer of a custom resource, which is not known before it has run"),
    ("!Ref Made", "!Ref Made, an answer of a custom resource, which is not known before it has run"),
    ("!GetAtt Snake.Arn", "!GetAtt Snake.Arn, function Snake is not run here"),
    ("!Ref Snake", "!Ref Snake, function Snake is not run here"),
    ("!GetAtt ShopRole.Arn", "!GetAtt ShopRole.Arn, which SAM adds to the template and is not run here"),
    ("!Ref ServerlessRestApi", "!Ref ServerlessRestApi, which SAM adds to the template and is not run here"),
    ("!Ref Stored", "!Ref Stored, the value of Systems Manager's /shop/url, which --parameter Stored=VALUE can give"),
    ("'{{resolve:ssm:/shop/key}}'", "{{resolve:ssm:/shop/key}}, which only AWS can resolve"),
    ("!Sub 'postgres://u:{{resolve:secretsmanager:${Stage}:SecretString:p}}@h'", "{{resolve:secretsmanager:dev:SecretString:p}}, which only AWS can resolve"),
    ("!ValueOf [a, b]", "!ValueOf - a - b, which is not evaluated here"),
    ("!Later a", "!Later a, which is not evaluated here"),
];

fn variables(template: &Template) -> &BTreeMap<String, String> {
    let shop = template.functions.iter().find(|function| function.name == "shop");
    &shop.unwrap().environment
}

#[test]
fn what_the_template_decides_is_resolved() {
    for (value, expected) in RESOLVED {
        let template = parse(&with_variable(value, ""), &[]).unwrap_or_else(|error| panic!("{value}: {error}"));
        assert_eq!(
            variables(&template).get("V").map(String::as_str),
            Some(*expected),
            "{value}"
        );
        assert_eq!(template.unresolved, [], "{value}");
    }
}

#[test]
fn what_only_aws_knows_is_left_out_and_listed_and_the_rest_runs() {
    for (value, listed) in UNRESOLVED {
        let template = parse(&with_variable(value, ""), &[]).unwrap_or_else(|error| panic!("{value}: {error}"));
        assert_eq!(
            variables(&template),
            &BTreeMap::from([("KEPT".to_owned(), "kept".to_owned())]),
            "{value}"
        );
        let [unresolved] = template.unresolved.as_slice() else {
            panic!("{value}: {:?}", template.unresolved)
        };
        assert_eq!(
            unresolved.to_string(),
            format!("Shop: Environment.Variables.V: {listed}: the variable is left out; --env V=VALUE can give it")
        );
        assert_eq!(unresolved.variable(), Some("V"));
    }
}

#[test]
fn a_stored_parameter_that_is_given_is_known() {
    let template = parse(&with_variable("!Ref Stored", ""), &[("Stored", "http://shop")]).unwrap();
    assert_eq!(variables(&template)["V"], "http://shop");
    assert_eq!(template.unresolved, []);
}

#[test]
fn what_is_written_wrongly_is_refused_as_aws_refuses_it() {
    for (value, refusal) in [
        (
            "!Ref Nowhere",
            "refers to Nowhere, which is no parameter, resource or pseudo parameter of this template",
        ),
        (
            "!GetAtt Nowhere.Arn",
            "refers to Nowhere, which is no parameter, resource or pseudo parameter of this template",
        ),
        (
            "!If [IsNothing, a, b]",
            "refers to IsNothing, which is no condition of this template",
        ),
        ("!Select [2, !Ref Names]", "is 2, allowed: an index below 2"),
        ("!Join [a]", "allowed: Join takes [delimiter, [values]]"),
        (
            "!FindInMap [ByStage, dev]",
            "allowed: FindInMap takes [map, key, key], and {DefaultValue: value} behind them",
        ),
        ("!Length dev", "allowed: a list"),
        ("!ToJsonString dev", "allowed: ToJsonString takes a mapping or a list"),
        (
            "!Cidr [10.0.0.0/24, 4, 8]",
            "allowed: Cidr takes [block, count, bits], such as [10.0.0.0/16, 4, 8], and so many blocks must fit",
        ),
        ("[a]", r#"is ["a"], allowed: text"#),
    ] {
        let error = error(&with_variable(value, ""));
        assert!(
            error.starts_with("template.yaml: Shop: Environment.Variables.V ") && error.contains(refusal),
            "{value}: {error}"
        );
    }
}

#[test]
fn a_template_with_everything_runs_what_it_can() {
    let values: Vec<String> = RESOLVED
        .iter()
        .chain(UNRESOLVED)
        .enumerate()
        .map(|(number, (value, _))| format!("V{number}: {value}"))
        .collect();
    let text = with_variable("v", "").replace("V: v", &values.join(", "));
    let template = parse(&text, &[]).unwrap();
    let expected: BTreeMap<_, _> = RESOLVED
        .iter()
        .enumerate()
        .map(|(number, (_, expected))| (format!("V{number}"), (*expected).to_owned()))
        .chain([("KEPT".to_owned(), "kept".to_owned())])
        .collect();
    assert_eq!(variables(&template), &expected);
    assert_eq!(template.unresolved.len(), UNRESOLVED.len());
}
