"""Brings the stack of template.yaml up on moto: what SAM renders is created, and what came of it is looked at through AWS's APIs.

Every role's policies are evaluated for every action on every thing that any function may use: exactly what `rights.yaml` lists is allowed. What moto does not
have (MSK, alarms, HTTP APIs, functions that run) is named in the output. Prints a line a step, and ends with 1 at what is not as it must be.
"""

import ast
import json
import pathlib
import re
import sys
from urllib.parse import unquote

import boto3
import yaml
from moto import mock_aws
from moto.iam.access_control import IAMPolicy, PermissionResult
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGION = "us-east-1"
CLUSTER = "arn:aws:kafka:us-east-1:123456789012:cluster/hwanyul/0a1b2c3d-1"
# Parameters without a default, and those that the checks look for.
PARAMETERS = {
    "KafkaBootstrapServers": "broker.example:9098",
    "RedisUrl": "rediss://redis.example:6379",
    "DatabaseUrl": "postgres://user@database.example/rates",
    "MongodbUri": "mongodb://mongo.example/hwanyul",
    "AlarmEmail": "operator@example.com",
    "MskClusterArn": CLUSTER,
}
# Secrets that a stack may have; one without any has none of these parameters.
SECRETS = {
    f"{name}SecretArn": f"arn:aws:secretsmanager:us-east-1:123456789012:secret:{name.lower()}-AbCdEf"
    for name in ("Kafka", "KafkaCa", "Redis", "Database", "Mongodb", "Provider")
}
# The secret of the template's own, which is there with the console; without parameters for secrets the checks leave out the console, too.
OWN_SECRET = "ConsoleEdgeSecret"
# Custom resources, whose functions would have to run.
CUSTOM = {"Custom::KafkaTopics", "Custom::DatabaseMigrations"}
ALIAS = "AWS::Lambda::Alias"
NOTHING = {"Ref": "AWS::NoValue"}
# What SAM gives roles beside their statements.
MANAGED = {"AWSLambdaVPCAccessExecutionRole", "AWSLambdaSQSQueueExecutionRole", "AWSLambdaBasicExecutionRole"}


def rendered() -> dict:
    """The template as SAM hands it to CloudFormation."""
    template = yaml_parse((ROOT / "template.yaml").read_text())
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://artifacts/bootstrap.zip"
    template["Globals"]["Function"].pop("CodeUri")
    defaults = {name: body.get("Default", "") for name, body in template["Parameters"].items()}
    result = transform(template, {**defaults, **PARAMETERS, "AWS::Region": REGION}, ManagedPolicyLoader(boto3.client("iam", REGION)))
    return json.loads(json.dumps(result))


def referred(value) -> set[str]:
    """Names that a value refers to: resources, their attributes, parameters."""
    if isinstance(value, list):
        return set().union(*map(referred, value))
    if not isinstance(value, dict):
        return set()
    found = set().union(*map(referred, value.values()))
    found |= {value["Ref"]} if isinstance(value.get("Ref"), str) else set()
    if "Fn::GetAtt" in value:
        path = value["Fn::GetAtt"]
        found.add(path.split(".")[0] if isinstance(path, str) else path[0])
    if "Fn::Sub" in value:
        text = value["Fn::Sub"] if isinstance(value["Fn::Sub"], str) else value["Fn::Sub"][0]
        found |= {name.split(".")[0] for name in re.findall(r"\$\{([^!}][^}]*)\}", text)}
    return found


def no_circles(resources: dict) -> None:
    """CloudFormation can create each resource after those that it needs. `sam validate --lint` does not see circles through what SAM makes of a function: an
    alias needs its deployment group, that needs its alarms, and they need what they watch."""
    needs = {
        name: (referred([body.get("Properties"), body.get("UpdatePolicy")]) | set([body["DependsOn"]] if isinstance(body.get("DependsOn"), str) else body.get("DependsOn", [])))
        & resources.keys()
        for name, body in resources.items()
    }
    waiting = dict(needs)
    while ready := [name for name, wanted in waiting.items() if not wanted & waiting.keys()]:
        for name in ready:
            del waiting[name]
    circle = []
    name = next(iter(waiting), None)
    while name and name not in circle:
        circle.append(name)
        name = next(iter(sorted(waiting[name] & waiting.keys())))
    must(not waiting, f"resources that need each other: {' -> '.join([*circle[circle.index(name):], name] if name else [])}")
    print(f"order: {len(resources)} resources, none of which needs itself by way of others")


def is_left_out(resource: dict) -> bool:
    """Whether moto lacks it: custom resources, aliases, and mappings of Kafka (those of queues it has)."""
    is_kafka = resource["Type"] == "AWS::Lambda::EventSourceMapping" and "Topics" in resource["Properties"]
    return is_kafka or resource["Type"] in CUSTOM | {ALIAS}


def without_aliases(value, aliases: dict[str, str]):
    """The same with each alias's place taken by its function."""
    if isinstance(value, dict):
        if value.get("Ref") in aliases:
            return {"Fn::GetAtt": [aliases[value["Ref"]], "Arn"]}
        return {key: without_aliases(item, aliases) for key, item in value.items()}
    if isinstance(value, list):
        return [without_aliases(item, aliases) for item in value]
    return value


def must(is_so: bool, what: str) -> None:
    """Ends the program when it is not so."""
    if not is_so:
        print(f"NOT SO: {what}")
        sys.exit(1)


def generated(client, properties: dict) -> str:
    """A secret that says what the template has generated, made by its own API, because moto's CloudFormation has none; its ARN."""
    wanted = properties["GenerateSecretString"]
    password = client.get_random_password(PasswordLength=wanted["PasswordLength"], ExcludePunctuation=wanted["ExcludePunctuation"])["RandomPassword"]
    text = {**json.loads(wanted["SecretStringTemplate"]), wanted["GenerateStringKey"]: password}
    return client.create_secret(Name="hwanyul-edge", SecretString=json.dumps(text))["ARN"]


def deploy(template: dict, parameters: dict[str, str], own_secret: str) -> dict[str, str]:
    """Creates the stack, with the ARN of the template's own secret where it is referred to; answers the physical ids by logical id."""
    s3 = boto3.client("s3", REGION)
    s3.create_bucket(Bucket="artifacts")
    s3.put_object(Bucket="artifacts", Key="bootstrap.zip", Body=b"PK\x05\x06" + bytes(18))
    left = {name for name, resource in template["Resources"].items() if is_left_out(resource)}
    resources = {name: resource for name, resource in template["Resources"].items() if name not in left}
    for resource in resources.values():
        depends = resource.pop("DependsOn", [])
        depends = [depends] if isinstance(depends, str) else depends
        resource["DependsOn"] = [name for name in depends if name not in left]
        if not SECRETS.keys() <= parameters.keys():
            # CloudFormation leaves out a policy or a statement whose condition is false; moto would take it for an empty one.
            if resource["Type"] == "AWS::IAM::Role":
                resource["Properties"]["Policies"] = [policy for policy in resource["Properties"].get("Policies", []) if "Fn::If" not in policy]
            if resource["Type"] == "AWS::IAM::ManagedPolicy":
                document = resource["Properties"]["PolicyDocument"]
                document["Statement"] = [statement for statement in document["Statement"] if "Fn::If" not in statement]
    aliases = {name: body["Properties"]["FunctionName"]["Ref"] for name, body in template["Resources"].items() if body["Type"] == ALIAS}
    must(len(aliases) == len([body for body in template["Resources"].values() if body["Type"] == "AWS::Lambda::Function"]), "an alias for each function")
    resources = without_aliases(resources, aliases)
    text = json.dumps(resources).replace(json.dumps({"Ref": OWN_SECRET}), json.dumps(own_secret))
    # Alarms and the dashboard name mappings, whose UUIDs only Lambda knows.
    for name in left:
        text = text.replace(json.dumps({"Ref": name}), json.dumps(f"uuid-of-{name}")).replace(f"${{{name}}}", f"uuid-of-{name}")
    resources = json.loads(text)
    # moto has no distribution whose address they could tell; console.py looks at them.
    outputs = {name: output for name, output in template["Outputs"].items() if output.get("Condition") != "HasConsole"}
    formation = boto3.client("cloudformation", REGION)
    formation.create_stack(
        StackName="hwanyul",
        TemplateBody=json.dumps({**template, "Resources": resources, "Outputs": outputs}),
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM"],
    )
    status = formation.describe_stacks(StackName="hwanyul")["Stacks"][0]["StackStatus"]
    must(status == "CREATE_COMPLETE", f"the stack is {status}")
    created = formation.describe_stack_resources(StackName="hwanyul")["StackResources"]
    ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in created if "PhysicalResourceId" in resource}
    lacking = sorted({resource["Type"] for name, resource in resources.items() if name not in ids})
    print(f"stack {status}: {len(ids)} resources created")
    kinds = sorted({template["Resources"][name]["Type"] for name in left})
    print(f"left out: {len(left)} of {', '.join(kinds)}; moto has no {', '.join(lacking)}")
    return ids


def queues(ids: dict[str, str]) -> dict[str, str]:
    """The queues are as the template has them; answers their ARNs."""
    sqs = boto3.client("sqs", REGION)
    arns = {}
    for name, is_fifo in (("BackupQueue", True), ("DeadLetterQueue", False)):
        attributes = sqs.get_queue_attributes(QueueUrl=ids[name], AttributeNames=["All"])["Attributes"]
        must(attributes["MessageRetentionPeriod"] == "1209600", f"{name} keeps messages for {attributes['MessageRetentionPeriod']} s")
        must(attributes["VisibilityTimeout"] == "360", f"{name} hides messages for {attributes['VisibilityTimeout']} s")
        must((attributes.get("FifoQueue") == "true") == is_fifo, f"{name} is FIFO: {attributes.get('FifoQueue')}")
        arns[name] = attributes["QueueArn"]
    # The backup queue's messages would go to its function at once.
    sqs.send_message(QueueUrl=ids["DeadLetterQueue"], MessageBody="{}")
    must("Messages" in sqs.receive_message(QueueUrl=ids["DeadLetterQueue"]), "the dead-letter queue delivers nothing")
    print("queues: retention, visibility and order as written")
    return arns


def functions(ids: dict[str, str], template: dict) -> dict[str, dict]:
    """Every function exists with variables that are all resolved; the schedule and the queue invoke theirs."""
    client = boto3.client("lambda", REGION)
    found = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Lambda::Function":
            continue
        function = client.get_function(FunctionName=ids[name])["Configuration"]
        # moto does not take the architecture over, which is a parameter: arm64 unless told otherwise.
        must(resource["Properties"]["Architectures"] == [{"Ref": "Architecture"}], f"{name}: {resource['Properties']['Architectures']}")
        network = resource["Properties"].get("VpcConfig", NOTHING)
        must((network == NOTHING) == (name == "OperationsCheck"), f"{name}: only OperationsCheck is outside the VPC, for its way to CodeDeploy; {network}")
        must(function["Runtime"] == "provided.al2023" and function["Handler"] == "bootstrap", f"{name}: {function['Runtime']}")
        must(function["Timeout"] == resource["Properties"].get("Timeout", 3), f"{name}: Timeout {function['Timeout']}")
        for variable, value in function["Environment"]["Variables"].items():
            # Numbers of parameters stay numbers on moto; CloudFormation makes texts of them.
            must(isinstance(value, (str, int)) and "Ref" not in str(value), f"{name}: {variable} is {value!r}")
        found[name] = function
    must(len(found) == 17, f"{len(found)} functions")
    ingestor = found["Ingestor"]["Environment"]["Variables"]
    must(ingestor["BACKUP_QUEUE_URL"] == ids["BackupQueue"], f"BACKUP_QUEUE_URL is {ingestor['BACKUP_QUEUE_URL']}")
    must(ingestor["KAFKA_BOOTSTRAP_SERVERS"] == PARAMETERS["KafkaBootstrapServers"], "KAFKA_BOOTSTRAP_SERVERS")
    events = boto3.client("events", REGION)
    (rule,) = events.list_rules()["Rules"]
    (target,) = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
    must(rule["ScheduleExpression"] == "rate(5 minutes)" and target["Arn"] == found["Ingestor"]["FunctionArn"], f"{rule} {target}")
    (mapping,) = client.list_event_source_mappings()["EventSourceMappings"]
    must(mapping["FunctionArn"] == found["OperationsRedrive"]["FunctionArn"] and mapping["BatchSize"] == 10, str(mapping))
    groups = {group["logGroupName"]: group.get("retentionInDays") for group in boto3.client("logs", REGION).describe_log_groups()["logGroups"]}
    must(groups.get("/hwanyul/hwanyul/functions") == 30 and groups.get("/hwanyul/hwanyul/api") == 30, str(groups))
    print("17 functions with resolved variables; one schedule, one queue mapping, two log groups with retention")
    return found


def read(document) -> IAMPolicy:
    """A policy as moto answers it."""
    if isinstance(document, str):
        # moto keeps what CloudFormation gave it as Python prints it.
        document = ast.literal_eval(unquote(document))
    must(bool(document["Statement"]), f"a policy without a statement, which AWS refuses: {document}")
    return IAMPolicy(json.dumps(document))


def rights(found: dict[str, dict], queue_arns: dict[str, str], ids: dict[str, str], template: dict, secrets: dict[str, str], has_secrets: bool) -> None:
    """Evaluates every role for every action on every thing, and compares with the tables beside the code."""
    needed: dict[str, set[tuple[str, str]]] = {}
    for table in ROOT.glob("functions/*/rights.yaml"):
        for function, needs in yaml.safe_load(table.read_text()).items():
            needed[function] = {(action, on) for need in needs for action in need["may"] for on in need["with"]}
    before, after = CLUSTER.split(":cluster/")
    things = {on for pairs in needed.values() for _, on in pairs if on != "*"} | {"topic/another", "group/another"}
    arns = {**queue_arns, **{name: function["FunctionArn"] for name, function in found.items()}, "cluster": CLUSTER}
    for thing in things:
        if "/" in thing:
            kind, name = thing.split("/")
            arns[thing] = f"{before}:{kind}/{after}/{name}"
    # The code by its alias; $LATEST, which is the plain ARN, is another thing.
    arns.update({f"{name}:live": f"{function['FunctionArn']}:live" for name, function in found.items()})
    # Any version is an ARN with whatever number.
    arns.update({f"{name}:*": f"{function['FunctionArn']}:12" for name, function in found.items()})
    arns["deployments"] = f"arn:aws:codedeploy:{REGION}:123456789012:deploymentgroup:hwanyul-ServerlessDeploymentApplication/group"
    arns.update(secrets)
    arns["another secret"] = SECRETS["KafkaSecretArn"].replace("kafka", "another")
    arns["another queue"] = queue_arns["DeadLetterQueue"] + "-another"
    actions = {action for pairs in needed.values() for action, _ in pairs} | {"sqs:PurgeQueue", "kafka-cluster:DeleteTopic", "iam:PassRole", "secretsmanager:PutSecretValue"}
    iam = boto3.client("iam", REGION)
    checks = 0
    for logical, function in found.items():
        name, role = function["FunctionName"], function["Role"].split("/")[-1]
        policies = []
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            policies.append(read(iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]))
        # moto does not attach what a role names, so it is read where it is named.
        for policy in template["Resources"][f"{logical}Role"]["Properties"]["ManagedPolicyArns"]:
            if isinstance(policy, dict):
                version = iam.get_policy(PolicyArn=ids[policy["Ref"]])["Policy"]["DefaultVersionId"]
                policies.append(read(iam.get_policy_version(PolicyArn=ids[policy["Ref"]], VersionId=version)["PolicyVersion"]["Document"]))
            else:
                must(policy.split("/")[-1] in MANAGED, f"{name} has {policy}")
        for action in actions:
            for thing, arn in arns.items():
                allowed = any(policy.is_action_permitted(action, arn) == PermissionResult.PERMITTED for policy in policies)
                is_there = has_secrets or thing not in secrets
                # Who may any version may the alias.
                is_version = thing.endswith(":live") and (action, thing.replace(":live", ":*")) in needed[name]
                is_right = (action, "*") in needed[name] or ((action, thing) in needed[name] and is_there) or is_version
                must(allowed == is_right, f"{name}: {action} on {thing} is {'allowed' if allowed else 'denied'}")
                checks += 1
    must(things <= arns.keys(), f"rights.yaml names what there is not: {sorted(things - arns.keys())}")
    print(f"rights {'with' if has_secrets else 'without'} secrets: {checks} combinations of role, action and thing evaluated; allowed is what rights.yaml lists")


def main() -> None:
    """Everything in order, once with all secrets and once without any."""
    for has_secrets in (True, False):
        with mock_aws(config={"lambda": {"use_docker": False}}):
            template = rendered()
            must(template["Parameters"]["Architecture"]["Default"] == "arm64", f"Architecture: {template['Parameters']['Architecture']}")
            kinds = [resource["Type"] for resource in template["Resources"].values()]
            print(f"SAM renders {len(kinds)} resources of {len(set(kinds))} types")
            no_circles(template["Resources"])
            secrets = {**SECRETS, OWN_SECRET: generated(boto3.client("secretsmanager", REGION), template["Resources"][OWN_SECRET]["Properties"])}
            ids = deploy(template, {**PARAMETERS, **(SECRETS if has_secrets else {"Console": "false"})}, secrets[OWN_SECRET])
            queue_arns = queues(ids)
            found = functions(ids, template)
            named = found["RankingApi"]["Environment"]["Variables"]["EDGE_SECRET_ARN"]
            must(named == (secrets[OWN_SECRET] if has_secrets else ""), f"EDGE_SECRET_ARN is {named!r}")
            rights(found, queue_arns, ids, template, secrets, has_secrets)


if __name__ == "__main__":
    main()
