"""Subnets that reach what functions need and such that do not, on a moto server, as the checks of ./deploy see them."""

from bench import Bench
from stack import REGION, must

from deployment import checks, network
from deployment.plan import Plan


class Network:
    """A VPC whose parts come one after the other."""

    def __init__(self, bench: Bench) -> None:
        self.ec2 = bench.client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
        self.group = self.ec2.create_security_group(GroupName="functions", Description="functions", VpcId=self.vpc)["GroupId"]
        self.gateway = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=self.gateway, VpcId=self.vpc)
        self.count = 0

    def subnet(self, zone: str, **route: str) -> tuple[str, str]:
        """A subnet and its own route table."""
        self.count += 1
        subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=f"10.30.{self.count}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(SubnetId=subnet, RouteTableId=table)
        if route:
            self.ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **route)
        return subnet, table

    def endpoint(self, service: str, **arguments) -> None:
        kind = {"VpcEndpointType": "Gateway"} if "RouteTableIds" in arguments else {"VpcEndpointType": "Interface", "PrivateDnsEnabled": True}
        self.ec2.create_vpc_endpoint(VpcId=self.vpc, ServiceName=f"com.amazonaws.{REGION}.{service}", **kind, **arguments)


def ways(bench: Bench) -> None:
    """Subnets that reach what they need and such that do not, one thing lacking after the other."""
    net = Network(bench)
    public, _ = net.subnet("a", GatewayId=net.gateway)
    address = net.ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = net.ec2.create_nat_gateway(SubnetId=public, AllocationId=address)["NatGateway"]["NatGatewayId"]
    (one, table_one), (two, table_two), (same, _) = net.subnet("a"), net.subnet("b"), net.subnet("a")
    (out_a, _), (out_b, _) = net.subnet("a", NatGatewayId=nat), net.subnet("b", NatGatewayId=nat)
    look = lambda plan: checks.Finding(*network.inspect(plan.cloud, plan.values))  # noqa: E731

    def plan(inside: str = "", outside: str = "", groups: str = net.group) -> Plan:
        return bench.plan(SubnetIds=inside, OutboundSubnetIds=outside, SecurityGroupIds=groups)

    both, out = f"{one},{two}", f"{out_a},{out_b}"
    bench.says(look, plan(groups=""), notes=("SubnetIds is empty",))
    bench.says(look, plan(outside=out, groups=""), "SubnetIds is empty, and OutboundSubnetIds")
    bench.says(look, plan(inside=out))
    bench.says(look, plan(inside=out, groups=""), "SecurityGroupIds is empty")
    bench.says(look, plan(inside=out, groups="sg-0123456789abcdef0"), "SecurityGroupIds is 'sg-0123456789abcdef0'")
    bench.says(look, plan(inside="subnet-0123456789abcdef0"), "SubnetIds is 'subnet-0123456789abcdef0'")
    bench.says(look, plan(inside=f"{out_a},{public}"), "all in the zone us-east-1a", "leads to an internet gateway")
    bench.says(look, plan(inside=out, outside=both), "has no way to the internet", "has no way to the internet")
    lacking = ["reach no sqs", "reach no secretsmanager", "reach no lambda", f"{one} reaches no S3", f"{two} reaches no S3"]
    bench.says(look, plan(inside=both, outside=out), *lacking)
    for service in ("sqs", "secretsmanager", "lambda"):
        net.endpoint(service, SubnetIds=[one, two])
        lacking.pop(0)
        bench.says(look, plan(inside=both, outside=out), *lacking)
    net.endpoint("s3", RouteTableIds=[table_one])
    bench.says(look, plan(inside=both, outside=out), f"{two} reaches no S3", notes=())
    must(table_two in look(plan(inside=both, outside=out)).problems[0], "the route table is named")
    net.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint_of(net, "s3"), AddRouteTableIds=[table_two])
    bench.says(look, plan(inside=both, outside=out))
    bench.says(look, plan(inside=both), notes=("neither the providers of rates nor MongoDB Atlas",))
    bench.says(look, plan(inside=f"{one},{same}", outside=out), "all in the zone us-east-1a", f"{same} reaches no S3")
    elsewhere = Network.__new__(Network)
    elsewhere.__dict__.update(net.__dict__)
    elsewhere.vpc = net.ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
    far, _ = elsewhere.subnet("b", NatGatewayId=nat)
    bench.says(look, plan(inside=f"{out_a},{far}"), "are in 2 networks")
    print("network: zones, networks, groups, ways to SQS, Secrets Manager, Lambda, S3 and the internet, one lacking after the other")


def endpoint_of(net: Network, service: str) -> str:
    """The id of the VPC's endpoint of a service."""
    (found,) = [each for each in net.ec2.describe_vpc_endpoints()["VpcEndpoints"] if each["ServiceName"].endswith(f".{service}")]
    return found["VpcEndpointId"]
