"""Looks after a deployment whether it runs: the mappings read, a run of the ingestor succeeds, the API answers."""

import json
import time
import urllib.error
import urllib.request

from botocore.exceptions import ClientError

from . import stack as stacks
from .cloud import Cloud, code
from .console import UNCHANGED, Failure, interruption, say
from .environments import Environment, read
from .stack import Stack
from .steps import Steps

# Lambda takes minutes to set a mapping up.
MAPPINGS_SECONDS = 600
SETTLED = {"Enabled", "Disabled"}
HEALTH = ("/health", "/health/history", "/health/ranking")


def mappings(cloud: Cloud, stack: Stack) -> None:
    """Each mapping of the stack is enabled, and its last attempt was no problem."""
    client, ids = cloud.client("lambda"), stack.of_type("AWS::Lambda::EventSourceMapping")
    deadline = time.monotonic() + MAPPINGS_SECONDS
    wrong = {}
    for logical, physical in sorted(ids.items()):
        try:
            mapping = client.get_event_source_mapping(UUID=physical)
        except ClientError as error:
            if code(error) != "ResourceNotFoundException":
                raise
            wrong[logical] = "not there: somebody has deleted it"
            continue
        while mapping["State"] not in SETTLED and time.monotonic() < deadline:
            time.sleep(5)
            mapping = client.get_event_source_mapping(UUID=physical)
        result = mapping.get("LastProcessingResult", "")
        if mapping["State"] != "Enabled" or result.startswith("PROBLEM"):
            wrong[logical] = f"{mapping['State']}, {result or mapping.get('StateTransitionReason', 'no reason is given')}"
    for logical, words in wrong.items():
        say(f"   WRONG: the mapping {logical} is {words}")
    if wrong:
        raise Failure(f"{len(wrong)} of {len(ids)} mappings do not read; docs/OPERATIONS.md says what their words mean")
    say(f"   {len(ids)} mappings are Enabled")


def ingest(cloud: Cloud) -> None:
    """One run of the ingestor, as its schedule does it; twice is as once."""
    if interruption.words == UNCHANGED:
        interruption.means("no stack was changed, and the ingestor's run goes on")
    answer = cloud.invoke("ingestor", {}, {"providers": (list,), "events": (dict,)})
    for provider in answer["providers"]:
        its = provider if isinstance(provider, dict) else {}
        say(f"   {its.get('provider', 'a provider without a name')}: {its.get('outcome', 'no outcome')}" + (f", {its['error']}" if its.get("error") else ""))
    say("   published: " + ", ".join(f"{count} {name}" for name, count in answer["events"].items()))


def health(url: str) -> None:
    """The API's own words on each service."""
    if not url:
        raise Failure("the stack has no output ApiUrl, so its API cannot be asked; `./deploy` makes it")
    for path in HEALTH:
        try:
            with urllib.request.urlopen(url + path, timeout=30) as answer:
                status, its = answer.status, json.load(answer)["data"]["status"]
        except urllib.error.HTTPError as error:
            raise Failure(f"{url}{path} answers {error.code}: {error.read().decode(errors='replace')}") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Failure(f"{url}{path} does not answer as it should: {error}") from error
        say(f"   {path}: {status}, {its}")


def addresses(cloud: Cloud, environment: Environment, stack: Stack) -> None:
    """What a person wants to know of the stack."""
    servers = stacks.read(cloud, read("servers").stack)
    named = {**stack.outputs, "NatAddress": servers.outputs.get("NatAddress", "")}
    for name, meaning in (("ApiUrl", "the API"), ("ConsoleUrl", "the web console, after ./console/build && ./console/deploy"), ("NatAddress", "for MongoDB Atlas's allow list")):
        if named.get(name):
            say(f"   {name}: {named[name]} ({meaning})")


def verify(steps: Steps, cloud: Cloud, environment: Environment) -> None:
    """All of it, with the stack as it is now."""
    stack = steps.do(f"Read the stack {environment.stack} again", lambda: stacks.read(cloud, environment.stack)) or Stack(environment.stack)
    if not steps.is_dry:
        stack.check_present(environment)
    steps.do("Check that each mapping is Enabled and has met no problem", lambda: mappings(cloud, stack))
    steps.do("Invoke the ingestor, as its schedule does", lambda: ingest(cloud))
    steps.do(f"Ask the API: {', '.join(HEALTH)}", lambda: health(stack.outputs.get("ApiUrl", "")))
    steps.do("Print the addresses", lambda: addresses(cloud, environment, stack))
