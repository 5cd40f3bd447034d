"""The command line of ./deploy."""

import argparse
import sys

from botocore.exceptions import BotoCoreError, ClientError

from . import backfill, deploying, down, environments, function, servers, verifying
from .cloud import Cloud
from .console import Failure, complain, say
from .steps import Steps

COMMANDS = ("check", "verify", "servers", "function", "backfill", "down")
# Environments with functions.
STACKS = ("dev", "prod")
WITH_VALUE = ("--region", "--stack", "--parameters", "--built", "--binary", "--from", "--to")


def parser(command: str) -> argparse.ArgumentParser:
    """The options of a command."""
    made = argparse.ArgumentParser(prog="./deploy" + (f" {command}" if command != "deploy" else ""), allow_abbrev=False)
    made.add_argument("--region", help="before samconfig.toml's")
    made.add_argument("--stack", help="the stack's name, before samconfig.toml's")
    made.add_argument("--dry-run", action="store_true", help="print the steps, ask AWS for nothing and do nothing")
    made.add_argument("--yes", action="store_true", help="agree to what is asked")
    if command in ("deploy", "check", "servers"):
        made.add_argument("values", nargs="*", metavar="NAME=VALUE", help="parameters of the template that are not secret")
        made.add_argument("--parameters", action="append", default=[], metavar="FILE", help="a file of NAME=VALUE lines; - is the standard input")
    if command in ("deploy", "check"):
        made.add_argument("--ignore-alarms", action="store_true", help="this once no alarm stops the deployment or rolls it back")
        made.add_argument("--mend-aliases", action="store_true", help="lead aliases that were moved by hand back before the deployment; in dev that is done unasked")
    if command == "function":
        made.add_argument("name", metavar="NAME", help="as in template.yaml")
        made.add_argument("--binary", metavar="FILE", help="a bootstrap, instead of building one")
    if command == "backfill":
        made.add_argument("--from", dest="first", metavar="DAY", help="the first day, YYYY-MM-DD; without it the history's first")
        made.add_argument("--to", dest="last", metavar="DAY", help="the last day; without it the history's last")
    if command == "down":
        made.add_argument("--discard-messages", action="store_true", help="let go what the queues hold")
    if command == "deploy":
        made.add_argument("--built", metavar="FOLDER", help="what `sam build` has made, instead of building")
    return made


def run(words: list[str]) -> None:
    """The command."""
    command = words.pop(0) if words and words[0] in COMMANDS else "deploy"
    name = "servers" if command == "servers" else "dev"
    allowed = {"deploy": STACKS, "check": STACKS, "verify": STACKS, "function": STACKS, "backfill": STACKS, "down": environments.SECTIONS}
    # Before or behind options, but not as the value of one.
    for place, (before, word) in enumerate(zip(["", *words], words)):
        if word in allowed.get(command, ()) and before not in WITH_VALUE:
            name = words.pop(place)
            break
    arguments = parser(command).parse_args(words)
    environment = environments.read(name, arguments.region, arguments.stack)
    if command in ("deploy", "check"):
        # In dev `./deploy function` moves aliases as a matter of course.
        arguments.mend_aliases |= name == "dev"
    if command == "deploy":
        deploying.deploy(environment, arguments)
    elif command == "check":
        deploying.look(Steps(arguments.dry_run), environment, arguments)
    elif command == "servers":
        servers.deploy(environment, arguments)
    elif command == "function":
        function.deploy(environment, arguments)
    elif command == "backfill":
        backfill.run(environment, arguments)
    elif command == "down":
        (down.servers if name == "servers" else down.functions)(environment, arguments)
    elif command == "verify":
        verifying.verify(Steps(arguments.dry_run), Cloud(environment.region), environment)


def main() -> int:
    """The status to end with."""
    try:
        run(sys.argv[1:])
    except Failure as failure:
        complain(str(failure))
        return 1
    except ClientError as error:
        complain(f"AWS refuses {error.operation_name}: {error}")
        return 1
    except BotoCoreError as error:
        complain(f"AWS cannot be asked: {error}")
        return 1
    except KeyboardInterrupt:
        complain("interrupted; what CloudFormation has begun goes on there")
        return 130
    say("done" if "--dry-run" not in sys.argv else "this was a dry run: nothing was done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
