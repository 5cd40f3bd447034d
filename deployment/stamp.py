"""Makes a changed parameter a changed function.

SAM publishes a version when a function's properties change as they are written, with their references unresolved. So a parameter that is changed alone changes
$LATEST, and the alias that is invoked keeps the old value (https://github.com/aws/serverless-application-model/issues/3820). Each function therefore gets a
variable whose value depends on all that its properties refer to. It is a variable, because Lambda publishes no version of a function whose own code and
configuration are as before.

The value is a keyed hash, because parameters may be secret and short enough to be guessed. Its key is in Parameter Store, encrypted. Nobody can read back the
secret values that a stack keeps, so their own keyed hashes stand in the template's metadata, from where the next deployment takes those that it is not given.
"""

import hashlib
import hmac
import json

from .parameters import STACK, Parameter
from .template import closure, combined, functions

VARIABLE = "DEPLOYMENT_STAMP"
METADATA = "Deployment"
# Properties that are none of a version's: what invokes the function and what it may do, how it is published, and its code, whose change SAM sees.
NOT_OF_A_VERSION = {"AutoPublishAlias", "AutoPublishAliasAllProperties", "CodeUri", "DeploymentPreference", "EventInvokeConfig", "Events", "Policies"}
# A secret value of a stack that was not deployed from here; it stays the same as long as nobody gives another.
UNKNOWN = "unknown"


def digest(key: bytes, *parts: str) -> str:
    """A keyed hash; 80 bits of it tell a few thousand values apart."""
    return hmac.new(key, json.dumps(parts).encode(), hashlib.sha256).hexdigest()[:20]


def digests(parameters: list[Parameter], key: bytes, before: dict[str, str]) -> dict[str, str]:
    """The keyed hash of each secret parameter; of those that the stack keeps it is the one from before."""
    return {
        each.name: before.get(each.name, UNKNOWN) if each.source == STACK else digest(key, each.name, each.text or "")
        for each in parameters
        if each.is_secret
    }


def stamped(template: dict, parameters: list[Parameter], key: bytes, before: dict[str, str]) -> dict:
    """The template with a stamp in each function and the secrets' keyed hashes in its metadata."""
    of_secrets = digests(parameters, key, before)
    values = {each.name: of_secrets[each.name] if each.is_secret else each.text or "" for each in parameters}
    shared = template.get("Globals", {}).get("Function", {})
    resources = dict(template["Resources"])
    for name, body in functions(template).items():
        own = {k: v for k, v in combined(shared, body["Properties"]).items() if k not in NOT_OF_A_VERSION}
        named = closure(own, template)
        around = {section: {k: v for k, v in template.get(section, {}).items() if k in named} for section in ("Conditions", "Mappings")}
        depends = {k: v for k, v in values.items() if k in named}
        stamp = digest(key, name, json.dumps([own, around, depends], sort_keys=True))
        environment = body["Properties"].get("Environment", {})
        variables = {**environment.get("Variables", {}), VARIABLE: stamp}
        resources[name] = {**body, "Properties": {**body["Properties"], "Environment": {**environment, "Variables": variables}}}
    metadata = {**template.get("Metadata", {}), METADATA: {"Digests": of_secrets}}
    return {**template, "Metadata": metadata, "Resources": resources}


def digests_of(template: dict) -> dict[str, str]:
    """The keyed hashes that a deployed template has; none when it was not deployed from here."""
    return template.get("Metadata", {}).get(METADATA, {}).get("Digests", {})
