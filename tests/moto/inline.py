"""Reads the commands that stand within sentences and tables of the documents, between backticks, where no test can run them: AWS's commands have operations and
options that there are, with all that are required; functions are invoked by their alias, with payloads as they are written; programs of this project are there.

Prints a line, and ends with 1 at what is not as it must be.
"""

import re
import shlex
import sys

import botocore.session
from botocore import xform_name
from stack import ROOT, must

sys.path.insert(0, str(ROOT))
from deployment import arguments, console  # noqa: E402

FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
# Commands of the AWS CLI's own, and options that each command has.
OWN = {"configure", "s3"}
GLOBAL = {"--query", "--output", "--endpoint-url", "--region", "--profile", "--cli-binary-format", "--cli-read-timeout"}
SESSION = botocore.session.get_session()


def wrong_of_aws(words: list[str]) -> str:
    """What the AWS CLI would refuse, or take for something else."""
    service, operation, *rest = words
    if service in OWN:
        return ""
    model = SESSION.get_service_model(service)
    by_name = {xform_name(name, "-"): name for name in model.operation_names}
    if operation not in by_name:
        return f"{service} has no {operation}"
    shape = model.operation_model(by_name[operation]).input_shape
    members = {f"--{xform_name(name, '-')}": name for name in (shape.members if shape else {})}
    given = {word for word in rest if word.startswith("--")}
    flags = {f"--no-{name[2:]}": name for name in members}
    unknown = given - members.keys() - flags.keys() - GLOBAL
    if unknown:
        return f"{service} {operation} has no {', '.join(sorted(unknown))}"
    lacking = {name for name, member in members.items() if shape and member in shape.required_members} - given
    if lacking:
        return f"{', '.join(sorted(lacking))} {'is' if len(lacking) == 1 else 'are'} required"
    if (service, operation) == ("lambda", "invoke"):
        if "--qualifier" not in given:
            return "it invokes $LATEST, and triggers invoke the alias: --qualifier live"
        if "--payload" in given and "--cli-binary-format" not in given:
            return "its payload would be taken for base64: --cli-binary-format raw-in-base64-out"
    return ""


def wrong(command: str) -> str | None:
    """What is wrong with it; None when it is no command of those that are looked at."""
    words = shlex.split(re.sub(r"^([A-Z_]+=\S+ +)+", "", command).split(" | ")[0].split(" && ")[0].replace("\\|", " "))
    if words[:1] == ["aws"] and len(words) > 2:
        return wrong_of_aws(words[1:])
    if not words or not words[0].startswith("./"):
        return None
    if not (ROOT / words[0]).is_file():
        return f"{words[0]} is not there"
    if words[0] == "./deploy":
        try:
            arguments.read(words[1:])
        except console.Failure as failure:
            return str(failure)
    return ""


def main() -> None:
    """Everything in order."""
    counts: dict[str, int] = {}
    found = []
    for path in sorted([*ROOT.glob("docs/**/*.md"), *ROOT.glob("README*.md")]):
        text = FENCE.sub(lambda fence: "\n" * fence.group().count("\n"), path.read_text())
        for match in INLINE.finditer(text):
            try:
                fault = wrong(match.group(1))
            except ValueError:
                # A part of a command, or none.
                continue
            if fault is not None:
                counts[path.name] = counts.get(path.name, 0) + 1
            if fault:
                found.append(f"{path.name}:{text[: match.start()].count(chr(10)) + 1}: `{match.group(1)}`: {fault}")
    must(not found, "\n".join(found))
    must(sum(counts.values()) > 100, f"{counts}")
    for command, words in (
        ("aws lambda invoke --function-name a /dev/stdout", "$LATEST"), ("aws lambda invoke --function-name a --qualifier live --payload '{}' b", "base64"), ("aws lambda get-event-source-mapping", "--uuid is required"),
        ("aws lambda list-mappings", "has no list-mappings"), ("aws sqs get-queue-attributes --queue-url a --names b", "has no --names"), ("./deploy verfy", "did you mean"), ("./nothing", "is not there"),
    ):
        must(words in (wrong(command) or ""), f"{command}: {wrong(command)} says {words}")
    print("commands in sentences: " + ", ".join(f"{count} of {name}" for name, count in counts.items()))


if __name__ == "__main__":
    main()
