"""`./deploy`: from parameters to a running stack, and again after each change."""

import os
from argparse import Namespace
from pathlib import Path

from . import aliases, build, changes, checks, parameters, stack as stacks, stamp, template as templates, verifying
from .cloud import STAMP_KEY, Cloud
from .console import Failure, say
from .environments import ROOT, Environment
from .parameters import Layer, Parameter
from .stack import Stack
from .steps import Steps

SERVERS = "servers.parameters"


def layers(environment: Environment, arguments: Namespace, template: dict) -> list[Layer]:
    """The sources of values, the later before the earlier: samconfig.toml, what ./deploy servers wrote, the user's own files, arguments."""
    found = [Layer(f"samconfig.toml, {environment.section}", environment.parameters)]
    own = f"deploy.{environment.name}.parameters"
    for name in ([SERVERS] if environment.name != "servers" else []) + [own]:
        if (ROOT / name).exists():
            found.append(parameters.file(str(ROOT / name), name))
            check_mode(ROOT / name, found[-1], template)
    found += [parameters.file(path) for path in arguments.parameters]
    return [*found, parameters.command_line(arguments.values, template)]


def check_mode(path: Path, layer: Layer, template: dict) -> None:
    """A file with a secret value is its owner's alone."""
    secret = [name for name in layer.values if template["Parameters"].get(name, {}).get("NoEcho")]
    if secret and path.stat().st_mode & 0o077:
        raise Failure(f"{layer.source} has {', '.join(secret)}, which {'is' if len(secret) == 1 else 'are'} secret, and others on this machine may read it; `chmod 600 {layer.source}`")


def check_servers(cloud: Cloud) -> None:
    """servers.parameters is of this account and region, when it says of which it is."""
    path = ROOT / SERVERS
    first = path.read_text().partition("\n")[0] if path.exists() else ""
    here = f"# account {cloud.account}, region {cloud.region}"
    if first.startswith("# account ") and first != here:
        raise Failure(f"{SERVERS} is of {first.removeprefix('# ')}, and this is {here.removeprefix('# ')}; `./deploy servers` here writes another, or give its values in other files")


def tell(merged: list[Parameter]) -> None:
    """Who says what, but for what is the template's default."""
    for each in merged:
        if each.source != parameters.DEFAULT:
            say(f"   {each.name} = {each.shown}, {each.source}")
    say(f"   {sum(each.source == parameters.DEFAULT for each in merged)} others have the template's default")


def prepare(steps: Steps, environment: Environment, arguments: Namespace) -> tuple[Cloud, Stack, dict, list[Parameter]]:
    """Credentials, the stack as it is, and the merged parameters; a dry run asks AWS for nothing, and takes it that there is no stack."""
    template = templates.read(environment.template)
    given = layers(environment, arguments, template)
    cloud = Cloud(environment.region)
    steps.do(f"Ask AWS who is deploying, to {environment.region}", lambda: say(f"   account {cloud.account}"))
    if environment.name != "servers" and not steps.is_dry:
        check_servers(cloud)
    found = steps.do(f"Read the stack {environment.stack}: its state, and the parameters that it keeps", lambda: stacks.read(cloud, environment.stack))
    stack = found or Stack(environment.stack)
    if not steps.is_dry:
        say(f"   {stack.status or 'there is none yet'}")
        stack.check()
        stack.check_stage(environment)
    say("   Parameters:")
    # What has no default and is not given either, a stack has to keep; a dry run does not know whether there is one.
    kept = {name: None for name, body in template["Parameters"].items() if "Default" not in body} if steps.is_dry else stack.kept
    merged = parameters.merge(template, given, kept)
    tell(merged)
    for sentence in parameters.changed_defaults(template, merged) if stack.exists else []:
        say(f"   note: {sentence}")
    return cloud, stack, template, merged


def folder(arguments: Namespace) -> Path:
    """Where `sam build` put, or puts, what it makes."""
    return Path(arguments.built).resolve() if arguments.built else build.BUILT


def look(steps: Steps, environment: Environment, arguments: Namespace) -> checks.Plan:
    """The checks before a deployment."""
    cloud, stack, template, merged = prepare(steps, environment, arguments)
    plan = checks.Plan(cloud, environment, stack, template, merged, arguments.ignore_alarms, arguments.mend_aliases)
    steps.do(f"Check {', '.join(checks.CHECKS)}", lambda: checks.run(plan))
    return plan


def stamped(plan: checks.Plan, place: Path) -> None:
    """Writes the template that is deployed."""
    built = templates.read(place / "template.yaml")
    key = plan.cloud.stamp_key(plan.environment.stack, os.urandom(32))
    before = stamp.digests_of(stacks.template(plan.cloud, plan.stack))
    whole = stamp.stamped(built, plan.parameters, key, before)
    build.write_stamped(templates.without_rollback_alarms(whole) if plan.ignores_alarms else whole, place, build.workplace(plan.environment))


def deploy(environment: Environment, arguments: Namespace) -> None:
    """All of it."""
    steps = Steps(arguments.dry_run)
    plan = look(steps, environment, arguments)
    place = folder(arguments)
    architecture = plan.values.get("Architecture") or build.DEFAULT
    if arguments.built:
        steps.do(f"Take what is built in {arguments.built}", lambda: None)
    else:
        command = build.build_command(environment, architecture)
        steps.do(f"Build: {' '.join(command)}", lambda: build.run(*command))
    steps.do(f"Check that each bootstrap is for {architecture}", lambda: build.check_built(place, architecture))
    steps.do(
        f"Stamp each function with a keyed hash of what it is configured by; the key is {STAMP_KEY.format(stack=environment.stack)} in Parameter Store",
        lambda: stamped(plan, place),
    )
    work = build.workplace(environment)
    command = build.package_command(environment, work)
    steps.do(f"Upload code and template: {' '.join(command)}", lambda: build.run(*command))
    with changes.Proposal(plan.cloud, environment, plan.stack) as proposal:
        steps.do(
            f"Make a change set of the stack {environment.stack}, with secret values in the request alone, and show it",
            lambda: proposal.make(build.upload(plan.cloud, environment, work), parameters.for_cloudformation(plan.parameters, plan.stack.kept)),
        )
        drifts = aliases.drifted(plan.cloud, plan.stack) if plan.mends_aliases and plan.stack.exists and not steps.is_dry else []
        if steps.is_dry or proposal.has_changes or drifts:
            steps.do("Ask whether to go on", lambda: proposal.agree(arguments.yes))
        if drifts or (steps.is_dry and plan.mends_aliases):
            steps.do("Lead aliases that were moved behind CloudFormation back", lambda: aliases.mend(plan.cloud, plan.stack, drifts))
        if steps.is_dry or proposal.has_changes:
            rolling = "nothing rolls it back" if plan.ignores_alarms else "its alarms roll it back"
            steps.do(f"Change the stack, and wait for its end; {rolling}", proposal.execute)
    verifying.verify(steps, plan.cloud, environment)
