"""Runs what ./deploy makes of parameters' values: which goes before which, what is refused of one, of several together and of schedules. It asks nobody for anything.

Prints a line a step, and ends with 1 at what is not as it must be.
"""

import re
import sys

from stack import PARAMETERS, REGION, ROOT, SECRETS, must

sys.path.insert(0, str(ROOT))
from deployment import parameters, rules, schedules, template as templates, together  # noqa: E402

TEMPLATE = templates.read(ROOT / "template.yaml")
ROW = re.compile(r'^    \("(.*)", (true|false), (true|false), "', re.MULTILINE)
# Of each parameter what is refused, with words of the sentence, and what is taken.
VALUES: dict[str, tuple[list[str], str, list[str]]] = {
    "KafkaReplication": (["0", "-1", "1.5", "3.0", "many", "nan", "1e1", "1_0", " 3", ""], "a whole number, 1 or more", ["1", "3"]),
    "RateBatchSize": (["1.5", "0", "10001"], "a whole number, 1 to 10000", ["1", "10000"]),
    "MaxJumpPercent": (["abc", "0", "0.0", "-1", "10%", "1e1", ""], "a decimal number of percent greater than 0", ["10", "0.5", "10.25", "1000", "010"]),
    "SpreadPercent": (["abc", "0", "100", "-1"], "less than 100", ["", "1.75", "0.05", "99.9"]),
    "Providers": (["", "ecb,", "ecb;koreaexim", "ECB", "1st"], "keys of sources", ["ecb", "koreaexim,ecb", "ecb, koreaexim", "exchangerate_api"]),
    "LogLevel": (["loud", "", "INFO", "info,", "info debug", "krafka=loud", "debug # a comment"], "off, error, warn, info, debug or trace", ["off", "trace", "info,krafka=debug", "info,aws_config::profile=warn"]),
    "CaLayerArn": (["foo", "arn:aws:lambda:us-east-1:123456789012:layer:certificates", SECRETS["RedisSecretArn"]], "a version of a layer", ["", "arn:aws:lambda:us-east-1:123456789012:layer:certificates:3"]),
    "MskClusterArn": (["foo", "", SECRETS["RedisSecretArn"]], "a cluster of MSK", [PARAMETERS["MskClusterArn"], "arn:aws-cn:kafka:cn-north-1:123456789012:cluster/h/0a1b-s1"]),
    "KafkaBootstrapServers": (["broker", "a:1, b:2", "", "a:1,"], "host:port", ["a:1,b:2", "boot-1.example:9098"]),
    "ProviderUrls": (["ecb=ftp://ecb.example", "ecb=www.ecb.europa.eu", "https://ecb.example", "ecb=https://a.example,"], "http:// or https://", ["", "ecb=https://ecb.example/a.xml", "ecb=http://a.example, koreaexim=https://b.example/c"]),
    "EcbHistoryUrl": (["ftp://ecb.example", "www.ecb.europa.eu"], "http:// or https://", ["", "https://ecb.example/a.zip"]),
    "AlarmEmail": (["operator", "a@b, c@d"], "one address for mail", ["", "operator@example.com"]),
    "RedisCaFile": (["ca.pem"], "a path from the root", ["", "/opt/ca.pem"]),
    "ConsoleLogBucket": (["logs"], "domain name of a bucket", ["", "logs.s3.amazonaws.com", "logs.s3.ap-northeast-2.amazonaws.com"]),
    "RedisUrl": (["redis.example:6379", "http://hush@redis.example"], "redis://host:port", ["rediss://a:1,rediss://b:1"]),
    "DatabaseUrl": (["mysql://hush@database.example"], "postgres://", ["postgres://host/rates?sslmode=verify-full", "postgresql://host/rates"]),
    "MongodbUri": (["mongo.example"], "mongodb://", ["mongodb+srv://cluster.example.mongodb.net/hwanyul"]),
    **{name: (["foo", arn.replace("secretsmanager", "ssm"), arn.replace("123456789012", "1")], "the ARN of a secret", ["", arn, arn.replace(":secret:", ":secret:rds!cluster-")]) for name, arn in SECRETS.items()},
}
# What does not go together, and words of the sentence.
CONFLICTS: list[tuple[dict[str, str], str]] = [
    ({"KafkaSecurity": "sasl_ssl_scram"}, "KafkaSecretArn is empty"),
    ({"KafkaSecurity": "sasl_ssl_scram", "KafkaSecretArn": SECRETS["KafkaSecretArn"], "SubnetIds": "subnet-1"}, "allowed for its mappings are two subnets"),
    ({"KafkaSecurity": "plaintext", "MskClusterArn": TEMPLATE["Parameters"]["MskClusterArn"]["Default"]}, "KafkaSecurity is 'plaintext' and MskClusterArn is not given"),
    ({"MskClusterArn": TEMPLATE["Parameters"]["MskClusterArn"]["Default"]}, "KafkaSecurity is 'msk_iam' and MskClusterArn is not given"),
    ({"Providers": "ecb,koreaexim"}, "ProviderSecretArn is empty"),
    ({"Providers": "foo"}, "there is no provider 'foo'; allowed are "),
    ({"Providers": "ecb,ecb"}, "each provider at most once"),
    ({"Providers": "exchangerate_api"}, "Publication is 'public'"),
    ({"RedisCaFile": "/opt/ca.pem"}, "CaLayerArn is empty"),
    ({"CaLayerArn": "arn:aws:lambda:eu-west-1:123456789012:layer:certificates:3"}, "a layer of us-east-1"),
    ({"RedisCaFile": "/etc/ca.pem", "RedisUrl": "redis://hush@redis.example"}, "RedisUrl is without TLS"),
    ({"IngestSchedule": "rate(5 minute)"}, "IngestSchedule is 'rate(5 minute)'; allowed is rate(5 minutes)"),
    ({"IngestSchedule": "rate(1 minutes)"}, "allowed is rate(1 minute)"),
    ({"IngestSchedule": ""}, "IngestSchedule is ''"),
    ({"PublicationSchedule": "cron(0-30 16 * * MON-FRI *)"}, "PublicationSchedule is 'cron(0-30 16 * * MON-FRI *)'; allowed is ? in one of"),
    ({"SecondPublicationSchedule": "every minute"}, "SecondPublicationSchedule is 'every minute'"),
    ({"PublicationTimeZone": "Europe/Frankfurt"}, "PublicationTimeZone is 'Europe/Frankfurt'"),
]
TOGETHER: list[dict[str, str]] = [
    {},
    {"KafkaSecurity": "plaintext"},
    {"KafkaSecurity": "sasl_ssl_scram", "KafkaSecretArn": SECRETS["KafkaSecretArn"], "SubnetIds": "subnet-1,subnet-2"},
    {"KafkaSecurity": "sasl_ssl_scram", "KafkaSecretArn": SECRETS["KafkaSecretArn"], "MskClusterArn": TEMPLATE["Parameters"]["MskClusterArn"]["Default"]},
    {"Providers": "koreaexim,ecb", "ProviderSecretArn": SECRETS["ProviderSecretArn"]},
    {"Providers": "exchangerate_api,ecb", "Publication": "private"},
    {"RedisCaFile": "/opt/ca.pem", "CaLayerArn": "arn:aws:lambda:us-east-1:123456789012:layer:certificates:3"},
    {"IngestSchedule": "cron(0/5 * * * ? *)", "PublicationSchedule": "", "SecondPublicationSchedule": "rate(1 minutes)", "SecondPublicationTimeZone": "America/Toronto"},
]


def order() -> None:
    """Which value goes before which, and what is said of names."""
    names = ["LogLevel", "AlarmEmail", "EcbHistoryUrl", "OtlpEndpoint"]
    known = {name: TEMPLATE["Parameters"][name] for name in [*names, "RedisUrl", "RateBatchSize", "KafkaSecurity"]}
    template = {"Parameters": {name: {key: value for key, value in body.items() if key != "AllowedPattern"} for name, body in known.items()}}
    layers = [parameters.Layer(f"layer {at}", {name: f"of {at}" for name in names[at:]}) for at in (1, 2, 3)]
    values, problems = parameters.merge(template, layers, {"LogLevel": "kept", "AlarmEmail": "kept", "RedisUrl": "****"})
    merged = {each.name: (each.text, each.source) for each in values}
    wanted = [("kept", parameters.STACK), ("of 1", "layer 1"), ("of 2", "layer 2"), ("of 3", "layer 3")]
    must([merged[name] for name in names] == wanted and merged["RateBatchSize"] == ("2000", parameters.DEFAULT) and merged["RedisUrl"] == (None, parameters.STACK) and not problems, f"{merged} {problems}")
    wrong = {"Loglevel": "a", "RateBatchSize": "many", "KafkaSecurity": "none"}
    _, problems = parameters.merge(template, [parameters.Layer("test", wrong, ("a problem of the source",))], None)
    words = ("a problem of the source", "did you mean LogLevel?", "RateBatchSize is 'many' (test); allowed is a whole number, 1 to 10000", "KafkaSecurity is 'none' (test); allowed are plaintext, ", "no value is given for RedisUrl, which has no default")
    must(len(problems) == len(words) and all(any(word in problem for problem in problems) for word in words), f"all at once: {problems}")
    kept = parameters.merge(TEMPLATE, [], {**PARAMETERS, "LogLevel": "loud"})[1]
    must(len(kept) == 1 and "LogLevel is 'loud' (kept by the stack)" in kept[0], f"what a stack keeps is looked at too: {kept}")
    values = parameters.merge(template, [], {"RedisUrl": "****", "RateBatchSize": "500"})[0]
    must(parameters.changed_defaults(template, values) == ["RateBatchSize keeps '500'; the template's default is '2000'"], "a default that does not reach a stack")
    print("order: each source before the one behind it; all that is wrong is said at once, with its place, its name and what is allowed")


def single() -> None:
    """What the template itself says of one value, and ./deploy before the build."""
    for name, (refused, words, taken) in VALUES.items():
        body = TEMPLATE["Parameters"][name]
        for text in refused:
            problem = rules.problem(name, text, body, "test") or ""
            must(words in problem and problem.startswith(f"{name} is "), f"{name}={text!r}: {problem!r} says {words!r}")
            must(not body.get("NoEcho") or "hush" not in problem, f"a secret is told: {problem}")
        for text in [*taken, *([str(body["Default"])] if "Default" in body else [])]:
            must(rules.problem(name, text, body, "test") is None, f"{name}={text!r}: {rules.problem(name, text, body, 'test')}")
    for name, body in TEMPLATE["Parameters"].items():
        must("AllowedPattern" not in body or body.get("ConstraintDescription"), f"{name} says what its pattern means")
        must(not name.endswith(("Arn", "Url", "Uri", "CaFile", "Percent")) or "AllowedPattern" in body, f"{name} has a pattern")
    for text in ("0.7", "300", "x"):
        body = templates.read(ROOT / "servers.yaml")["Parameters"]["DatabaseMaxCapacity"]
        must("steps of 0.5, 1 to 256" in rules.problem("DatabaseMaxCapacity", text, body, "test"), text)
    print(f"values: {sum(len(refused) for refused, _, _ in VALUES.values())} of {len(VALUES)} parameters are refused before the build, with what is allowed")


def combined() -> None:
    """What no parameter can say alone."""
    for changed, words in CONFLICTS:
        values = {each.name: each.text or "" for each in parameters.merge(TEMPLATE, [parameters.Layer("test", {**PARAMETERS, **changed})], None)[0]}
        found = together.conflicts(TEMPLATE, values, REGION)
        must(len(found) == 1 and words in found[0][1] and "hush" not in found[0][1], f"{changed}: {found} says {words!r}")
        must(set(found[0][0]) <= TEMPLATE["Parameters"].keys() and set(changed) & set(found[0][0]), f"{changed}: {found} names its parameters")
    for changed in TOGETHER:
        values = {each.name: each.text or "" for each in parameters.merge(TEMPLATE, [parameters.Layer("test", {**PARAMETERS, **changed})], None)[0]}
        must(not together.conflicts(TEMPLATE, values, REGION), f"{changed}: {together.conflicts(TEMPLATE, values, REGION)}")
    zoned = {**TEMPLATE, "Parameters": {**TEMPLATE["Parameters"], "Zone": {"Type": "String"}}, "Resources": {"F": {"Type": templates.FUNCTION, "Properties": {"Events": {"E": {
        "Type": "ScheduleV2", "Properties": {"ScheduleExpression": "rate(1 day)", "ScheduleExpressionTimezone": {"Ref": "Zone"}}}}}}}}
    for zone, count in (("Asia/Seoul", 0), ("Asia/Soul", 1)):
        found = list(together.of_schedules(zoned, {"Zone": zone}))
        must(len(found) == count and all("Zone is 'Asia/Soul'" in sentence for _, sentence in found), f"{zone}: {found}")
    servers = templates.read(ROOT / "servers.yaml")
    must(len(together.conflicts(servers, {"DatabaseMinCapacity": "8", "DatabaseMaxCapacity": "4"}, REGION)) == 1, "more at least than at most")
    print(f"together: {len(CONFLICTS)} settings that would fail after the build, each by its own sentence")


def expressions() -> None:
    """The table of the emulator's own test: what AWS takes and refuses, as a rule and as Scheduler."""
    rows = ROW.findall((ROOT / "localstack/emulator/src/schedule/expression/tests.rs").read_text())
    must(len(rows) > 70, f"{len(rows)} rows")
    for text, by_rule, by_scheduler in rows:
        for is_rule, is_taken in ((True, by_rule), (False, by_scheduler)):
            allowed = schedules.allowed_instead(text, is_rule)
            must((allowed is None) == (is_taken == "true"), f"{text!r}, {'rule' if is_rule else 'scheduler'}: {allowed}")
    print(f"schedules: {len(rows)} expressions of the emulator's own table are taken and refused alike")


def counted() -> None:
    """The numbers in sentences are the template's."""
    reserved = 0
    for body in templates.functions(TEMPLATE).values():
        value = body["Properties"].get("ReservedConcurrentExecutions")
        reserved += value["Fn::If"][1] if value else 0
    for text in (TEMPLATE["Parameters"]["ReserveConcurrency"]["Description"], (ROOT / "docs/DEPLOY.md").read_text()):
        said = re.findall(r"needs (\d+) for it|prod reserves (\d+)", text)
        must(said and all(str(reserved) in each for each in said), f"{reserved} are reserved, and said is {said}")
    must(f"{len(templates.functions(TEMPLATE))} functions" in (ROOT / "docs/SAM_LOCAL.md").read_text(), "how many functions sam build builds")
    print(f"sentences: {reserved} concurrent executions, {len(templates.functions(TEMPLATE))} functions")


def main() -> None:
    """Everything in order."""
    for step in (order, single, combined, expressions, counted):
        step()


if __name__ == "__main__":
    main()
