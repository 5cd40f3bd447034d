"""Looks before anything is built or changed whether the deployment can succeed. Each check answers sentences: what is wrong, and what is worth to know."""

from collections.abc import Callable
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from . import aliases, network, together, template as templates
from .cloud import code
from .console import end, say
from .plan import Plan

# Lambda keeps so many for functions without concurrency of their own
# (https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html).
UNRESERVED = 100
# When the stack is another environment's, all else would be said of that one.
OF_ANY_STACK = ("parameters", "the stack")


@dataclass
class Finding:
    """What a check has to say."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def deleted(plan: Plan) -> Finding:
    """What the stack has made is still there. CloudFormation neither makes it anew nor changes it."""
    return Finding([f"{name} is of the stack {plan.stack.name} and is not there: somebody has deleted it. {aliases.ANEW}" for name in aliases.gone(plan.cloud, plan.stack)])


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
        try:
            free += client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions", 0)
        except ClientError as error:
            # One that somebody has deleted reserves nothing.
            if code(error) != "ResourceNotFoundException":
                raise
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
            found.problems.append(f"{name} is {value!r}, which is going to be deleted; `aws secretsmanager restore-secret --secret-id {value}` keeps it")
    return found


def kafka(plan: Plan) -> Finding:
    """The cluster that the mappings read is there."""
    found = Finding()
    arn = plan.values.get("MskClusterArn", "")
    # Without a cluster it is among the problems of parameters.
    if plan.values.get("KafkaSecurity") == "sasl_ssl_scram" or arn.startswith(together.MSK_PLACEHOLDER):
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


def layer(plan: Plan) -> Finding:
    """The layer of certificates is there, as far as one may look: another account's may be used without being seen."""
    arn = plan.values.get("CaLayerArn", "")
    name, _, version = arn.rpartition(":")
    if not name or not version.isdigit():
        return Finding()
    try:
        plan.cloud.client("lambda").get_layer_version(LayerName=name, VersionNumber=int(version))
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            return Finding(notes=[f"whether the layer {arn} is there cannot be seen ({code(error)})"])
        return Finding([f"CaLayerArn is {arn!r}, and Lambda has no such version of a layer in {plan.cloud.region}"])
    return Finding()


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
    "parameters": lambda plan: Finding(plan.wrong),
    "the stack": lambda plan: Finding(plan.troubles),
    "what the stack has made": deleted,
    "the functions' names": names_are_free,
    "concurrency of the account": concurrency,
    "subnets and security groups": lambda plan: Finding(*network.inspect(plan.cloud, plan.values)),
    "secrets": secrets,
    "the Kafka cluster": kafka,
    "the layer of certificates": layer,
    "alarms that roll back": alarms,
    "aliases": live,
}


def answer(check: Callable[[Plan], Finding], plan: Plan) -> Finding:
    """What the check finds. What AWS refuses to it is a problem too, so that the other checks are still told."""
    try:
        return check(plan)
    except ClientError as error:
        return Finding([f"AWS refuses {error.operation_name}: {error}"])


def run(plan: Plan) -> None:
    """All checks; problems of any of them end the program when all are told."""
    count = 0
    is_ours = not plan.stack.other_stage(plan.environment)
    for name, check in CHECKS.items():
        if not is_ours and name not in OF_ANY_STACK:
            continue
        finding = answer(check, plan)
        count += len(finding.problems)
        say(f"   {name}: {'not as needed' if finding.problems else 'well'}")
        for sentence in finding.notes:
            say(f"      note: {sentence}")
        for sentence in finding.problems:
            say(f"      WRONG: {sentence}")
    end(count)
