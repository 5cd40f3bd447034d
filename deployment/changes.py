"""Changes a stack by a change set: it is shown before, and secret values go to CloudFormation in the request alone."""

import datetime
import time

from botocore.exceptions import ClientError

from . import stack as stacks
from .cloud import Cloud
from .console import Failure, confirm, say
from .environments import Environment
from .stack import Stack

POLL_SECONDS = 5
NOTHING = ("didn't contain changes", "No updates are to be performed")


def propose(cloud: Cloud, environment: Environment, stack: Stack, template: dict[str, str], parameters: list[dict]) -> str | None:
    """Makes a change set; its name, or None when there is nothing to change. `template` is a TemplateURL or a TemplateBody."""
    client = cloud.client("cloudformation")
    name = f"deploy-{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}"
    client.create_change_set(
        StackName=environment.stack,
        ChangeSetName=name,
        ChangeSetType="UPDATE" if stack.exists else "CREATE",
        Parameters=parameters,
        Capabilities=environment.capabilities,
        Tags=[{"Key": key, "Value": value} for key, value in environment.tags.items()],
        **template,
    )
    while True:
        described = client.describe_change_set(StackName=environment.stack, ChangeSetName=name)
        if described["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
            break
        time.sleep(POLL_SECONDS)
    if described["Status"] == "CREATE_COMPLETE":
        return name
    reason = described.get("StatusReason", "")
    client.delete_change_set(StackName=environment.stack, ChangeSetName=name)
    if any(words in reason for words in NOTHING):
        return None
    raise Failure(f"CloudFormation makes no change set of the template: {described['Status']}, {reason}")


def show(cloud: Cloud, environment: Environment, name: str) -> None:
    """A line for each change."""
    changes = [each["ResourceChange"] for each in cloud.all("cloudformation", "describe_change_set", "Changes", StackName=environment.stack, ChangeSetName=name)]
    for change in sorted(changes, key=lambda change: (change["Action"], change["ResourceType"], change["LogicalResourceId"])):
        replaced = ", replaced" if change.get("Replacement") == "True" else ""
        say(f"   {change['Action']:6} {change['ResourceType']} {change['LogicalResourceId']}{replaced}")


def agree(cloud: Cloud, environment: Environment, stack: Stack, name: str | None, is_agreed: bool) -> None:
    """Asks; without agreement the change set goes, with the empty stack that a first one makes, and nothing is changed."""
    try:
        confirm(f"Change the stack {environment.stack} in {cloud.account}, {environment.region}?", is_agreed or not environment.asks_first)
    except Failure:
        if name:
            cloud.client("cloudformation").delete_change_set(StackName=environment.stack, ChangeSetName=name)
        if not stack.exists:
            cloud.client("cloudformation").delete_stack(StackName=environment.stack)
        raise


def execute(cloud: Cloud, environment: Environment, name: str) -> None:
    """Changes the stack, and waits for the end."""
    began = datetime.datetime.now(datetime.UTC)
    cloud.client("cloudformation").execute_change_set(StackName=environment.stack, ChangeSetName=name)
    wait(cloud, environment.stack, began, {"CREATE_COMPLETE", "UPDATE_COMPLETE"})


def wait(cloud: Cloud, name: str, began: datetime.datetime, wanted: set[str]) -> None:
    """Waits until the stack is still. What fails meanwhile is said at once; another end than a wanted one ends the program."""
    told: set[str] = set()
    while True:
        now = stacks.read(cloud, name)
        told |= tell_failures(cloud, name, began, told)
        if now.status is None or now.status == "DELETE_COMPLETE":
            if "DELETE_COMPLETE" in wanted:
                return
            raise Failure(f"the stack {name} is gone")
        if not now.status.endswith("_IN_PROGRESS"):
            break
        time.sleep(POLL_SECONDS)
    if now.status not in wanted:
        hint = ". `./deploy down` takes away what is left, then deploy again" if now.status in stacks.DEAD else ""
        raise Failure(f"the stack {name} is {now.status}; the lines above name what failed{hint}")
    say(f"   {name}: {now.status}")


def tell_failures(cloud: Cloud, name: str, began: datetime.datetime, told: set[str]) -> set[str]:
    """Says what failed since then and was not told yet; answers the events' ids."""
    try:
        events = cloud.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    except ClientError:
        # The stack is gone, and its events with it; its status says so.
        return set()
    fresh = [each for each in events if each["EventId"] not in told and each["Timestamp"] >= began and each["ResourceStatus"].endswith("_FAILED")]
    for each in reversed(fresh):
        say(f"   {each['ResourceStatus']} {each['LogicalResourceId']} ({each['ResourceType']}): {each.get('ResourceStatusReason', 'no reason is given')}")
    return {each["EventId"] for each in fresh}
