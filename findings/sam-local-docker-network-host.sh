#!/usr/bin/env bash
# SAM CLI takes `sam local invoke --docker-network host` without a word, and leaves the container on Docker's bridge: the function sees a loopback interface
# of its own, not this machine's. The option `--env-vars` does not help either: a variable that the template does not declare is left out, also without a
# word, so AWS_ENDPOINT_URL_SQS and the like never reach the SDK in the function.
#
# Why it matters: whoever runs Kafka, Redis or an SQS emulator on 127.0.0.1 reads in many guides that `host` makes them reachable. The function then times out
# on its connections, or asks AWS itself with made-up credentials. Servers have to listen on the bridge's address, Kafka has to advertise it, and what the
# SDK needs has to stand in the template.
#
# Needs root: it starts an engine of its own from Debian's docker.io.
set -euo pipefail
folder=$(mktemp -d)
engine=
finish() {
  if [ -n "$engine" ]; then
    kill "$engine" && wait "$engine" || true
  fi
  rm -rf "$folder"
}
trap finish EXIT
for program in dockerd busybox; do
  command -v $program >/dev/null || apt-get install -y -qq --no-install-recommends docker.io busybox-static >/dev/null
done
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q aws-sam-cli==1.170.0
export DOCKER_HOST=unix://$folder/socket SAM_CLI_TELEMETRY=0 AWS_DEFAULT_REGION=us-east-1
dockerd --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/pid" -H "$DOCKER_HOST" \
  --iptables=false --ip6tables=false --ip-masq=false >"$folder/log" 2>&1 &
engine=$!
for _ in $(seq 100); do docker version >/dev/null 2>&1 && break; sleep 0.2; done

# An image under the name that SAM looks for: a shell is enough, for the bootstrap is a script.
architecture=$(uname -m | sed 's/aarch64/arm64/')
mkdir -p "$folder/root/bin" "$folder/root/tmp" "$folder/function"
cp "$(command -v busybox)" "$folder/root/bin/busybox"
for applet in sh mv cp rm chmod; do ln -s busybox "$folder/root/bin/$applet"; done
tar -C "$folder/root" -c . | docker import --change 'ENV PATH=/bin' - "public.ecr.aws/lambda/provided:al2023-$architecture" >/dev/null
cat >"$folder/function/bootstrap" <<'SH'
#!/bin/sh
api=http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation
while true; do
  wget -q -S -O /tmp/event "$api/next" 2>/tmp/headers
  id=$(sed -n 's/.*[Rr]equest-[Ii]d: *//p' /tmp/headers | tr -d '\r' | head -n 1)
  interfaces=$(ls /sys/class/net | tr '\n' ' ')
  wget -q -O /dev/null --post-data "{\"interfaces\":\"$interfaces\",\"declared\":\"$DECLARED\",\"endpoint\":\"$AWS_ENDPOINT_URL_SQS\"}" "$api/$id/response"
done
SH
chmod +x "$folder/function/bootstrap"
cat >"$folder/template.json" <<JSON
{"Transform": "AWS::Serverless-2016-10-31", "Resources": {"Function": {"Type": "AWS::Serverless::Function", "Properties": {
  "Runtime": "provided.al2023", "Handler": "bootstrap", "Architectures": ["$architecture"], "CodeUri": "$folder/function", "Timeout": 20,
  "Environment": {"Variables": {"DECLARED": "in the template"}}}}}}
JSON
echo '{"Parameters": {"DECLARED": "by --env-vars", "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:4566"}}' >"$folder/env.json"

invoke() {
  "$folder/venv/bin/sam" local invoke Function --template "$folder/template.json" --skip-pull-image --env-vars "$folder/env.json" "$@" \
    </dev/null 2>"$folder/said" || cat "$folder/said"
}
"$folder/venv/bin/sam" --version
echo "this machine's interfaces: $(ls /sys/class/net | tr '\n' ' ')"
seen=$(for network in "" host; do echo "network ${network:-unset}: $(invoke ${network:+--docker-network "$network"})"; done)
echo "$seen"
diff - <(echo "$seen") <<'SEEN'
network unset: {"interfaces": "eth0 lo ", "declared": "by --env-vars", "endpoint": ""}
network host: {"interfaces": "eth0 lo ", "declared": "by --env-vars", "endpoint": ""}
SEEN
