"""A plan of a deployment, and clients to make what its checks look at."""

import sys

from aws import client
from stack import PARAMETERS, REGION, ROOT, must

sys.path.insert(0, str(ROOT))
from deployment import environments, parameters, stack as stacks, template as templates  # noqa: E402
from deployment.cloud import Cloud  # noqa: E402
from deployment.console import Failure  # noqa: E402
from deployment.plan import Plan  # noqa: E402


class Bench:
    """A plan for a first deployment of template.yaml, and clients to make what it looks at."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.template = templates.read(ROOT / "template.yaml")
        self.environment = environments.read("dev", region=REGION)
        self.cloud = Cloud(REGION)

    def client(self, service: str):
        return client(self.endpoint, service)

    def plan(self, stack: str | None = None, **changed: str) -> Plan:
        """With parameters of one's own, and the stack of this name as it is."""
        merged, problems = parameters.merge(self.template, [parameters.Layer("test", {**PARAMETERS, **changed})], None)
        return Plan(self.cloud, self.environment, stacks.read(self.cloud, stack or "hwanyul"), self.template, merged, tuple(problems))

    def says(self, check, plan: Plan, *words: str, notes: tuple[str, ...] = ()) -> None:
        """The check finds exactly these problems, and at least these notes."""
        found = check(plan)
        must(len(found.problems) == len(words), f"{check}: {found.problems}, not {words}")
        for problem, wanted in zip(found.problems, words, strict=True):
            must(wanted in problem, f"{problem!r} says {wanted!r}")
        for wanted in notes:
            must(any(wanted in note for note in found.notes), f"{found.notes} say {wanted!r}")


def refused(work, *words: str) -> None:
    """It ends with a Failure that says all these words."""
    try:
        work()
    except Failure as failure:
        must(all(word in str(failure) for word in words), f"{failure} says {words}")
    else:
        must(False, f"nothing was refused: {words}")
