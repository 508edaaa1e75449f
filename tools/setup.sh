#!/usr/bin/env bash
# Set up what `make run` or `make test` needs: a virtual environment in .venv, and the few Debian packages that
# it cannot do without. Called by the Makefile; safe to call again, and from two terminals at once.
#
#   tools/setup.sh run     the service and the review page
#   tools/setup.sh test    the same, more machines, the training room and the developers' tools: Chromium, PostgreSQL
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
purpose=${1:-}

say() { printf 'setup: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

case "$purpose" in
    run)  target=".[review]"                    ready=(.venv/.run-ready) ;;
    test) target=".[review,cluster,dev,train]"  ready=(.venv/.run-ready .venv/.test-ready) ;;
    *)    die "say what for: tools/setup.sh run, or tools/setup.sh test" ;;
esac

is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    local name
    for name in python3.11 python3 python3.12 python3.13; do
        if command -v "$name" >/dev/null && is_recent "$name"; then
            command -v "$name"
            return
        fi
    done
    die "no Python 3.11 or newer was found; on Debian 12: apt-get install python3"
}

# Install Debian packages as root, or with sudo where there is one.
apt_install() {
    local -a as_root=()
    command -v apt-get >/dev/null || die "install $* by your system's package manager, then start again"
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || die "as root: apt-get install $*   then start again"
        as_root=(sudo)
    fi
    say "installing $* by apt"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

make_environment() {
    local python
    if [ -x .venv/bin/python ] && is_recent .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; then
        return
    fi
    python=$(find_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv
    say "making .venv with $("$python" --version)"
    "$python" -m venv .venv
}

# The compiled wheels load libstdc++, which a very plain image lacks.
check_libraries() {
    .venv/bin/python -c 'import ai_edge_litert.interpreter, PIL.Image, scipy.special' 2>/dev/null && return
    apt_install libstdc++6
    .venv/bin/python -c 'import ai_edge_litert.interpreter, PIL.Image, scipy.special' \
        || die "an installed package does not load: see above for the library that is missing"
}

mkdir -p .venv
exec 9>.venv/.setup-lock
if ! flock -n 9; then
    say "waiting for the set-up that runs already"
    flock 9
fi
last=${ready[-1]}
if [ "$last" -nt pyproject.toml ] && [ "$last" -nt tools/setup.sh ]; then
    exit 0
fi

make_environment
say "installing $target (minutes the first time)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check -e "$target"
check_libraries
if [ "$purpose" = test ]; then
    missing=()
    command -v sqlite3 >/dev/null || missing+=(sqlite3)
    command -v chromium >/dev/null || missing+=(chromium)
    command -v pdftoppm >/dev/null || missing+=(poppler-utils)
    [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || missing+=(fonts-dejavu-core)
    compgen -G "/usr/lib/postgresql/*/bin/postgres" >/dev/null || missing+=(postgresql)
    [ "${#missing[@]}" -eq 0 ] || apt_install "${missing[@]}"
fi
touch "${ready[@]}"
say "ready"
