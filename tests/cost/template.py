"""What a CloudFormation template holds that AWS bills: functions, mappings, alarms, routes, queues. Nothing here knows a price."""

import math
import re

import yaml


class Loader(yaml.SafeLoader):
    """Reads !Ref and its like as {"Ref": ...}, {"Fn::If": ...}, the long form of the same."""


def _intrinsic(loader: Loader, name: str, node: yaml.Node) -> dict:
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {name if name in ("Ref", "Condition") else f"Fn::{name}": value}


Loader.add_multi_constructor("!", _intrinsic)


class Template:
    """Templates taken together, with every parameter at its default."""

    def __init__(self, texts: list[str]):
        self.parameters, self.conditions, self.resources, self.globals = {}, {}, {}, {}
        for text in texts:
            template = yaml.load(text, Loader)
            # The main template comes first; a nested one does not change what it says.
            self.parameters = {**template.get("Parameters", {}), **self.parameters}
            self.conditions = {**template.get("Conditions", {}), **self.conditions}
            self.globals = self.globals or template.get("Globals", {}).get("Function", {})
            for name, resource in template["Resources"].items():
                self.resources[name if name not in self.resources else f"{name}/nested"] = resource

    def value(self, node):
        """The node with references to parameters and conditions worked out; anything else stays as it is."""
        if not (isinstance(node, dict) and len(node) == 1):
            return node
        name, argument = next(iter(node.items()))
        match name:
            case "Ref" if argument in self.parameters:
                return self.parameters[argument].get("Default", "")
            case "Fn::If":
                return self.value(argument[1] if self.holds(self.conditions.get(argument[0])) else argument[2])
            case "Fn::Join":
                parts = self.value(argument[1])
                return argument[0].join(map(str, parts)) if isinstance(parts, list) else parts
        return node

    def figure(self, node) -> float:
        """A number, or 0 where only a deployment knows it."""
        value = self.value(node)
        return float(value) if re.fullmatch(r"[\d.]+", str(value)) else 0

    def holds(self, condition) -> bool:
        """Whether a condition is true when every parameter has its default."""
        if not isinstance(condition, dict):
            return False
        name, argument = next(iter(condition.items()))
        match name:
            case "Condition":
                return self.holds(self.conditions.get(argument))
            case "Fn::Not":
                return not self.holds(argument[0])
            case "Fn::Equals":
                return str(self.value(argument[0])) == str(self.value(argument[1]))
            case "Fn::And":
                return all(map(self.holds, argument))
            case "Fn::Or":
                return any(map(self.holds, argument))
        return False

    def of(self, *kinds: str) -> dict[str, dict]:
        """Properties of all resources of these types, also of those with a condition."""
        return {name: r.get("Properties", {}) for name, r in self.resources.items() if r["Type"] in kinds}

    def counts(self) -> dict:
        """Everything that the bill depends on."""
        functions = self.of("AWS::Serverless::Function", "AWS::Lambda::Function")
        memory = {n: int(self.value(p.get("MemorySize", self.globals.get("MemorySize", 128)))) for n, p in functions.items()}
        names = {n: self.value(p.get("FunctionName", n)) for n, p in functions.items()}
        events = [(n, e["Type"], e.get("Properties", {})) for n, p in functions.items() for e in p.get("Events", {}).values()]
        # `!Ref Function.Alias`, or `!Ref Function`.
        mappings = [
            {
                "function": next(iter(p["FunctionName"].values())).split(".")[0],
                "topic": self.value(p["Topics"])[0],
                "metrics": p.get("MetricsConfig", {}).get("Metrics", []),
                **{key: self.value(p.get("ProvisionedPollerConfig", {}).get(key)) for key in ("MinimumPollers", "MaximumPollers", "PollerGroupName")},
            }
            for p in self.of("AWS::Lambda::EventSourceMapping").values()
            if "Topics" in p
        ]
        apis = {n for n, kind, _ in events if kind == "HttpApi"}
        handlers = {m["function"] for m in mappings}
        rates = {m["function"] for m in mappings if m["topic"] == "exchange_rate_updated"}
        variables = {n: p.get("Environment", {}).get("Variables", {}) for n, p in functions.items()}
        alarms = self.of("AWS::CloudWatch::Alarm")
        dashboards = self.of("AWS::CloudWatch::Dashboard")
        bodies = " ".join(str(p.get("DashboardBody")) for p in dashboards.values())
        scheduled = {n for n, kind, _ in events if kind.startswith("Schedule")}
        http_apis = self.of("AWS::Serverless::HttpApi", "AWS::ApiGatewayV2::Api").values()
        endpoints = [p for p in self.of("AWS::EC2::VPCEndpoint").values() if self.value(p.get("VpcEndpointType")) == "Interface"]
        clusters = self.of("AWS::RDS::DBCluster").values()
        aurora = [p["ServerlessV2ScalingConfiguration"] for p in clusters if "ServerlessV2ScalingConfiguration" in p]
        return {
            "memory": {names[n]: mb for n, mb in memory.items()},
            "topics": {names[m["function"]]: m["topic"] for m in mappings},
            "groups": {
                "all": len(functions),
                "handlers": len(handlers),
                "rate_handlers": len(rates),
                "apis": len(apis),
                "cache_readers": sum("DATABASE_URL" in variables[n] for n in apis),
                "ingestor": len(scheduled),
            },
            "mappings": mappings,
            "runs": sum(self.runs(properties) for _, kind, properties in events if kind.startswith("Schedule")),
            "routes": sum(kind == "HttpApi" for _, kind, _ in events),
            "route_metrics_on": any(p.get("DefaultRouteSettings", {}).get("DetailedMetricsEnabled") for p in http_apis),
            "queues": len(self.of("AWS::SQS::Queue")),
            "queue_mappings": sum(kind == "SQS" for _, kind, _ in events),
            "log_groups": len(self.of("AWS::Logs::LogGroup")),
            "log_days": int(max((self.figure(p.get("RetentionInDays")) for p in self.of("AWS::Logs::LogGroup").values()), default=0)),
            "alarms": len(alarms),
            # An alarm on an expression is billed for each metric in it.
            "alarm_metrics": sum(sum("MetricStat" in m for m in p["Metrics"]) if "Metrics" in p else 1 for p in alarms.values()),
            "dashboards": len(dashboards),
            "dashboard_metrics": len(re.findall(r'\["(?:Hwanyul|AWS/\w+)"', bodies)),
            # RDS makes one for a password that it manages.
            "secrets": len(self.of("AWS::SecretsManager::Secret")) + sum(p.get("ManageMasterUserPassword") is True for p in clusters),
            "distributions": len(self.of("AWS::CloudFront::Distribution")),
            "buckets": len(self.of("AWS::S3::Bucket")),
            "interface_endpoints": len(endpoints),
            "nat_gateways": len(self.of("AWS::EC2::NatGateway")),
            "aurora_acus_at_least": max((self.figure(p["MinCapacity"]) for p in aurora), default=0),
        }

    def runs(self, schedule: dict) -> float:
        """Runs a month of a schedule: rate(5 minutes), or a cron line of minutes, hours and days of the week; 0 when it is off."""
        if self.value(schedule.get("State", "ENABLED")) == "DISABLED" or self.value(schedule.get("Enabled", True)) is False:
            return 0
        text = self.value(schedule.get("Schedule", schedule.get("ScheduleExpression")))
        if rate := re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", text):
            return 730 * 60 / (int(rate[1]) * {"minute": 1, "hour": 60, "day": 1440}[rate[2]])
        minutes, hours, _, _, weekdays, _ = re.fullmatch(r"cron\((.*)\)", text)[1].split()
        return _steps(minutes, 60) * _steps(hours, 24) * _steps(weekdays, 7) * 730 / 24 / 7


DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


def _steps(field: str, of: int) -> int:
    """How many values a field of a cron line has."""
    total = 0
    for part in field.split(","):
        part, _, step = part.partition("/")
        first, _, last = part.partition("-")
        if part in ("*", "?"):
            span = of
        elif last:
            span = (_number(last) - _number(first)) % of + 1
        else:
            span = of - _number(first) if step else 1
        total += math.ceil(span / int(step or 1))
    return total


def _number(text: str) -> int:
    return DAYS.index(text) if text in DAYS else int(text)
