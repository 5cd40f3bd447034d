"""Makes the tables of docs/COST.md from docs/cost.yaml and from what the project holds now.

python3 tests/cost/table.py           writes them into the document
python3 tests/cost/table.py --check   ends with 1 when the document, or the list of metrics, is not what they say

Needs PyYAML, nothing else; no network.
"""

import difflib
import pathlib
import re
import sys

import yaml

from model import Bill, event_poller_units
from template import Template

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs/COST.md"
HOW = {"read": "read", "copied": "copied", "memory": "**from memory**"}


def table(head: list[str], rows: list[list[str]], right: int | None = None) -> str:
    """A Markdown table; columns from `right` on hold numbers."""
    rule = ["---" if right is None or n < right else "---:" for n in range(len(head))]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *rows])


def dollars(amount: float) -> str:
    """Whole dollars from 100 on, else cents."""
    if round(amount, 2) == 0:
        return "0"
    return f"{amount:,.0f}" if abs(amount) >= 100 else f"{amount:,.2f}"


def number(value: float) -> str:
    """A count, short."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"


def partitions() -> dict[str, int]:
    """Partitions of each topic, as shared/src/event/topic.rs creates them."""
    text = (ROOT / "shared/src/event/topic.rs").read_text()
    names = dict(re.findall(r'Self::(\w+) => "(\w+_\w+)"', text.split("fn name", 1)[1].split("fn ", 1)[0]))
    arms = re.findall(r"((?:Self::\w+(?: \| )?)+) => (\d+)", text.split("fn partitions", 1)[1].split("fn ", 1)[0])
    return {names[topic]: int(count) for arm, count in arms for topic in re.findall(r"Self::(\w+)", arm)}


def metrics_of_the_code() -> set[str]:
    """Names of all metrics, as shared/src/metrics.rs has them."""
    text = (ROOT / "shared/src/metrics.rs").read_text()
    return set(re.findall(r'Self::\w+ => "(\w+)"', text))


class Tables:
    """Every table of the document, by the name in its markers."""

    def __init__(self):
        self.cost = yaml.safe_load((ROOT / "docs/cost.yaml").read_text())
        files = [path for path in (ROOT / "template.yaml", ROOT / "servers.yaml") if path.exists()]
        self.files = [path.name for path in files]
        self.counts = Template([path.read_text() for path in files]).counts()
        main_counts = Template([files[0].read_text()]).counts()
        self.partitions = partitions()
        bench = (ROOT / "docs/BENCHMARKS.md").read_text()
        self.bills = {
            (setup, size): Bill(self.cost, self.counts if body.get("servers") else main_counts, self.partitions, bench, size, setup)
            for setup, body in self.cost["setups"].items()
            for size in body["sizes"]
        }

    def series(self, kind: str) -> int:
        """Custom metrics of the functions: metrics times functions that emit them."""
        return sum(self.counts["groups"][group] * len(kinds[kind]) for group, kinds in self.cost["metrics"].items())

    def counted(self) -> str:
        """What is in the template."""
        c, rules = self.counts, self.cost["rules"]
        units = event_poller_units(c, rules["pollers_per_epu"], lambda m: m["MinimumPollers"])
        # More pollers than partitions are of no use, and Lambda does not start them.
        most = event_poller_units(c, rules["pollers_per_epu"], lambda m: min(m["MaximumPollers"], self.partitions[m["topic"]]))
        groups = len({m["PollerGroupName"] for m in c["mappings"]})
        memory = sorted(set(c["memory"].values()))
        sizes = ", ".join(f"{sum(mb == m for mb in c['memory'].values())} × {m} MB" for m in memory)
        routes = c["routes"] * rules["route_metrics"] if c["route_metrics_on"] else 0

        def or_assumed(what: str) -> str:
            return number(c[what]) if c[what] else f"{self.cost['assumed'][what]} (assumed)"

        return table(
            ["what", "number", "billed as"],
            [
                ["functions", f"{c['groups']['all']}: {sizes}", "requests and GB-seconds"],
                ["runs of the ingestor a month", number(c["runs"]), "the same"],
                ["Kafka mappings, poller groups", f"{len(c['mappings'])}, {groups}", f"event poller units: {units}, {most} at most"],
                ["topics and partitions", f"{len(self.partitions)}, {sum(self.partitions.values())}", "partition hours, on MSK Serverless"],
                ["routes of the HTTP API", str(c["routes"]), f"{routes} custom metrics, at most" if routes else "nothing"],
                ["custom metrics of the functions", f"{self.series('regular')} regular, {self.series('seldom')} seldom", "the hours in which they are written"],
                ["metrics of the Kafka mappings", str(sum(rules["mapping_metrics"][kind] for m in c["mappings"] for kind in m["metrics"])), "as custom metrics: lag always, events when there are any, errors seldom"],
                ["alarms", str(c["alarms"]), f"{c['alarm_metrics']} metrics in them"],
                ["dashboards", f"{c['dashboards']}, of {c['dashboard_metrics']} metrics", "one each"],
                ["queues, mappings of queues", f"{c['queues']}, {c['queue_mappings']}", "requests, polling included"],
                ["log groups, days kept", f"{c['log_groups']}, {c['log_days']}", "GB"],
                ["secrets", str(c["secrets"]), "one each"],
                ["distributions, buckets of the page", f"{c['distributions']}, {c['buckets']}", "requests and GB to readers; GB"],
                ["interface endpoints", or_assumed("interface_endpoints"), f"hours in each of {rules['zones']} zones"],
                ["NAT gateways", or_assumed("nat_gateways"), "hours"],
            ],
        )

    def sizes(self) -> str:
        """How big small, medium and large are."""
        sizes = self.cost["sizes"]
        bills = {size: self.bills["managed", size] for size in sizes}
        rows = [
            ["for", *(s["what"] for s in sizes.values())],
            ["requests a second, mean", *(f"{s['requests_per_second']:g}" for s in sizes.values())],
            ["requests a month", *(number(b.requests) for b in bills.values())],
            ["providers", *(s["providers"] for s in sizes.values())],
            ["publications a month × rates", *(f"{s['publications']:,} × {s['rates']}" for s in sizes.values())],
            ["Kafka events a day, mean", *(number(s["publications"] * (s["rates"] + 3) / self.cost["hours"] * 24) for s in sizes.values())],
            ["history", *(s["history"] for s in sizes.values())],
            ["billed ms a call, currency-api", *(str(b.billed_ms("currency-api")) for b in bills.values())],
        ]
        return table(["", *sizes], rows)

    def prices(self) -> str:
        """Every price once, with where it is from."""
        rows = [
            [p["unit"], f"{p['usd']:.10f}".rstrip("0").rstrip(".") or "0", p["region"], p["source"], HOW[p["how"]], f"{p['free']:,}" if "free" in p else ""]
            for p in self.cost["prices"].values()
        ]
        return table(["unit", "USD", "region", "source", "how", "always free"], rows)

    def sources(self) -> str:
        """What the abbreviations stand for."""
        return "\n".join(f"- **{key}**: {text}" for key, text in self.cost["sources"].items())

    def managed(self) -> str:
        """The bill of the first set-up, all sizes."""
        return self._bills([("managed", size) for size in self.cost["sizes"]], list(self.cost["sizes"]))

    def small(self) -> str:
        """The bill of the small size, all set-ups."""
        setups = [setup for setup, body in self.cost["setups"].items() if "small" in body["sizes"]]
        return self._bills([(setup, "small") for setup in setups], [self.cost["setups"][setup]["title"] for setup in setups])

    def totals(self) -> str:
        """Totals, and the three largest parts."""
        rows = []
        for setup, body in self.cost["setups"].items():
            cells = [dollars(self.bills[setup, size].total) if size in body["sizes"] else "" for size in self.cost["sizes"]]
            bill = self.bills[setup, "small"]
            largest = sorted(bill.rows.items(), key=lambda row: -row[1])[:3]
            rows.append([body["title"], *cells, "; ".join(f"{name} {amount / bill.total:.0%}" for name, amount in largest)])
        return table(["set-up", *self.cost["sizes"], "what dominates the small one"], rows)

    def pollers(self) -> str:
        """What the poller group saves."""
        unit = self.cost["prices"]["epu"]["usd"] * self.cost["hours"]
        apart = len(self.counts["mappings"])
        return f"One unit is {dollars(unit)} a month. Without the group each of the {apart} mappings would have its own: {dollars(unit * apart)}."

    def routes(self) -> str:
        """What metrics of each route cost."""
        price, share = self.cost["prices"]["metric"]["usd"], self.counts["routes"] * self.cost["rules"]["route_metrics"]
        return f"At most {share} metrics, {dollars(share * price)} a month, when every route is asked in every hour."

    def won(self) -> str:
        """One total in won."""
        won = self.cost["won"]
        rate, total = won["krw"] / won["usd"], self.bills["nodes", "small"].total
        krw = f"KRW {won['krw']} ÷ USD {won['usd']} = {rate:,.2f}"
        return f"In won, as an example: C, small, is about {round(total * rate, -3):,.0f} a month without tax, by the ECB's rates of {won['date']} ({krw})."

    def _bills(self, keys: list[tuple[str, str]], head: list[str]) -> str:
        bills = [self.bills[key] for key in keys]
        rows = [[name, *(dollars(bill.rows[name]) for bill in bills)] for name in bills[0].rows]
        rows = [row for row in rows if set(row[1:]) != {"0"}]
        rows.append(["**total, USD a month**", *(f"**{dollars(bill.total)}**" for bill in bills)])
        return table(["component", *head], rows, right=1)


def rendered(text: str, tables: Tables) -> str:
    """The document with every table made anew; a marker without a table of its name is an error."""
    return re.sub(
        r"(<!-- cost:(\w+) -->\n).*?(<!-- /cost -->)",
        lambda found: found[1] + getattr(tables, found[2])() + "\n" + found[3],
        text,
        flags=re.DOTALL,
    )


def main() -> int:
    tables = Tables()
    listed = [metric for kinds in tables.cost["metrics"].values() for group in kinds.values() for metric in group]
    if sorted(listed) != sorted(metrics_of_the_code()):
        print("docs/cost.yaml, metrics: not those of shared/src/metrics.rs:", set(listed) ^ metrics_of_the_code() or "one is there twice")
        return 1
    if unknown := {p["source"] for p in tables.cost["prices"].values()} - set(tables.cost["sources"]):
        print("docs/cost.yaml, prices: no such source:", unknown)
        return 1
    before = DOCUMENT.read_text()
    after = rendered(before, tables)
    if "--check" not in sys.argv:
        DOCUMENT.write_text(after)
        print(f"docs/COST.md is made from {', '.join(tables.files)}")
    elif after != before:
        print("docs/COST.md is not what template.yaml and docs/cost.yaml say; make it anew: python3 tests/cost/table.py")
        print("\n".join(difflib.unified_diff(before.splitlines(), after.splitlines(), "docs/COST.md", "made anew", lineterm="", n=0)))
        return 1
    else:
        print(f"docs/COST.md is what {', '.join(tables.files)} and docs/cost.yaml say")
    return 0


if __name__ == "__main__":
    sys.exit(main())
