"""`./deploy backfill`: the ECB's history, in as many invocations as it takes, one after the other.

An invocation lasts up to 14 minutes. A client that gives up after a minute and asks again would have the same span published by two at the same time, so this one
waits for an hour, and never repeats a call by itself.
"""

import datetime
import time
from argparse import Namespace

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from .cloud import Cloud, code
from .console import Failure, say
from .environments import Environment
from .steps import Steps

FUNCTION = "operations-backfill"
# The function's own limit is 14 minutes.
PATIENCE_SECONDS = 900
BUSY_SECONDS = 30


def day(text: str) -> datetime.date:
    """A day of the arguments."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise Failure(f"the day is {text!r}; allowed is YYYY-MM-DD") from None


def call(cloud: Cloud, span: dict) -> dict:
    """One invocation. While another is at work, which has the function's only place, it waits."""
    while True:
        try:
            return cloud.invoke(FUNCTION, span, PATIENCE_SECONDS)
        except ClientError as error:
            if code(error) != "TooManyRequestsException":
                raise
            say(f"   {FUNCTION} is at work already; waiting")
            time.sleep(BUSY_SECONDS)
        except (ReadTimeoutError, ConnectionClosedError) as error:
            raise Failure(
                f"the connection to Lambda ended before {FUNCTION} answered, which may still be at work; after {PATIENCE_SECONDS // 60} minutes run this again with the same days: "
                f"publishing twice is as once ({error})"
            ) from error


def publish(cloud: Cloud, span: dict) -> None:
    """Calls until the span is published. Another file of the ECB's meanwhile means from the beginning."""
    rest, modified = dict(span), None
    while True:
        answer = call(cloud, rest)
        through = answer["published_through"]
        say(f"   published through {through}: {answer['events']} events of {answer['days']} days, {answer['days_left']} days left, {answer['left_out_count']} left out")
        if modified not in (None, answer["last_modified"]):
            say(f"   the ECB has put up another file ({answer['last_modified']}): from the beginning")
            rest, modified = dict(span), answer["last_modified"]
            continue
        modified = answer["last_modified"]
        if answer["done"]:
            return
        if answer["backed_up"]:
            raise Failure(f"Kafka did not acknowledge {answer['backed_up']} events, which wait in the backup queue; when Kafka is back, go on with --from {following(through)}")
        if through is None:
            raise Failure("nothing was published in a whole invocation; docs/OPERATIONS.md says where to look")
        rest["from"] = following(through)


def following(text: str) -> str:
    """The day after."""
    return (day(text) + datetime.timedelta(days=1)).isoformat()


def run(environment: Environment, arguments: Namespace) -> None:
    """The span of the arguments; without one the whole history."""
    span = {name: day(text).isoformat() for name, text in (("from", arguments.first), ("to", arguments.last)) if text}
    if len(span) == 2 and span["from"] > span["to"]:
        raise Failure(f"--from is {span['from']}, after --to, which is {span['to']}")
    steps, cloud = Steps(arguments.dry_run), Cloud(environment.region)
    words = " ".join(f"{name} {text}" for name, text in span.items()) or "of the whole history"
    steps.do(f"Invoke {FUNCTION} until all days {words} are published, one call after the other", lambda: publish(cloud, span))
