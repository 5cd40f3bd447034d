//! The emulator's program on a template of somebody else: one function in Python, one in bash and curl, no library of ours.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::{Fixture, eventually, send, topic};

const TEMPLATE: &str = r#"
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Topic: {Type: String}
Globals:
  Function: {Runtime: provided.al2023, Handler: bootstrap, Timeout: 10}
Resources:
  Snake:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: snake/
      Environment:
        Variables:
          GREETING: !FindInMap [Words, !Ref AWS::Region, Greeting, {DefaultValue: hello}]
          OUT: !ImportValue out
          TABLE: !GetAtt Table.StreamArn
      Events:
        Records:
          Type: SelfManagedKafka
          Properties:
            KafkaBootstrapServers: [unused:9092]
            Topics: [!Ref Topic]
            ConsumerGroupId: !Sub "snake-${Topic}"
            StartingPosition: TRIM_HORIZON
            FunctionResponseTypes: [ReportBatchItemFailures]
            SourceAccessConfigurations: [{Type: VPC_SUBNET, URI: subnet:subnet-1}]
        Read: {Type: HttpApi, Properties: {Path: /hello, Method: GET}}
  Shell:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: makefile}
    Properties:
      CodeUri: shell
      Events:
        Records: {Type: MSK, Properties: {Stream: arn:aws:kafka:us-east-1:1:cluster/c/1, Topics: [!Ref Topic], StartingPosition: TRIM_HORIZON}}
        Late: {Type: SQS, Properties: {Queue: !GetAtt Dead.Arn}}
        Often: {Type: Schedule, Properties: {Schedule: rate(1 minute), Input: '{"tick": true}'}}
  Viper:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: viper.handle, Events: {Records: {Type: MSK, Properties: {Stream: !ImportValue cluster, Topics: [!Ref Topic]}}}}
  Table: {Type: AWS::DynamoDB::Table}
  Dead: {Type: AWS::SQS::Queue}
"#;

const SNAKE: &str = r#"#!/usr/bin/env python3
import base64, json, os, urllib.request

api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
seen = set()
while True:
    with urllib.request.urlopen(api + "next") as work:
        event, request = json.load(work), work.headers["Lambda-Runtime-Aws-Request-Id"]
    if "records" in event:
        failures = []
        with open(os.environ["OUT"], "a") as out:
            for partition, records in event["records"].items():
                for record in records:
                    value = base64.b64decode(record["value"]).decode()
                    if value == "twice" and record["offset"] not in seen:
                        seen.add(record["offset"])
                        failures.append({"itemIdentifier": {"partition": partition, "offset": record["offset"]}})
                    else:
                        print(event["eventSource"], value, file=out, flush=True)
        answer = {"batchItemFailures": failures}
    else:
        answer = {"statusCode": 200, "body": os.environ["GREETING"] + " from " + event["rawPath"]}
    data = json.dumps(answer).encode()
    urllib.request.urlopen(urllib.request.Request(api + request + "/response", data=data)).close()
"#;

const SHELL: &str = r#"#!/bin/bash
set -eu
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while true; do
  headers=$(mktemp)
  event=$(curl -sS -D "$headers" "$api/next")
  request=$(tr -d '\r' <"$headers" | awk -F': ' 'tolower($1) == "lambda-runtime-aws-request-id" { print $2 }')
  rm "$headers"
  echo "$event" >>"$OUT.shell"
  curl -sS -o /dev/null -d '"done"' "$api/$request/response"
done
"#;

/// A running command; it ends with the test.
struct Running {
    child: Child,
    lines: Vec<String>,
}

impl Running {
    /// Waits until it says that it is ready.
    fn start(fixture: &Fixture, topic: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_emulator"))
            .args(["--port", "0", "--api-port", "0", "--kafka", &fixture.kafka])
            .arg("--template")
            .arg(fixture.file("template.yaml"))
            .arg("--log-dir")
            .arg(fixture.file("logs"))
            .args(["--parameter", &format!("Topic={topic}")])
            .args(["--env", &format!("OUT={}", fixture.file("out").display())])
            .args(["--partial-response", "only-named"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = Vec::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            lines.push(line.unwrap());
            if lines.last().is_some_and(|line| line == "ready") {
                break;
            }
        }
        assert_eq!(lines.last().map(String::as_str), Some("ready"), "{lines:?}");
        Self { child, lines }
    }

    fn url(&self, of: &str) -> String {
        let line = self.lines.iter().find(|line| line.starts_with(of)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn write_bootstrap(folder: &Path, text: &str) {
    std::fs::create_dir_all(folder).unwrap();
    let bootstrap = folder.join("bootstrap");
    std::fs::write(&bootstrap, text).unwrap();
    std::fs::set_permissions(&bootstrap, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn functions_in_python_and_bash_run_from_a_template_of_their_own() {
    let fixture = Fixture::with_kafka();
    let (topic, producer) = topic(&fixture.kafka, 1).await;
    std::fs::write(fixture.file("template.yaml"), TEMPLATE).unwrap();
    write_bootstrap(&fixture.file("snake"), SNAKE);
    // As `sam build` would leave it.
    write_bootstrap(&fixture.file(".aws-sam/build/Shell"), SHELL);
    send(&producer, &topic, 0, ["one", "twice", "three"].map(str::to_owned)).await;
    let running = Running::start(&fixture, &topic);

    let listed = |start: &str| {
        running
            .lines
            .iter()
            .filter(|line| line.starts_with(start))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        listed("not run"),
        [
            "not run      AWS::SQS::Queue (Dead): --sqs-endpoint http://HOST:PORT says where SQS is",
            "not run      Viper (Runtime python3.12)",
            "not run      Viper.Records (MSK, as Viper is not run)",
            "not run      ShellLate (queue Dead is on no SQS)",
            "not run      AWS::DynamoDB::Table (Table)"
        ]
    );
    assert_eq!(listed("given"), ["given        Snake: OUT, by --env"]);
    assert_eq!(
        listed("not known"),
        [
            "not known    Snake: Environment.Variables.TABLE: !GetAtt Table.StreamArn, AWS::DynamoDB::Table Table is not run here, and the template does not say it: the variable is left out; --env TABLE=VALUE can give it"
        ]
    );

    let read = |name: &str| std::fs::read_to_string(fixture.file(name)).unwrap_or_default();
    eventually("Python has read all three", || read("out").lines().count() == 3).await;
    assert_eq!(
        read("out"),
        "SelfManagedKafka one\nSelfManagedKafka three\nSelfManagedKafka twice\n"
    );
    eventually("bash has got records and a tick", || {
        let text = read("out.shell");
        text.contains(&format!("{topic}-0")) && text.contains(r#"{"tick": true}"#)
    })
    .await;
    let answer = reqwest::get(format!("{}/hello", running.url("HTTP API")))
        .await
        .unwrap();
    assert_eq!(answer.text().await.unwrap(), "hello from /hello");

    let api = format!("{}/2015-03-31", running.url("Lambda API"));
    let client = reqwest::Client::new();
    let invoked = client
        .post(format!("{api}/functions/Shell/invocations"))
        .body("{\"by\":\"hand\"}");
    assert_eq!(
        invoked.send().await.unwrap().json::<Value>().await.unwrap(),
        json!("done")
    );
    let listed = reqwest::get(format!("{api}/event-source-mappings/")).await.unwrap();
    let listed: Value = listed.json().await.unwrap();
    let names: Vec<&str> = listed["EventSourceMappings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mapping| mapping["FunctionArn"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        ["Snake", "Shell"].map(|name| format!("arn:aws:lambda:us-east-1:000000000000:function:{name}"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_bootstrap_is_named_with_the_places_where_it_may_be() {
    let fixture = Fixture::new();
    std::fs::write(fixture.file("template.yaml"), TEMPLATE).unwrap();
    write_bootstrap(&fixture.file("snake"), SNAKE);
    let output = Command::new(env!("CARGO_BIN_EXE_emulator"))
        .args(["--port", "0", "--parameter", "Topic=rates", "--template"])
        .arg(fixture.file("template.yaml"))
        .arg("--log-dir")
        .arg(fixture.file("logs"))
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    let folder = fixture.folder.path().display();
    assert!(
        said.contains(&format!(
            "function Shell: no executable bootstrap at {folder}/Shell/bootstrap or {folder}/shell/bootstrap or {folder}/.aws-sam/build/Shell/bootstrap; build it first"
        )),
        "{said}"
    );
}
