#!/usr/bin/env bash
# ruff, pyright, then every test; arguments go to pytest. Makes .venv if need be.
#
#   launch/test.sh                      everything
#   launch/test.sh tests/launch -n 0    one folder, in one process
set -u
# shellcheck source=launch/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"
ensure_environment requirements.txt requirements-microscopy.txt \
  requirements-test.txt
cd -- "$root" || exit 1

export PYTHONPATH=$root MPLBACKEND=Agg JAX_PLATFORMS=cpu TF_CPP_MIN_LOG_LEVEL=3
# Four devices, so that what is mapped over devices is tested as such.
devices=xla_force_host_platform_device_count
case ${XLA_FLAGS:-} in
  *"$devices"*) ;;
  *) export XLA_FLAGS="${XLA_FLAGS:+$XLA_FLAGS }--$devices=4" ;;
esac

workers=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
[ "$workers" -le 4 ] || workers=4
# The workers share the cores; each would start a thread for every core.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
export OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1}
export TF_NUM_INTRAOP_THREADS=${TF_NUM_INTRAOP_THREADS:-1}

# The tests start the program many times; XLA need not compile it each time.
JAX_COMPILATION_CACHE_DIR=$(mktemp -d) || exit 1
trap 'rm -rf "$JAX_COMPILATION_CACHE_DIR"' EXIT
export JAX_COMPILATION_CACHE_DIR JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0.1

worst=0
failed=''
# run NAME COMMAND...
run() {
  local name=$1 code
  shift
  "$venv/bin/python" -m "$@"
  code=$?
  [ "$code" -eq 0 ] || failed="$failed, $name"
  [ "$code" -le "$worst" ] || worst=$code
}

run 'ruff check' ruff check .
run 'ruff format' ruff format --check .
run pyright pyright
run pytest pytest -n "$workers" --dist loadgroup "$@"
case $failed in
  *ruff* | *pyright*) say "failed (see above): ${failed#, }" ;;
esac # Without it, pytest's summary is the last line.
exit "$worst"
