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
    before = {each["EventId"] for each in events(cloud, environment.stack)}
    cloud.client("cloudformation").execute_change_set(StackName=environment.stack, ChangeSetName=name)
    wait(cloud, environment.stack, before, {"CREATE_COMPLETE", "UPDATE_COMPLETE"})


def events(cloud: Cloud, name: str) -> list[dict]:
    """The newest events of the stack, a hundred at most; none when it is gone."""
    try:
        return cloud.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    except ClientError as error:
        if "does not exist" not in str(error):
            raise
        return []


def wait(cloud: Cloud, name: str, before: set[str], wanted: set[str]) -> None:
    """Waits until the change is over. What fails meanwhile is said at once; another end than a wanted one ends the program.

    `before` has the events that were there before. Without a new one the change has not begun, and the stack's state is still the one from before.
    """
    told, has_begun, is_over = set(before), False, False
    while not is_over:
        now = stacks.read(cloud, name)
        if now.status is None:
            if "DELETE_COMPLETE" in wanted:
                return
            raise Failure(f"the stack {name} is gone")
        # The state before the events, so that each failure is told when it is over, and by the events of the time before: the state may still be the old one.
        is_over = has_begun and not now.status.endswith("_IN_PROGRESS")
        fresh = [each for each in events(cloud, name) if each["EventId"] not in told]
        told |= {each["EventId"] for each in fresh}
        has_begun = has_begun or any(each["LogicalResourceId"] == name and each["ResourceStatus"].endswith("_IN_PROGRESS") for each in fresh)
        for each in reversed(fresh):
            if each["ResourceStatus"].endswith("_FAILED"):
                say(f"   {each['ResourceStatus']} {each['LogicalResourceId']} ({each['ResourceType']}): {each.get('ResourceStatusReason', 'no reason is given')}")
        if not has_begun or now.status.endswith("_IN_PROGRESS"):
            time.sleep(POLL_SECONDS)
    if now.status not in wanted:
        hint = ". `./deploy down` takes away what is left, then deploy again" if now.status in stacks.DEAD else ""
        raise Failure(f"the stack {name} is {now.status}; the lines above name what failed{hint}")
    say(f"   {name}: {now.status}")
