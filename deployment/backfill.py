"""`./deploy backfill`: the ECB's history, in as many invocations as it takes, one after the other.

An invocation lasts up to 14 minutes. A client that gives up after a minute and asks again would have the same span published by two at the same time, so this one
waits for an hour, and never repeats a call by itself.
"""

import datetime
import re
import time
from argparse import Namespace

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from . import stack as stacks
from .cloud import Cloud, code
from .console import Failure, interruption, say
from .environments import Environment
from .steps import Steps

FUNCTION = "operations-backfill"
# The function's own limit is 14 minutes.
PATIENCE_SECONDS = 900
BUSY_SECONDS = 30
DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
TEXT = (str, type(None))
# What an answer has, and of which type.
ANSWER = {"published_through": TEXT, "done": (bool,), "events": (int,), "backed_up": (int,), "days": (int,), "days_left": (int,), "left_out_count": (int,), "last_modified": TEXT}


def day(text: str, what: str = "the day") -> datetime.date:
    """A day as it is written in arguments and answers; fromisoformat would take weeks as well, and digits without dashes."""
    try:
        if DAY.fullmatch(text):
            return datetime.date.fromisoformat(text)
    except ValueError:
        pass
    raise Failure(f"{what} is {text!r}; allowed is YYYY-MM-DD, a day of the calendar")


def call(cloud: Cloud, span: dict) -> dict:
    """One invocation. While another is at work, which has the function's only place, it waits."""
    while True:
        try:
            return cloud.invoke(FUNCTION, span, ANSWER, PATIENCE_SECONDS)
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
    interruption.means(f"{FUNCTION} may be at work for up to {PATIENCE_SECONDS // 60} minutes more; then run this again with the same days: publishing twice is as once")
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
            on = f"go on with --from {following(through)}" if through else "begin again"
            raise Failure(f"Kafka did not acknowledge {answer['backed_up']} events, which wait in the backup queue; when Kafka is back, {on}")
        if through is None:
            raise Failure("nothing was published in a whole invocation; docs/OPERATIONS.md says where to look")
        rest["from"] = following(through)


def following(text: str) -> str:
    """The day after."""
    return (day(text, f"published_through in the answer of {FUNCTION}") + datetime.timedelta(days=1)).isoformat()


def run(environment: Environment, arguments: Namespace) -> None:
    """The span of the arguments; without one the whole history."""
    given = (("from", arguments.first), ("to", arguments.last))
    span = {name: day(text, f"--{name}").isoformat() for name, text in given if text is not None}
    if len(span) == 2 and span["from"] > span["to"]:
        raise Failure(f"--from is {span['from']}, after --to, which is {span['to']}")
    steps, cloud = Steps(arguments.dry_run), Cloud(environment.region)
    steps.do(f"Check that the stack {environment.stack} is {environment.name}'s", lambda: stacks.read(cloud, environment.stack).check_present(environment))
    words = " ".join(f"{name} {text}" for name, text in span.items()) or "of the whole history"
    steps.do(f"Invoke {FUNCTION} until all days {words} are published, one call after the other", lambda: publish(cloud, span))
