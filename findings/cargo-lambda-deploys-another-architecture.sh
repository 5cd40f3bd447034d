#!/usr/bin/env bash
# `cargo lambda deploy` 1.9.2 updates a function for arm64 with a program for x86-64 and reports success: it looks neither at the program's header nor at the
# architecture that the function has. Lambda takes the code as well (moto stands for it here); the first invocation ends with Runtime.InvalidEntrypoint.
#
# Why it matters: whoever builds without `--arm64` on an x86-64 machine takes a Kafka consumer down by a deployment that says it worked, and with an alias moved
# in the same command at once for all traffic. Compare the ELF header with the function's Architectures before it.
set -euo pipefail
[ "$(uname -m)" = x86_64 ] || { echo "needs an x86-64 machine"; exit 2; }
folder=$(mktemp -d)
server=
finish() {
  [ -z "$server" ] || kill "$server" || true
  rm -rf "$folder"
}
trap finish EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q cargo-lambda==1.9.2 'moto[server,awslambda]==5.2.5' boto3
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_DEFAULT_REGION=us-east-1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$folder/venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$folder/log" 2>&1 &
server=$!
export AWS_ENDPOINT_URL=http://127.0.0.1:$port
for _ in $(seq 100); do curl -s -o "$folder/up" "$AWS_ENDPOINT_URL/moto-api/" && break; sleep 0.1; done
cat >"$folder/make.py" <<'PY'
import io, json, sys, zipfile
import boto3

client = boto3.client("lambda")
if sys.argv[1] == "make":
    role = boto3.client("iam").create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Statement": []}))["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("bootstrap", "of arm64")
    client.create_function(FunctionName="rates", Runtime="provided.al2023", Handler="bootstrap", Role=role, Architectures=["arm64"], Code={"ZipFile": archive.getvalue()})
settings = client.get_function_configuration(FunctionName="rates")
print(settings["Architectures"][0], settings["CodeSize"])
PY
cp /bin/true "$folder/bootstrap"
printf '[package]\nname = "rates"\nversion = "0.0.0"\nedition = "2021"\n[[bin]]\nname = "rates"\npath = "main.rs"\n' >"$folder/Cargo.toml"
echo 'fn main() {}' >"$folder/main.rs"
"$folder/venv/bin/cargo-lambda" lambda --version
before=$("$folder/venv/bin/python" -W ignore "$folder/make.py" make)
said=$(cd "$folder" && venv/bin/cargo-lambda lambda deploy rates --binary-path "$folder/bootstrap" 2>&1 | grep -o 'deployed successfully' | head -n 1)
after=$("$folder/venv/bin/python" -W ignore "$folder/make.py" look)
echo "the function before: $before bytes; after: $after bytes; the program: $(od -A n -t x2 -j 18 -N 2 "$folder/bootstrap" | tr -d ' ') (ELF machine 003e is x86-64, 00b7 arm64)"
seen="said: $said; architecture: ${after% *}; code changed: $([ "$before" = "$after" ] && echo no || echo yes)"
echo "$seen"
diff - <(echo "$seen") <<'SEEN'
said: deployed successfully; architecture: arm64; code changed: yes
SEEN
