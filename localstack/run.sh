# Sourced by the scripts beside it: finds the built programs and runs them.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
built=${CARGO_TARGET_DIR:-$root/target}/local

# run COMMAND [ARGUMENT]...: a command of the local stack.
run() {
  run_program localstack --root "$root" "$@"
}

# run_program NAME [ARGUMENT]...: the program takes over this process, so signals reach it.
run_program() {
  if [ ! -x "$built/$1" ]; then
    echo "nothing is built yet; build and start it with $root/localstack/up" >&2
    exit 1
  fi
  exec "$built/$@"
}
