"""`./deploy function NAME`: one function's code in dev, in a minute, by cargo-lambda and without CloudFormation.

Settings, role and variables stay as the stack has them. The alias `live` is moved, so that triggers invoke the new code; the next `./deploy` sees that, and leads
it back before CloudFormation moves it on.
"""

import os
from argparse import Namespace
from pathlib import Path

from botocore.exceptions import ClientError

from . import aliases, build, stack as stacks, template as templates
from .cloud import Cloud, code
from .console import Failure, interruption, say
from .environments import ROOT, Environment
from .steps import Steps

# What a version is made of, beside its code.
KEPT = ("Role", "Runtime", "Handler", "Timeout", "MemorySize", "Environment", "VpcConfig", "Layers", "LoggingConfig", "Description", "EphemeralStorage", "TracingConfig")


def settings(cloud: Cloud, name: str) -> dict:
    """The function's settings without what changes with its code."""
    try:
        configuration = cloud.client("lambda").get_function_configuration(FunctionName=name)
    except ClientError as error:
        if code(error) != "ResourceNotFoundException":
            raise
        # cargo-lambda would make a function, with a role and settings of its own.
        raise Failure(f"the function {name} is of the stack and is not there: somebody has deleted it. {aliases.ANEW}") from error
    return {key: configuration.get(key) for key in KEPT}


def check_environment(name: str) -> None:
    """Only in dev: elsewhere the alias is CodeDeploy's."""
    if name != "dev":
        raise Failure(f"`./deploy function` is for dev, not for {name}: it moves the alias at once and for all invocations, without alarms that roll it back. `./deploy {name}` deploys there")


def check_stack(cloud: Cloud, environment: Environment, name: str) -> str:
    """The stack is dev's, at rest, and the function is one of its own; what that is built for."""
    stack = stacks.read(cloud, environment.stack)
    stack.check_present(environment)
    stack.check()
    if name not in stack.of_type("AWS::Lambda::Function").values():
        raise Failure(f"the stack {environment.stack} has no function {name}")
    if stack.parameters.get("Deployment", "AllAtOnce") != "AllAtOnce":
        raise Failure(f"the stack {environment.stack} deploys by {stack.parameters['Deployment']}, so it is not dev's; `./deploy prod` deploys there")
    return stack.parameters.get("Architecture", build.DEFAULT)


def deploy(environment: Environment, arguments: Namespace) -> None:
    """Builds, looks at what was built, and uploads it."""
    check_environment(environment.name)
    known = sorted(templates.names(templates.read(environment.template)).values())
    if arguments.name not in known:
        raise Failure(f"the function is {arguments.name!r}; allowed are {', '.join(known)}")
    steps, cloud, name = Steps(arguments.dry_run), Cloud(environment.region), arguments.name
    found = steps.do(f"Check that the stack {environment.stack} is at rest and has {name}", lambda: check_stack(cloud, environment, name))
    architecture = found or build.DEFAULT
    before = steps.do(f"Read the settings of {name}", lambda: settings(cloud, name))
    if arguments.binary:
        bootstrap = Path(arguments.binary).resolve()
        steps.do(f"Take the bootstrap {arguments.binary}", lambda: None)
    else:
        bootstrap = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "lambda" / name / "bootstrap"
        command = ["cargo", "lambda", "build", "--release", "--arm64" if architecture == build.DEFAULT else "--x86-64", "--bin", name]
        steps.do(f"Build: {' '.join(command)}", lambda: build.run(*command))
    # cargo-lambda 1.9.2 sends a program for x86-64 to a function for arm64, and calls it a success.
    steps.do(f"Check that the bootstrap is for {architecture}", lambda: build.check_architecture(bootstrap, architecture))
    command = ["cargo", "lambda", "deploy", name, "--alias", "live", "--binary-path", str(bootstrap), "--region", environment.region]
    interruption.means(f"{name} may have the new code; the next ./deploy gives it the stack's again")
    steps.do(f"Upload: {' '.join(command)}", lambda: build.run(*command))
    steps.do("Check that nothing but the code is another", lambda: check_kept(cloud, name, before))


def check_kept(cloud: Cloud, name: str, before: dict) -> None:
    """Settings are as before, and the alias leads to the code that was uploaded."""
    client = cloud.client("lambda")
    client.get_waiter("function_updated_v2").wait(FunctionName=name)
    after = settings(cloud, name)
    # A variable's value may be secret, so names alone are told.
    changed = [key for key in KEPT if before[key] != after[key]]
    if changed:
        raise Failure(f"{name}: {', '.join(changed)} changed with the code; `./deploy` brings back what the template says")
    alias = client.get_alias(FunctionName=name, Name="live")
    hashes = {client.get_function_configuration(FunctionName=name, Qualifier=which)["CodeSha256"] for which in ("$LATEST", alias["FunctionVersion"])}
    if len(hashes) != 1:
        raise Failure(f"{name}: live leads to version {alias['FunctionVersion']}, which has another code than $LATEST; begin again")
    say(f"   live leads to version {alias['FunctionVersion']}; the next ./deploy leads it back before CloudFormation moves it on")
