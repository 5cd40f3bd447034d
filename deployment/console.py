"""What the program says and asks. Nothing that is secret leaves by here: values that are told to `hide` are masked in every line."""

import sys

MASK = "****"
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
    return text


def say(text: str = "") -> None:
    """A line for who runs the program."""
    print(masked(text), flush=True)


def complain(text: str) -> None:
    """The line that says why the program ends."""
    print(f"deploy: {masked(text)}", file=sys.stderr, flush=True)


def confirm(question: str, is_agreed: bool, wanted: str = "y") -> None:
    """Goes on when it is agreed to, by --yes or by typing what is wanted."""
    if is_agreed:
        return
    if not sys.stdin.isatty():
        raise Failure(f"{question} Nobody can answer here, because the standard input is no terminal; give --yes")
    if input(masked(f"{question} [{wanted}/no] ")).strip() != wanted:
        raise Failure("nothing was changed, because it was not agreed to")
