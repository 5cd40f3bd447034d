"""AWS, as one account and region: clients, and errors as sentences."""

import json
from functools import cached_property

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from .console import Failure

# What is shown of an answer that is not understood.
LONGEST = 300
STAMP_KEY = "/hwanyul/{stack}/deployment-stamp-key"


def code(error: ClientError) -> str:
    """AWS's name for the error."""
    return error.response["Error"]["Code"]


class Cloud:
    """Clients of one region, made when they are first wanted."""

    def __init__(self, region: str) -> None:
        self.region = region
        self._session = boto3.Session(region_name=region)
        self._clients: dict = {}

    @property
    def domain(self) -> str:
        """What AWS's addresses end with in this region."""
        return "amazonaws.com.cn" if self._session.get_partition_for_region(self.region) == "aws-cn" else "amazonaws.com"

    def client(self, service: str):
        """The service's client."""
        if service not in self._clients:
            self._clients[service] = self._session.client(service, config=Config(retries={"mode": "standard", "max_attempts": 5}))
        return self._clients[service]

    def patient(self, seconds: int):
        """Lambda's client for one long invocation: it waits for the answer, and never asks a second time while the first is at work."""
        return self._session.client("lambda", config=Config(read_timeout=seconds, retries={"total_max_attempts": 1}, tcp_keepalive=True))

    def all(self, service: str, operation: str, member: str, **arguments) -> list:
        """All pages of a list."""
        client = self.client(service)
        if not client.can_paginate(operation):
            return getattr(client, operation)(**arguments)[member]
        return [item for page in client.get_paginator(operation).paginate(**arguments) for item in page[member]]

    @cached_property
    def account(self) -> str:
        """The account of the credentials."""
        try:
            return self.client("sts").get_caller_identity()["Account"]
        except NoCredentialsError as error:
            raise Failure("there are no credentials for AWS; `aws configure sso`, AWS_PROFILE or AWS_ACCESS_KEY_ID gives them") from error
        except (ClientError, BotoCoreError) as error:
            raise Failure(f"AWS does not take the credentials: {error}") from error

    def stamp_key(self, stack: str, token: bytes) -> bytes:
        """The key of the stack's stamps, in Parameter Store; `token` becomes it when there is none. Who is faster decides when two ask."""
        client, name = self.client("ssm"), STAMP_KEY.format(stack=stack)
        try:
            return bytes.fromhex(client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
        except ClientError as error:
            if code(error) != "ParameterNotFound":
                raise
        description = "Key of the hashes by which ./deploy sees changed parameters."
        try:
            client.put_parameter(Name=name, Value=token.hex(), Type="SecureString", Overwrite=False, Description=description)
        except ClientError as error:
            if code(error) != "ParameterAlreadyExists":
                raise
        return bytes.fromhex(client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])

    def invoke(self, function: str, event: dict, members: dict[str, tuple[type, ...]], seconds: int = 120) -> dict:
        """The function's answer, which has these members; its alias `live` is what triggers invoke. An error of the function ends the program."""
        try:
            answer = self.patient(seconds).invoke(FunctionName=function, Qualifier="live", Payload=json.dumps(event).encode())
        except ClientError as error:
            if code(error) != "ResourceNotFoundException":
                raise
            raise Failure(f"there is no function {function} with an alias live in {self.region}; `./deploy check` says what is lacking") from error
        payload = answer["Payload"].read().decode(errors="replace")
        if answer.get("FunctionError"):
            raise Failure(f"{function} failed ({answer['FunctionError']}): {payload}")
        try:
            found = json.loads(payload)
        except ValueError:
            found = None
        wrong = members if not isinstance(found, dict) else [name for name, kinds in members.items() if name not in found or not isinstance(found[name], kinds)]
        if wrong:
            raise Failure(f"{function} answers {payload[:LONGEST]!r}, which is not the answer of this version: allowed is an object with {', '.join(members)}; wrong are {', '.join(wrong)}. Is another version live?")
        return found
