#!/usr/bin/env bash
# A template in which a function's alias waits for an alarm, the alarm for the HTTP API, and the API for the alias cannot be deployed: CloudFormation refuses it
# with "Circular dependency between resources". `sam validate --lint` of SAM CLI 1.170 (cfn-lint 1.58.0) calls it valid: the rule for circles (E3004) skips SAM's
# resources. cfn-lint 1.51.0 by itself finds the circle in the same file.
#
# Why it matters: an alarm on API Gateway's 5xx is the natural choice for rolling a Lambda deployment back, and it closes just this circle. The lint in CI is
# green, and the first deployment fails. Roll back on a metric that knows nothing of the API, or check the rendered template for circles.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/sam" && "$folder/sam/bin/pip" install -q aws-sam-cli==1.170.0 cfn-lint==1.58.0
python3 -m venv "$folder/lint" && "$folder/lint/bin/pip" install -q cfn-lint==1.51.0
mkdir "$folder/code" && echo 'def handler(event, context): return {}' >"$folder/code/app.py"
cat >"$folder/template.yaml" <<'YAML'
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
  ApiFails:
    Type: AWS::CloudWatch::Alarm
    Properties:
      ComparisonOperator: GreaterThanThreshold
      Threshold: 0
      EvaluationPeriods: 1
      Namespace: AWS/ApiGateway
      MetricName: 5xx
      Dimensions: [{Name: ApiId, Value: !Ref Api}]
      Period: 60
      Statistic: Sum
  Reader:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.12
      Handler: app.handler
      CodeUri: code
      AutoPublishAlias: live
      DeploymentPreference: {Type: AllAtOnce, Alarms: [!Ref ApiFails]}
      Events:
        Get: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /, Method: GET}}
YAML
export SAM_CLI_TELEMETRY=0
cd "$folder"
sam/bin/sam --version
seen=$(
  echo "sam validate --lint, cfn-lint $(sam/bin/cfn-lint --version | cut -d' ' -f2): $(sam/bin/sam validate --lint --template template.yaml --region us-east-1 2>&1 | grep -oE 'E3004|is a valid SAM Template' | sort -u | tr '\n' ' ')"
  echo "cfn-lint $(lint/bin/cfn-lint --version | cut -d' ' -f2): $(lint/bin/cfn-lint --template template.yaml --regions us-east-1 2>&1 | grep -oE 'E3004' | sort -u | tr '\n' ' ')"
)
echo "$seen"
diff - <(echo "$seen") <<'SEEN'
sam validate --lint, cfn-lint 1.58.0: is a valid SAM Template 
cfn-lint 1.51.0: E3004 
SEEN
