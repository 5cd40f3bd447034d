"""What parameters may not be together, and what the template's schedules come to: the template itself can only say what is allowed of one value."""

from collections.abc import Iterator

from . import providers, schedules, template as templates

MSK_PLACEHOLDER = "arn:aws:kafka:us-east-1:000000000000:"
# The files of certificates, and the parameter with the address that wants TLS for them.
CA_FILES = {"KafkaCaFile": None, "RedisCaFile": ("RedisUrl", "rediss://"), "DatabaseCaFile": None, "MongodbCaFile": None}


# The parameters that do not go together, and the sentence about them.
Conflict = tuple[tuple[str, ...], str]


def listed(values: dict[str, str], name: str) -> list[str]:
    """The items of a parameter that is a list."""
    return [each.strip() for each in values.get(name, "").split(",") if each.strip()]


def of_schedules(template: dict, values: dict[str, str]) -> Iterator[Conflict]:
    """Expressions and time zones that EventBridge would refuse, of all events of all functions."""
    for logical, body in templates.functions(template).items():
        for event, its in body["Properties"].get("Events", {}).items():
            if its["Type"] not in ("Schedule", "ScheduleV2"):
                continue
            is_rule = its["Type"] == "Schedule"
            for member in ("Schedule",) if is_rule else ("ScheduleExpression", "ScheduleExpressionTimezone"):
                written = its["Properties"].get(member)
                text = templates.resolve(written, template, values)
                if not isinstance(text, str):
                    continue
                named = sorted(templates.references(written) & template["Parameters"].keys())
                name = named[0] if len(named) == 1 else f"{member} of the event {event} of {logical}"
                if member == "ScheduleExpressionTimezone":
                    allowed = None if schedules.is_zone(text) else "a time zone of the IANA database, such as Asia/Seoul"
                else:
                    allowed = schedules.allowed_instead(text, is_rule)
                if allowed:
                    yield tuple(named), f"{name} is {text!r}; allowed is {allowed}"


def of_kafka(values: dict[str, str]) -> Iterator[Conflict]:
    """What the mappings read by, in each of the three ways."""
    security, arn = values.get("KafkaSecurity", ""), values.get("MskClusterArn", "")
    if security != "sasl_ssl_scram":
        # The template makes mappings of an MSK cluster then.
        if arn.startswith(MSK_PLACEHOLDER):
            yield ("KafkaSecurity", "MskClusterArn"), f"KafkaSecurity is {security!r} and MskClusterArn is not given, which the mappings read; allowed is the ARN of a cluster of MSK, or KafkaSecurity=sasl_ssl_scram"
        return
    if not values.get("KafkaSecretArn"):
        yield ("KafkaSecurity", "KafkaSecretArn"), "KafkaSecurity is 'sasl_ssl_scram' and KafkaSecretArn is empty; allowed is the ARN of the secret with username and password of the SCRAM user"
    subnets = listed(values, "SubnetIds")
    if len(subnets) == 1:
        yield ("KafkaSecurity", "SubnetIds"), f"KafkaSecurity is 'sasl_ssl_scram' and SubnetIds is {subnets[0]!r}; allowed for its mappings are two subnets or more, or none when the internet reaches the brokers"


def of_providers(values: dict[str, str]) -> Iterator[Conflict]:
    """The chain of providers, and what each needs."""
    chain = listed(values, "Providers")
    if len(set(chain)) < len(chain):
        yield ("Providers",), f"Providers is {values['Providers']!r}; allowed is each provider at most once"
    known = providers.known()
    unknown = [key for key in chain if key not in known]
    if unknown:
        yield ("Providers",), f"Providers is {values['Providers']!r} and there is no provider {unknown[0]!r}; allowed are {', '.join(sorted(known))}"
    for key in dict.fromkeys(chain):
        provider = known.get(key)
        if provider and provider.needs_key and not values.get("ProviderSecretArn"):
            yield ("Providers", "ProviderSecretArn"), f"Providers is {values['Providers']!r} and ProviderSecretArn is empty; allowed is the ARN of the secret with the key of {key}, or Providers without {key}"
        if provider and not provider.allow_redistribution and values.get("Publication") == "public":
            yield ("Providers", "Publication"), f"Providers is {values['Providers']!r} and Publication is 'public'; allowed with {key} is private, because its terms forbid to show its rates to others"


def of_certificates(values: dict[str, str], region: str) -> Iterator[Conflict]:
    """Files of certificates come out of the layer."""
    layer = values.get("CaLayerArn", "")
    if layer.startswith("arn:") and layer.split(":")[3] != region:
        yield ("CaLayerArn",), f"CaLayerArn is {layer!r}, of the region {layer.split(':')[3]}; allowed is a layer of {region}, where the functions are"
    for name, secure in CA_FILES.items():
        path = values.get(name, "")
        if path.startswith("/opt/") and not layer:
            yield (name, "CaLayerArn"), f"{name} is {path!r} and CaLayerArn is empty, so nothing is below /opt; allowed is the ARN of a version of the layer that has the file"
        # Of a secret value that the stack keeps nothing is known.
        address = values.get(secure[0], "") if secure else ""
        if path and secure and address and not all(each.startswith(secure[1]) for each in address.split(",")):
            yield (name, secure[0]), f"{name} is {path!r} and {secure[0]} is without TLS; allowed is {secure[1]}host:port"


def of_capacity(values: dict[str, str]) -> Iterator[Conflict]:
    """The database of servers.yaml."""
    least, most = values.get("DatabaseMinCapacity"), values.get("DatabaseMaxCapacity")
    try:
        is_order = least is None or most is None or float(least) <= float(most)
    except ValueError:
        # What is no number is named already.
        return
    if not is_order:
        yield ("DatabaseMinCapacity", "DatabaseMaxCapacity"), f"DatabaseMinCapacity is {least!r}, above DatabaseMaxCapacity, which is {most!r}; allowed is at most that"


def conflicts(template: dict, values: dict[str, str], region: str) -> list[Conflict]:
    """All of them."""
    found = list(of_capacity(values))
    # Without it the template is that of the servers.
    if "KafkaSecurity" in template["Parameters"]:
        found += [*of_schedules(template, values), *of_kafka(values), *of_providers(values), *of_certificates(values, region)]
    return found
