"""Brings the network of servers.yaml up on moto, and looks at who can reach what. Its servers (MSK Serverless, ElastiCache Serverless, Aurora with RDS Proxy) are
what moto does not have: cfn-lint and Checkov read them. Prints a line a step, and ends with 1 at what is not as it must be."""

import json

import boto3
from moto import mock_aws
from samtranslator.yaml_helper import yaml_parse
from stack import REGION, ROOT, must

# Outputs that a person needs, not template.yaml.
FOR_PEOPLE = {"NatAddress"}
NOT_ON_MOTO = ("CreateKafka", "CreateRedis", "CreateDatabase")


def outputs_are_parameters(servers: dict, template: dict) -> None:
    """So that one command hands them over."""
    strange = sorted(set(servers["Outputs"]) - set(template["Parameters"]) - FOR_PEOPLE)
    must(not strange, f"outputs of servers.yaml that template.yaml does not take: {strange}")
    print(f"servers.yaml: {len(servers['Outputs'])} outputs, each a parameter of template.yaml, or for people: {', '.join(FOR_PEOPLE)}")


def deploy(servers: dict) -> tuple[dict[str, str], dict[str, str]]:
    """Creates what moto has; answers the physical ids by logical id, and the outputs."""
    outputs = {name: body for name, body in servers["Outputs"].items() if body.get("Condition", "Nat") == "Nat"}
    formation = boto3.client("cloudformation", REGION)
    formation.create_stack(
        StackName="hwanyul-servers",
        TemplateBody=json.dumps({**servers, "Outputs": outputs}),
        Parameters=[{"ParameterKey": name, "ParameterValue": "false"} for name in NOT_ON_MOTO],
    )
    (stack,) = formation.describe_stacks(StackName="hwanyul-servers")["Stacks"]
    must(stack["StackStatus"] == "CREATE_COMPLETE", f"the stack is {stack['StackStatus']}")
    created = formation.describe_stack_resources(StackName="hwanyul-servers")["StackResources"]
    ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in created if "PhysicalResourceId" in resource}
    print(f"stack {stack['StackStatus']}: {len(ids)} resources of the network")
    return ids, {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def own_tables(subnet: str, servers: dict, ids: dict[str, str]) -> list[str]:
    """The subnet's route tables. moto does not keep which table is a subnet's, so that is read where it is written."""
    pairs = [body["Properties"] for body in servers["Resources"].values() if body["Type"] == "AWS::EC2::SubnetRouteTableAssociation"]
    return [ids[pair["RouteTableId"]["Ref"]] for pair in pairs if ids[pair["SubnetId"]["Ref"]] == subnet]


def ways_out(subnet: str, servers: dict, ids: dict[str, str]) -> set[str]:
    """What the subnet's routes to everywhere lead to."""
    ec2 = boto3.client("ec2", REGION)
    own = own_tables(subnet, servers, ids)
    main = {"Filters": [{"Name": "association.main", "Values": ["true"]}, {"Name": "vpc-id", "Values": [ids["Vpc"]]}]}
    tables = ec2.describe_route_tables(**({"RouteTableIds": own} if own else main))["RouteTables"]
    must(len(tables) == 1, f"{subnet} has {len(tables)} route tables")
    routes = [route for route in tables[0]["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
    return {"nat" if route.get("NatGatewayId") else "internet" for route in routes}


def network(servers: dict, ids: dict[str, str], outputs: dict[str, str]) -> None:
    """Servers have no way out, functions that ask others have one, and AWS's services are reached by endpoints."""
    for subnet in outputs["SubnetIds"].split(","):
        must(ways_out(subnet, servers, ids) == set(), f"{subnet} leads to {ways_out(subnet, servers, ids)}")
    for subnet in outputs["OutboundSubnetIds"].split(","):
        must(ways_out(subnet, servers, ids) == {"nat"}, f"{subnet} leads to {ways_out(subnet, servers, ids)}")
    ec2 = boto3.client("ec2", REGION)
    endpoints = {endpoint["ServiceName"].split(".")[-1]: endpoint for endpoint in ec2.describe_vpc_endpoints()["VpcEndpoints"]}
    must(set(endpoints) == {"sqs", "secretsmanager", "lambda", "sts", "s3"}, f"endpoints of {sorted(endpoints)}")
    # Custom resources answer CloudFormation by S3, from the servers' subnets and from those with a way out.
    gateway = endpoints.pop("s3")
    must(gateway["VpcEndpointType"] == "Gateway", f"the endpoint of s3: {gateway}")
    for subnet in [*outputs["SubnetIds"].split(","), *outputs["OutboundSubnetIds"].split(",")]:
        (table,) = own_tables(subnet, servers, ids)
        must(table in gateway["RouteTableIds"], f"{subnet} has no way to s3: {gateway['RouteTableIds']}")
    for service, endpoint in endpoints.items():
        must(endpoint["PrivateDnsEnabled"] and set(endpoint["SubnetIds"]) == set(outputs["SubnetIds"].split(",")), f"the endpoint of {service}: {endpoint}")
    (group,) = ec2.describe_security_groups(GroupIds=[ids["ServersGroup"]])["SecurityGroups"]
    for rule in group["IpPermissions"]:
        must(not rule.get("IpRanges") and not rule.get("Ipv6Ranges"), f"the servers' group lets addresses in: {rule}")
        groups = {pair["GroupId"] for pair in rule["UserIdGroupPairs"]}
        must(groups <= {ids["FunctionsGroup"], ids["ServersGroup"]}, f"the servers' group lets others in: {rule}")
    print("network: no way out for servers, a NAT gateway for those who ask others, five endpoints (s3 by a gateway for custom resources), and nobody but functions and servers is let in")


def nat_address(ids: dict[str, str], outputs: dict[str, str]) -> None:
    """What Atlas has to let in is the NAT gateway's own address."""
    ec2 = boto3.client("ec2", REGION)
    (gateway,) = ec2.describe_nat_gateways(NatGatewayIds=[ids["NatGateway"]])["NatGateways"]
    (address,) = ec2.describe_addresses(AllocationIds=[gateway["NatGatewayAddresses"][0]["AllocationId"]])["Addresses"]
    must(outputs["NatAddress"] == address["PublicIp"], f"NatAddress is {outputs['NatAddress']}, the gateway's {address['PublicIp']}")
    print("NatAddress is the NAT gateway's")


def main() -> None:
    """Everything in order."""
    servers = yaml_parse((ROOT / "servers.yaml").read_text())
    outputs_are_parameters(servers, yaml_parse((ROOT / "template.yaml").read_text()))
    ids, outputs = deploy(servers)
    network(servers, ids, outputs)
    nat_address(ids, outputs)


if __name__ == "__main__":
    with mock_aws():
        main()
