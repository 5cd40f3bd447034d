"""Runs the checks of ./deploy against a moto server, by real calls: each lets pass what is as needed and names what is not.

Prints a line a step, and ends with 1 at what is not as it must be.
"""

import contextlib
import copy
import dataclasses
import io
import json
import os
from unittest.mock import Mock, patch

from aws import ACCOUNT, State, server
from bench import Bench, refused
from botocore.exceptions import ClientError
from moto.cloudformation.models import cloudformation_backends
from moto.kafka.models import kafka_backends
from networks import ways
from stack import REGION, must

from deployment import changes, checks, environments, stack as stacks, template as templates
from deployment.cloud import Cloud
from deployment.plan import Plan

NOWHERE = "arn:aws:kafka:us-east-1:123456789012:cluster/nowhere/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f-1"


def quota(bench: Bench) -> None:
    """The account's concurrency, by what the template reserves and by what is taken already."""
    reserved = 0
    for body in templates.functions(bench.template).values():
        value = body["Properties"].get("ReservedConcurrentExecutions")
        reserved += value["Fn::If"][1] if value else 0
    must(reserved > 300, f"the template reserves {reserved}")
    for limit, is_enough in ((reserved + 99, False), (reserved + 100, True)):
        State.limit = limit
        words = () if is_enough else (f"reserve {reserved} concurrent executions", )
        bench.says(checks.concurrency, bench.plan(ReserveConcurrency="true"), *words)
    State.limit = 10
    bench.says(checks.concurrency, bench.plan(ReserveConcurrency="false"), notes=("the account has 10 concurrent executions",))
    bench.says(checks.concurrency, bench.plan(ReserveConcurrency="true"), "ReserveConcurrency=false")
    State.limit = 1000
    print(f"concurrency: {reserved} reserved and 100 kept need {reserved + 100}; an account with 10 is told")


def names(bench: Bench) -> None:
    """A function of another's."""
    role = bench.client("iam").create_role(RoleName="another", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    bench.says(checks.names_are_free, bench.plan())
    bench.client("lambda").create_function(FunctionName="ranking-api", Role=role, Runtime="provided.al2023", Handler="bootstrap", Code={"ZipFile": b"PK\x05\x06" + bytes(18)})
    bench.says(checks.names_are_free, bench.plan(), "the function ranking-api is there and is not of the stack")
    bench.client("lambda").delete_function(FunctionName="ranking-api")
    print("names: another's function is in the way")


def secrets(bench: Bench) -> None:
    """Present, absent, and about to go."""
    manager = bench.client("secretsmanager")
    there = manager.create_secret(Name="redis", SecretString="{}")["ARN"]
    bench.says(checks.secrets, bench.plan(RedisSecretArn=there))
    bench.says(checks.secrets, bench.plan(RedisSecretArn=there, DatabaseSecretArn=there.replace("redis", "nothing")), "DatabaseSecretArn is ")
    manager.delete_secret(SecretId=there, RecoveryWindowInDays=7)
    bench.says(checks.secrets, bench.plan(RedisSecretArn=there), "restore-secret")
    print("secrets: one that is not there and one that is going are named")


def cluster(bench: Bench) -> None:
    """An absent cluster, one that is there."""
    bench.says(checks.kafka, bench.plan(MskClusterArn=NOWHERE), "no such cluster")
    # The mappings read it, however the functions connect.
    bench.says(checks.kafka, bench.plan(MskClusterArn=NOWHERE, KafkaSecurity="plaintext"), "no such cluster")
    bench.says(checks.kafka, bench.plan(MskClusterArn=NOWHERE, KafkaSecurity="sasl_ssl_scram"))
    made = bench.client("kafka").create_cluster_v2(ClusterName="hwanyul", Serverless={"VpcConfigs": [{"SubnetIds": ["subnet-1", "subnet-2"]}]})
    bench.says(checks.kafka, bench.plan(MskClusterArn=made["ClusterArn"]), "is CREATING")
    # moto's clusters stay as they are made.
    kafka_backends[ACCOUNT][REGION].clusters[made["ClusterArn"]].state = "ACTIVE"
    bench.says(checks.kafka, bench.plan(MskClusterArn=made["ClusterArn"]))
    print("Kafka: an absent cluster and one that is not ready are named")


def states(bench: Bench) -> None:
    """Whether a stack in this state is updated, and what to do with the others."""
    for status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS", None):
        stacks.Stack("hwanyul", status).check()
    refused(lambda: stacks.Stack("hwanyul", "ROLLBACK_COMPLETE", "a reason").check(), "ROLLBACK_COMPLETE (a reason)", "./deploy down")
    refused(lambda: stacks.Stack("hwanyul", "DELETE_FAILED").check(), "./deploy down")
    refused(lambda: stacks.Stack("hwanyul", "UPDATE_ROLLBACK_FAILED").check(), "continue-update-rollback")
    refused(lambda: stacks.Stack("hwanyul", "UPDATE_IN_PROGRESS").check(), "Wait for its end")
    formation = bench.client("cloudformation")
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    formation.create_stack(StackName="of-prod", TemplateBody=body, Tags=[{"Key": "stage", "Value": "prod"}])
    stack = stacks.read(Cloud(REGION), "of-prod")
    refused(lambda: stack.check_stage(bench.environment), "stage=prod", "dev is stage=dev")
    stack.check_stage(environments.read("prod", region=REGION))
    # moto rolls nothing back, so its stack is told that it did.
    stack = next(each for each in cloudformation_backends[ACCOUNT][REGION].stacks.values() if each.name == "of-prod")
    before = {each["EventId"] for each in changes.events(bench.cloud, "of-prod")}
    for status, reason in (("CREATE_IN_PROGRESS", None), ("CREATE_FAILED", "no way to S3"), ("ROLLBACK_COMPLETE", None)):
        stack._add_stack_event(status, resource_status_reason=reason)
    stack.status = "ROLLBACK_COMPLETE"
    with contextlib.redirect_stdout(io.StringIO()) as told:
        refused(lambda: changes.wait(bench.cloud, "of-prod", before, {"CREATE_COMPLETE"}), "of-prod is ROLLBACK_COMPLETE", "./deploy down")
    must(told.getvalue().count("no way to S3") == 1, f"what failed is told once: {told.getvalue()}")
    must(stacks.read(Cloud(REGION), "nothing").status is None, "no stack, no status")
    print("states: what cannot be updated is said with the way on; a stack of prod is not dev's")


def ringing(bench: Bench) -> None:
    """One of the alarms that roll back rings; another one may."""
    rolling = templates.rollback_alarms(bench.template)
    must(len(rolling) >= 4, f"alarms that roll back: {rolling}")
    alarm = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Namespace": "Hwanyul", "MetricName": "M", "ComparisonOperator": "GreaterThanThreshold", "Threshold": 0, "EvaluationPeriods": 1, "Period": 60, "Statistic": "Sum"}}
    body = json.dumps({"Resources": {name: alarm for name in [*rolling, "AnotherAlarm"]}})
    bench.client("cloudformation").create_stack(StackName="alarms", TemplateBody=body)
    watch, physical = bench.client("cloudwatch"), stacks.read(bench.cloud, "alarms").of_type("AWS::CloudWatch::Alarm")
    must(set(physical) == {*rolling, "AnotherAlarm"}, f"alarms of the stack: {physical}")
    for name in physical.values():
        watch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="calm")
    bench.says(checks.alarms, bench.plan("alarms"))
    watch.set_alarm_state(AlarmName=physical["AnotherAlarm"], StateValue="ALARM", StateReason="loud")
    bench.says(checks.alarms, bench.plan("alarms"))
    for name in (physical[logical] for logical in rolling):
        watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="errors in 5 of 5 minutes")
        bench.says(checks.alarms, bench.plan("alarms"), f"the alarm {name} rings (errors in 5 of 5 minutes)")
        bench.says(checks.alarms, dataclasses.replace(bench.plan("alarms"), ignores_alarms=True), notes=(name,))
        watch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="calm")
    before = copy.deepcopy(bench.template)
    freed = templates.without_rollback_alarms(bench.template)
    must(templates.rollback_alarms(freed) == [] and bench.template == before, "--ignore-alarms takes them out of what is deployed, and out of nothing else")
    must(freed["Globals"]["Function"]["DeploymentPreference"]["Type"] == {"Ref": "Deployment"}, "how a version takes over stays")
    print(f"alarms: each of {', '.join(rolling)} stops a deployment when it rings, unless --ignore-alarms")


def layers(bench: Bench) -> None:
    """A version of a layer that is there and one that is not."""
    arn = bench.client("lambda").publish_layer_version(LayerName="certificates", Content={"ZipFile": b"PK\x05\x06" + bytes(18)})["LayerVersionArn"]
    bench.says(checks.layer, bench.plan())
    bench.says(checks.layer, bench.plan(CaLayerArn=arn))
    bench.says(checks.layer, bench.plan(CaLayerArn=f"{arn}1"), "CaLayerArn is ")
    print("the layer: a version that is not there is named")


def by_hand(bench: Bench) -> None:
    """Functions and versions that somebody has deleted are named, and stop no other check."""
    role = bench.client("iam").create_role(RoleName="by-hand", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    function = {"Role": role, "Runtime": "provided.al2023", "Handler": "bootstrap", "Code": {"ZipFile": b"PK\x05\x06" + bytes(18)}}
    arn = bench.client("lambda").create_function(FunctionName="currency-api", Publish=True, **function)["FunctionArn"]
    ours = {"CurrencyApi": ("currency-api", "AWS::Lambda::Function"), "HistoryApi": ("history-api", "AWS::Lambda::Function")}
    ours |= {"CurrencyApiVersion": (f"{arn}:1", "AWS::Lambda::Version"), "HistoryApiVersion": (f"{arn.replace('currency', 'history')}:1", "AWS::Lambda::Version")}
    plan = dataclasses.replace(bench.plan(MskClusterArn=NOWHERE), stack=stacks.Stack("hwanyul", "UPDATE_COMPLETE", resources=ours))
    bench.says(checks.deleted, plan, "the function history-api is of the stack hwanyul and is not there")
    told, text = told_by(plan, "3 things are not")
    must(told == 3 and "./deploy down" in text and "no such cluster" in text and "currency-api: it has no alias live any more" in text, f"the others are told as well: {text}")
    gone = {**ours, "CurrencyApiVersion": (f"{arn}:7", "AWS::Lambda::Version")}
    bench.says(checks.deleted, dataclasses.replace(plan, stack=dataclasses.replace(plan.stack, resources=gone)), "the function history-api", "version 7 of the function currency-api")
    bench.client("lambda").delete_function(FunctionName="currency-api")
    print("deleted by hand: functions and versions are named with the way on, beside all other problems")


def told_by(plan: Plan, words: str) -> tuple[int, str]:
    """How many problems all checks tell, and all that they print."""

    def silent() -> None:
        with contextlib.redirect_stdout(told):
            checks.run(plan)

    told = io.StringIO()
    refused(silent, words)
    return told.getvalue().count("WRONG: "), told.getvalue()


def all_are_told(bench: Bench) -> None:
    """Several problems of several checks end the run together: of values, of what goes together, of the stack and of AWS."""
    State.limit = 10
    wrong = {"ReserveConcurrency": "true", "MskClusterArn": NOWHERE, "SubnetIds": "subnet-0123456789abcdef0"}
    told, text = told_by(bench.plan(**wrong), "4 things are not")
    must(told == 4, text)
    plan = bench.plan(**wrong, LogLevel="loud", KafkaReplication="0", IngestSchedule="rate(5 minute)", Loglevel="a")
    told, text = told_by(dataclasses.replace(plan, stack=stacks.Stack("hwanyul", "ROLLBACK_COMPLETE")), "9 things are not")
    must(told == 9, text)
    State.limit = 1000
    # Of another environment's stack nothing else is said than that, and what does not depend on it.
    other = dataclasses.replace(plan, stack=stacks.Stack("hwanyul", "UPDATE_COMPLETE", tags={"stage": "prod"}))
    told, text = told_by(other, "5 things are not")
    must(told == 5 and "stage=prod" in text and "concurrency" not in text, text)
    # What AWS does not let one see is a problem like others.
    denied = ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "DescribeAlarms")
    with patch.dict(checks.CHECKS, {"alarms that roll back": Mock(side_effect=denied)}):
        told, text = told_by(bench.plan(MskClusterArn=NOWHERE), "2 things are not")
    must("AWS refuses DescribeAlarms" in text and "no such cluster" in text, text)
    print("all together: each problem is told before the run ends, whoever finds it")


def main() -> None:
    """Everything in order."""
    with server() as endpoint:
        os.environ |= {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        bench = Bench(endpoint)
        for step in (quota, names, secrets, cluster, layers, ways, states, ringing, by_hand, all_are_told):
            step(bench)


if __name__ == "__main__":
    main()
