# shellcheck shell=bash
# Sourced by the scripts of this folder: finds a Python and keeps .venv, at the
# top of the checkout, in step with requirements.txt. Bash 3.2 (macOS) will do.
#
#   ensure_environment requirements.txt [more files, installed on top]
#
# What is true at any time, also after a kill:
# - .venv.unfinished exists from before the first change until after the last.
# - .venv/<file>.stamp is written last: the Python and the checksum of the file
#   that was installed. A start that finds both in order calls no pip.
# - .venv.lock is held by the one process that changes anything.

root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd) || exit 1
venv=$root/.venv
unfinished=$root/.venv.unfinished
lock=$root/.venv.lock

say() { printf 'launch: %s\n' "$*" >&2; }

fail() {
  say "$*"
  exit 1
}

# TensorFlow has no wheels for 3.14 or for builds without the GIL.
probe='
import sys
sys.path = [p for p in sys.path if p]  # No ssl.py of the folder we are in.
version = "%d.%d.%d" % sys.version_info[:3]
if not (3, 11) <= sys.version_info[:2] <= (3, 13):
  sys.exit("it is Python %s; 3.11, 3.12 or 3.13 is needed" % version)
import sysconfig
if sys.implementation.name != "cpython" or sysconfig.get_config_var(
    "Py_GIL_DISABLED"):
  sys.exit("it is not the standard CPython")
if sys.maxsize < 2**32:
  sys.exit("it is a 32-bit Python")
try:
  import ctypes, ensurepip, ssl, venv
except ImportError as error:
  sys.exit("%s (on Debian or Ubuntu: apt install python3-venv)" % error)
print(version)
print(sys._base_executable)  # Outlives the environment it may be in.
'

# Prints version and real path of the interpreter $1, or why it will not do.
describe_python() {
  local found
  if ! command -v -- "$1" >/dev/null; then
    printf 'there is no such program\n'
    return 1
  fi
  found=$("$1" -E -s -c "$probe" </dev/null 2>&1) || set -- # It says why.
  printf '%s\n' "${found:-it is not a Python}"
  [ $# -gt 0 ] && [ "${found#3.}" != "$found" ]
}

# Every place a Python may be, the newest first.
list_pythons() {
  local minor name versions=${PYENV_ROOT:-${HOME:-}/.pyenv}/versions
  for minor in 13 12 11; do
    type -aP "python3.$minor" || true
    [ -d "$versions" ] || continue
    (cd -- "$versions" && ls -d "3.$minor."* 2>/dev/null) |
      sort -t . -k 3,3nr | while IFS= read -r name; do
        printf '%s\n' "$versions/$name/bin/python"
      done
  done
  type -aP python3 || true
}

# Prints version and path of $PYTHON, or else of the first Python that works;
# a pyenv shim that only says "command not found" does not.
find_python() {
  local candidate found
  if [ -n "${PYTHON:-}" ]; then
    found=$(describe_python "$PYTHON") ||
      fail "PYTHON=$PYTHON will not do: ${found%%$'\n'*}"
    printf '%s\n' "$found"
    return
  fi
  while IFS= read -r candidate; do
    if found=$(describe_python "$candidate"); then
      printf '%s\n' "$found"
      return
    fi
  done < <(list_pythons)
  fail 'no Python 3.11, 3.12 or 3.13 (64 bit, with venv) on PATH or in pyenv;' \
    'install one (Debian, Ubuntu: apt install python3-venv) or name it:' \
    'PYTHON=/path/to/python'
}

# The version of the Python in .venv; fails where that does not run.
environment_version() {
  "$venv/bin/python" -I -S -c \
    'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null
}

# What the stamp of file $1 says once it is installed for Python version $2.
# The minor version alone: a new patch release in place needs no new packages.
stamp_for() {
  printf '%s %s\n' "${2%.*}" "$(cksum <"$root/$1")"
}

is_installed() {
  [ "$(cat "$venv/$1.stamp" 2>/dev/null)" = "$(stamp_for "$1" "$2")" ]
}

# is_ready VERSION FILE...: whether nothing need be done; VERSION may be empty.
is_ready() {
  local version wanted=$1 file
  shift
  [ ! -e "$unfinished" ] && version=$(environment_version) || return 1
  [ -z "$wanted" ] || [ "$wanted" = "$version" ] || return 1
  for file in "$@"; do
    is_installed "$file" "$version" || return 1
  done
}

# Held until release_lock. macOS has no flock; there a folder does it.
acquire_lock() {
  local owner waiting=''
  if command -v flock >/dev/null 2>&1; then
    exec 9>"$lock" || fail "cannot write in $root"
    flock -n 9 && return
    say 'waiting for another start, which is installing into .venv'
    flock 9
    return
  fi
  [ -w "$root" ] || fail "cannot write in $root"
  until mkdir "$lock.d" 2>/dev/null; do
    owner=$(cat "$lock.d/owner" 2>/dev/null)
    if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
      rm -rf "$lock.d" # Its owner was killed.
      continue
    fi
    [ -n "$waiting" ] || say 'waiting for another start, which is installing' \
      "into .venv (if there is none, remove $lock.d)"
    waiting=yes
    sleep 1
  done
  printf '%s\n' $$ >"$lock.d/owner"
  trap 'rm -rf "$lock.d"' EXIT
}

release_lock() {
  trap - EXIT
  rm -rf "$lock.d"
  exec 9>&- # Or the program would hold it for as long as it runs.
}

# Removes what cannot be kept of .venv, and makes it where there is none.
# make_venv WANTED VERSION PYTHON: WANTED is empty unless PYTHON= was given.
make_venv() {
  local wanted=$1 version=$2 python=$3 present reason=''
  if [ -e "$venv" ] || [ -L "$venv" ]; then
    present=$(environment_version)
    if [ -e "$unfinished" ]; then
      reason='.venv was not finished'
    elif [ -z "$present" ] ||
      ! "$venv/bin/python" -I -c 'import pip' 2>/dev/null; then
      reason='.venv does not run'
    elif [ -n "$wanted" ] && [ "$wanted" != "$present" ]; then
      reason=".venv has Python $present, PYTHON is $wanted"
    elif ! describe_python "$venv/bin/python" >/dev/null; then
      reason=".venv has Python $present"
    else
      return
    fi
  fi
  : >"$unfinished" || fail "cannot write in $root"
  rm -rf "$venv" || fail "cannot remove $venv"
  say "${reason:-first run}: making .venv with Python $version ($python)"
  "$python" -I -m venv "$venv" >"$unfinished" 2>&1 ||
    fail "could not make .venv: $(tail -n 1 "$unfinished")"
}

# install FILE: what it pins, into .venv.
install() {
  local file=$1 log=$venv/$1.log version
  version=$(environment_version) || fail '.venv/bin/python does not run'
  : >"$unfinished" || fail "cannot write in $root"
  say "installing $file, once; it may take a few minutes" \
    "(progress: tail -f '$log')"
  "$venv/bin/python" -I -m pip install --no-input --disable-pip-version-check \
    --no-compile --progress-bar off -r "$root/$file" </dev/null >"$log" 2>&1 ||
    fail "pip could not install $file:" \
      "$(grep -m 1 '^ERROR' "$log" || tail -n 1 "$log") (all of it: $log)"
  stamp_for "$file" "$version" >"$venv/$file.stamp" ||
    fail "cannot write in $venv"
}

# Compiles all of .venv on all cores; pip would do it on one. What is no valid
# Python, as some packages' templates, is left out.
compile_packages() {
  "$venv/bin/python" -I -m compileall -q -j 0 "$venv/lib" >/dev/null 2>&1
}

# ensure_environment FILE...: afterwards .venv has all that the files pin.
ensure_environment() {
  local file found='' wanted=''
  for file in "$@"; do
    [ -f "$root/$file" ] ||
      fail "$file is not in $root; start from a whole checkout (git clone)"
  done
  if [ -n "${PYTHON:-}" ]; then
    found=$(find_python) || exit 1
    wanted=${found%%$'\n'*}
  fi
  is_ready "$wanted" "$@" && return
  acquire_lock
  # Another start may have done it meanwhile.
  if ! is_ready "$wanted" "$@"; then
    [ -n "$found" ] || found=$(find_python) || exit 1
    make_venv "$wanted" "${found%%$'\n'*}" "${found#*$'\n'}"
    for file in "$@"; do
      is_installed "$file" "$(environment_version)" || install "$file"
    done
    compile_packages
    rm -f "$unfinished"
  fi
  release_lock
}
