"""`./deploy servers`: the stack of servers.yaml, and its outputs as the file that ./deploy reads."""

import os
from argparse import Namespace

from . import changes, deploying, sources, stack as stacks, template as templates
from .cloud import Cloud
from .console import Failure, refuse, say
from .environments import ROOT, Environment
from .steps import Steps


def deploy(environment: Environment, arguments: Namespace) -> None:
    """All of it; 20 to 30 minutes the first time, most of them Kafka's and Aurora's."""
    steps = Steps(arguments.dry_run)
    plan = deploying.prepare(steps, environment, arguments)
    cloud = plan.cloud
    if not steps.is_dry:
        refuse([*plan.troubles, *plan.wrong])
    with changes.Proposal(cloud, environment, plan.stack) as proposal:
        body = {"TemplateBody": environment.template.read_text()}
        steps.do(f"Make a change set of the stack {environment.stack}, and show it", lambda: proposal.make(body, plan.sent))
        if steps.is_dry or proposal.has_changes:
            steps.do("Ask whether to go on", lambda: proposal.agree(arguments.yes))
            steps.do("Change the stack, and wait for its end", proposal.execute)
    steps.do(f"Write {sources.SERVERS}: the stack's outputs, and the brokers' addresses, which CloudFormation does not know", lambda: write(cloud, environment))


def brokers(cloud: Cloud, cluster: str) -> str:
    """The addresses at which the cluster takes IAM."""
    answer = cloud.client("kafka").get_bootstrap_brokers(ClusterArn=cluster)
    if not answer.get("BootstrapBrokerStringSaslIam"):
        raise Failure(f"the cluster {cluster} has no brokers' addresses for IAM yet; run `./deploy servers` again in a few minutes")
    return answer["BootstrapBrokerStringSaslIam"]


def write(cloud: Cloud, environment: Environment) -> None:
    """The outputs that are parameters of template.yaml. They name places and secrets; what is secret itself stands in Secrets Manager."""
    outputs = stacks.read(cloud, environment.stack).outputs
    known = templates.read(ROOT / "template.yaml")["Parameters"]
    values = {name: value for name, value in outputs.items() if name in known}
    if "MskClusterArn" in values:
        values["KafkaBootstrapServers"] = brokers(cloud, values["MskClusterArn"])
    path = ROOT / sources.SERVERS
    lines = [f"# account {cloud.account}, region {cloud.region}", f"# Outputs of the stack {environment.stack}, written by ./deploy servers, which writes it anew each time."]
    lines += [f"{name}={value}" for name, value in sorted(values.items())]
    with open(path, "w", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        # A file that is there already keeps its mode otherwise.
        os.fchmod(file.fileno(), 0o600)
        file.write("\n".join(lines) + "\n")
    say(f"   {sources.SERVERS} has {len(values)} parameters: {', '.join(sorted(values))}")
    if outputs.get("NatAddress"):
        say(f"   NatAddress: {outputs['NatAddress']} (for MongoDB Atlas's allow list)")
