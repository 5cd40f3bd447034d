"""A moto server that carries a deployment: what CloudFormation and Lambda do besides, and moto does not.

- SAM's transform of a template, by SAM's own translator; resources that moto lacks are left out (custom resources, Kafka mappings, the console).
- AWS::Lambda::Version and AWS::Lambda::Alias, after the functions that they are of; AWS::CloudWatch::Alarm. A version without anything new is refused, as Lambda and CloudFormation do.
- Secret parameters are masked, kept ones come back as they were given, and GetTemplate has the processed template too.
- GetAccountSettings, GetBootstrapBrokers, and the error for a cluster that is not there; and invocations go to the functions of a running local stack, when there is one.
"""

import json
import logging
import os
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import boto3
from moto.awslambda import models as lambda_models, urls as lambda_urls
from moto.awslambda.responses import LambdaResponse
from moto.cloudformation import models, parsing, responses
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.responses import ActionResult, BaseResponse
from moto.ec2.models import ec2_backends
from moto.ec2.models.route_tables import RouteTable
from moto.kafka import urls as kafka_urls
from moto.kafka.exceptions import NotFoundException
from moto.kafka.models import FakeKafkaCluster, KafkaBackend
from moto.kafka.responses import KafkaResponse
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse
from resources import publish
from stack import CUSTOM, REGION

ACCOUNT = DEFAULT_ACCOUNT_ID
# The key of who deploys.
DEPLOYER = "deployer"
BROKERS = "boot-1.example:9098,boot-2.example:9098"
MANAGED = {name: f"arn:aws:iam::aws:policy/service-role/{name}" for name in ("AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole", "AWSLambdaSQSQueueExecutionRole")}


class State:
    """What the server answers besides, and tests change."""

    limit = 1000
    # The address of the local stack's Invoke API, and of its HTTP API.
    functions = ""
    api = "http://127.0.0.1:9"
    # What was asked of which service.
    requests: list[tuple[str, str]] = []


class Policies(ManagedPolicyLoader):
    """AWS's policies that SAM gives to roles, without asking for all of them."""

    def __init__(self) -> None:
        super().__init__(None)

    def load(self) -> dict[str, str]:
        return MANAGED


def is_left_out(body: dict) -> bool:
    """Whether moto lacks it."""
    properties = body.get("Properties", {})
    return body["Type"] in CUSTOM or (body["Type"] == "AWS::Lambda::EventSourceMapping" and "Topics" in properties) or body.get("Condition") == "HasConsole"


def processed(text: str) -> dict:
    """What CloudFormation makes of a template, and moto can carry."""
    template = yaml_parse(text)
    if template.get("Transform") == "AWS::Serverless-2016-10-31":
        defaults = {name: body.get("Default", "") for name, body in template.get("Parameters", {}).items()}
        template = json.loads(json.dumps(transform(template, {**defaults, "AWS::Region": REGION}, Policies())))
    resources = {name: body for name, body in template["Resources"].items() if not is_left_out(body)}
    for body in resources.values():
        depends = body.pop("DependsOn", [])
        body["DependsOn"] = [name for name in ([depends] if isinstance(depends, str) else depends) if name in resources]
        if body["Type"] == "AWS::IAM::Role":
            # One whose condition is false, moto would take for one without a name.
            body["Properties"]["Policies"] = [policy for policy in body["Properties"].get("Policies", []) if "Fn::If" not in policy]
    # Alarms and the dashboard name mappings, whose ids only Lambda knows.
    text = json.dumps(resources)
    for name in template["Resources"].keys() - resources.keys():
        text = text.replace(json.dumps({"Ref": name}), json.dumps(f"id-of-{name}")).replace(f"${{{name}}}", f"id-of-{name}")
    resources = json.loads(text)
    outputs = {name: body for name, body in template.get("Outputs", {}).items() if body.get("Condition") != "HasConsole"}
    if "ApiUrl" in outputs:
        outputs["ApiUrl"] = {"Value": State.api}
    return {**template, "Resources": resources, "Outputs": outputs}


def record() -> None:
    """Keeps what who deploys asks of the server; a test's own questions are somebody else's."""
    call = BaseResponse.call_action

    def recorded(self):
        if f"Credential={DEPLOYER}/" in self.headers.get("Authorization", ""):
            State.requests.append((self.service_name, self._get_action()))
        return call(self)

    BaseResponse.call_action = recorded


def extend() -> None:
    """Puts all of it into moto."""
    record()
    version = lambda_models.LambdaVersion
    version.create_from_cloudformation_json = classmethod(publish)
    version.delete_from_cloudformation_json = classmethod(lambda *_: None)
    version.get_cfn_attribute = lambda self, attribute: self.version
    version.has_cfn_attr = classmethod(lambda cls, attribute: attribute == "Version")

    models.Stack.parse_template = staticmethod(processed)
    models.ChangeSet._parse_template = lambda self: setattr(self, "template_dict", processed(self.template))

    def kept(stack) -> dict:
        slots = stack.template_dict.get("Parameters", {})
        return {**{name: str(body["Default"]) for name, body in slots.items() if "Default" in body}, **stack.parameters}

    models.Stack.stack_parameters = property(kept)
    secret = lambda stack, name: stack.template_dict["Parameters"][name].get("NoEcho")  # noqa: E731
    models.Stack.parameter_list = property(
        lambda stack: [{"ParameterKey": name, "ParameterValue": "****" if secret(stack, name) else value} for name, value in kept(stack).items() if name in stack.template_dict.get("Parameters", {})]
    )
    apply = models.ChangeSet.apply

    def apply_all(change_set) -> None:
        stack = change_set.stack
        apply(change_set)
        stack.template, stack.template_dict, stack.parameters = change_set.template, change_set.template_dict, change_set.parameters
        stack.output_map = stack._create_output_map()

    models.ChangeSet.apply = apply_all
    update = parsing.ResourceMap.update

    def functions_first(resource_map, template: dict, parameters: dict | None = None) -> None:
        old = resource_map._resource_json_map
        if old:
            new = {name: template["Resources"][name] if body["Type"] == "AWS::Lambda::Function" and name in template["Resources"] else body for name, body in old.items()}
            update(resource_map, {**template, "Resources": new}, parameters)
        update(resource_map, template, parameters)

    parsing.ResourceMap.update = functions_first

    def get_template(self) -> ActionResult:
        stack = self.cloudformation_backend.get_stack(self._get_param("StackName"))
        is_processed = self._get_param("TemplateStage") == "Processed"
        return ActionResult({"TemplateBody": json.dumps(stack.template_dict) if is_processed else stack.template})

    responses.CloudFormationResponse.get_template = get_template
    responses.CloudFormationResponse._validate_different_update = lambda *_: None

    def account_settings(self) -> str:
        functions = lambda_models.lambda_backends[ACCOUNT][REGION].list_functions("ALL")
        reserved = sum(int(function.reserved_concurrency or 0) for function in functions if str(function.version) in ("1", "$LATEST"))
        return json.dumps({"AccountLimit": {"ConcurrentExecutions": State.limit, "UnreservedConcurrentExecutions": State.limit - reserved}, "AccountUsage": {}})

    LambdaResponse.get_account_settings = account_settings
    lambda_urls.url_paths[r"{0}/2016-08-19/account-settings/?$"] = LambdaResponse.dispatch

    def invoke(self, function_name, qualifier, body, headers, response_headers):
        function = self.get_function(function_name, qualifier)
        address = f"{State.functions}/2015-03-31/functions/{function.function_name}/invocations"
        with urllib.request.urlopen(urllib.request.Request(address, data=body.encode() if isinstance(body, str) else body, method="POST"), timeout=120) as answer:
            error = answer.headers.get("X-Amz-Function-Error")
            if error:
                response_headers["x-amz-function-error"] = error
            return answer.read()

    lambda_models.LambdaBackend.invoke = invoke
    clean = parsing.clean_json

    def without_nothing(body, resource_map):
        """AWS::NoValue in a list is nothing: a layer, a statement of a policy."""
        cleaned = clean(body, resource_map)
        return [value for value in cleaned if value is not None] if isinstance(cleaned, list) else cleaned

    parsing.clean_json = without_nothing
    servers()


def servers() -> None:
    """What moto's MSK and EC2 lack."""
    describe = KafkaBackend.describe_cluster_v2

    def describe_or_refuse(self, cluster_arn: str) -> dict:
        if cluster_arn not in self.clusters:
            raise NotFoundException(f"The requested resource doesn't exist: {cluster_arn}")
        return describe(self, cluster_arn)

    def delete_table(self, account_id: str, region_name: str) -> None:
        self.associations.clear()
        ec2_backends[account_id][region_name].delete_route_table(self.id)

    # moto's serverless clusters have another kind of ARN than MSK's.
    FakeKafkaCluster._generate_arn = lambda self: f"arn:aws:kafka:{self.region_name}:{self.account_id}:cluster/{self.cluster_name}/{self.cluster_id}"
    # moto's CloudFormation leaves route tables, and then their network.
    RouteTable.delete = delete_table
    KafkaBackend.describe_cluster_v2 = describe_or_refuse
    KafkaResponse.get_bootstrap_brokers = lambda self: json.dumps({"bootstrapBrokerStringSaslIam": BROKERS})
    kafka_urls.url_paths[r"{0}/v1/clusters/(?P<clusterArn>.+)/bootstrap-brokers$"] = KafkaResponse.dispatch


@contextmanager
def server() -> Iterator[str]:
    """The server's address, while it runs."""
    logging.disable(logging.WARNING)
    # SAM's translator asks for it.
    os.environ["AWS_DEFAULT_REGION"] = REGION
    extend()
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    try:
        host, port = running.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        running.stop()


def client(endpoint: str, service: str):
    """A client of the server."""
    return boto3.client(service, REGION, endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test")
