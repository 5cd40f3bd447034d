"""Builds the functions, writes the template that is deployed, and puts code and template where CloudFormation reads them."""

import json
import subprocess
from pathlib import Path

from . import template as templates
from .cloud import Cloud
from .console import Failure, say
from .environments import ROOT, Environment

BUILT = ROOT / ".aws-sam/build"
# CloudFormation takes a template of so many bytes in the request itself.
BODY_LIMIT = 51_200
DEFAULT = "arm64"
# Lambda's names of processors, and the ELF specification's numbers.
MACHINES = {"arm64": 183, "x86_64": 62}


def run(*command: str | Path) -> None:
    """Runs a program of the tools; its output is shown as it comes."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=ROOT, check=False)
    if done.returncode != 0:
        raise Failure(f"`{' '.join(words[:3])}` ended with {done.returncode}; its own lines above say why")


def build_command(environment: Environment, architecture: str) -> list[str]:
    """SAM's own build, with the environment's settings; it has to know of another processor than the template's default."""
    command = ["sam", "build", "--config-env", environment.section]
    return command if architecture == DEFAULT else [*command, "--parameter-overrides", f"Architecture={architecture}"]


def package_command(environment: Environment, folder: Path) -> list[str]:
    """Uploads the code under names that are its hash, so that what has not changed is not sent again."""
    places = ["--template-file", str(folder / "stamped.json"), "--output-template-file", str(folder / "packaged.json")]
    return ["sam", "package", "--config-env", environment.section, *places, "--use-json", "--resolve-s3", "--s3-prefix", environment.stack, "--region", environment.region]


def is_for(bootstrap: Path, architecture: str) -> bool:
    """Whether it is a 64-bit ELF file for it (the ELF specification: magic, class, and machine at byte 18)."""
    with bootstrap.open("rb") as file:
        head = file.read(20)
    return head[:5] == b"\x7fELF\x02" and len(head) == 20 and int.from_bytes(head[18:20], "little") == MACHINES[architecture]


def check_architecture(bootstrap: Path, architecture: str) -> None:
    """Ends the program when Lambda could not run it. Neither SAM nor cargo-lambda looks."""
    if not bootstrap.is_file():
        raise Failure(f"{bootstrap} is not there; `sam build` or `cargo lambda build` makes it")
    if not is_for(bootstrap, architecture):
        raise Failure(f"{bootstrap} is no program (an ELF file) for {architecture}, and the functions are for {architecture} alone")


def check_built(folder: Path, architecture: str) -> None:
    """Each function of the built template has a bootstrap that it can run."""
    built = templates.read(folder / "template.yaml")
    for body in templates.functions(built).values():
        check_architecture(folder / body["Properties"]["CodeUri"] / "bootstrap", architecture)


def workplace(environment: Environment) -> Path:
    """Where the templates of a deployment are, which have no parameter's value."""
    return ROOT / ".aws-sam" / f"deploy-{environment.name}"


def write_stamped(template: dict, built: Path, folder: Path) -> None:
    """The template that goes on to `sam package`, with the places of the code."""
    resources = dict(template["Resources"])
    for name, body in templates.functions(template).items():
        place = str(built / body["Properties"]["CodeUri"])
        resources[name] = {**body, "Properties": {**body["Properties"], "CodeUri": place}}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "stamped.json").write_text(json.dumps({**template, "Resources": resources}))


def upload(cloud: Cloud, environment: Environment, folder: Path) -> dict[str, str]:
    """The packaged template as a change set takes it: in the request when it is small, else by its address in the bucket of the code."""
    text = (folder / "packaged.json").read_text()
    if len(text.encode()) <= BODY_LIMIT:
        return {"TemplateBody": text}
    packaged = json.loads(text)
    (bucket, *_) = {body["Properties"]["CodeUri"].removeprefix("s3://").split("/")[0] for body in templates.functions(packaged).values()}
    key = f"{environment.stack}/template.json"
    cloud.client("s3").put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType="application/json")
    say(f"   the template is in s3://{bucket}/{key}")
    return {"TemplateURL": f"https://s3.{cloud.region}.{cloud.domain}/{bucket}/{key}"}
