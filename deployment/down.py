"""`./deploy down`: takes a stack down, in an order in which nothing waits for what nobody takes away.

Functions and mappings before servers, because their network interfaces stand in the servers' subnets. Of the servers the Kafka cluster first: CloudFormation keeps
it (it is data), and would then wait for subnets and security groups that its interfaces hold.
"""

import time
from argparse import Namespace

from botocore.exceptions import ClientError

from . import changes, environments, stack as stacks
from .cloud import STAMP_KEY, Cloud, code
from .console import Failure, confirm, interruption, say
from .environments import Environment
from .stack import Stack
from .steps import Steps

POLL_SECONDS = 10
QUEUES = ("BackupQueue", "DeadLetterQueue")


def waiting(cloud: Cloud, stack: Stack) -> int:
    """How many messages the stack's queues hold."""
    count = 0
    for logical in QUEUES:
        url = stack.of_type("AWS::SQS::Queue").get(logical)
        if not url:
            continue
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
        try:
            attributes = cloud.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        except ClientError as error:
            if not code(error).endswith(("NonExistentQueue", "QueueDoesNotExist")):
                raise
            # Somebody has deleted it, and what it held with it.
            attributes = {}
        held = sum(int(value) for value in attributes.values())
        say(f"   {logical}: {held} messages")
        count += held
    return count


def check_queues(cloud: Cloud, stack: Stack, is_agreed: bool) -> None:
    """What the queues hold is lost with them."""
    count = waiting(cloud, stack)
    if count and not is_agreed:
        raise Failure(f"the queues of {stack.name} hold {count} messages, which would be lost; docs/OPERATIONS.md replays them, --discard-messages lets them go")


def mappings(cloud: Cloud, stack: Stack) -> None:
    """Deletes the mappings and waits until they are gone, so that their pollers leave the network before anything else does."""
    interruption.means("mappings may be deleted already; nothing reads Kafka until ./deploy down has ended, or ./deploy down and ./deploy have made all anew")
    client = cloud.client("lambda")
    left = set(stack.of_type("AWS::Lambda::EventSourceMapping").values())
    for uuid in sorted(left):
        try:
            client.delete_event_source_mapping(UUID=uuid)
        except ClientError as error:
            if code(error) != "ResourceNotFoundException":
                raise
    while left:
        for uuid in sorted(left):
            try:
                client.get_event_source_mapping(UUID=uuid)
            except ClientError as error:
                if code(error) != "ResourceNotFoundException":
                    raise
                left.discard(uuid)
        if left:
            time.sleep(POLL_SECONDS)


def delete(cloud: Cloud, name: str) -> None:
    """Deletes the stack, and waits until it is gone."""
    before = {each["EventId"] for each in changes.events(cloud, name)}
    interruption.means(f"CloudFormation goes on deleting the stack {name}; `./deploy down` again waits for its end")
    cloud.client("cloudformation").delete_stack(StackName=name)
    changes.wait(cloud, name, before, {"DELETE_COMPLETE"})
    interruption.means(f"the stack {name} is deleted, and what comes after was not finished")


def functions(environment: Environment, arguments: Namespace) -> None:
    """The stack of functions."""
    steps, cloud = Steps(arguments.dry_run), Cloud(environment.region)
    stack = steps.do(f"Read the stack {environment.stack}", lambda: present(cloud, environment)) or Stack(environment.stack)
    steps.do("Look what the queues hold, for it goes with them", lambda: check_queues(cloud, stack, arguments.discard_messages))
    question = f"Delete the stack {environment.stack} in {environment.region}, its functions, queues and logs?"
    steps.do(f"Ask: {question}", lambda: confirm(question, arguments.yes, environment.stack))
    steps.do("Delete the mappings and wait until they are gone", lambda: mappings(cloud, stack))
    steps.do(f"Delete the stack {environment.stack} and wait until it is gone; Lambda takes up to 40 minutes for network interfaces", lambda: delete(cloud, environment.stack))
    steps.do("Delete the key of the stamps", lambda: forget(cloud, environment))
    say("   Topics, tables and rankings stay: they are data of the servers. So do the console's bucket, which holds files, SAM's bucket with the code, and the secrets.")


def forget(cloud: Cloud, environment: Environment) -> None:
    """A stack that is gone has nothing to compare."""
    try:
        cloud.client("ssm").delete_parameter(Name=STAMP_KEY.format(stack=environment.stack))
    except ClientError as error:
        if code(error) != "ParameterNotFound":
            raise


def present(cloud: Cloud, environment: Environment) -> Stack:
    """The stack, which has to be there and at rest."""
    stack = stacks.read(cloud, environment.stack)
    if stack.status is None:
        raise Failure(f"there is no stack {environment.stack} in {environment.region}")
    stack.check_stage(environment)
    if stack.status.endswith("_IN_PROGRESS") and stack.status != stacks.UNBORN:
        raise Failure(f"the stack {environment.stack} is {stack.status}: something is changing it; wait for its end")
    return stack


def check_no_functions(cloud: Cloud, environment: Environment) -> None:
    """Functions that use these servers would lose them, and hold their subnets."""
    for name in ("dev", "prod"):
        other = environments.read(name, environment.region)
        if stacks.read(cloud, other.stack).exists:
            raise Failure(f"the stack {other.stack} is still in {environment.region}, and its functions stand in these subnets; `./deploy down {name}` first")


def interfaces(cloud: Cloud, stack: Stack) -> None:
    """Waits until Lambda has taken its interfaces out of the subnets, which it does some minutes after the functions are gone."""
    ids = list(stack.of_type("AWS::EC2::Subnet").values())
    while ids:
        filters = [{"Name": "subnet-id", "Values": ids}, {"Name": "interface-type", "Values": ["lambda"]}]
        left = cloud.all("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters)
        if not left:
            return
        say(f"   {len(left)} interfaces of Lambda are still there")
        time.sleep(POLL_SECONDS * 3)


def cluster(cloud: Cloud, stack: Stack) -> None:
    """Deletes the Kafka cluster with its topics, and waits until its interfaces are gone."""
    client = cloud.client("kafka")
    interruption.means("the Kafka cluster may be deleted already; `./deploy down servers` again goes on")
    for arn in stack.of_type("AWS::MSK::ServerlessCluster").values():
        try:
            client.delete_cluster(ClusterArn=arn)
            while client.describe_cluster_v2(ClusterArn=arn):
                time.sleep(POLL_SECONDS)
        except ClientError as error:
            if code(error) != "NotFoundException":
                raise


def unprotect(cloud: Cloud, stack: Stack) -> None:
    """CloudFormation takes a snapshot of the database and deletes it, when it may."""
    for identifier in stack.of_type("AWS::RDS::DBCluster").values():
        cloud.client("rds").modify_db_cluster(DBClusterIdentifier=identifier, DeletionProtection=False, ApplyImmediately=True)


def servers(environment: Environment, arguments: Namespace) -> None:
    """The stack of servers."""
    steps, cloud = Steps(arguments.dry_run), Cloud(environment.region)
    stack = steps.do(f"Read the stack {environment.stack}", lambda: present(cloud, environment)) or Stack(environment.stack)
    steps.do("Check that no stack of functions is left", lambda: check_no_functions(cloud, environment))
    question = f"Delete the stack {environment.stack} in {environment.region}, and the Kafka cluster with all its topics? Of the database a snapshot stays."
    steps.do(f"Ask: {question}", lambda: confirm(question, arguments.yes, environment.stack))
    steps.do("Wait until Lambda has taken its network interfaces away", lambda: interfaces(cloud, stack))
    steps.do("Delete the Kafka cluster, which CloudFormation would keep, and wait until it is gone", lambda: cluster(cloud, stack))
    steps.do("Take the protection from the database", lambda: unprotect(cloud, stack))
    steps.do(f"Delete the stack {environment.stack} and wait until it is gone", lambda: delete(cloud, environment.stack))
    say("   A snapshot of the database stays, and costs; `aws rds describe-db-cluster-snapshots` lists it.")
