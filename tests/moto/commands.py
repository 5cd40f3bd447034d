"""Runs ./deploy's command line, as a person types it, on a moto server: what is refused and how, what a terminal answers, and whose stack is touched.

Prints a line a step, and ends with 1 at what is not as it must be.
"""

import contextlib
import http.server
import io
import json
import pathlib
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from aws import State, server
from bench import Bench, refused
from workplace import Workplace
from stack import REGION, must

from deployment import backfill, changes, environments, stack as stacks
from deployment.cloud import Cloud

SECRET = "rediss://user:hush-4711@redis.example:6379"
PARAMETERS = f"KafkaBootstrapServers=broker.example:9098\nMskClusterArn=arn:aws:kafka:us-east-1:123456789012:cluster/h/0a1b-1\nRedisUrl={SECRET}\nDatabaseUrl=postgres://host/rates\nMongodbUri=mongodb://host/h\n"

# What was invoked.
called: list[str] = []


def typed(workplace: Workplace) -> None:
    """Help names what there is; what is mistyped is named with what is near, and nothing that may be secret is repeated."""
    for words in ((), ("backfill",)):
        text = workplace.deploy(*words, "--help")
        must(all(f"./deploy {each}" in text for each in ("check", "verify", "servers", "function", "backfill", "down")) and "dev" in text and "prod" in text, text)
    for words, said in (
        (("verfy",), "did you mean verify?"), (("staging",), "commands are check, verify"), (("dev", "verify"), "verify is a command, and stands before"), (("down", "all"), "allowed are dev, prod, servers"),
        (("--regoin", "x"), "did you mean --region?"), (("function",), "wants the NAME of a function"), (("verify", "LogLevel=debug"), "'LogLevel=****'; allowed are dev, prod"), (("--stack", "a", "--stack", "b"), "--stack stands there twice"),
        (("backfill", "--from", "2026-W01-1"), "--from is '2026-W01-1'; allowed is YYYY-MM-DD"), (("backfill", "--to", "20260101"), "--to is '20260101'"), (("backfill", "--to", ""), "--to is ''"),
        (("--dry-run", "LogLevel=a", "LogLevel=b"), "LogLevel stands there twice"),
    ):
        text = workplace.deploy(*words, status=1)
        must(said in text and "Traceback" not in text, f"{words}: {text}")
    for words in ((SECRET,), ("verify", SECRET), ("verify", f"RedisUrl={SECRET}"), (f"--RedisUrl={SECRET}",), (f"--yes={SECRET}",), (f"RedisUrl={SECRET}",), (f"RedisURL={SECRET}",), ("--parameters", SECRET), ("backfill", "--from", SECRET)):
        text = workplace.deploy(*words, "--dry-run", status=1)
        must("hush" not in text and "Traceback" not in text, f"{words}: {text}")
    must("Invoke the ingestor" in workplace.deploy("--dry-run", "verify"), "a command behind an option")
    must("LogRetentionDays = '60'" in workplace.deploy("prod", "LogRetentionDays=60", "--dry-run", "Console=false"), "parameters before and behind options")
    moved = workplace.root / "samconfig.toml"
    moved.rename(workplace.root / "elsewhere")
    text = workplace.deploy("check", status=1)
    must("cannot read samconfig.toml" in text and "Traceback" not in text, text)
    (workplace.root / "elsewhere").rename(moved)
    print("words: help names commands and environments; a mistyped word is named with the nearest, and no secret is repeated")


def dry(workplace: Workplace) -> None:
    """A dry run says what a first deployment would, refuses what every one would, and claims nothing of a stack that it does not see."""
    text = workplace.deploy("--dry-run")
    must("kept by the stack" not in text and "a first deployment ends with: no value is given for KafkaBootstrapServers, RedisUrl, DatabaseUrl, MongodbUri" in text, text)
    real = workplace.deploy("check", status=1)
    must("no value is given for KafkaBootstrapServers, RedisUrl, DatabaseUrl, MongodbUri" in real, real)
    must("ends with: KafkaSecurity is 'msk_iam' and MskClusterArn is not given" in text and "KafkaSecurity is 'msk_iam' and MskClusterArn is not given" in real, f"{text}{real}")
    workplace.write(PARAMETERS)
    text = workplace.deploy("--dry-run")
    must("ends with: " not in text and "RedisUrl = ****, deploy.dev.parameters" in text, text)
    text = workplace.deploy("--dry-run", "IngestSchedule=rate(5 minute)", "LogLevel=loud", status=1)
    must(text.count("WRONG: ") == 2 and "2 things are not" in text, text)
    other = workplace.root / "elsewhere.parameters"
    other.write_text(PARAMETERS)
    other.chmod(0o644)
    text = workplace.deploy("check", "--parameters", str(other), "RateBatchSize=1.5", "AlarmEmial=x", status=1)
    for words in ("has RedisUrl, DatabaseUrl, MongodbUri, which are secret", "RateBatchSize is '1.5'", "did you mean AlarmEmail?", "MSK has no such cluster"):
        must(words in text, f"{words!r} in {text}")
    must(text.count("WRONG: ") == 4 and "hush" not in text, text)
    other.unlink()
    print("dry run: says of a first deployment what it would say; check: all problems of values, files and AWS at once")


def left(workplace: Workplace) -> tuple[list[str], int]:
    """The stacks, and the change sets that wait for somebody."""
    formation = workplace.client("cloudformation")
    names = workplace.stacks()
    return names, sum(len(formation.list_change_sets(StackName=name)["Summaries"]) for name in names)


def asked(workplace: Workplace, bench: Bench) -> None:
    """Whatever ends a first deployment at its question leaves neither a change set nor an empty stack, and what is said is true; `yes` is an agreement."""
    words = ("servers", "CreateRedis=false", "CreateDatabase=false")
    ends = [(b"\x04", 0, 1, "nobody answered"), (b"\x03", 0, 130, "interrupted; nothing was changed"), (b"no\n", 0, 1, "not agreed to"), (b"", signal.SIGTERM, 143, "interrupted; nothing was changed"), (b"", signal.SIGHUP, 129, "interrupted")]
    for keys, number, status, said in ends:
        ended, text = workplace.answer(keys, *words, number=number)
        must(ended == status and said in text and "Traceback" not in text and "goes on there" not in text, f"{keys} {number}: {ended} {text}")
        must(left(workplace) == ([], 0), f"{keys} {number}: {left(workplace)} is left")
    ended, text = workplace.answer(b"yes\n", *words)
    must(ended == 0 and "CREATE_COMPLETE" in text, text)
    ended, text = workplace.answer(b"\x03", *words, "AlarmEmail=operator@example.com")
    must(ended == 130 and workplace.stacks() == ["hwanyul-servers"], f"a stack that is there stays: {ended} {text}")
    waiting = [each for each in workplace.client("cloudformation").list_change_sets(StackName="hwanyul-servers")["Summaries"] if each["ExecutionStatus"] == "AVAILABLE"]
    must(not waiting, f"a change set waits: {waiting}")
    for keys, status, said in ((b"\x04", 1, "nobody answered"), (b"yes\n", 1, "not agreed to"), (b"\x03", 130, "interrupted; nothing was changed")):
        ended, text = workplace.answer(keys, "down", "servers")
        must(ended == status and said in text and "Traceback" not in text and workplace.stacks() == ["hwanyul-servers"], f"down, {keys}: {ended} {text}")
    workplace.deploy("down", "servers", "--yes")
    must(left(workplace) == ([], 0), "down")
    unasked(bench)
    print("questions: Ctrl-D, Ctrl-C, no and signals leave nothing behind and say so, in down as well; yes is y")


def unasked(bench: Bench) -> None:
    """What ends the program before the question, while the change set is made or shown."""
    environment = environments.read("servers", region=REGION)
    body = {"TemplateBody": json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})}
    # Of the second, the first call is the one that waits until it is made.
    for place, effects in (("show", [KeyboardInterrupt]), ("Proposal._described", [KeyboardInterrupt, {}]), ("confirm", [KeyboardInterrupt])):
        with contextlib.redirect_stdout(io.StringIO()), patch(f"deployment.changes.{place}", side_effect=effects):
            try:
                with changes.Proposal(Cloud(REGION), environment, stacks.Stack(environment.stack)) as proposal:
                    proposal.make(body, [])
                    proposal.agree(False)
                    must(False, f"{place} was not asked")
            except KeyboardInterrupt:
                pass
        must(stacks.read(Cloud(REGION), environment.stack).status is None, f"{place}: the empty stack is left")


@contextmanager
def functions(answers: list[bytes]) -> Iterator[str]:
    """An Invoke API whose functions answer with these, one after the other, the last again and again."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            called.append(self.path)
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answers.pop(0) if len(answers) > 1 else answers[0])

        def log_message(self, *_: object) -> None:
            pass

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.server_port}"
    finally:
        listener.shutdown()


def stages(workplace: Workplace, bench: Bench) -> None:
    """prod's commands do not run dev's functions; of an answer that is none a sentence says so."""
    for command in ("verify", "backfill"):
        must("there is no stack hwanyul in us-east-1; `./deploy prod` makes it" in workplace.deploy(command, "prod", status=1), f"{command} without a stack")
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}})
    bench.client("cloudformation").create_stack(StackName="hwanyul", TemplateBody=body, Tags=[{"Key": "stage", "Value": "dev"}])
    must("there is no function operations-backfill with an alias live" in workplace.deploy("backfill", status=1), "no function")
    role = bench.client("iam").create_role(RoleName="functions", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    for name in ("ingestor", "operations-backfill"):
        bench.client("lambda").create_function(FunctionName=name, Publish=True, Role=role, Runtime="provided.al2023", Handler="bootstrap", Code={"ZipFile": b"PK\x05\x06" + bytes(18)})
        bench.client("lambda").create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    whole = {"published_through": "2026-01-02", "done": True, "events": 1, "backed_up": 0, "days": 1, "days_left": 0, "left_out_count": 0, "last_modified": None}
    with functions([json.dumps({"providers": [], "events": {}, **whole}).encode()]) as State.functions:
        called.clear()
        for command in ("verify", "backfill", "check"):
            must("has the tag stage=dev, and prod is stage=prod" in workplace.deploy(command, "prod", status=1), f"{command} prod on dev's stack")
        must(not called, f"dev's functions were invoked: {called}")
        must("published through 2026-01-02" in workplace.deploy("backfill"), "dev's own")
        must(len(called) == 1, f"which is seen: {called}")
    for odd in ({}, [], "text", None, {**whole, "done": "yes"}, {**whole, "published_through": 7}, {key: value for key, value in whole.items() if key != "days"}):
        with functions([json.dumps(odd).encode()]) as State.functions:
            for command, name in (("backfill", "operations-backfill"), ("verify", "ingestor")):
                text = workplace.deploy(command, status=1)
                must(f"{name} answers " in text and "Traceback" not in text, f"{command}, {odd}: {text}")
    with functions([b"<html>"]) as State.functions:
        must("operations-backfill answers '<html>'" in workplace.deploy("backfill", status=1), "what is no JSON")
    for odd, said in (({"published_through": "soon", "done": False}, "published_through in the answer"), ({"published_through": None, "done": False, "backed_up": 3}, "begin again"), ({"published_through": None, "done": False}, "nothing was published")):
        with functions([json.dumps({**whole, **odd}).encode()]) as State.functions, contextlib.redirect_stdout(io.StringIO()):
            refused(lambda: backfill.publish(Cloud(REGION), {}), said)
    print("stages: verify, backfill and check of prod let dev's stack alone; an odd answer is a sentence")


def deleted(workplace: Workplace, bench: Bench) -> None:
    """`./deploy function` of a function that somebody has deleted leads to what helps."""
    lambdas = {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "history-api", "Runtime": "provided.al2023", "Handler": "bootstrap", "Role": "arn:aws:iam::123456789012:role/functions", "Code": {"S3Bucket": "code", "S3Key": "a.zip"}}}
    bench.client("s3").create_bucket(Bucket="code")
    bench.client("s3").put_object(Bucket="code", Key="a.zip", Body=b"PK\x05\x06" + bytes(18))
    bench.client("cloudformation").delete_stack(StackName="hwanyul")
    bench.client("cloudformation").create_stack(StackName="hwanyul", TemplateBody=json.dumps({"Resources": {"HistoryApi": lambdas}}), Tags=[{"Key": "stage", "Value": "dev"}])
    bench.client("lambda").delete_function(FunctionName="history-api")
    workplace.write(PARAMETERS)
    text = workplace.deploy("check", "LogLevel=loud", status=1)
    must("the function history-api is of the stack hwanyul and is not there" in text and "LogLevel is 'loud'" in text and "MSK has no such cluster" in text and "ingestor is there and is not of the stack" in text, text)
    text = workplace.deploy("function", "history-api", status=1)
    must("somebody has deleted it" in text and "`./deploy down`, then `./deploy`" in text, text)
    print("deleted by hand: check tells it with all else, and ./deploy function the way on")


def main() -> None:
    """Everything in order."""
    with tempfile.TemporaryDirectory() as folder, server() as endpoint, patch.dict("os.environ", {"AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}):
        workplace, bench = Workplace(pathlib.Path(folder), endpoint), Bench(endpoint)
        typed(workplace)
        dry(workplace)
        for step in (asked, stages, deleted):
            step(workplace, bench)
        must("hush" not in workplace.printed, "a secret was printed")


if __name__ == "__main__":
    main()
