"""Brings the console's bucket and distribution of template.yaml up on a moto server, and runs console/deploy against it with AWS's own client.

moto's CloudFormation has neither CloudFront nor secrets nor bucket policies, so each is created by its own API with what the template has; botocore refuses what
that API does not take. Policies for headers moto has not at all: botocore alone looks at them. Prints a line a step, and ends with 1 at what is not as it must be.
"""

import fnmatch
import json
import logging
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import boto3
import yaml
from botocore.validate import ParamValidator
from moto.cloudfront.models import Invalidation
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from moto.s3.models import FakeDeleteMarker, s3_backends
from samtranslator.yaml_helper import yaml_parse
from stack import OWN_SECRET, REGION, ROOT, generated, must

ACCOUNT = "123456789012"
DEPLOY = ROOT / "console/deploy"
# What CloudFront's API calls otherwise than CloudFormation does.
RENAMED = {"IPV6Enabled": "IsIPV6Enabled", "OriginSSLProtocols": "OriginSslProtocols", "OriginCustomHeaders": "CustomHeaders"}
# AWS's own policies.
CACHING_DISABLED, CACHING_OPTIMIZED = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_BUT_HOST = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
FOREVER = "public, max-age=31536000, immutable"
# A small build: names as Vite makes them.
PAGE = {
    "index.html": '<!doctype html><script type="module" src="./assets/index-Dp4VDV9-.js"></script>',
    "config.json": '{"pipeline":false,"poll_seconds":30}',
    "icon.svg": "<svg/>",
    "assets/index-Dp4VDV9-.js": "import './rates-C9nzHTsd.js'",
    "assets/rates-C9nzHTsd.js": "export {}",
    "assets/index-Bs3Fqhcl.css": "body{}",
}
# What a build leaves beside it and a bucket has no use for.
BESIDE = {".built": "0a1b2c3d", "index.html.br": "b", "index.html.gz": "g", "assets/index-Dp4VDV9-.js.br": "b", "assets/index-Dp4VDV9-.js.gz": "g"}
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
}


class Completed:
    """moto calls an invalidation COMPLETED and AWS Completed, which is what its client waits for."""

    def __get__(self, *_) -> str:
        return "Completed"

    def __set__(self, *_) -> None:
        pass


class Stack:
    """The console's part of the template, with references worked out as things come to be."""

    def __init__(self, endpoint: str):
        self.template = yaml_parse((ROOT / "template.yaml").read_text())
        self.endpoint = endpoint
        self.references = {
            **{"AWS::StackName": "hwanyul", "AWS::Region": REGION, "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com", "AWS::AccountId": ACCOUNT},
            **{"Api": "a1b2c3d4e5", "ConsoleHeaders": "headers-policy"},
        }

    def client(self, service: str):
        return boto3.client(service, REGION, endpoint_url=self.endpoint)

    def properties(self, name: str) -> dict:
        return self.value(self.template["Resources"][name]["Properties"])

    def value(self, node):
        """The node without intrinsic functions; optional things are left out, as with every parameter at its default."""
        if isinstance(node, list):
            return [self.value(item) for item in node]
        if not isinstance(node, dict):
            return node
        name, argument = next(iter(node.items()), ("", None))
        match name:
            case "Ref":
                return self.references[argument]
            case "Fn::GetAtt":
                return self.references[".".join(argument) if isinstance(argument, list) else argument]
            case "Fn::Sub":
                for reference, value in self.references.items():
                    argument = argument.replace("${" + reference + "}", value)
                must("${" not in argument, f"{argument} is resolved")
                return re.sub(r"{{resolve:secretsmanager:(arn:.+):SecretString:(\w+)}}", lambda named: self.secret(named[1])[named[2]], argument)
            case "Fn::If":
                must(argument[0] == "HasConsoleLogs", f"no other condition than HasConsoleLogs: {argument[0]}")
                return self.value(argument[2])
        kept = {key: item for key, item in node.items() if not (isinstance(item, dict) and item.get("Fn::If", [0] * 3)[2] == {"Ref": "AWS::NoValue"})}
        return {key: self.value(item) for key, item in kept.items()}

    def secret(self, arn: str) -> dict[str, str]:
        """What a secret says."""
        return json.loads(self.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])


def as_api(node, inside: str = ""):
    """The same as CloudFront's API takes it: lists have their length beside them."""
    if isinstance(node, list):
        items = [as_api(item) for item in node]
        return items if inside == "Items" else {"Quantity": len(items), "Items": items}
    if isinstance(node, dict):
        counted = {"Quantity": len(node["Items"])} if isinstance(node.get("Items"), list) else {}
        return counted | {RENAMED.get(key, key): as_api(item, key) for key, item in node.items()}
    return node


def is_optional(stack: Stack) -> None:
    """Without the parameter nothing of the console is there, and nothing but the ranking's function knows of it, by the distribution's key."""
    kinds = ("AWS::CloudFront::", "AWS::S3::", "AWS::SecretsManager::")
    of_console = {name: body for name, body in stack.template["Resources"].items() if body["Type"].startswith(kinds)}
    outputs = {name: body for name, body in stack.template["Outputs"].items() if name.startswith("Console")}
    for name, body in {**of_console, **outputs}.items():
        must(name.startswith("Console") and body.get("Condition") == "HasConsole", f"{name} has the condition HasConsole")
    for other, body in stack.template["Resources"].items():
        known = {name for name in of_console if f'"{name}"' in json.dumps(body) or "${" + name in json.dumps(body)}
        must(other in of_console or known == ({OWN_SECRET} if other == "RankingApi" else set()), f"{other} refers to {known}")
    print(f"{len(of_console)} resources and {len(outputs)} outputs, all on one condition")


def bucket(stack: Stack) -> None:
    """A bucket as the template has it, private in every way that there is."""
    s3, wanted = stack.client("s3"), stack.properties("ConsoleBucket")
    name = f"hwanyul-consolebucket-{ACCOUNT}"
    s3.create_bucket(Bucket=name, ObjectOwnership=wanted["OwnershipControls"]["Rules"][0]["ObjectOwnership"])
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=wanted["PublicAccessBlockConfiguration"])
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=wanted["VersioningConfiguration"])
    blocks = s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    must(len(blocks) == 4 and all(blocks.values()), f"public access is blocked in four ways: {blocks}")
    must(s3.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}], "no ACLs")
    must(s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled", "versions are kept")
    (encryption,) = wanted["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    must(encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256", "encrypted")
    # The newest version of a file stays for as long as it is used: nothing but old versions expires.
    for rule in wanted["LifecycleConfiguration"]["Rules"]:
        must(not rule.keys() & {"ExpirationInDays", "ExpirationDate", "Transitions"}, f"only old versions expire: {rule}")
    stack.references |= {"ConsoleBucket": name, "ConsoleBucket.Arn": f"arn:aws:s3:::{name}", "ConsoleBucket.RegionalDomainName": f"{name}.s3.{REGION}.amazonaws.com"}
    print("bucket: private, without ACLs, encrypted, with versions")


def distribution(stack: Stack) -> dict:
    """The distribution as moto made it from the template."""
    cloudfront = stack.client("cloudfront")
    stack.references[OWN_SECRET] = generated(stack.client("secretsmanager"), stack.template["Resources"][OWN_SECRET]["Properties"])
    access = cloudfront.create_origin_access_control(OriginAccessControlConfig=stack.properties("ConsoleAccess")["OriginAccessControlConfig"])
    stack.references["ConsoleAccess"] = access["OriginAccessControl"]["Id"]
    config = as_api(stack.properties("ConsoleDistribution")["DistributionConfig"])
    for origin in config["Origins"]["Items"]:
        if "CustomOriginConfig" in origin:
            origin["CustomOriginConfig"] |= {"HTTPPort": 80, "HTTPSPort": 443}
    config["CallerReference"] = "console"
    for behavior in [config["DefaultCacheBehavior"], *config["CacheBehaviors"]["Items"]]:
        must(behavior["ViewerProtocolPolicy"] == "redirect-to-https", f"HTTPS only: {behavior}")
    made = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]
    stack.references |= {"ConsoleDistribution": made["Id"], "ConsoleDistribution.DomainName": made["DomainName"]}
    # moto keeps no access control of an origin.
    (page, api) = config["Origins"]["Items"]
    must(page["OriginAccessControlId"] == access["OriginAccessControl"]["Id"] and page["S3OriginConfig"] == {"OriginAccessIdentity": ""}, "the bucket is asked with the access control")
    must(api["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only", "the API is asked by HTTPS")
    (sent,), key = api["CustomHeaders"]["Items"], stack.secret(stack.references[OWN_SECRET])["key"]
    must(sent == {"HeaderName": "X-Hwanyul-Edge", "HeaderValue": key} and len(key) == 48, "the API hears the distribution's key")
    must("CustomHeaders" not in page and key not in json.dumps(config).replace(json.dumps(sent), ""), "nobody else does")
    created = cloudfront.get_distribution_config(Id=made["Id"])["DistributionConfig"]
    must(created["DefaultRootObject"] == "index.html" and created["PriceClass"] == "PriceClass_200", "index.html, and edges in Korea")
    names = {origin["Id"]: origin["DomainName"] for origin in created["Origins"]["Items"]}
    must(names == {"page": stack.references["ConsoleBucket.RegionalDomainName"], "api": f"a1b2c3d4e5.execute-api.{REGION}.amazonaws.com"}, f"origins are {names}")
    print(f"distribution {made['Id']}: two origins, HTTPS only, a key for the API alone")
    return created


def headers(stack: Stack) -> None:
    """What moto lacks: AWS's API would take this shape, and the headers are the ones that the page wants."""
    model = stack.client("cloudfront").meta.service_model.operation_model("CreateResponseHeadersPolicy")
    wanted = {"ResponseHeadersPolicyConfig": as_api(stack.properties("ConsoleHeaders")["ResponseHeadersPolicyConfig"])}
    report = ParamValidator().validate(wanted, model.input_shape)
    must(not report.has_errors(), f"ConsoleHeaders: {report.generate_report()}")
    written = stack.template["Resources"]["ConsoleHeaders"]["Properties"]["ResponseHeadersPolicyConfig"]
    named = {key: written[key] for key in ("SecurityHeadersConfig", "CustomHeadersConfig")}
    must("Fn::" not in json.dumps(named) and '"Ref"' not in json.dumps(named), "headers are written out, because the local stack reads them")
    rules = dict(rule.split(" ", 1) for rule in named["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"].split("; "))
    must(rules["default-src"] == "'none'" and rules["script-src"] == rules["connect-src"] == "'self'", f"scripts and connections are our own: {rules}")
    must(not [rule for rule in rules.values() if "unsafe" in rule or "*" in rule or "http" in rule], f"no rule lets more in: {rules}")
    print("policy for headers: AWS's API takes its shape (moto has none)")


def behavior_of(created: dict, path: str) -> dict:
    """Which behaviour answers: the first whose pattern fits, else the default."""
    fitting = [behavior for behavior in created["CacheBehaviors"]["Items"] if fnmatch.fnmatchcase(path, behavior["PathPattern"])]
    return [*fitting, created["DefaultCacheBehavior"]][0]


def routes(created: dict) -> None:
    """Every route of the API's document is reached with its method, but the one that wants a signature; everything else is the page's."""
    paths = yaml.safe_load((ROOT / "docs/openapi.yaml").read_text())["paths"]
    documented = [(method.upper(), path.replace("{", "").replace("}", "")) for path, item in paths.items() for method in item if method in {"get", "post", "put", "patch", "delete"}]
    refused = []
    for behavior in created["CacheBehaviors"]["Items"]:
        must(behavior["TargetOriginId"] == "api" and behavior["CachePolicyId"] == CACHING_DISABLED, f"nothing of {behavior['PathPattern']} is kept")
    for method, path in [*documented, ("GET", "/openapi.json")]:
        behavior = behavior_of(created, path)
        must(behavior["TargetOriginId"] == "api", f"{path} is the API's")
        must(behavior["OriginRequestPolicyId"] == ALL_BUT_HOST, f"{path}: headers, query and body reach the API")
        if method not in behavior["AllowedMethods"]["Items"]:
            refused.append((method, path))
    must(refused == [("DELETE", "/api/v1/currencies/cache")], f"refused are {refused}")
    for path in ("/", "/index.html", "/config.json", "/assets/index-Dp4VDV9-.js", "/pipeline/state", "/health", "/apis"):
        behavior = behavior_of(created, path)
        must(behavior["TargetOriginId"] == "page" and set(behavior["AllowedMethods"]["Items"]) == {"GET", "HEAD"}, f"{path} is the page's, to read")
        must(behavior["ResponseHeadersPolicyId"] == "headers-policy" and behavior["Compress"], f"{path} has the headers, and is compressed")
        must(behavior["CachePolicyId"] == CACHING_OPTIMIZED, f"{path} is kept as the object says")
    print(f"routes: {len(documented)} documented ones reach the API and are never kept, but for {refused[0][0]} {refused[0][1]}, which is refused; anything else is the page's")


def bucket_policy(stack: Stack) -> None:
    """Who may do what in the bucket, as the bucket has it."""
    s3, name = stack.client("s3"), stack.references["ConsoleBucket"]
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps(stack.properties("ConsoleBucketPolicy")["PolicyDocument"]))
    allow, deny = json.loads(s3.get_bucket_policy(Bucket=name)["Policy"])["Statement"]
    arn = f"arn:aws:cloudfront::{ACCOUNT}:distribution/{stack.references['ConsoleDistribution']}"
    must(stack.client("cloudfront").get_distribution(Id=stack.references["ConsoleDistribution"])["Distribution"]["ARN"] == arn, "the policy names the distribution as AWS does")
    must((allow["Effect"], allow["Principal"], allow["Action"]) == ("Allow", {"Service": "cloudfront.amazonaws.com"}, "s3:GetObject"), f"CloudFront reads: {allow}")
    must(allow["Resource"] == f"arn:aws:s3:::{name}/*" and allow["Condition"] == {"StringEquals": {"AWS:SourceArn": arn}}, f"this distribution alone: {allow}")
    must((deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "s3:*") and deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}, f"TLS only: {deny}")
    # moto reads no conditions, so to it nobody may do anything from here on.
    s3.delete_bucket_policy(Bucket=name)
    print("bucket policy: this distribution reads, nobody comes without TLS")


def deploy(stack: Stack, dist: pathlib.Path, *arguments: str, path: str = "") -> subprocess.CompletedProcess:
    """console/deploy, with this server in AWS's place."""
    own = str(pathlib.Path(sys.executable).parent)
    environment = {"PATH": path or f"{own}:{os.environ['PATH']}", "AWS_ENDPOINT_URL": stack.endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    environment |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "HOME": str(dist)}
    command = [DEPLOY, "--dist", dist, "--region", REGION, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def refuses(stack: Stack, words: str, dist: pathlib.Path, *arguments: str, path: str = "") -> None:
    """It ends with an error that says what is wrong, and has put nothing."""
    before = kept(stack)
    done = deploy(stack, dist, *arguments, path=path)
    must(done.returncode == 1 and words in done.stderr, f"console/deploy says {words!r}, not {done.stderr!r} ({done.returncode})")
    must(kept(stack) == before, "nothing was put or removed")


def kept(stack: Stack) -> dict:
    """What the bucket has, by key; of what was removed moto keeps a mark."""
    there = s3_backends[ACCOUNT]["aws"].buckets[stack.references["ConsoleBucket"]].keys.items()
    return {key: newest for key, newest in there if not isinstance(newest, FakeDeleteMarker)}


def write(dist: pathlib.Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (dist / name).parent.mkdir(parents=True, exist_ok=True)
        (dist / name).write_text(text)


def describe(stack: Stack) -> None:
    """A stack whose outputs are the template's: what a deployment leaves for the script to find. Another has none."""
    nothing = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    outputs = {name: {"Value": stack.value(body["Value"])} for name, body in stack.template["Outputs"].items() if body.get("Condition") == "HasConsole"}
    stack.client("cloudformation").create_stack(StackName="hwanyul", TemplateBody=json.dumps({**nothing, "Outputs": outputs}))
    stack.client("cloudformation").create_stack(StackName="without", TemplateBody=json.dumps({**nothing, "Outputs": {"ApiUrl": {"Value": "https://api.example"}}}))


def uploads(stack: Stack, dist: pathlib.Path) -> None:
    """The first deployment: what is there, how it is to be kept, and in which order it came."""
    write(dist, PAGE | BESIDE)
    done = deploy(stack, dist)
    must(done.returncode == 0 and stack.references["ConsoleDistribution.DomainName"] in done.stdout, f"console/deploy: {done.stdout}{done.stderr}")
    there = kept(stack)
    must(set(there) == set(PAGE), f"the bucket has {sorted(there)}")
    s3, name = stack.client("s3"), stack.references["ConsoleBucket"]
    for key, text in PAGE.items():
        got = s3.get_object(Bucket=name, Key=key)
        must(got["Body"].read().decode() == text, f"{key} is what was built")
        must(got["ContentType"] == TYPES[pathlib.Path(key).suffix], f"{key} is {got['ContentType']}")
        must(got["CacheControl"] == (FOREVER if key.startswith("assets/") else "no-cache"), f"{key}: {got['CacheControl']}")
        must("ContentEncoding" not in got, f"{key} is as it is")
    when = {key: there[key].last_modified for key in there}
    assets = [moment for key, moment in when.items() if key.startswith("assets/")]
    between = [when["config.json"], when["icon.svg"]]
    must(max(assets) < min(between) and max(between) < when["index.html"], f"assets, then the rest, then the page: {when}")
    cloudfront, made = stack.client("cloudfront"), stack.references["ConsoleDistribution"]
    (listed,) = cloudfront.list_invalidations(DistributionId=made)["InvalidationList"]["Items"]
    invalidation = cloudfront.get_invalidation(DistributionId=made, Id=listed["Id"])["Invalidation"]
    must(sorted(invalidation["InvalidationBatch"]["Paths"]["Items"]) == ["/", "/config.json", "/icon.svg", "/index.html"], str(invalidation))
    must(invalidation["CreateTime"].replace(tzinfo=None) >= when["index.html"].replace(tzinfo=None, microsecond=0), "the invalidation comes last")
    print(f"console/deploy: {len(PAGE)} files with their types and Cache-Control, the page last, then an invalidation that is waited for")


def the_next_version(stack: Stack, dist: pathlib.Path) -> None:
    """A second deployment leaves what open tabs may load; --prune takes it away, and keeps what the page names."""
    old, new = "assets/rates-C9nzHTsd.js", "assets/rates-Zz00zz00.js"
    (dist / old).unlink()
    changed = {new: "export {}", "index.html": PAGE["index.html"] + "<!-- 2 -->"}
    write(dist, changed)
    refuses(stack, "deploy first", dist, "--prune")
    must(deploy(stack, dist).returncode == 0, "the second deployment")
    must(set(kept(stack)) == {*PAGE, new}, f"nothing is removed: {sorted(kept(stack))}")
    done = deploy(stack, dist, "--prune")
    must(done.returncode == 0, f"--prune: {done.stderr}")
    must(set(kept(stack)) == {*PAGE, new} - {old}, f"after --prune: {sorted(kept(stack))}")
    versions = stack.client("s3").list_object_versions(Bucket=stack.references["ConsoleBucket"], Prefix=old)
    must(len(versions["Versions"]) == 1 and versions["DeleteMarkers"][0]["Key"] == old, "its old version is still there")
    print("the next version: old assets stay, until --prune; then as old versions")


def refusals(stack: Stack, dist: pathlib.Path, empty: pathlib.Path) -> None:
    """Whatever is missing is named."""
    refuses(stack, "./console/build", empty / "nothing")
    refuses(stack, "could not read the stack elsewhere", dist, "--stack", "elsewhere")
    refuses(stack, "no output ConsoleBucketName", dist, "--stack", "without")
    refuses(stack, "unknown option --delete", dist, "--delete")
    write(dist, {"notes.doc": "?"})
    refuses(stack, "notes.doc: no content type", dist)
    (dist / "notes.doc").unlink()
    for program in ("env", "bash", "dirname", "awk"):
        (empty / program).symlink_to(shutil.which(program))
    refuses(stack, "the AWS CLI is not installed", dist, path=str(empty))
    print("console/deploy names what is missing: the build, the stack, its outputs, a content type, the AWS CLI")


def main() -> None:
    """Everything in order."""
    Invalidation.status = Completed()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        stack = Stack(f"http://{host}:{port}")
        is_optional(stack)
        bucket(stack)
        created = distribution(stack)
        headers(stack)
        routes(created)
        bucket_policy(stack)
        describe(stack)
        with tempfile.TemporaryDirectory() as folder:
            dist, empty = pathlib.Path(folder, "dist"), pathlib.Path(folder, "empty")
            dist.mkdir()
            empty.mkdir()
            uploads(stack, dist)
            the_next_version(stack, dist)
            refusals(stack, dist, empty)
    finally:
        server.stop()


if __name__ == "__main__":
    main()
