"""Types of resources for moto's CloudFormation that it lacks: AWS::Lambda::Version and AWS::Lambda::Alias, AWS::CloudWatch::Alarm, AWS::MSK::ServerlessCluster."""

from moto.awslambda import models as lambda_models
from moto.cloudformation import models
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.common_models import CloudFormationModel
from moto.kafka.models import kafka_backends


class Alias(CloudFormationModel):
    """AWS::Lambda::Alias."""

    # moto takes the service from here.
    __module__ = "moto.awslambda.models"

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::Lambda::Alias"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        wanted = cloudformation_json["Properties"]
        backend = lambda_models.lambda_backends[account_id][region_name]
        version = str(wanted["FunctionVersion"])
        return cls(backend.create_alias(wanted["Name"], wanted["FunctionName"], version, "", None).arn)

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        wanted = cloudformation_json["Properties"]
        backend = lambda_models.lambda_backends[account_id][region_name]
        backend.update_alias(wanted["Name"], wanted["FunctionName"], str(wanted["FunctionVersion"]), None, None)
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        """The function takes its aliases along."""


class Alarm(CloudFormationModel):
    """AWS::CloudWatch::Alarm: its name and its state, which is all that a deployment looks at."""

    __module__ = "moto.cloudwatch.models"

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudWatch::Alarm"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        wanted = cloudformation_json["Properties"]
        backend = cloudwatch_backends[account_id][region_name]
        made = {"metric_name": wanted.get("MetricName", ""), "namespace": wanted.get("Namespace", ""), "description": wanted.get("AlarmDescription", "")}
        numbers = {"evaluation_periods": wanted["EvaluationPeriods"], "period": wanted.get("Period", 60), "threshold": wanted.get("Threshold", 0)}
        backend.put_metric_alarm(
            resource_name, comparison_operator=wanted["ComparisonOperator"], statistic=wanted.get("Statistic", ""), dimensions=[], alarm_actions=[], **made, **numbers
        )
        return cls(resource_name)

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        cloudwatch_backends[account_id][region_name].delete_alarms([resource_name])


class Cluster(CloudFormationModel):
    """AWS::MSK::ServerlessCluster."""

    __module__ = "moto.kafka.models"

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::MSK::ServerlessCluster"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Arn"

    def get_cfn_attribute(self, _attribute: str) -> str:
        return self.physical_resource_id

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        backend = kafka_backends[account_id][region_name]
        arn, *_rest = backend.create_cluster_v2(cloudformation_json["Properties"]["ClusterName"], None, None, cloudformation_json["Properties"])
        backend.clusters[arn].state = "ACTIVE"
        return cls(arn)


def publish(cls, resource_name, cloudformation_json, account_id, region_name, **_):
    """AWS::Lambda::Version: what is not new is an error, as it is there."""
    backend = lambda_models.lambda_backends[account_id][region_name]
    name = cloudformation_json["Properties"]["FunctionName"]
    before = len(backend.list_versions_by_function(name))
    function = backend.publish_version(name)
    if len(backend.list_versions_by_function(name)) == before:
        raise models.ValidationError(message=f"A version for this Lambda function exists ( {function.version} ). Modify the function to create a new version.")
    made = lambda_models.LambdaVersion({"Version": str(function.version)})
    made.physical_resource_id = function.function_arn
    return made
