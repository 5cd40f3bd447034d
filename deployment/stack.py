"""A stack as CloudFormation has it."""

import json
from dataclasses import dataclass, field

from botocore.exceptions import ClientError

from .cloud import Cloud
from .console import Failure
from .environments import Environment
from .template import yaml_parse

READY = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
# A change set was made for it and never executed: it has nothing yet.
UNBORN = "REVIEW_IN_PROGRESS"
DEAD = {"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"}


@dataclass(frozen=True)
class Stack:
    """What there is of a stack of this name; without a status nothing."""

    name: str
    status: str | None = None
    reason: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    # Physical ids and types by logical id.
    resources: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def exists(self) -> bool:
        """Whether it has resources that an update would change."""
        return self.status is not None and self.status != UNBORN

    @property
    def kept(self) -> dict[str, str] | None:
        """The parameters that an update keeps."""
        return self.parameters if self.exists else None

    def of_type(self, kind: str) -> dict[str, str]:
        """Physical ids of its resources of a type, by logical id."""
        return {logical: physical for logical, (physical, its_kind) in self.resources.items() if its_kind == kind}

    def other_stage(self, environment: Environment) -> str:
        """What is wrong when it is another environment's: dev and prod have the same name, each in an account or a region of its own."""
        stage, wanted = self.tags.get("stage"), environment.tags.get("stage")
        if not stage or not wanted or stage == wanted:
            return ""
        return f"the stack {self.name} in {environment.region} has the tag stage={stage}, and {environment.name} is stage={wanted}; allowed is its own environment, or another account or region"

    def check_stage(self, environment: Environment) -> None:
        """Ends the program when it is another environment's."""
        if sentence := self.other_stage(environment):
            raise Failure(sentence)

    def check_present(self, environment: Environment) -> None:
        """Ends the program when it is not there, or is another environment's."""
        if not self.exists:
            raise Failure(f"there is no stack {self.name} in {environment.region}; `./deploy {environment.name}` makes it")
        self.check_stage(environment)

    @property
    def unready(self) -> str:
        """Why CloudFormation would not update it, and what to do."""
        if self.status is None or self.status == UNBORN or self.status in READY:
            return ""
        state = f"the stack {self.name} is {self.status}" + (f" ({self.reason})" if self.reason else "")
        if self.status in DEAD:
            return f"{state}: it cannot be updated, only deleted. `./deploy down` does that; then deploy again"
        if self.status == "UPDATE_ROLLBACK_FAILED":
            return f"{state}: mend what its events name, then `aws cloudformation continue-update-rollback --stack-name {self.name}`, and deploy again"
        return f"{state}: something is changing it. Wait for its end (`aws cloudformation describe-stack-events --stack-name {self.name}`)"

    def check(self) -> None:
        """Ends the program when CloudFormation would not update it."""
        if self.unready:
            raise Failure(self.unready)


def read(cloud: Cloud, name: str) -> Stack:
    """The stack of this name, with its resources."""
    client = cloud.client("cloudformation")
    try:
        (stack,) = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return Stack(name)
        raise
    listed = cloud.all("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=name)
    # A stack whose creation was rolled back still lists what it had.
    listed = [each for each in listed if each["ResourceStatus"] not in ("DELETE_COMPLETE", "DELETE_SKIPPED")]
    return Stack(
        name=name,
        status=stack["StackStatus"],
        reason=stack.get("StackStatusReason", ""),
        parameters={each["ParameterKey"]: each.get("ParameterValue", "") for each in stack.get("Parameters", [])},
        outputs={each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", [])},
        tags={each["Key"]: each["Value"] for each in stack.get("Tags", [])},
        resources={each["LogicalResourceId"]: (each.get("PhysicalResourceId", ""), each["ResourceType"]) for each in listed},
    )


def template(cloud: Cloud, stack: Stack, stage: str = "Original") -> dict:
    """The template that the stack was made of; processed, it is what SAM made of it."""
    if not stack.exists:
        return {}
    body = cloud.client("cloudformation").get_template(StackName=stack.name, TemplateStage=stage)["TemplateBody"]
    # A template written as JSON comes as what it means.
    return yaml_parse(body) if isinstance(body, str) else json.loads(json.dumps(body))
