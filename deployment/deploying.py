"""`./deploy`: from parameters to a running stack, and again after each change."""

import dataclasses
import os
from argparse import Namespace
from pathlib import Path

from . import aliases, build, changes, checks, parameters, sources, stack as stacks, stamp, template as templates, verifying
from .cloud import STAMP_KEY, Cloud
from .console import refuse, say
from .environments import Environment
from .parameters import Parameter
from .plan import Plan
from .stack import Stack
from .steps import Steps


def tell(merged: list[Parameter], is_dry: bool) -> None:
    """Who says what, but for what is the template's default."""
    shown = [each for each in merged if each.source != parameters.DEFAULT and not (is_dry and each.source == parameters.STACK)]
    for each in shown:
        say(f"   {each.name} = {each.shown}, {each.source}")
    count = sum(each.source == parameters.DEFAULT for each in merged)
    if not is_dry:
        say(f"   {count} others have the template's default")
        return
    say(f"   {count} others have what a stack that is there keeps, in a first deployment the template's default")
    if lacking := [each.name for each in merged if each.source == parameters.STACK]:
        say(f"   {', '.join(lacking)}: a stack that is there keeps its own; a first deployment ends with: {parameters.without_value(lacking)}")


def prepare(steps: Steps, environment: Environment, arguments: Namespace) -> Plan:
    """Credentials, the stack as it is, and the merged parameters; a dry run asks AWS for nothing, and does not know whether there is a stack."""
    template = templates.read(environment.template)
    given = sources.layers(environment, arguments.parameters, arguments.values, template)
    cloud = Cloud(environment.region)
    steps.do(f"Ask AWS who is deploying, to {environment.region}", lambda: say(f"   account {cloud.account}"))
    found = steps.do(f"Read the stack {environment.stack}: its state, and the parameters that it keeps", lambda: stacks.read(cloud, environment.stack))
    stack = found or Stack(environment.stack)
    if not steps.is_dry:
        say(f"   {stack.status or 'there is none yet'}")
    say("   Parameters:")
    # What has no default and is not given either, a stack has to keep.
    kept = {name: None for name, body in template["Parameters"].items() if "Default" not in body} if steps.is_dry else stack.kept
    merged, problems = parameters.merge(template, given, kept)
    tell(merged, steps.is_dry)
    for sentence in parameters.changed_defaults(template, merged) if stack.exists else []:
        say(f"   note: {sentence}")
    plan = Plan(cloud, environment, stack, template, merged)
    if environment.name != "servers" and not steps.is_dry:
        problems += sources.of_another_place(cloud.account, environment.region)
    if steps.is_dry:
        given = {each.name for each in merged if each.source not in (parameters.STACK, parameters.DEFAULT)}
        refuse([*problems, *(sentence for names, sentence in plan.conflicts if given.issuperset(names))])
        for sentence in (sentence for names, sentence in plan.conflicts if not given.issuperset(names)):
            say(f"   unless a stack that is there keeps other values, this ends with: {sentence}")
    return dataclasses.replace(plan, problems=tuple(problems))


def folder(arguments: Namespace) -> Path:
    """Where `sam build` put, or puts, what it makes."""
    return Path(arguments.built).resolve() if arguments.built else build.BUILT


def inspect(steps: Steps, environment: Environment, arguments: Namespace) -> Plan:
    """The checks before a deployment."""
    plan = dataclasses.replace(prepare(steps, environment, arguments), ignores_alarms=arguments.ignore_alarms, mends_aliases=arguments.mend_aliases)
    steps.do(f"Check {', '.join(checks.CHECKS)}", lambda: checks.run(plan))
    return plan


def stamped(plan: Plan, place: Path) -> None:
    """Writes the template that is deployed."""
    built = templates.read(place / "template.yaml")
    key = plan.cloud.stamp_key(plan.environment.stack, os.urandom(32))
    before = stamp.digests_of(stacks.template(plan.cloud, plan.stack))
    whole = stamp.stamped(built, plan.parameters, key, before)
    build.write_stamped(templates.without_rollback_alarms(whole) if plan.ignores_alarms else whole, place, build.workplace(plan.environment))


def deploy(environment: Environment, arguments: Namespace) -> None:
    """All of it."""
    steps = Steps(arguments.dry_run)
    plan = inspect(steps, environment, arguments)
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
            lambda: proposal.make(build.upload(plan.cloud, environment, work), plan.sent),
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
