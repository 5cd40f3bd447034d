# Sourced by the scripts beside it: finds the built program `localstack` and runs it.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
built=${CARGO_TARGET_DIR:-$root/target}/local

# run COMMAND [ARGUMENT]...: the program takes over this process, so signals reach it.
run() {
  if [ ! -x "$built/localstack" ]; then
    echo "nothing is built yet; build and start it with $root/localstack/up" >&2
    exit 1
  fi
  exec "$built/localstack" --root "$root" "$@"
}
