"""The words of the command line: which command, for which environment, with which options. What is refused is named without what may be secret in it."""

import argparse
import difflib
import re
from typing import NoReturn

from .console import LOGIN, MASK, Failure

# Environments with functions.
STACKS = ("dev", "prod")
# What each command does, and the environments that it knows.
COMMANDS = {
    "check": ("the checks before a deployment alone", STACKS),
    "verify": ("the look after a deployment alone", STACKS),
    "servers": ("Kafka, Redis, PostgreSQL and their network, and the file servers.parameters", ()),
    "function": ("NAME: one function's code, in dev, without CloudFormation", STACKS),
    "backfill": ("the history of rates", STACKS),
    "down": ("takes a stack down", (*STACKS, "servers")),
}
WITH_VALUE = ("--region", "--stack", "--parameters", "--built", "--binary", "--from", "--to")
USAGE = f"commands are {', '.join(COMMANDS)} (none deploys), environments {', '.join(STACKS)} (none is dev), then options and NAME=VALUE for parameters of the template"


def shown(word: str) -> str:
    """A word as it may be printed: neither the value of NAME=VALUE, nor a URL with a login. Nobody can know what else is secret."""
    name, equals, _ = word.partition("=")
    if "://" in word and (not equals or "://" in name):
        return f"a URL ({word.partition('://')[0]}://{MASK})"
    return repr(f"{name}={MASK}" if equals else word)


def nearest(word: str, known: list[str]) -> str:
    """A question after what was meant; nothing when nothing is near."""
    near = difflib.get_close_matches(word, known, 1)
    return f"; did you mean {near[0]}?" if near else ""


class Parser(argparse.ArgumentParser):
    """One whose refusals are sentences of ours."""

    def error(self, message: str) -> NoReturn:
        # argparse repeats what it refuses: the words of an option's value.
        told = LOGIN.sub(rf"\1{MASK}@", re.sub(r"=\S+|'\S*://\S*'", f"={MASK}", message))
        raise Failure(f"{told}; `{self.prog} --help` lists what is allowed")


class Once(argparse.Action):
    """An option that may stand there once."""

    def __call__(self, parser, namespace, values, option_string=None) -> None:
        if getattr(namespace, f"{self.dest}_given", False):
            parser.error(f"{option_string} stands there twice")
        setattr(namespace, f"{self.dest}_given", True)
        setattr(namespace, self.dest, values)


def parser(command: str) -> Parser:
    """The options of a command."""
    takes_values = command in ("deploy", "check", "servers")
    environments = STACKS if command == "deploy" else COMMANDS[command][1]
    words = [f"[{'|'.join(environments)}]"] if environments else []
    words += ["NAME"] if command == "function" else ["[NAME=VALUE]..."] if takes_values else []
    each = "\n".join(f"  ./deploy {name:9} {what}" for name, (what, _) in COMMANDS.items())
    made = Parser(
        prog="./deploy" + (f" {command}" if command != "deploy" else ""),
        usage=f"./deploy{f' {command}' if command != 'deploy' else ''} {' '.join([*words, '[OPTION]...'])}",
        description=f"commands:\n  ./deploy           checks, builds, deploys, and looks whether it runs\n{each}\n\nenvironments: dev (when none is named), prod" + ("; NAME=VALUE are parameters of the template that are not secret" if takes_values else ""),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    made.add_argument("--region", action=Once, help="before samconfig.toml's")
    made.add_argument("--stack", action=Once, help="the stack's name, before samconfig.toml's")
    made.add_argument("--dry-run", action="store_true", help="print the steps, ask AWS for nothing and do nothing")
    made.add_argument("--yes", action="store_true", help="agree to what is asked")
    if takes_values:
        made.add_argument("--parameters", action="append", default=[], metavar="FILE", help="a file of NAME=VALUE lines; - is the standard input")
    if command in ("deploy", "check"):
        made.add_argument("--ignore-alarms", action="store_true", help="this once no alarm stops the deployment or rolls it back")
        made.add_argument("--mend-aliases", action="store_true", help="lead aliases that were moved by hand back before the deployment; in dev that is done unasked")
    if command == "function":
        made.add_argument("--binary", action=Once, metavar="FILE", help="a bootstrap, instead of building one")
    if command == "backfill":
        made.add_argument("--from", dest="first", action=Once, metavar="DAY", help="the first day, YYYY-MM-DD; without it the history's first")
        made.add_argument("--to", dest="last", action=Once, metavar="DAY", help="the last day; without it the history's last")
    if command == "down":
        made.add_argument("--discard-messages", action="store_true", help="let go what the queues hold")
    if command == "deploy":
        made.add_argument("--built", action=Once, metavar="FOLDER", help="what `sam build` has made, instead of building")
    return made


def plain(words: list[str]) -> list[int]:
    """Where words stand that are neither options nor an option's value."""
    return [place for place, (before, word) in enumerate(zip(["", *words], words)) if not (word.startswith("-") and word != "-") and before not in WITH_VALUE]


def refuse(word: str, command: str, allowed: list[str]) -> NoReturn:
    """Says what a word would have to be."""
    if word in COMMANDS:
        raise Failure(f"{word} is a command, and stands before environments and parameters: ./deploy {word} …")
    near = nearest(word, allowed) if "=" not in word and "://" not in word else ""
    if command == "deploy":
        raise Failure(f"the argument is {shown(word)}{near or ';'} {USAGE}")
    raise Failure(f"the argument of ./deploy {command} is {shown(word)}{near or ';'} allowed are {', '.join(allowed)}")


def read(words: list[str]) -> tuple[str, str, argparse.Namespace]:
    """The command, the environment, and the options."""
    words = list(words)
    # A command may stand behind options too.
    first = next((place for place in plain(words) if words[place] not in STACKS), None)
    is_first = first is not None and plain(words)[0] == first and words[first] in COMMANDS
    command = words.pop(first) if is_first else "deploy"
    environments = STACKS if command == "deploy" else COMMANDS[command][1]
    name = "servers" if command == "servers" else "dev"
    place = next((each for each in plain(words) if words[each] in environments), None)
    if place is not None:
        name = words.pop(place)
    arguments, rest = parser(command).parse_known_args(words)
    arguments.values, arguments.name = [], None
    for word in rest:
        if word.startswith("-"):
            option = word.partition("=")[0]
            known = [each for action in parser(command)._actions for each in action.option_strings if each.startswith("--")]
            raise Failure(f"the option is {shown(word)}{nearest(option, known) or ';'} allowed are {', '.join(known)}")
        if command == "function" and arguments.name is None:
            arguments.name = word
        elif "=" in word and "://" not in word.partition("=")[0] and command in ("deploy", "check", "servers"):
            arguments.values.append(word)
        else:
            its = [*environments, *(["NAME=VALUE"] if command in ("check", "servers") else []), "options"]
            refuse(word, command, [*COMMANDS, *STACKS] if command == "deploy" else its)
    if command == "function" and arguments.name is None:
        raise Failure("./deploy function wants the NAME of a function, as in template.yaml")
    return command, name, arguments
