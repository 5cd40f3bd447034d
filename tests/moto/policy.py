"""Looks at the rights of who deploys (deployment/policy*.json): they hold every call that ./deploy was seen to make, what CloudFormation does in its name for each type
of resource of both templates, and nothing on what is not this project's."""

import json
import re

from moto.iam.access_control import IAMPolicy, PermissionResult
from samtranslator.yaml_helper import yaml_parse
from stack import ROOT, must, rendered

# What a managed policy may have, without white space (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
LIMIT = 6144
# Names of IAM's that are not the operation's.
RENAMED = {"lambda:Invoke": "lambda:InvokeFunction", "s3:HeadObject": "s3:GetObject", "s3:HeadBucket": "s3:ListBucket", "s3:ListObjectsV2": "s3:ListBucket", "s3:ListObjects": "s3:ListBucket"}
A = "123456789012"
# Something of this project's and of another's, by service.
OWN = {
    "lambda": f"arn:aws:lambda:us-east-1:{A}:function:currency-api",
    "cloudformation": f"arn:aws:cloudformation:us-east-1:{A}:stack/hwanyul/0a",
    "s3": "arn:aws:s3:::aws-sam-cli-managed-default-samclisourcebucket-0a/hwanyul/0a",
    "ssm": f"arn:aws:ssm:us-east-1:{A}:parameter/hwanyul/hwanyul/deployment-stamp-key",
    "iam": f"arn:aws:iam::{A}:role/hwanyul-IngestorRole-0a",
    "sqs": f"arn:aws:sqs:us-east-1:{A}:hwanyul-dead-letters",
    "sns": f"arn:aws:sns:us-east-1:{A}:hwanyul-AlarmTopic-0a",
    "events": f"arn:aws:events:us-east-1:{A}:rule/hwanyul-IngestorSchedule-0a",
    "scheduler": f"arn:aws:scheduler:us-east-1:{A}:schedule/default/IngestorEcb",
    "logs": f"arn:aws:logs:us-east-1:{A}:log-group:/hwanyul/hwanyul/api",
    "cloudwatch": f"arn:aws:cloudwatch:us-east-1:{A}:alarm:hwanyul-RunFailedAlarm-0a",
    "codedeploy": f"arn:aws:codedeploy:us-east-1:{A}:deploymentgroup:hwanyul-ServerlessDeploymentApplication-0a/hwanyul-0a",
    "apigateway": "arn:aws:apigateway:us-east-1::/apis/0a",
    "secretsmanager": f"arn:aws:secretsmanager:us-east-1:{A}:secret:ConsoleEdgeSecret-0a",
    "elasticache": f"arn:aws:elasticache:us-east-1:{A}:serverlesscache:hwanyul-servers",
}
ANOTHER = {
    "lambda:UpdateFunctionCode": f"arn:aws:lambda:us-east-1:{A}:function:payroll",
    "cloudformation:DeleteStack": f"arn:aws:cloudformation:us-east-1:{A}:stack/payroll/0a",
    "s3:GetObject": "arn:aws:s3:::payroll/salaries.csv",
    "ssm:GetParameter": f"arn:aws:ssm:us-east-1:{A}:parameter/payroll/key",
    "iam:PutRolePolicy": f"arn:aws:iam::{A}:role/administrator",
    "iam:PassRole": f"arn:aws:iam::{A}:role/administrator",
    "sqs:ReceiveMessage": f"arn:aws:sqs:us-east-1:{A}:payroll",
    "secretsmanager:GetSecretValue": f"arn:aws:secretsmanager:us-east-1:{A}:secret:payroll-0a",
    "iam:CreateUser": f"arn:aws:iam::{A}:user/hwanyul-me",
}
# What CloudFormation calls to make and to delete a resource of a type.
CALLS = {
    "AWS::ApiGatewayV2::Api": ("apigateway:POST", "apigateway:DELETE"),
    "AWS::ApiGatewayV2::Stage": ("apigateway:POST", "apigateway:DELETE"),
    "AWS::CloudFront::Distribution": ("cloudfront:CreateDistribution", "cloudfront:DeleteDistribution"),
    "AWS::CloudFront::OriginAccessControl": ("cloudfront:CreateOriginAccessControl", "cloudfront:DeleteOriginAccessControl"),
    "AWS::CloudFront::ResponseHeadersPolicy": ("cloudfront:CreateResponseHeadersPolicy", "cloudfront:DeleteResponseHeadersPolicy"),
    "AWS::CloudWatch::Alarm": ("cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"),
    "AWS::CloudWatch::Dashboard": ("cloudwatch:PutDashboard", "cloudwatch:DeleteDashboards"),
    "AWS::CodeDeploy::Application": ("codedeploy:CreateApplication", "codedeploy:DeleteApplication"),
    "AWS::CodeDeploy::DeploymentGroup": ("codedeploy:CreateDeploymentGroup", "codedeploy:DeleteDeploymentGroup", "codedeploy:CreateDeployment", "codedeploy:GetDeployment"),
    "AWS::Events::Rule": ("events:PutRule", "events:PutTargets", "events:RemoveTargets", "events:DeleteRule"),
    "AWS::IAM::ManagedPolicy": ("iam:CreatePolicy", "iam:DeletePolicy"),
    "AWS::IAM::Role": ("iam:CreateRole", "iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:PassRole", "iam:DetachRolePolicy", "iam:DeleteRolePolicy", "iam:DeleteRole"),
    "AWS::Lambda::Alias": ("lambda:CreateAlias", "lambda:DeleteAlias"),
    "AWS::Lambda::EventInvokeConfig": ("lambda:PutFunctionEventInvokeConfig", "lambda:DeleteFunctionEventInvokeConfig"),
    "AWS::Lambda::EventSourceMapping": ("lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping"),
    "AWS::Lambda::Function": ("lambda:CreateFunction", "lambda:PutFunctionConcurrency", "lambda:DeleteFunction"),
    "AWS::Lambda::Permission": ("lambda:AddPermission", "lambda:RemovePermission"),
    "AWS::Lambda::Version": ("lambda:PublishVersion",),
    "AWS::Logs::LogGroup": ("logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:DeleteLogGroup"),
    "AWS::S3::Bucket": ("s3:CreateBucket", "s3:PutBucketPublicAccessBlock", "s3:PutLifecycleConfiguration"),
    "AWS::S3::BucketPolicy": ("s3:PutBucketPolicy", "s3:DeleteBucketPolicy"),
    "AWS::SNS::Subscription": ("sns:Subscribe", "sns:Unsubscribe"),
    "AWS::SNS::Topic": ("sns:CreateTopic", "sns:DeleteTopic"),
    "AWS::SQS::Queue": ("sqs:CreateQueue", "sqs:DeleteQueue"),
    "AWS::Scheduler::Schedule": ("scheduler:CreateSchedule", "scheduler:DeleteSchedule"),
    "AWS::SecretsManager::Secret": ("secretsmanager:CreateSecret", "secretsmanager:GetRandomPassword", "secretsmanager:DeleteSecret"),
    "AWS::EC2::EIP": ("ec2:AllocateAddress", "ec2:ReleaseAddress"),
    "AWS::EC2::InternetGateway": ("ec2:CreateInternetGateway", "ec2:DeleteInternetGateway"),
    "AWS::EC2::NatGateway": ("ec2:CreateNatGateway", "ec2:DeleteNatGateway"),
    "AWS::EC2::Route": ("ec2:CreateRoute", "ec2:DeleteRoute"),
    "AWS::EC2::RouteTable": ("ec2:CreateRouteTable", "ec2:DeleteRouteTable"),
    "AWS::EC2::SecurityGroup": ("ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupEgress", "ec2:DeleteSecurityGroup"),
    "AWS::EC2::SecurityGroupEgress": ("ec2:AuthorizeSecurityGroupEgress", "ec2:RevokeSecurityGroupEgress"),
    "AWS::EC2::SecurityGroupIngress": ("ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"),
    "AWS::EC2::Subnet": ("ec2:CreateSubnet", "ec2:DeleteSubnet"),
    "AWS::EC2::SubnetRouteTableAssociation": ("ec2:AssociateRouteTable", "ec2:DisassociateRouteTable"),
    "AWS::EC2::VPC": ("ec2:CreateVpc", "ec2:ModifyVpcAttribute", "ec2:DeleteVpc"),
    "AWS::EC2::VPCEndpoint": ("ec2:CreateVpcEndpoint", "ec2:DeleteVpcEndpoints"),
    "AWS::EC2::VPCGatewayAttachment": ("ec2:AttachInternetGateway", "ec2:DetachInternetGateway"),
    "AWS::ElastiCache::ServerlessCache": ("elasticache:CreateServerlessCache", "elasticache:DeleteServerlessCache"),
    "AWS::ElastiCache::User": ("elasticache:CreateUser", "elasticache:DeleteUser"),
    "AWS::ElastiCache::UserGroup": ("elasticache:CreateUserGroup", "elasticache:DeleteUserGroup"),
    "AWS::MSK::ServerlessCluster": ("kafka:CreateClusterV2", "kafka:DeleteCluster"),
    "AWS::RDS::DBCluster": ("rds:CreateDBCluster", "rds:CreateDBClusterSnapshot", "rds:DeleteDBCluster"),
    "AWS::RDS::DBInstance": ("rds:CreateDBInstance", "rds:DeleteDBInstance"),
    "AWS::RDS::DBProxy": ("rds:CreateDBProxy", "rds:DeleteDBProxy"),
    "AWS::RDS::DBProxyTargetGroup": ("rds:RegisterDBProxyTargets", "rds:DeregisterDBProxyTargets"),
    "AWS::RDS::DBSubnetGroup": ("rds:CreateDBSubnetGroup", "rds:DeleteDBSubnetGroup"),
}


def policies() -> list[IAMPolicy]:
    """Both documents, which are to be given together to who makes servers too."""
    found = []
    for name in ("policy.json", "policy.servers.json"):
        text = (ROOT / "deployment" / name).read_text()
        length = len(re.sub(r"\s", "", text))
        must(length <= LIMIT, f"{name} has {length} characters without white space; IAM takes {LIMIT}")
        found.append(IAMPolicy(json.dumps(json.loads(text))))
    return found


def is_allowed(action: str, arn: str, those: list[IAMPolicy]) -> bool:
    """Whether one of the documents allows it."""
    return any(policy.is_action_permitted(action, arn) == PermissionResult.PERMITTED for policy in those)


def allows(requests: list[tuple[str, str]]) -> None:
    """All of it."""
    requests = [("lambda" if service == "awslambda" else service, action) for service, action in requests]
    those, seen = policies(), sorted({RENAMED.get(f"{service}:{action}", f"{service}:{action}") for service, action in requests})
    must(len(seen) > 20, f"calls that were seen: {seen}")
    for action in seen:
        must(is_allowed(action, OWN.get(action.split(":")[0], "*"), those), f"./deploy calls {action}, which deployment/policy*.json does not allow")
    templates = [rendered(), yaml_parse((ROOT / "servers.yaml").read_text())]
    kinds = sorted({body["Type"] for template in templates for body in template["Resources"].values() if not body["Type"].startswith("Custom::")})
    for kind in kinds:
        must(kind in CALLS, f"tests/moto/policy.py does not know what CloudFormation calls for {kind}")
        for action in CALLS[kind]:
            must(is_allowed(action, OWN.get(action.split(":")[0], "*"), those), f"{kind} needs {action}, which deployment/policy*.json does not allow")
    for action, arn in ANOTHER.items():
        must(not is_allowed(action, arn, those), f"deployment/policy*.json allow {action} on {arn}")
    print(f"rights: {len(seen)} operations that were seen, {len(kinds)} types of resources, and nothing of another's")
