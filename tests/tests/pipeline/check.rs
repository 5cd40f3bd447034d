//! The check before traffic: every function that gets some is asked by an event that changes nothing, and CodeDeploy is told the verdict.

use std::sync::{Arc, Mutex};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};
use tests::checkout::project;
use tests::contract::Document;
use tests::pipeline::{Pipeline, Setup};

/// The functions that CodeDeploy deploys, by the template.
fn deployed() -> Vec<String> {
    let functions = Document::load(&project().join("template.yaml")).functions();
    let deployed = functions
        .into_iter()
        .filter(|function| function.properties["DeploymentPreference"]["Enabled"] != false);
    deployed.map(|function| function.name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_function_with_traffic_answers_and_nothing_changes() {
    let pipeline = Pipeline::start(&[]).await;
    pipeline.invoke("ingestor", json!({"force": true})).await.unwrap();
    pipeline.caught_up().await;
    let before = pipeline.stores().await;
    let functions = deployed();
    assert_eq!(functions.len(), 12);
    let asked = json!({"functions": functions});
    let report = pipeline.invoke("operations-check", asked).await.unwrap();
    let checked = report["checked"].as_array().unwrap();
    assert_eq!(checked.len(), 12);
    for one in checked {
        assert_eq!(
            (&one["alive"], &one["version"]),
            (&json!(true), &json!("live")),
            "{one}"
        );
    }
    pipeline.caught_up().await;
    assert_eq!(pipeline.stores().await, before);
    let strange = json!({"functions": ["operations-backfill", "nobody"]});
    let report = pipeline.invoke("operations-check", strange).await.unwrap();
    for one in report["checked"].as_array().unwrap() {
        assert_eq!(one["alive"], false, "{one}");
        assert!(one["why"].as_str().unwrap().contains("nobody has said"), "{one}");
    }
    let refused = pipeline
        .invoke("operations-check", json!({"function": "currency-api"}))
        .await;
    assert!(refused.unwrap_err().contains("Check.Input"));
    pipeline.stop().await;
}

/// What CodeDeploy was asked: action, who signed, and the request.
type Asked = Arc<Mutex<Vec<(String, String, Value)>>>;

/// CodeDeploy's API on this machine: deployment `d-F` leads function F to version 7; `d-` leads none.
async fn code_deploy() -> (String, Asked) {
    async fn answer(State(asked): State<Asked>, headers: HeaderMap, body: String) -> (StatusCode, Json<Value>) {
        let header = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
        let action = header("x-amz-target").unwrap_or_default();
        let request: Value = serde_json::from_str(&body).unwrap();
        let deployment = request["deploymentId"].as_str().unwrap_or_default().to_owned();
        let signed = header("authorization").unwrap_or_default();
        asked.lock().unwrap().push((action.clone(), signed, request));
        let function = deployment.strip_prefix("d-").unwrap_or_default();
        let targets = if function.is_empty() {
            json!([])
        } else {
            json!([format!("{function}:live")])
        };
        let answer = match action.as_str() {
            "CodeDeploy_20141006.ListDeploymentTargets" => json!({"targetIds": targets}),
            "CodeDeploy_20141006.BatchGetDeploymentTargets" if function.is_empty() => json!({"deploymentTargets": []}),
            "CodeDeploy_20141006.BatchGetDeploymentTargets" => json!({"deploymentTargets": [{
                "deploymentTargetType": "LambdaFunction",
                "lambdaTarget": {"lambdaFunctionInfo": {
                    "functionName": function, "functionAlias": "live", "currentVersion": "6", "targetVersion": "7"
                }}
            }]}),
            "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus" => {
                json!({"lifecycleEventHookExecutionId": "hook"})
            }
            _ => {
                return (
                    StatusCode::BAD_REQUEST,
                    Json(json!({"__type": "UnknownOperationException"})),
                );
            }
        };
        (StatusCode::OK, Json(answer))
    }
    let asked = Asked::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/", post(answer)).with_state(Arc::clone(&asked));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codedeploy_is_told_whether_the_version_that_it_deploys_is_alive() {
    let (url, asked) = code_deploy().await;
    let setup = Setup {
        function_env: vec![("AWS_ENDPOINT_URL_CODEDEPLOY".to_owned(), url)],
        ..Setup::default()
    };
    let pipeline = Pipeline::start_with(&[], setup).await;
    let hook = |deployment: &str| json!({"DeploymentId": deployment, "LifecycleEventHookExecutionId": "hook"});
    let told = || {
        let asked = std::mem::take(&mut *asked.lock().unwrap());
        for (action, signed, _) in &asked {
            assert!(
                signed.contains("/us-east-1/codedeploy/aws4_request"),
                "{action}: {signed}"
            );
        }
        let (action, _, verdict) = asked.last().unwrap().clone();
        assert_eq!(action, "CodeDeploy_20141006.PutLifecycleEventHookExecutionStatus");
        assert_eq!(verdict["lifecycleEventHookExecutionId"], "hook");
        verdict["status"].as_str().unwrap().to_owned()
    };
    for function in ["history-cache-invalidation", "ingestor", "ranking-api"] {
        let report = pipeline
            .invoke("operations-check", hook(&format!("d-{function}")))
            .await
            .unwrap();
        assert_eq!(
            (&report["checked"][0]["function"], &report["checked"][0]["version"]),
            (&json!(function), &json!("7"))
        );
        assert_eq!(told(), "Succeeded", "{report}");
    }
    // Nobody answers for it, so nothing may come to it.
    let report = pipeline.invoke("operations-check", hook("d-nobody")).await.unwrap();
    assert_eq!(told(), "Failed", "{report}");
    let failure = pipeline.invoke("operations-check", hook("d-")).await.unwrap_err();
    assert!(failure.contains("Check.CodeDeploy"), "{failure}");
    assert_eq!(told(), "Failed");
    pipeline.stop().await;
}
