#!/usr/bin/env bash
# SAM reads YAML aliases, but its translator changes a function's `Policies` in place: it resolves an entry that is an `!If` and writes the outcome back. An alias
# of such an entry is the same object, so the next function that has it meets what is no policy any more, and is refused ("Policy at index 0 in the 'Policies'
# property is not valid"). The same template with the entry written out twice is valid.
#
# Why it matters: "read this secret, if there is one" is the entry that every function of a service repeats, and the first that one would give a name to. Give
# names to what is inside of it (the statement, the resource), or make it a managed policy.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/sam" && "$folder/sam/bin/pip" install -q aws-sam-cli==1.170.0 aws-sam-translator==1.115.0
mkdir "$folder/code" && echo 'def handler(event, context): return {}' >"$folder/code/app.py"
cd "$folder"
cat >aliased.yaml <<'YAML'
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  SecretArn: {Type: String, Default: ""}
Conditions:
  HasSecret: !Not [!Equals [!Ref SecretArn, ""]]
Globals:
  Function: {Runtime: python3.12, Handler: app.handler, CodeUri: code}
Resources:
  One:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - &read_secret !If [HasSecret, {Statement: [{Effect: Allow, Action: ["secretsmanager:GetSecretValue"], Resource: [!Ref SecretArn]}]}, !Ref AWS::NoValue]
  Two:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - *read_secret
YAML
entry=$(sed -n 's/.*&read_secret //p' aliased.yaml)
awk -v entry="$entry" '{ sub(/&read_secret /, ""); if (/\*read_secret/) sub(/\*read_secret/, entry); print }' aliased.yaml >written-out.yaml
export SAM_CLI_TELEMETRY=0
sam/bin/sam --version
seen=$(
  for template in aliased written-out; do
    echo "$template: $(sam/bin/sam validate --template $template.yaml --region us-east-1 2>&1 | grep -oE "InvalidResourceException\('Two', \"[^\"]*\"|is a valid SAM Template" | head -1)"
  done
)
echo "$seen"
diff - <(echo "$seen") <<'SEEN'
aliased: InvalidResourceException('Two', "Policy at index 0 in the 'Policies' property is not valid"
written-out: is a valid SAM Template
SEEN
