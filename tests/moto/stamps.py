"""Takes template.yaml through SAM's own translator, with and without the stamps of ./deploy, and compares the versions that it would publish.

Without stamps a changed parameter publishes nothing, which is the fault; with them each function that the parameter reaches, and no other. Prints a line a step,
and ends with 1 at what is not as it must be.
"""

import copy
import json
import logging
import re
import sys

import boto3
from moto import mock_aws
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform
from stack import CLUSTER, PARAMETERS, REGION, ROOT, SECRETS, must

sys.path.insert(0, str(ROOT))
from deployment import parameters, rules, stamp, template as templates  # noqa: E402

KEY = b"a key that nobody knows"
# Values that differ from the default, for parameters that take no arbitrary text.
OTHERS = {"AllowedValues": lambda body: next(value for value in body["AllowedValues"] if value != body["Default"]), "Number": lambda body: int(body["Default"]) + 1}
# Each pattern of the template takes one of these; what has none takes the first.
TEXTS = [
    "another", "7", "debug", "https://another.example", "ecb=https://another.example", "another@example.com", "/opt/another.pem", "another.example:1", "rediss://another", "postgres://another", "mongodb://another",
    *SECRETS.values(), CLUSTER.replace("hwanyul", "another"), "arn:aws:lambda:us-east-1:123456789012:layer:another:1", "another.s3.amazonaws.com",
]


def merged(template: dict, **changed: str) -> list[parameters.Parameter]:
    """The parameters of a first deployment."""
    values, problems = parameters.merge(template, [parameters.Layer("test", {**PARAMETERS, **changed})], None)
    must(not problems, f"{problems}")
    return values


def rendered(template: dict, values: list[parameters.Parameter]) -> dict:
    """What SAM hands to CloudFormation."""
    template = copy.deepcopy(template)
    for body in templates.functions(template).values():
        body["Properties"]["CodeUri"] = "s3://artifacts/bootstrap.zip"
    template["Globals"]["Function"].pop("CodeUri", None)
    given = {each.name: each.text or "" for each in values}
    return json.loads(json.dumps(transform(template, {**given, "AWS::Region": REGION}, ManagedPolicyLoader(boto3.client("iam", REGION)))))


def versions(result: dict) -> dict[str, str]:
    """The logical id of each function's version, by the function's."""
    return {
        body["Properties"]["FunctionName"]["Ref"]: logical for logical, body in result["Resources"].items() if body["Type"] == "AWS::Lambda::Version"
    }


def other(body: dict) -> str:
    """Another value than the default, which the template takes."""
    if "AllowedValues" in body:
        return str(OTHERS["AllowedValues"](body))
    if body["Type"] == "Number":
        return str(OTHERS["Number"](body))
    return next(text for text in TEXTS if text != body.get("Default") and not rules.allowed_instead("", text, body))


def reached(result: dict, name: str) -> set[str]:
    """The functions whose rendered properties name the parameter, or a condition that does, or a resource that has either: found in the text alone."""
    conditions = {condition for condition, body in result["Conditions"].items() if f'"{name}"' in json.dumps(body)}
    def names(value: object) -> bool:
        text = json.dumps(value)
        return f'"Ref": "{name}"' in text or f"${{{name}}}" in text or any(f'"Fn::If": ["{condition}"' in text for condition in conditions)
    found = set()
    for logical, body in result["Resources"].items():
        if body["Type"] != "AWS::Lambda::Function":
            continue
        properties = {key: value for key, value in body["Properties"].items() if key != "Role"}
        around = set(re.findall(r'"(?:Ref|Fn::GetAtt)": \[?"(\w+)"', json.dumps(properties))) & set(result["Resources"])
        if names(properties) or any(names(result["Resources"][each].get("Properties")) or result["Resources"][each].get("Condition") in conditions for each in around):
            found.add(logical)
    return found


def main() -> None:
    """Everything in order."""
    # The translator warns of a feature of AWS's own each time.
    logging.disable(logging.WARNING)
    with mock_aws():
        template = templates.read(ROOT / "template.yaml")
        plain = merged(template)
        before = versions(rendered(template, plain))
        must(len(before) == len(templates.functions(template)) > 0, f"{len(before)} versions")
        for name, body in template["Parameters"].items():
            must(versions(rendered(template, merged(template, **{name: other(body)}))) == before, f"without a stamp {name} would publish a version")
        print(f"without stamps: none of {len(template['Parameters'])} parameters publishes a version when it changes")

        with_stamps = stamp.stamped(template, plain, KEY, {})
        result = rendered(with_stamps, plain)
        first = versions(result)
        again = stamp.stamped(template, merged(template), KEY, stamp.digests_of(with_stamps))
        must(again == with_stamps, "the same parameters make the same template")
        pairs = 0
        for name, body in template["Parameters"].items():
            values = merged(template, **{name: other(body)})
            second = versions(rendered(stamp.stamped(template, values, KEY, {}), values))
            changed = {logical for logical in first if first[logical] != second[logical]}
            needed = reached(result, name)
            must(changed == needed, f"{name}: versions of {sorted(changed)}, and it reaches {sorted(needed)}")
            pairs += len(changed)
        must(pairs > 100, f"{pairs} versions changed")
        print(f"with stamps: each parameter publishes the functions that it reaches and no other, {pairs} pairs; none changed, none published")
        secrets(template, with_stamps)
        properties(template, plain, first)


def secrets(template: dict, first: dict) -> None:
    """What a stack keeps is not known, and is not lost either; no value can be found in the template, nor by guessing without the key."""
    known = [name for name, body in template["Parameters"].items() if body.get("NoEcho")]
    must(len(known) == 3, f"secret parameters: {known}")
    kept = {**{name: str(body.get("Default", "")) for name, body in template["Parameters"].items()}, **PARAMETERS, **{name: "****" for name in known}}
    again = parameters.merge(template, [], kept)[0]
    must(all(each.text is None for each in again if each.is_secret), "a masked value is taken for one")
    must(stamp.stamped(template, again, KEY, stamp.digests_of(first)) == first, "kept values make the same template")
    sent = {each["ParameterKey"]: each for each in parameters.for_cloudformation(again, kept)}
    must(all(sent[name] == {"ParameterKey": name, "UsePreviousValue": True} for name in known), "kept values are not sent")
    given = parameters.merge(template, [parameters.Layer("test", {"RedisUrl": PARAMETERS["RedisUrl"]})], kept)[0]
    must(stamp.stamped(template, given, KEY, stamp.digests_of(first)) == first, "the same value, given again, changes nothing")
    text = json.dumps(first)
    must(not any(PARAMETERS[name] in text for name in known), "a secret value is in the template")
    must(stamp.digests_of(first) != stamp.digests_of(stamp.stamped(template, merged(template), b"another key", {})), "the hashes have a key")
    unknown = stamp.stamped(template, again, KEY, {})
    must(set(stamp.digests_of(unknown).values()) == {stamp.UNKNOWN}, "a stack from elsewhere")
    must(stamp.stamped(template, again, KEY, stamp.digests_of(unknown)) == unknown, "and it stays as it is")
    print(f"secret values: kept without being known, sent only when given, and not in the template ({', '.join(known)})")


def properties(template: dict, plain: list[parameters.Parameter], first: dict[str, str]) -> None:
    """A property that SAM hashes changes the stamp too, so that there is something to publish; one that is none of a version's changes neither."""
    for part, value, is_published in (("ReservedConcurrentExecutions", 3, True), ("MemorySize", 1536, True), ("EventInvokeConfig", {"MaximumRetryAttempts": 1}, False)):
        changed = copy.deepcopy(template)
        changed["Resources"]["Ingestor"]["Properties"][part] = value
        result = rendered(stamp.stamped(changed, plain, KEY, {}), plain)
        must((versions(result)["Ingestor"] != first["Ingestor"]) == is_published, f"{part}: a version is{'' if is_published else ' not'} published")
        stamps = [body["Properties"]["Environment"]["Variables"][stamp.VARIABLE] for body in (stamp.stamped(t, plain, KEY, {})["Resources"]["Ingestor"] for t in (template, changed))]
        must((stamps[0] != stamps[1]) == is_published, f"{part}: the stamp is {'another' if is_published else 'the same'}")
    print("properties: what SAM takes for another version has another stamp, so that Lambda has something to publish")


if __name__ == "__main__":
    main()
