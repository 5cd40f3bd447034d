//! Templates of others: what cannot be run is listed with its place, and the rest runs.

use super::*;

const OTHERS: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Transform: [AWS::Serverless-2016-10-31, CompanyTags]
Conditions:
  IsShared: !Equals [!ImportValue stage, prod]
Globals:
  Function: {Runtime: nodejs22.x, Timeout: 10}
Resources:
  Fn::Transform: {Name: AWS::Include, Parameters: {Location: "s3://templates/more.yaml"}}
  Orders:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: provided.al2023
      MemorySize: !ImportValue memory
      Environment:
        Variables:
          Fn::Transform: {Name: AWS::Include, Parameters: {Location: "s3://templates/env.yaml"}}
          TABLE: !Ref Table
          STAGE: dev
      Events:
        Shared:
          Type: MSK
          Properties: {Stream: !ImportValue cluster, Topics: [orders], StartingPosition: LATEST, ConsumerGroupId: !ImportValue group}
        Unnamed:
          Type: MSK
          Properties: {Stream: !Ref Cluster, Topics: [!ImportValue topic], StartingPosition: LATEST}
        Dead:
          Type: MSK
          Properties: {Stream: !Ref Cluster, Topics: [dead], StartingPosition: LATEST, DestinationConfig: {OnFailure: {Destination: !ImportValue queue}}}
        Nightly: {Type: Schedule, Properties: {Schedule: !ImportValue schedule}}
        Once: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 days), StartDate: "2030-01-01T00:00:00Z"}}
        Queued: {Type: SQS, Properties: {Queue: !ImportValue queue}}
        Open: {Type: HttpApi, Properties: {Path: /open, Method: GET}}
        Closed: {Type: HttpApi, Properties: {Path: /closed, Method: GET, Auth: {Authorizer: Users}}}
        Old: {Type: HttpApi, Properties: {Path: /old, Method: GET, PayloadFormatVersion: "1.0"}}
        Elsewhere: {Type: HttpApi, Properties: {Path: /else, Method: GET, ApiId: !ImportValue api}}
        Rest: {Type: Api, Properties: {Path: /rest, Method: GET}}
  Pages:
    Type: AWS::Serverless::Function
    Properties:
      Handler: index.handler
      CodeUri: pages/
      Events:
        Records: {Type: MSK, Properties: {Stream: !Ref Cluster, Topics: [pages], StartingPosition: LATEST}}
        Daily: {Type: Schedule, Properties: {Schedule: rate(1 day)}}
  Report: {Type: AWS::Serverless::Function, Properties: {PackageType: Image, ImageUri: registry/report}}
  Inline: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2023, InlineCode: "echo"}}
  Packed: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2023, CodeUri: "s3://code/packed.zip"}}
  Chosen: {Type: AWS::Serverless::Function, Properties: {Runtime: !ImportValue runtime}}
  Built: {Type: AWS::Serverless::Function, Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: !ImportValue binary}}}
  Plain: {Type: AWS::Lambda::Function, Properties: {Runtime: python3.12, Handler: a.b}}
  PagesMapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Pages, EventSourceArn: !Ref Cluster, Topics: [pages], StartingPosition: LATEST}
  PlainMapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !GetAtt Plain.Arn, EventSourceArn: !Ref Cluster, Topics: [plain], StartingPosition: LATEST}
  OutsideMapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: outside, EventSourceArn: !Ref Cluster, Topics: [plain], StartingPosition: LATEST}
  SharedQueueMapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Orders
      SelfManagedEventSource: {Endpoints: {KafkaBootstrapServers: [a:9092]}}
      SelfManagedKafkaEventSourceConfig: {ConsumptionMode: Queue}
      Topics: [orders]
      StartingPosition: LATEST
  Cluster: {Type: AWS::MSK::Cluster}
  Table: {Type: AWS::DynamoDB::Table}
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: !Select [0, !Cidr [!ImportValue block, 1, 8]]}}
  Doubtful: {Type: AWS::SQS::Queue, Condition: IsShared}
  Seed: {Type: Custom::Seed, Properties: {ServiceToken: !ImportValue seed}}
  Paint: {Type: Custom::Paint, Properties: {ServiceToken: !GetAtt Plain.Arn}}
  Store: {Type: Custom::Store, Properties: {ServiceToken: !GetAtt Orders.Arn, Table: !GetAtt Table.Arn, Rows: 3}}
"#;

#[test]
fn what_can_be_run_runs() {
    let template = parse(OTHERS, &[]).unwrap();
    let [orders] = template.functions.as_slice() else {
        panic!("{:?}", template.functions)
    };
    assert_eq!((orders.name.as_str(), orders.memory_mb), ("Orders", 128));
    assert_eq!(
        orders.environment,
        BTreeMap::from([("STAGE".to_owned(), "dev".to_owned())])
    );
    let [shared, dead] = template.mappings.as_slice() else {
        panic!("{:?}", template.mappings)
    };
    assert_eq!(
        (shared.topic.as_str(), shared.consumer_group.as_str()),
        ("orders", "rates-local-OrdersShared")
    );
    let own =
        "arn:aws:kafka:us-east-1:000000000000:cluster/rates-local-OrdersShared/00000000-0000-0000-0000-000000000000-1";
    assert_eq!(shared.source, KafkaSource::Msk { arn: own.to_owned() });
    assert_eq!((dead.topic.as_str(), &dead.destination), ("dead", &None));
    let schedules: Vec<_> = template
        .schedules
        .iter()
        .map(|schedule| schedule.name.as_str())
        .collect();
    assert_eq!(schedules, ["OrdersOnce"]);
    let routes: Vec<_> = template.http_routes.iter().map(|route| route.key.as_str()).collect();
    assert_eq!(routes, ["GET /open"]);
    assert!(template.queues.is_empty() && template.queue_mappings.is_empty());
    let [store] = template.custom_resources.as_slice() else {
        panic!("{:?}", template.custom_resources)
    };
    assert_eq!(store.logical_id, "Store");
    assert_eq!(
        (store.properties.get("Table"), &store.properties["Rows"]),
        (None, &"3".into())
    );
}

#[test]
fn what_is_not_run_is_listed_with_its_place() {
    let template = parse(OTHERS, &[]).unwrap();
    assert_eq!(
        template.unsupported_events,
        [
            "Orders.Unnamed (MSK): Events.Unnamed.Topics is !ImportValue topic, which another stack exports",
            "Orders.Nightly (Schedule): Events.Nightly.Schedule is !ImportValue schedule, which another stack exports",
            "Orders.Once (StartDate)",
            "Orders.Queued (SQS): Events.Queued.Queue is !ImportValue queue, which another stack exports",
            "Orders.Closed (HttpApi): Events.Closed.Auth.Authorizer is Users, and only AWS_IAM and NONE are emulated",
            "Orders.Old (HttpApi): Events.Old.PayloadFormatVersion is 1.0, and only 2.0 is emulated",
            "Orders.Elsewhere (HttpApi): Events.Elsewhere.ApiId is !ImportValue api, which another stack exports",
            "Orders.Rest (Api)",
            "Pages (Runtime nodejs22.x)",
            "Pages.Records (MSK, as Pages is not run)",
            "Pages.Daily (Schedule, as Pages is not run)",
            "Report (PackageType Image)",
            "Inline (InlineCode)",
            "Packed (CodeUri s3://code/packed.zip)",
            "Chosen (Runtime not known)",
            "Built (Metadata.BuildProperties.Binary is !ImportValue binary, which another stack exports)",
            "PagesMapping (EventSourceMapping): FunctionName is !Ref Pages, function Pages is not run here",
            "PlainMapping (EventSourceMapping): FunctionName is !GetAtt Plain.Arn, AWS::Lambda::Function Plain is not run here, and the template does not say it",
            "OutsideMapping (EventSourceMapping of function outside, which is not run)",
            "SharedQueueMapping (EventSourceMapping): SelfManagedKafkaEventSourceConfig.ConsumptionMode is Queue, and only Stream is emulated",
            "Seed (Custom::Seed, ServiceToken not known)",
            "Paint (Custom::Paint, ServiceToken not known)",
        ]
    );
    let others: Vec<_> = template
        .other_resources
        .iter()
        .map(|(kind, ids)| format!("{kind} {}", ids.join(" ")))
        .collect();
    assert_eq!(
        others,
        [
            "AWS::DynamoDB::Table Table",
            "AWS::EC2::VPC Vpc",
            "AWS::Lambda::Function Plain"
        ]
    );
    let unresolved: Vec<_> = template.unresolved.iter().map(ToString::to_string).collect();
    assert_eq!(
        unresolved,
        [
            "Transform: CompanyTags: CompanyTags, a macro, which AWS runs: the template is taken as it is",
            "Resources: Fn::Transform: !Transform Name: AWS::Include Parameters:   Location: s3://templates/more.yaml, a macro, which AWS runs: what it would add is not there",
            "Doubtful: Condition: condition IsShared, which hangs on !ImportValue stage, which another stack exports: it is not run",
            "Chosen: Runtime: !ImportValue runtime, which another stack exports: the function is not run",
            "Orders: Environment.Variables.Fn::Transform: Fn::Transform, a macro, which AWS runs: the variables that it would add are not there",
            "Orders: Environment.Variables.TABLE: !Ref Table, AWS::DynamoDB::Table Table is not run here, and the template does not say it: the variable is left out; --env TABLE=VALUE can give it",
            "Orders: MemorySize: !ImportValue memory, which another stack exports: as if it were absent",
            "Orders: Events.Shared.Stream: !ImportValue cluster, which another stack exports: it is arn:aws:kafka:us-east-1:000000000000:cluster/rates-local-OrdersShared/00000000-0000-0000-0000-000000000000-1 here",
            "Orders: Events.Shared.ConsumerGroupId: !ImportValue group, which another stack exports: as if it were absent",
            "Orders: Events.Dead.DestinationConfig: !ImportValue queue, which another stack exports: as if it were absent",
            "Seed: ServiceToken: !ImportValue seed, which another stack exports: the resource is not created",
            "Paint: ServiceToken: !GetAtt Plain.Arn, AWS::Lambda::Function Plain is not run here, and the template does not say it: the resource is not created",
            "Store: Table: !GetAtt Table.Arn, AWS::DynamoDB::Table Table is not run here, and the template does not say it: as if it were absent",
        ]
    );
}

#[test]
fn only_a_template_of_which_nothing_can_be_run_is_refused() {
    assert_eq!(
        error(
            "Resources:\n  A: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.12, Handler: a.b, Events: {E: {Type: Schedule, Properties: {Schedule: rate(1 day)}}}}}\n  T: {Type: AWS::DynamoDB::Table}"
        ),
        "template.yaml: no function of it can be run here: A (Runtime python3.12), A.E (Schedule, as A is not run), AWS::DynamoDB::Table (T)"
    );
    assert_eq!(
        error("Parameters: {}"),
        "template.yaml: no function of it can be run here: it has no resources"
    );
}

#[test]
fn an_http_api_of_which_something_is_not_emulated_is_served_without_it() {
    let text = r#"
Globals: {Function: {Runtime: provided.al2023}}
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      StageName: v1
      DefinitionBody: {Fn::Transform: {Name: AWS::Include, Parameters: {Location: openapi.yaml}}}
      Auth: {DefaultAuthorizer: Users, Authorizers: {Users: {IdentitySource: $request.header.Authorization}}}
  Second: {Type: AWS::Serverless::HttpApi}
  Shop:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Open: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /open, Method: GET, Auth: {Authorizer: NONE}}}
        Mine: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /mine, Method: GET}}
        Other: {Type: HttpApi, Properties: {ApiId: !Ref Second, Path: /other, Method: GET}}
"#;
    let template = parse(text, &[]).unwrap();
    let routes: Vec<_> = template.http_routes.iter().map(|route| route.key.as_str()).collect();
    assert_eq!(routes, ["GET /open"]);
    assert_eq!(
        template.unsupported_events,
        [
            "Api (StageName v1: routes are served without it)",
            "Api (DefinitionBody: routes are those of the functions' events)",
            "Api (Auth.Authorizers)",
            "Shop.Mine (HttpApi): Events.Mine.Auth.DefaultAuthorizer is Users, and only AWS_IAM and NONE are emulated",
            "Shop.Other (HttpApi): Events.Other.ApiId is Second, and one API is served, Api, of which GET /open is",
        ]
    );
}

#[test]
fn a_route_that_may_be_closed_is_not_served_open() {
    let with_auth = |of_api: &str, of_route: &str| {
        let text = format!(
            r#"
Conditions: {{IsClosed: !Equals [!ImportValue stage, prod]}}
Globals: {{Function: {{Runtime: provided.al2023}}}}
Resources:
  Api: {{Type: AWS::Serverless::HttpApi, Properties: {{Auth: {of_api}}}}}
  Shop:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Read: {{Type: HttpApi, Properties: {{ApiId: !Ref Api, Path: /read, Method: GET, Auth: {of_route}}}}}
"#
        );
        let template = parse(&text, &[]).unwrap();
        assert!(
            !template.unresolved.is_empty() || template.unsupported_events.len() == 1,
            "{text}"
        );
        template.http_routes.first().map(|route| route.needs_signature)
    };
    let nothing = "!Ref AWS::NoValue";
    for (of_api, of_route, expected) in [
        (
            "!If [IsClosed, {DefaultAuthorizer: AWS_IAM, EnableIamAuthorizer: true}, !Ref AWS::NoValue]",
            nothing,
            None,
        ),
        ("{DefaultAuthorizer: !ImportValue authorizer}", nothing, None),
        (
            nothing,
            "!If [IsClosed, {Authorizer: AWS_IAM}, !Ref AWS::NoValue]",
            None,
        ),
        (nothing, "{Authorizer: !ImportValue authorizer}", None),
        (
            "{EnableIamAuthorizer: !ImportValue iam, DefaultAuthorizer: AWS_IAM}",
            nothing,
            Some(true),
        ),
        (
            "{DefaultAuthorizer: !ImportValue authorizer}",
            "{Authorizer: NONE}",
            Some(false),
        ),
    ] {
        assert_eq!(with_auth(of_api, of_route), expected, "{of_api} {of_route}");
    }
}
