"""Looks before anything is built or changed whether the deployment can succeed. Each check answers sentences: what is wrong, and what is worth to know."""

from collections.abc import Callable
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from . import aliases, network, template as templates
from .cloud import Cloud, code
from .console import Failure, say
from .environments import Environment
from .parameters import Parameter
from .stack import Stack

# Lambda keeps so many for functions without concurrency of their own
# (https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html).
UNRESERVED = 100
MSK_PLACEHOLDER = "arn:aws:kafka:us-east-1:000000000000:"


@dataclass
class Finding:
    """What a check has to say."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Plan:
    """What is going to be deployed."""

    cloud: Cloud
    environment: Environment
    stack: Stack
    template: dict
    parameters: list[Parameter]
    ignores_alarms: bool = False
    mends_aliases: bool = False

    @property
    def values(self) -> dict[str, str]:
        """The parameters' values; what is not known of a kept secret is empty."""
        return {each.name: each.text or "" for each in self.parameters}


def names_are_free(plan: Plan) -> Finding:
    """Function names are fixed, so another stack's function is in the way of the first deployment."""
    found = Finding()
    own = set(plan.stack.of_type("AWS::Lambda::Function").values())
    for name in templates.names(plan.template).values():
        if name in own:
            continue
        try:
            plan.cloud.client("lambda").get_function_configuration(FunctionName=name)
        except ClientError as error:
            if code(error) != "ResourceNotFoundException":
                raise
        else:
            found.problems.append(f"the function {name} is there and is not of the stack {plan.stack.name}; delete it, or use another region or account")
    return found


def concurrency(plan: Plan) -> Finding:
    """The account's limit holds what the functions reserve, and what Lambda keeps for the rest."""
    found = Finding()
    wanted = {}
    for logical, body in templates.functions(plan.template).items():
        reserved = templates.resolve(body["Properties"].get("ReservedConcurrentExecutions"), plan.template, plan.values)
        if reserved is not None:
            wanted[templates.names(plan.template)[logical]] = int(str(reserved))
    client = plan.cloud.client("lambda")
    settings = client.get_account_settings()["AccountLimit"]
    limit, free = settings["ConcurrentExecutions"], settings["UnreservedConcurrentExecutions"]
    for name in plan.stack.of_type("AWS::Lambda::Function").values():
        free += client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions", 0)
    needed = sum(wanted.values()) + (UNRESERVED if wanted else 0)
    ask = "https://console.aws.amazon.com/servicequotas/home/services/lambda/quotas/L-B99A9384"
    if wanted and needed > free:
        found.problems.append(
            f"the functions reserve {sum(wanted.values())} concurrent executions and Lambda keeps {UNRESERVED} for others, so {needed} have to be free; the account has "
            f"{limit}, of which {free} are. Raise the limit ({ask}), or deploy with ReserveConcurrency=false"
        )
    elif free < UNRESERVED:
        found.notes.append(f"the account has {limit} concurrent executions, of which {free} are free for all {len(templates.names(plan.template))} functions; {ask} raises that")
    return found


def secrets(plan: Plan) -> Finding:
    """The secrets that parameters name are there. Their contents are not read."""
    found = Finding()
    for name, value in plan.values.items():
        if not name.endswith("SecretArn") or not value:
            continue
        try:
            secret = plan.cloud.client("secretsmanager").describe_secret(SecretId=value)
        except ClientError as error:
            if code(error) not in ("ResourceNotFoundException", "ValidationException"):
                raise
            found.problems.append(f"{name} is {value!r}, and Secrets Manager has no such secret in {plan.cloud.region} ({code(error)})")
            continue
        if secret.get("DeletedDate"):
            found.problems.append(f"{name} is {value!r}, which is going to be deleted; `aws secretsmanager restore-secret` keeps it")
    return found


def kafka(plan: Plan) -> Finding:
    """The cluster that the mappings read is there."""
    found = Finding()
    arn = plan.values.get("MskClusterArn", "")
    if plan.values.get("KafkaSecurity") != "msk_iam":
        return found
    if arn.startswith(MSK_PLACEHOLDER):
        found.problems.append("KafkaSecurity is 'msk_iam' and MskClusterArn is not given; allowed is the ARN of a cluster, or another KafkaSecurity")
        return found
    try:
        cluster = plan.cloud.client("kafka").describe_cluster_v2(ClusterArn=arn)["ClusterInfo"]
    except ClientError as error:
        if code(error) not in ("NotFoundException", "BadRequestException"):
            raise
        found.problems.append(f"MskClusterArn is {arn!r}, and MSK has no such cluster in {plan.cloud.region} ({code(error)})")
        return found
    if cluster["State"] not in ("ACTIVE", "UPDATING", "MAINTENANCE", "REBOOTING_BROKER", "HEALING"):
        found.problems.append(f"the cluster {arn} is {cluster['State']}; mappings want one that is ACTIVE")
    return found


def alarms(plan: Plan) -> Finding:
    """None of the alarms that roll a deployment back rings, for CodeDeploy would stop at once, even with what would silence it."""
    found = Finding()
    of_stack = plan.stack.of_type("AWS::CloudWatch::Alarm")
    names = [of_stack[logical] for logical in templates.rollback_alarms(plan.template) if logical in of_stack]
    if not names:
        return found
    for alarm in plan.cloud.all("cloudwatch", "describe_alarms", "MetricAlarms", AlarmNames=names):
        if alarm["StateValue"] != "ALARM":
            continue
        words = f"the alarm {alarm['AlarmName']} rings ({alarm.get('StateReason', 'no reason is given')}) and would roll this deployment back"
        if plan.ignores_alarms:
            found.notes.append(f"{words}; --ignore-alarms leaves that out this once")
        else:
            found.problems.append(f"{words}; docs/OPERATIONS.md says what it means. When this deployment mends it: --ignore-alarms")
    return found


def live(plan: Plan) -> Finding:
    """The aliases lead where CloudFormation left them."""
    found = Finding()
    for drift in aliases.drifted(plan.cloud, plan.stack) if plan.stack.exists else []:
        if plan.mends_aliases:
            found.notes.append(f"{drift.words}; it is led back before the deployment")
        else:
            found.problems.append(f"{drift.words}. CodeDeploy would refuse; --mend-aliases leads it back to version {drift.version} before the deployment")
    return found


CHECKS: dict[str, Callable[[Plan], Finding]] = {
    "the functions' names": names_are_free,
    "concurrency of the account": concurrency,
    "subnets and security groups": lambda plan: Finding(*network.look(plan.cloud, plan.values)),
    "secrets": secrets,
    "the Kafka cluster": kafka,
    "alarms that roll back": alarms,
    "aliases": live,
}


def run(plan: Plan) -> None:
    """All checks; problems of any of them end the program when all are told."""
    count = 0
    plan.stack.check()
    for name, check in CHECKS.items():
        finding = check(plan)
        count += len(finding.problems)
        say(f"   {name}: {'not as needed' if finding.problems else 'well'}")
        for sentence in finding.notes:
            say(f"      note: {sentence}")
        for sentence in finding.problems:
            say(f"      WRONG: {sentence}")
    if count:
        raise Failure(f"{count} {'thing is' if count == 1 else 'things are'} not as the deployment needs {'it' if count == 1 else 'them'}; nothing was changed")
