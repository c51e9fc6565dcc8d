#!/bin/sh
# Makes a virtual environment DIR with the notebook's stack at the versions of requirements.txt.
#   reference/setup.sh DIR
# Does nothing if DIR is complete already; PYTHON names another interpreter (python3).
set -eu
here=$(dirname "$0")
dir=${1:?usage: setup.sh DIR}
python=${PYTHON:-python3}

fail() { echo "reference: $*" >&2; exit 1; }

cmp -s "$here/requirements.txt" "$dir/installed.txt" && exit 0
command -v "$python" >/dev/null || fail "no $python; on Debian: apt install python3 python3-venv"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "$python is older than 3.11 (NumPy needs that)"
"$python" -c 'import venv, ensurepip' 2>/dev/null || fail "no venv in $python; on Debian: apt install python3-venv"
"$python" -m venv "$dir" || fail "could not make a virtual environment in $dir"
"$dir/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps -r "$here/requirements.txt" ||
    fail "pip could not install the pinned versions (is the package index within reach?)"
"$dir/bin/python" -m pip check --disable-pip-version-check >/dev/null || fail "the pinned versions do not fit together"
cp "$here/requirements.txt" "$dir/installed.txt"
