"""Finds aliases that lead elsewhere than CloudFormation knows, and leads them back.

CodeDeploy moves an alias from the version that the stack has to the new one. When somebody has moved it meanwhile (`./deploy function` does, and who goes back to
the version before by hand), it refuses (https://github.com/aws/serverless-application-model/issues/291). The code of $LATEST may be another than the stack's,
too; then the next version that CloudFormation publishes for a changed setting alone would have it.
"""

from dataclasses import dataclass

from botocore.exceptions import ClientError

from . import stack as stacks
from .cloud import Cloud, code
from .console import Failure, interruption, say
from .stack import Stack

# What helps against a function, or a version of one, that was deleted behind CloudFormation.
ANEW = "CloudFormation makes no such thing again and cannot change it: `./deploy down`, then `./deploy` make all anew; topics, tables and rankings stay, logs and what queues hold go"


@dataclass(frozen=True)
class Drift:
    """A function that was changed behind CloudFormation."""

    logical: str
    function: str
    version: str
    alias_version: str
    is_shifting: bool
    is_code_changed: bool

    @property
    def words(self) -> str:
        """What is wrong with it."""
        found = []
        if self.is_shifting:
            found.append("its alias live divides invocations between two versions")
        if not self.alias_version:
            found.append("it has no alias live any more")
        elif self.alias_version != self.version:
            found.append(f"its alias live leads to version {self.alias_version}, and the stack has made {self.version}")
        if self.is_code_changed:
            found.append(f"the code of $LATEST is another than that of version {self.version}")
        return f"{self.function}: {'; '.join(found)}"


def live(cloud: Cloud, function: str) -> dict:
    """The function's alias; nothing when somebody has deleted it."""
    try:
        return cloud.client("lambda").get_alias(FunctionName=function, Name="live")
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            raise
        return {"FunctionVersion": ""}


def gone(cloud: Cloud, stack: Stack) -> list[str]:
    """The functions, and the versions that the stack has made last, which are not there any more."""
    client, found = cloud.client("lambda"), []
    versions = dict(physical.rsplit(":", 1) for physical in stack.of_type("AWS::Lambda::Version").values())
    wanted = [(function, None) for function in stack.of_type("AWS::Lambda::Function").values()]
    wanted += [(arn.rsplit(":", 1)[1], version) for arn, version in versions.items()]
    for function, version in wanted:
        if any(each == f"the function {function}" for each in found):
            continue
        try:
            client.get_function_configuration(FunctionName=function, **({"Qualifier": version} if version else {}))
        except ClientError as error:
            if code(error) != "ResourceNotFoundException":
                raise
            found.append(f"version {version} of the function {function}" if version else f"the function {function}")
    return found


def drifted(cloud: Cloud, stack: Stack) -> list[Drift]:
    """The functions of the stack that were changed behind CloudFormation."""
    client = cloud.client("lambda")
    versions = dict(physical.rsplit(":", 1) for physical in stack.of_type("AWS::Lambda::Version").values())
    found = []
    for logical, function in stack.of_type("AWS::Lambda::Function").items():
        (arn,) = [each for each in versions if each.endswith(f":function:{function}")] or [None]
        # Without a version of the stack's own there is nothing that CodeDeploy would compare.
        if arn is None:
            continue
        alias = live(cloud, function)
        try:
            hashes = [client.get_function_configuration(FunctionName=function, Qualifier=which)["CodeSha256"] for which in ("$LATEST", versions[arn])]
        except ClientError as error:
            if code(error) != "ResourceNotFoundException":
                raise
            # `gone` names it.
            continue
        drift = Drift(
            logical=logical,
            function=function,
            version=versions[arn],
            alias_version=alias["FunctionVersion"],
            is_shifting=bool(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights")),
            is_code_changed=hashes[0] != hashes[1],
        )
        if drift.is_shifting or drift.alias_version != drift.version or drift.is_code_changed:
            found.append(drift)
    return found


def mend(cloud: Cloud, stack: Stack, drifts: list[Drift]) -> None:
    """Leads each alias back to the stack's version, and gives $LATEST that version's code, from where the stack has it."""
    client = cloud.client("lambda")
    resources = stacks.template(cloud, stack, "Processed")["Resources"]
    if drifts:
        interruption.means("some aliases may lead elsewhere than before, and nothing else was changed; the next ./deploy leads all back")
    for drift in drifts:
        if drift.is_code_changed:
            code = resources[drift.logical]["Properties"]["Code"]
            updated = client.update_function_code(FunctionName=drift.function, S3Bucket=code["S3Bucket"], S3Key=code["S3Key"])
            client.get_waiter("function_updated_v2").wait(FunctionName=drift.function)
            wanted = client.get_function_configuration(FunctionName=drift.function, Qualifier=drift.version)["CodeSha256"]
            if updated["CodeSha256"] != wanted:
                raise Failure(f"{drift.function}: s3://{code['S3Bucket']}/{code['S3Key']} is not the code of version {drift.version}, which the stack has made")
        alias = {"FunctionName": drift.function, "Name": "live", "FunctionVersion": drift.version}
        if drift.alias_version:
            client.update_alias(**alias, RoutingConfig={"AdditionalVersionWeights": {}})
        else:
            client.create_alias(**alias)
        say(f"   {drift.function}: live leads to version {drift.version} again")
