"""The command line of ./deploy."""

import signal
import sys

from botocore.exceptions import BotoCoreError, ClientError

from . import arguments, backfill, deploying, down, environments, function, servers, verifying
from .cloud import Cloud
from .console import Failure, complain, interruption, say
from .steps import Steps

# Who closes the terminal, or ends the program, interrupts it as Ctrl-C does.
SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def run(words: list[str]) -> bool:
    """The command; whether the run was dry."""
    command, name, given = arguments.read(words)
    environment = environments.read(name, given.region, given.stack)
    if command in ("deploy", "check"):
        # In dev `./deploy function` moves aliases as a matter of course.
        given.mend_aliases |= name == "dev"
    if command == "deploy":
        deploying.deploy(environment, given)
    elif command == "check":
        deploying.inspect(Steps(given.dry_run), environment, given)
    elif command == "servers":
        servers.deploy(environment, given)
    elif command == "function":
        function.deploy(environment, given)
    elif command == "backfill":
        backfill.run(environment, given)
    elif command == "down":
        (down.servers if name == "servers" else down.functions)(environment, given)
    elif command == "verify":
        verifying.verify(Steps(given.dry_run), Cloud(environment.region), environment)
    return given.dry_run


def interrupt(number: int, _frame: object) -> None:
    """Unwinds the program, so that what it has to take back is taken back."""
    raise KeyboardInterrupt(number)


def main() -> int:
    """The status to end with."""
    for number in SIGNALS:
        signal.signal(number, interrupt)
    try:
        is_dry = run(sys.argv[1:])
    except Failure as failure:
        complain(str(failure))
        return 1
    except ClientError as error:
        complain(f"AWS refuses {error.operation_name}: {error}")
        return 1
    except BotoCoreError as error:
        complain(f"AWS cannot be asked: {error}")
        return 1
    except KeyboardInterrupt as interrupted:
        complain(f"interrupted; {interruption.words}")
        return 128 + (interrupted.args[0] if interrupted.args else signal.SIGINT)
    say("this was a dry run: nothing was done" if is_dry else "done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
