"""What the program says and asks. Nothing that is secret leaves by here: values that are told to `hide` are masked in every line, and so are logins in URLs."""

import re
import sys

MASK = "****"
# What stands before the host of a URL: a user, mostly with a password.
LOGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)[^\s'\"`]*@")
UNCHANGED = "nothing was changed"
YES = ("y", "yes")
_secrets: set[str] = set()


class Failure(Exception):
    """What ends the program: a sentence that names the thing, its value and what is allowed."""


def hide(value: str) -> None:
    """From now on this value is masked. A short one would blot out innocent words, and is no secret."""
    if len(value) > 3:
        _secrets.add(value)


def masked(text: str) -> str:
    """The text without secret values, longest first, because one may be a part of another."""
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    return LOGIN.sub(rf"\1{MASK}@", text)


def say(text: str = "") -> None:
    """A line for who runs the program."""
    print(masked(text), flush=True)


def complain(text: str) -> None:
    """The line that says why the program ends."""
    print(f"deploy: {masked(text)}", file=sys.stderr, flush=True)


def refuse(problems: list[str]) -> None:
    """Ends the program when there are any, with all of them told."""
    for sentence in problems:
        say(f"      WRONG: {sentence}")
    end(len(problems))


def end(count: int) -> None:
    """Ends the program when so many problems were told."""
    if count:
        raise Failure(f"{count} {'thing is' if count == 1 else 'things are'} not as the deployment needs {'it' if count == 1 else 'them'}; nothing was changed")


def confirm(question: str, is_agreed: bool, wanted: str = "y") -> None:
    """Goes on when it is agreed to, by --yes or by typing what is wanted; for `y` that is `yes` as well."""
    if is_agreed:
        return
    if not sys.stdin.isatty():
        raise Failure(f"{question} Nobody can answer here, because the standard input is no terminal; give --yes")
    try:
        answer = input(masked(f"{question} [{wanted}/no] ")).strip()
    except EOFError:
        # The line of the question has not ended.
        print(flush=True)
        raise Failure("nothing was changed, because nobody answered") from None
    if answer != wanted and not (wanted in YES and answer.lower() in YES):
        raise Failure("nothing was changed, because it was not agreed to")


class Interruption:
    """What is true when somebody interrupts the program now."""

    def __init__(self) -> None:
        self.words = UNCHANGED

    def means(self, words: str) -> None:
        """From now on this is true."""
        self.words = words


interruption = Interruption()
