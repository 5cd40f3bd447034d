#!/usr/bin/env bash
# CloudFormation takes an element of a list away when it is AWS::NoValue. moto 5.2.5 keeps a null in its place: a managed policy whose statements are conditional
# is refused as malformed when a condition is false, while a property of an object with the same value is left out as on AWS.
#
# Why it matters: "may read this secret, if there is one" is the natural conditional statement of a policy that several Lambda functions share. A test of the
# stack on moto then fails on a template that CloudFormation deploys. Take nulls out of lists where moto reads the template.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q "moto[cloudformation,iam]==5.2.5"
cat >"$folder/stack.py" <<'PY'
import json

import boto3
import moto
from moto import mock_aws

STATEMENT = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
NOTHING = {"Ref": "AWS::NoValue"}
POLICY = {"Version": "2012-10-17", "Statement": [STATEMENT, {"Fn::If": ["HasSecret", STATEMENT, NOTHING]}]}


def outcome(document: dict, description: object) -> str:
    template = {
        "Parameters": {"Secret": {"Type": "String", "Default": ""}},
        "Conditions": {"HasSecret": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Secret"}, ""]}]}},
        "Resources": {"Policy": {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": document, "Description": description}}},
    }
    with mock_aws():
        client = boto3.client("cloudformation", region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
        try:
            client.create_stack(StackName="one", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"])
        except Exception as error:  # What it is called is what is recorded.
            return str(error).split(" when ")[0]
        return client.describe_stacks(StackName="one")["Stacks"][0]["StackStatus"]


print("moto", moto.__version__)
print("in an object:", outcome({**POLICY, "Statement": [STATEMENT]}, {"Fn::If": ["HasSecret", "secret", NOTHING]}))
print("in a list:", outcome(POLICY, "list"))
PY
seen=$("$folder/venv/bin/python" -W ignore "$folder/stack.py")
echo "$seen"
diff - <(echo "$seen") <<'SEEN'
moto 5.2.5
in an object: CREATE_COMPLETE
in a list: An error occurred (MalformedPolicyDocument)
SEEN
