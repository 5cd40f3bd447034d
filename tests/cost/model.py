"""The monthly bill of a size and a set-up: quantities times prices, one row a component. All numbers come from cost.yaml and from what the template holds."""

import math
import re
from collections.abc import Callable


def bench(text: str, row: str) -> float:
    """The first number of a row of BENCHMARKS.md, which is the measured time."""
    found = re.search(rf"^\| {re.escape(row)} \| ([\d.]+)", text, re.MULTILINE)
    if not found:
        raise SystemExit(f"BENCHMARKS.md has no row {row!r}")
    return float(found[1])


def event_poller_units(counts: dict, per_unit: int, key: Callable[[dict], int]) -> int:
    """Units that the mappings need: those of one group share them, one without a group has its own."""
    groups: dict = {}
    for number, mapping in enumerate(counts["mappings"]):
        if mapping["MinimumPollers"] is not None:
            name = mapping["PollerGroupName"] or number
            groups[name] = groups.get(name, 0) + key(mapping)
    return sum(math.ceil(pollers / per_unit) for pollers in groups.values())


class Bill:
    """What one set-up costs at one size."""

    def __init__(self, cost: dict, counts: dict, partitions: dict[str, int], bench_text: str, size: str, setup: str):
        self.cost, self.counts, self.partitions = cost, counts, partitions
        self.size, self.setup = cost["sizes"][size], cost["setups"][setup]
        self.hours, self.rules, self.bench_text = cost["hours"], cost["rules"], bench_text
        self.requests = self.size["requests_per_second"] * cost["seconds"]
        # A publication makes its hour one in which handlers write their metrics.
        self.published_hours = min(1.0, self.size["publications"] / self.hours)
        self.free = 0.0
        self.rows = self._rows()
        self.total = sum(self.rows.values())

    def pay(self, price: str, quantity: float) -> float:
        """A quantity at its price; what is always free is kept apart."""
        entry = self.cost["prices"][price]
        self.free += min(quantity, entry.get("free", 0)) * entry["usd"]
        return quantity * entry["usd"]

    def invocations(self) -> dict[str, float]:
        """Calls a month of each function that works without being called by a person."""
        share = self.cost["traffic"]["share"]
        calls = {name: self.requests * part for name, part in share.items()}
        calls["ingestor"] = self.counts["runs"]
        for name, topic in self.counts["topics"].items():
            calls[name] = self.size["publications"] * (self.size["rate_batches"] if topic == "exchange_rate_updated" else 1)
        return calls

    def billed_ms(self, name: str) -> int:
        """Billed time of one call."""
        duration = self.cost["durations"].get(name, self.cost["durations"]["handlers"])
        stretch = max(1.0, self.rules["cpu_mb"] / self.counts["memory"][name])
        return math.ceil(bench(self.bench_text, duration["row"]) * stretch + duration["waits_ms"])

    def metric_months(self) -> float:
        """Custom metrics, each for the part of the month in which it is written."""
        months = 0.0
        for group, kinds in self.cost["metrics"].items():
            hours = {"ingestor": 1.0, "apis": self.size["api_hours"], "cache_readers": self.size["api_hours"]}.get(group, self.published_hours)
            functions = self.counts["groups"][group]
            if group == "all":
                parts = self.counts["groups"]
                active = parts["ingestor"] + parts["apis"] * self.size["api_hours"] + parts["handlers"] * self.published_hours
                months += active * len(kinds["regular"])
                continue
            for metric in kinds["regular"]:
                months += functions * (self.published_hours if metric in ("EventsPublished", "RatesPublished") else hours)
        # Lag is told all the time, events are when there are any, errors seldom. Without provisioned pollers there is no MetricsConfig.
        kinds = self.rules["mapping_metrics"]
        for mapping in self.counts["mappings"] if self.setup["pollers"] else []:
            hours = {"KafkaMetrics": 1.0, "EventCount": self.published_hours, "ErrorCount": 0.0}
            months += sum(kinds[kind] * hours[kind] for kind in mapping["metrics"])
        if self.counts["route_metrics_on"]:
            months += self.counts["routes"] * self.rules["route_metrics"] * self.size["api_hours"]
        return months

    def _rows(self) -> dict[str, float]:
        calls, traffic, size, setup, pay, hours = self.invocations(), self.cost["traffic"], self.size, self.setup, self.pay, self.hours
        gb_seconds = sum(n * self.billed_ms(name) / 1000 * self.counts["memory"][name] / 1024 for name, n in calls.items())
        units = event_poller_units(self.counts, self.rules["pollers_per_epu"], lambda m: m["MinimumPollers"]) if setup["pollers"] else 0
        events_gb = size["publications"] * (size["rates"] + 3) * traffic["event_kb"] / 1e6
        handled = sum(n for name, n in calls.items() if name in self.counts["topics"])
        logs_gb = (
            self.requests * (traffic["access_log_bytes"] + traffic["function_log_bytes"])
            + handled * traffic["function_log_bytes"]
            + calls["ingestor"] * traffic["ingestor_log_bytes"]
        ) / 1e9
        page, has_console = traffic["page"], self.counts["distributions"] > 0
        answers_gb, page_gb = self.requests * traffic["answer_kb"] / 1e6, self.requests * page["loads"] * page["kb"] / 1e6
        ecpu_millions = (self.requests + handled) * traffic["ecpus"] / 1e6
        nat, box, endpoints = (part in setup["network"] for part in ("nat", "box", "endpoints"))
        assumed = self.cost["assumed"]
        gateways = self.counts["nat_gateways"] or assumed["nat_gateways"]
        zones = self.rules["zones"] * (self.counts["interface_endpoints"] or assumed["interface_endpoints"])
        acus = max(size["aurora_acus"], self.counts["aurora_acus_at_least"] or assumed["aurora_acus_at_least"])
        secrets = self.counts["secrets"] + setup.get("secrets", 0)
        rows = {
            "Lambda, requests and time": pay("lambda_request", sum(calls.values()) / 1e6) + pay("lambda_gb_second", gb_seconds),
            "Lambda, Kafka pollers": pay("epu", units * hours),
            "Kafka": self._kafka(events_gb),
            "Redis": {
                "serverless": lambda: pay("valkey_gb", self.rules["valkey_gb_at_least"] * hours) + pay("valkey_ecpu", ecpu_millions),
                "node": lambda: pay("valkey_t4g_micro", size["nodes"] * hours),
                "box": lambda: 0.0,
            }[setup["cache"]](),
            "PostgreSQL": {
                "aurora": lambda: pay("aurora_acu", acus * hours) + pay("aurora_storage", size["database_gb"]) + pay("aurora_io", size["database_io_millions"]),
                "rds": lambda: pay(size["rds"], hours) + pay("rds_storage", max(20, size["database_gb"])),
                "box": lambda: 0.0,
            }[setup["database"]](),
            "RDS Proxy": pay("proxy_acu", max(self.rules["proxy_acus_at_least"], acus) * hours) if setup["proxy"] else 0.0,
            "MongoDB": pay(size["mongodb"], hours),
            "EC2 instance and disk": pay("ec2_t4g_medium", hours) + pay("ebs_gp3", assumed["box_gb"]) if box else 0.0,
            "NAT gateway": pay("nat", gateways * hours) + pay("nat_gb", gateways) if nat else 0.0,
            "Interface endpoints": pay("endpoint", zones * hours) if endpoints else 0.0,
            "Public IPv4": pay("ipv4", (gateways if nat else 1) * hours),
            "API Gateway": pay("http_api", self.requests / 1e6),
            "CloudFront": pay("cloudfront_request", self.requests * (1 + page["loads"] * page["files"]) / 1e6) + pay("cloudfront_gb", answers_gb + page_gb) if has_console else 0.0,
            "SQS": pay("sqs_fifo", self.counts["queue_mappings"] * self.rules["queue_polls_per_second"] * self.cost["seconds"] / 1e6),
            "CloudWatch, logs": pay("logs_in", logs_gb) + pay("logs_kept", logs_gb * self.counts["log_days"] / 30),
            "CloudWatch, metrics": pay("metric", self.metric_months()),
            "CloudWatch, alarms": pay("alarm_metric", self.counts["alarm_metrics"]),
            "CloudWatch, dashboard": pay("dashboard", self.counts["dashboards"]),
            "Secrets Manager": pay("secret", secrets) + pay("secret_calls", assumed["secret_reads"] / 1e4 if secrets else 0),
            "Schedules, artifacts, page": pay("schedule", calls["ingestor"] / 1e6) + pay("s3", assumed["artifacts_gb"] + (assumed["page_gb"] if has_console else 0)),
            # What AWS's own services send to CloudFront is free.
            "Data to the internet": pay("transfer", 0 if has_console else answers_gb),
        }
        return {**rows, "always free, if nothing else uses it": -self.free}

    def _kafka(self, events_gb: float) -> float:
        kafka, pay = self.setup["kafka"], self.pay
        if kafka == "msk_serverless":
            partitions = sum(self.partitions.values())
            # Two services read everything.
            moved = pay("msk_serverless_in", events_gb) + pay("msk_serverless_out", 2 * events_gb) + pay("msk_storage", events_gb / 4)
            return pay("msk_serverless_cluster", self.hours) + pay("msk_serverless_partition", partitions * self.hours) + moved
        if kafka == "msk_brokers":
            return 3 * (pay(self.size["brokers"], self.hours) + pay("msk_storage", 10))
        return 0.0
