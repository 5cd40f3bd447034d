"""Looks whether functions in the given subnets reach what they need: AWS's services, by endpoints or by NAT, and S3, by which custom resources answer."""

from dataclasses import dataclass

from botocore.exceptions import ClientError

from .cloud import Cloud
from .together import listed

# What is called from the subnets, and by whom.
SERVICES = {
    "sqs": "events wait in a queue while Kafka is away",
    "secretsmanager": "functions read users and passwords",
    "lambda": "dead letters are replayed to their functions",
}


@dataclass(frozen=True)
class Subnet:
    """A subnet and its ways."""

    id: str
    vpc: str
    zone: str
    table: str
    has_nat: bool
    is_public: bool


def by_ids(cloud: Cloud, operation: str, member: str, argument: str, ids: list[str], parameter: str, problems: list[str]) -> list[dict]:
    """What EC2 has of these ids; which one is missing becomes a problem."""
    try:
        return cloud.all("ec2", operation, member, **{argument: ids})
    except ClientError as error:
        problems.append(f"{parameter} is {','.join(ids)!r}: {error.response['Error']['Message']}")
        return []


def subnets(cloud: Cloud, ids: list[str], parameter: str, problems: list[str]) -> list[Subnet]:
    """The subnets with what their routes to everywhere lead to: those of their own table, else of the network's main one."""
    found = by_ids(cloud, "describe_subnets", "Subnets", "SubnetIds", ids, parameter, problems)
    answer = []
    for each in found:
        tables = cloud.all("ec2", "describe_route_tables", "RouteTables", Filters=[{"Name": "vpc-id", "Values": [each["VpcId"]]}])
        own = [table for table in tables for link in table["Associations"] if link.get("SubnetId") == each["SubnetId"]]
        main = [table for table in tables for link in table["Associations"] if link.get("Main")]
        (table, *_) = own or main
        out = [route for route in table["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0" and route.get("State") != "blackhole"]
        is_public = any(str(route.get("GatewayId", "")).startswith("igw-") for route in out)
        # Whatever else it leads to (a NAT gateway or instance, a transit gateway, another network) is somebody's way out.
        answer.append(Subnet(each["SubnetId"], each["VpcId"], each["AvailabilityZone"], table["RouteTableId"], bool(out) and not is_public, is_public))
    return answer


def inspect(cloud: Cloud, values: dict[str, str]) -> tuple[list[str], list[str]]:
    """Problems and notes."""
    problems: list[str] = []
    notes: list[str] = []
    inside, outside, groups = (listed(values, name) for name in ("SubnetIds", "OutboundSubnetIds", "SecurityGroupIds"))
    if not inside:
        if outside or groups:
            problems.append("SubnetIds is empty, and OutboundSubnetIds or SecurityGroupIds are not; give all that are needed, or none")
        notes.append("SubnetIds is empty: the functions run outside of any VPC and reach only servers that the internet reaches")
        return problems, notes
    if not groups:
        problems.append("SecurityGroupIds is empty; allowed with SubnetIds is one security group or more")
    found = {name: subnets(cloud, ids, name, problems) for name, ids in (("SubnetIds", inside), ("OutboundSubnetIds", outside)) if ids}
    its_groups = by_ids(cloud, "describe_security_groups", "SecurityGroups", "GroupIds", groups, "SecurityGroupIds", problems) if groups else []
    for name, those in found.items():
        if those and len({each.zone for each in those}) < 2:
            problems.append(f"{name} is {','.join(listed(values, name))!r}, all in the zone {those[0].zone}; allowed are subnets of two zones or more")
        for each in those:
            if each.is_public:
                problems.append(f"{name} has {each.id}, which leads to an internet gateway; functions have no public address, so nothing comes back. Use NAT or endpoints")
    networks = {each.vpc for those in found.values() for each in those} | {group["VpcId"] for group in its_groups}
    if len(networks) > 1:
        problems.append(f"subnets and security groups are in {len(networks)} networks ({', '.join(sorted(networks))}); allowed is one VPC")
    for each in found.get("OutboundSubnetIds", []):
        if not each.has_nat and not each.is_public:
            problems.append(f"OutboundSubnetIds has {each.id}, which has no way to the internet (a route of 0.0.0.0/0 to a NAT gateway in {each.table})")
    if not outside and not all(each.has_nat for each in found.get("SubnetIds", [])):
        notes.append("OutboundSubnetIds is empty and SubnetIds have no NAT: neither the providers of rates nor MongoDB Atlas can be asked")
    problems += unreached(cloud, found.get("SubnetIds", []))
    return problems, notes


def unreached(cloud: Cloud, those: list[Subnet]) -> list[str]:
    """Sentences about AWS's services that subnets without NAT do not reach."""
    closed = [each for each in those if not each.has_nat and not each.is_public]
    if not closed:
        return []
    endpoints = cloud.all("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=[{"Name": "vpc-id", "Values": [closed[0].vpc]}])
    endpoints = [each for each in endpoints if each.get("State", "available").lower() == "available"]

    def of(service: str, kind: str) -> list[dict]:
        return [each for each in endpoints if each["ServiceName"] == f"com.amazonaws.{cloud.region}.{service}" and each["VpcEndpointType"] == kind]

    problems = []
    for service, reason in SERVICES.items():
        if not any(each.get("PrivateDnsEnabled") for each in of(service, "Interface")):
            problems.append(
                f"{', '.join(each.id for each in closed)} reach no {service} ({reason}): neither NAT nor an interface endpoint "
                f"com.amazonaws.{cloud.region}.{service} with private DNS in {closed[0].vpc}"
            )
    tables = {table for each in of("s3", "Gateway") for table in each.get("RouteTableIds", [])}
    for each in closed:
        if each.table not in tables and not of("s3", "Interface"):
            problems.append(
                f"{each.id} reaches no S3, by which topics and migrations answer CloudFormation: the first deployment would roll back. A gateway endpoint "
                f"com.amazonaws.{cloud.region}.s3 on the route table {each.table} is free of charge"
            )
    return problems
