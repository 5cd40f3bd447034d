"""Runs ./deploy from the first deployment to the last, against a moto server for CloudFormation and the rest, and a local stack for the functions' answers.

It is a copy of the checkout's files that it needs, so that nobody's own parameters take part. What it prints, writes, uploads and gives to programs as arguments is
searched for the secret values. Prints a line a step, and ends with 1 at what is not as it must be.
"""

import json
import os
import pathlib
import platform
import re
import subprocess
import tempfile

import local
from aws import ACCOUNT, BROKERS, State, server
from workplace import Workplace, templates
from documented import client_of_aws
from moto.kafka.models import kafka_backends
from policy import allows
from stack import REGION, ROOT, must

SECRETS = ("hush-redis-4711", "hush-database-4712", "hush-mongodb-4713", "hush-redis-4714")
PARAMETERS = f"""# Written for a test.
KafkaBootstrapServers=broker.example:9098
KafkaSecurity=plaintext
RedisUrl=rediss://user:{SECRETS[0]}@redis.example:6379
DatabaseUrl=postgres://user:{SECRETS[1]}@database.example/rates
Console=false
"""


def servers(workplace: Workplace) -> None:
    """The network and Kafka of servers.yaml; moto has neither ElastiCache Serverless nor RDS Proxy. Its outputs are what the next deployment reads."""
    text = workplace.deploy("servers", "--yes", "CreateRedis=false", "CreateDatabase=false")
    outputs = templates.read(workplace.root / "servers.yaml")["Outputs"]
    must("CREATE_COMPLETE" in text and ("NatAddress: " in text) == ("NatAddress" in outputs), text)
    path = workplace.root / "servers.parameters"
    written = path.read_text()
    must(path.stat().st_mode & 0o777 == 0o600, f"servers.parameters has the mode {path.stat().st_mode:o}")
    for words in ("# account 123456789012, region us-east-1\n", f"KafkaBootstrapServers={BROKERS}\n", "MskClusterArn=arn:aws:kafka:", "OutboundSubnetIds=subnet-", "SecurityGroupIds=sg-"):
        must(words in written, f"{words!r} in {written}")
    path.chmod(0o644)
    must("nothing to change" in workplace.deploy("servers", "--yes") and path.read_text() == written, "a second time")
    must(path.stat().st_mode & 0o777 == 0o600, "the file is its owner's alone again")
    dry = workplace.deploy("--dry-run")
    must("SecurityGroupIds = 'sg-" in dry and "servers.parameters" in dry, dry)
    must("KafkaBootstrapServers = 'broker.example:9098', deploy.dev.parameters" in dry, f"one's own values go before: {dry}")
    path.write_text(written.replace("region us-east-1", "region eu-west-1"))
    must("servers.parameters is of account 123456789012, region eu-west-1" in workplace.deploy("check", status=1), "another region's servers")
    path.unlink()
    print("servers: network and Kafka, and their outputs in a file of one's own for this account and region")


def cluster(workplace: Workplace) -> str:
    """The servers' cluster, which the mappings read. moto's stay as they are made, so it is told that it is ready."""
    (made,) = workplace.client("kafka").list_clusters_v2()["ClusterInfoList"]
    kafka_backends[ACCOUNT][REGION].clusters[made["ClusterArn"]].state = "ACTIVE"
    return made["ClusterArn"]


def no_servers(workplace: Workplace) -> None:
    """Not while functions stand in their subnets; then the cluster, which CloudFormation would keep, goes first."""
    kafka = workplace.client("kafka")
    must("no terminal" in workplace.deploy("down", "servers", status=1), "nobody agreed")
    must(len(kafka.list_clusters_v2()["ClusterInfoList"]) == 1, "the cluster is there")
    workplace.deploy("down", "servers", "--yes")
    must(not kafka.list_clusters_v2()["ClusterInfoList"] and "hwanyul-servers" not in workplace.stacks(), "cluster and stack are gone")
    print("down servers: the cluster first, then its network")


def first(workplace: Workplace, built: str) -> None:
    """Refused without what is lacking; then with parameters from a file, the standard input and the command line."""
    workplace.write(workplace.parameters, 0o644)
    must("chmod 600 deploy.dev.parameters" in workplace.deploy("--dry-run", status=1), "a file with secrets that others may read")
    workplace.write(workplace.parameters)
    lacking = workplace.deploy("--yes", "--built", built, status=1)
    must("no value is given for MongodbUri" in lacking, f"what is lacking is named: {lacking}")
    asked = len(State.requests)
    dry = workplace.deploy("--dry-run")
    must("sam package" in dry and "nothing was done" in dry and len(State.requests) == asked, f"a dry run asks AWS for nothing: {dry}")
    refused = workplace.deploy("MongodbUri=mongodb://host/db", status=1)
    must("everybody on this machine can read arguments" in refused, f"a secret in an argument: {refused}")
    mongodb = f"MongodbUri=mongodb://user:{SECRETS[2]}@mongo.example/hwanyul\n"
    asked = workplace.deploy("--built", built, "--parameters", "-", status=1, stdin=mongodb)
    must("no terminal" in asked and "hwanyul" not in workplace.stacks(), f"nobody agreed: {asked}")
    text = workplace.deploy("--yes", "--built", built, "ClickLimitPerMinute=50", "--parameters", "-", stdin=mongodb)
    must("CREATE_COMPLETE" in text and "1 mappings are Enabled" in text and "ecb: " in text and "/health/ranking: 200, ok" in text, text)
    lives = workplace.lives()
    must(len(lives) == workplace.count > 10 and set(lives.values()) == {"1"}, f"aliases: {lives}")
    ranking = workplace.variables("ranking-api")
    must(SECRETS[0] in ranking["REDIS_URL"] and SECRETS[2] in ranking["MONGODB_URI"] and ranking["CLICK_LIMIT_PER_MINUTE"] in (50, "50"), "parameters arrive")
    print(f"first deployment: what lacks is named, nobody is not asked, {workplace.count} functions live; the ingestor and the API answer")


def again(workplace: Workplace, built: str) -> None:
    """Without a change nothing changes, whether values are given again or kept; a changed one reaches the versions that read it, and no other."""
    lives, stamp = workplace.lives(), workplace.variables("ranking-api")["DEPLOYMENT_STAMP"]
    (workplace.root / "deploy.dev.parameters").unlink()
    text = workplace.deploy("--yes", "--built", built)
    must("nothing to change" in text and workplace.lives() == lives and workplace.variables("ranking-api")["DEPLOYMENT_STAMP"] == stamp, f"a second time: {text}")
    workplace.write(workplace.parameters)
    must("nothing to change" in workplace.deploy("--yes", "--built", built), "the same values, given again")
    text = workplace.deploy("--yes", "--built", built, "ClickLimitPerMinute=60")
    changed = {name for name, version in workplace.lives().items() if version != lives[name]}
    must(changed == {"ranking-api"}, f"ClickLimitPerMinute reaches {changed}")
    ranking = workplace.variables("ranking-api")
    must(ranking["CLICK_LIMIT_PER_MINUTE"] in (60, "60") and SECRETS[2] in ranking["MONGODB_URI"], "live reads the new value, and keeps the secret ones")
    workplace.write(workplace.parameters.replace(SECRETS[0], SECRETS[3]))
    workplace.deploy("--yes", "--built", built)
    must(SECRETS[3] in workplace.variables("currency-api")["REDIS_URL"] and SECRETS[3] in workplace.variables("ranking-api")["REDIS_URL"], "a changed secret reaches live")
    must(workplace.lives()["operations-topics"] == "1", "and not who does not read it")
    must(workplace.variables("ranking-api")["CLICK_LIMIT_PER_MINUTE"] in (60, "60"), "what was given once stays")
    print("again: nothing changes without a change; a changed value publishes its readers alone; kept values stay, secret ones too")


def moved(workplace: Workplace, built: str) -> None:
    """An alias that was moved by hand is named, and led back in dev."""
    functions, before = workplace.client("lambda"), workplace.lives()
    (line,) = re.findall(r"^aws lambda update-alias .*", (ROOT / "docs/DEPLOY.md").read_text(), re.MULTILINE)
    line = line.replace("aws ", f"{client_of_aws()}/aws --endpoint-url {workplace.endpoint} ", 1).replace(" 41 ", " 1 ")
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION, "AWS_PAGER": ""}
    done = subprocess.run(["bash", "-c", line], env=environment, capture_output=True, text=True, check=False)
    must(done.returncode == 0 and workplace.lives()["currency-api"] == "1" != before["currency-api"], f"the documented way back: {done.stdout}{done.stderr}")
    text = workplace.deploy("--yes", "--built", built)
    must("currency-api: its alias live leads to version 1" in text and "nothing to change" in text and workplace.lives() == before, text)
    functions.delete_alias(FunctionName="ranking-api", Name="live")
    text = workplace.deploy("--yes", "--built", built)
    must("ranking-api: it has no alias live any more" in text and workplace.lives() == before, text)
    print("aliases: one that was moved by hand is led back before CloudFormation moves it on")


def one_function(workplace: Workplace, built: str) -> None:
    """cargo lambda deploy with a real bootstrap: settings, role and variables stay; the next deployment leads the alias back and restores the code."""
    functions = workplace.client("lambda")
    look = lambda: {**functions.get_function_configuration(FunctionName="currency-api"), "ResponseMetadata": None}  # noqa: E731
    before, lives = look(), workplace.lives()
    for wrong in ("/bin/sh", str(ROOT / "README.md")) if platform.machine() != "aarch64" else (str(ROOT / "README.md"),):
        text = workplace.deploy("function", "currency-api", "--binary", wrong, status=1)
        must("is no program (an ELF file) for arm64" in text and look() == before and workplace.lives() == lives, f"{wrong}: {text}")
    must("is for dev, not for prod" in workplace.deploy("function", "prod", "currency-api", status=1), "prod")
    must("allowed are currency-api" in workplace.deploy("function", "currency", status=1), "an unknown function")
    bootstrap = ROOT / "target/sam/build/CurrencyApi/bootstrap"
    must(bootstrap.is_file(), f"{bootstrap} is there; ./tests/sam-build makes it")
    workplace.deploy("function", "currency-api", "--binary", str(bootstrap))
    after = look()
    changes = {key for key in {*before, *after} if before.get(key) != after.get(key)} - {"LastModified", "RevisionId"}
    must(changes == {"CodeSha256", "CodeSize"}, f"but for its code {changes} changed")
    now = workplace.lives()
    must(int(now.pop("currency-api")) > int(lives["currency-api"]) and now == {name: version for name, version in lives.items() if name != "currency-api"}, f"aliases: {now}")
    live = functions.get_function_configuration(FunctionName="currency-api", Qualifier=workplace.lives()["currency-api"])
    must(live["CodeSha256"] == after["CodeSha256"], "live has the new code")
    text = workplace.deploy("--yes", "--built", built)
    must("the code of $LATEST is another" in text and workplace.lives() == lives and look()["CodeSha256"] == before["CodeSha256"], text)
    print("one function: a real arm64 bootstrap by cargo-lambda, nothing but its code is another; not for x86-64, not in prod; the next deployment mends both")


def alarm(workplace: Workplace, built: str) -> None:
    """A ringing alarm stops the deployment before it is built, and --ignore-alarms goes past."""
    formation, watch = workplace.client("cloudformation"), workplace.client("cloudwatch")
    listed = formation.list_stack_resources(StackName="hwanyul")["StackResourceSummaries"]
    (name,) = [each["PhysicalResourceId"] for each in listed if each["LogicalResourceId"] == "HandlerErrorsAlarm"]
    watch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="five errors")
    text = workplace.deploy("--yes", "--built", built, "LogLevel=debug", status=1)
    must(f"the alarm {name} rings (five errors)" in text and "nothing was changed" in text, text)

    def deployment_group() -> dict:
        body = formation.get_template(StackName="hwanyul", TemplateStage="Processed")["TemplateBody"]
        (first_one, *_) = [each for each in body["Resources"].values() if each["Type"] == "AWS::CodeDeploy::DeploymentGroup"]
        return first_one

    workplace.deploy("--yes", "--built", built, "LogLevel=debug", "--ignore-alarms")
    body = json.dumps(formation.get_template(StackName="hwanyul", TemplateStage="Original")["TemplateBody"])
    must("HandlerErrorsAlarm" in body and workplace.variables("ingestor")["LOG_LEVEL"] == "debug", "it is deployed")
    group = deployment_group()
    must("AlarmConfiguration" not in group["Properties"], f"no alarm rolls it back: {group}")
    watch.set_alarm_state(AlarmName=name, StateValue="OK", StateReason="calm")
    lives = workplace.lives()
    workplace.deploy("--yes", "--built", built)
    group = deployment_group()
    must(group["Properties"]["AlarmConfiguration"]["Enabled"] is True and workplace.lives() == lives, "the next deployment has its alarms again, and publishes nothing for that")
    print("alarms: a ringing one stops a deployment; --ignore-alarms goes past once")


def other_stage(workplace: Workplace, built: str) -> None:
    """prod's parameters come from samconfig.toml, and its stack is not dev's."""
    must("has the tag stage=dev, and prod is stage=prod" in workplace.deploy("prod", "--yes", "--built", built, status=1), "dev's stack")
    dry = workplace.deploy("prod", "--dry-run", "LogRetentionDays=60")
    for words in ("LogRetentionDays = '60', the command line", "ReserveConcurrency = 'true', samconfig.toml, prod", "Deployment = 'Canary10Percent10Minutes', samconfig.toml, prod"):
        must(words in dry, f"{words!r} in {dry}")
    must("ReserveConcurrency = 'true', samconfig.toml, prod" in workplace.deploy("--dry-run", "prod"), "prod behind an option")
    print("prod: samconfig.toml's retention, concurrency and canary, unless others are given; never into dev's stack")


def failing(workplace: Workplace) -> None:
    """A mapping that is off, or a function that fails, ends the look at the stack with its name."""
    functions = workplace.client("lambda")
    (mapping,) = functions.list_event_source_mappings()["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    text = workplace.deploy("verify", status=1)
    must("is Disabled" in text and "1 of 1 mappings do not read" in text, text)
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    must("ApiUrl" in workplace.deploy("verify"), "and then it is well again")
    print("afterwards: a mapping that does not read is named")


def history(workplace: Workplace) -> None:
    """The backfill runs by the real function, and refuses what is no day."""
    text = workplace.deploy("backfill", "--from", "2026-10-01", "--to", "2026-10-30")
    must("published through 2026-10-30" in text and "0 days left" in text, text)
    must("allowed is YYYY-MM-DD" in workplace.deploy("backfill", "--from", "yesterday", status=1), "what is no day")
    must("is 2026-10-30, after --to" in workplace.deploy("backfill", "--from", "2026-10-30", "--to", "2026-10-01", status=1), "an empty span")
    print("backfill: a month of the ECB's history by the real function")


def down(workplace: Workplace) -> None:
    """Messages keep the stack; then everything goes, and another time it is a first deployment."""
    queues = workplace.client("sqs")
    (url,) = [url for url in queues.list_queues()["QueueUrls"] if url.endswith("dead-letters")]
    queues.send_message(QueueUrl=url, MessageBody="{}")
    must("its functions stand in these subnets; `./deploy down dev` first" in workplace.deploy("down", "servers", "--yes", status=1), "servers before functions")
    must("hold 1 messages" in workplace.deploy("down", "--yes", status=1), "messages are not thrown away")
    must("no terminal" in workplace.deploy("down", "--discard-messages", status=1), "nobody agreed")
    workplace.deploy("down", "--yes", "--discard-messages")
    must(not workplace.client("lambda").list_functions()["Functions"], "functions are left")
    must(not workplace.client("ssm").describe_parameters()["Parameters"], "the key of the stamps is left")
    must("there is no stack hwanyul" in workplace.deploy("down", "--yes", status=1), "a second time")
    print("down: not with messages in queues, not unasked; then mappings, functions and key are gone")


def nothing_told(workplace: Workplace) -> None:
    """No secret value in what was printed, in an argument, or in a file that is left."""
    arguments = workplace.record.read_text()
    must(arguments.count("sam package") > 5 and "cargo-lambda lambda deploy" in arguments and "python3 -P -m deployment" in arguments, f"recorded: {arguments}")
    (workplace.root / "deploy.dev.parameters").unlink()
    files = {str(path): path.read_bytes().decode(errors="replace") for path in workplace.root.rglob("*") if path.is_file() and path.resolve().is_relative_to(workplace.root)}
    bucket = [each["Name"] for each in workplace.client("s3").list_buckets()["Buckets"]]
    for name in bucket:
        for each in workplace.client("s3").list_objects_v2(Bucket=name).get("Contents", []):
            if each["Key"].endswith(".json"):
                files[each["Key"]] = workplace.client("s3").get_object(Bucket=name, Key=each["Key"])["Body"].read().decode()
    must(any(key.endswith("template.json") for key in files), "the uploaded template is looked at")
    for secret in SECRETS:
        must(secret not in arguments, f"an argument has {secret}")
        must(secret not in workplace.printed, f"{secret} was printed")
        must(not [path for path, text in files.items() if secret in text], f"a file has {secret}")
    print(f"secrets: in none of {len(arguments.splitlines())} recorded calls, in no line printed, in none of {len(files)} files")


def main() -> None:
    """Everything in order."""
    with tempfile.TemporaryDirectory() as folder, local.stack() as endpoints, server() as endpoint:
        State.functions, State.api = endpoints["lambda"], endpoints["api"]
        workplace = Workplace(pathlib.Path(folder), endpoint)
        workplace.parameters = PARAMETERS
        workplace.write(workplace.parameters)
        built = workplace.built()
        servers(workplace)
        workplace.parameters += f"MskClusterArn={cluster(workplace)}\n"
        first(workplace, built)
        for step in (again, moved, one_function, alarm, other_stage):
            step(workplace, built)
        for step in (failing, history, down, no_servers, nothing_told):
            step(workplace)
        allows(State.requests)


if __name__ == "__main__":
    main()
