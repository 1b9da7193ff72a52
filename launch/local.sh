#!/usr/bin/env bash
# Runs defectseg_jax on this machine; the first run makes .venv (BUILD.md).
#
#   launch/local.sh --config=configs/voids.py --workdir=runs/voids
#
# PYTHON=/path/to/python names the interpreter that .venv is made with.
# Relative paths mean what they mean in the folder you call it from.
set -u
# shellcheck source=launch/environment.sh
source "$(dirname -- "${BASH_SOURCE[0]}")/environment.sh"

[ -f "$root/defectseg_jax/main.py" ] ||
  fail "defectseg_jax/main.py is not in $root; start from a whole checkout" \
    '(git clone)'
files=(requirements.txt requirements-microscopy.txt)
for word in "$@"; do
  case $word in
  # The page of a review needs a server.
  review | --mode=review) files+=(requirements-review.txt) ;;
  esac
done
ensure_environment "${files[@]}"

# Replaced, not extended: another program's packages would come before ours.
export PYTHONPATH=$root
# Each step takes and gives back hundreds of megabytes; in pages of 2 MiB the
# kernel hands them out 200 times fewer (benchmarks/huge_pages.py). Other C libs
# than glibc take no notice.
export GLIBC_TUNABLES=${GLIBC_TUNABLES:+$GLIBC_TUNABLES:}glibc.malloc.hugetlb=1
# For the command that stands in what is made ("How it was made").
export DEFECTSEG_LAUNCHER=$0
# -P: nor is the folder it is called from looked in.
exec "$venv/bin/python" -P -m defectseg_jax.main "$@"
