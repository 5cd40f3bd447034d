"""Changes a stack by a change set: it is shown before, and secret values go to CloudFormation in the request alone."""

import datetime
import time

from botocore.exceptions import BotoCoreError, ClientError

from . import stack as stacks
from .cloud import Cloud, code
from .console import UNCHANGED, Failure, confirm, interruption, say
from .environments import Environment
from .stack import Stack

POLL_SECONDS = 5
NOTHING = ("didn't contain changes", "No updates are to be performed")


class Proposal:
    """A change set. Whatever ends the program before it is executed takes it away again, with the empty stack that a first one makes."""

    def __init__(self, cloud: Cloud, environment: Environment, stack: Stack) -> None:
        self.cloud, self.environment, self.stack = cloud, environment, stack
        self.name = f"deploy-{datetime.datetime.now(datetime.UTC):%Y%m%dT%H%M%SZ}"
        # Whether it may be there, and be executed.
        self.is_asked_for, self.has_changes = False, False

    @property
    def _set(self) -> dict[str, str]:
        return {"StackName": self.environment.stack, "ChangeSetName": self.name}

    def __enter__(self) -> "Proposal":
        return self

    def __exit__(self, *_: object) -> None:
        if not self.is_asked_for:
            return
        try:
            self.discard()
        except (ClientError, BotoCoreError) as error:
            say(f"   the change set {self.name} of {self.environment.stack} could not be taken away: {error}")

    def _described(self) -> dict:
        """What it is when CloudFormation has made it, or could not."""
        while True:
            described = self.cloud.client("cloudformation").describe_change_set(**self._set)
            if described["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS"):
                return described
            time.sleep(POLL_SECONDS)

    def make(self, template: dict[str, str], parameters: list[dict]) -> None:
        """Makes it and shows it, or says that there is nothing to change. `template` is a TemplateURL or a TemplateBody."""
        tags = [{"Key": key, "Value": value} for key, value in self.environment.tags.items()]
        kind = "UPDATE" if self.stack.exists else "CREATE"
        self.is_asked_for = True
        self.cloud.client("cloudformation").create_change_set(
            **self._set, ChangeSetType=kind, Parameters=parameters, Capabilities=self.environment.capabilities, Tags=tags, **template
        )
        described = self._described()
        reason = described.get("StatusReason", "")
        if described["Status"] == "CREATE_COMPLETE":
            self.has_changes = True
            show(self.cloud, self.environment, self.name)
        elif any(words in reason for words in NOTHING):
            self.discard()
            say("   nothing to change")
        else:
            raise Failure(f"CloudFormation makes no change set of the template: {described['Status']}, {reason}")

    def agree(self, is_agreed: bool) -> None:
        """Asks whether to go on."""
        confirm(f"Change the stack {self.environment.stack} in {self.cloud.account}, {self.environment.region}?", is_agreed or not self.environment.asks_first)

    def execute(self) -> None:
        """Changes the stack, and waits for the end."""
        before = {each["EventId"] for each in events(self.cloud, self.environment.stack)}
        self.is_asked_for = False
        interruption.means(f"CloudFormation goes on changing the stack {self.environment.stack}; `./deploy check {self.environment.name}` says when it is over")
        try:
            self.cloud.client("cloudformation").execute_change_set(**self._set)
        except ClientError:
            self.is_asked_for = True
            interruption.means(UNCHANGED)
            raise
        wait(self.cloud, self.environment.stack, before, {"CREATE_COMPLETE", "UPDATE_COMPLETE"})
        interruption.means(f"the stack {self.environment.stack} is changed, and what comes after was not finished")

    def discard(self) -> None:
        """Takes it away. A stack that has neither resources nor another change set that somebody may execute goes with it."""
        client, name = self.cloud.client("cloudformation"), self.environment.stack
        self.is_asked_for = False
        try:
            # CloudFormation keeps one that it is still making.
            self._described()
            client.delete_change_set(**self._set)
        except ClientError as error:
            if code(error) not in ("ChangeSetNotFound", "ChangeSetNotFoundException") and "does not exist" not in str(error):
                raise
        if not self.stack.exists and stacks.read(self.cloud, name).status == stacks.UNBORN:
            left = [each for each in self.cloud.all("cloudformation", "list_change_sets", "Summaries", StackName=name) if each.get("ExecutionStatus") == "AVAILABLE"]
            if not any(each["ChangeSetName"] != self.name for each in left):
                client.delete_stack(StackName=name)


def show(cloud: Cloud, environment: Environment, name: str) -> None:
    """A line for each change."""
    changes = [each["ResourceChange"] for each in cloud.all("cloudformation", "describe_change_set", "Changes", StackName=environment.stack, ChangeSetName=name)]
    for change in sorted(changes, key=lambda change: (change["Action"], change["ResourceType"], change["LogicalResourceId"])):
        replaced = ", replaced" if change.get("Replacement") == "True" else ""
        say(f"   {change['Action']:6} {change['ResourceType']} {change['LogicalResourceId']}{replaced}")


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
