#!/usr/bin/env bash
# Install Leukowatch as a system service, or a newer version of it over an older one: the same command. As root:
#
#   make install-service                     builds the wheel and installs it
#   make install-service WHEEL=FILE          installs a wheel that was built elsewhere
#   make install-service ROOT=FOLDER         into the system below FOLDER, which is not running: nothing is started
#
# Each version has a virtual environment of its own below /opt/leukowatch; `current` points to the one in use and the
# one before stays, so that `ln -sfn OLDER /opt/leukowatch/current && systemctl restart leukowatch` goes back.
# Settings in /etc/leukowatch that are there are left alone.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=${ROOT:-}
WHEEL=${WHEEL:-}
programs=/opt/leukowatch

say() { printf 'install: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

[ "$(id -u)" -eq 0 ] || die "only root can install a service: sudo make install-service"
command -v systemctl >/dev/null || die "this system has no systemd: start \`leukowatch run\` by what it has instead"
python3 -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
    || die "Python 3.11 or newer with venv is needed; on Debian 12: apt-get install python3-venv"

build_wheel() {
    say "building the wheel"
    python3 -m venv "$work/build"
    "$work/build/bin/python" -m pip wheel --quiet --no-deps --wheel-dir "$work" .
    WHEEL=$(echo "$work"/leukowatch-*.whl)
}

# Dependencies are those of requirements.lock, each file checked by its hash.
install_programs() {
    local version
    version=$(basename "$WHEEL" | cut -d- -f2)
    release=$programs/$version-$(date +%Y%m%d%H%M%S)
    say "installing $(basename "$WHEEL") to $release"
    install -d -m 755 "$ROOT$programs"
    python3 -m venv "$ROOT$release"
    "$ROOT$release/bin/python" -m pip install --quiet --require-hashes -r requirements.lock
    "$ROOT$release/bin/python" -m pip install --quiet --no-deps "$WHEEL"
    if [ -n "$ROOT" ]; then  # scripts name their interpreter by its full path
        grep -rlIF "$ROOT$release" "$ROOT$release/bin" "$ROOT$release/pyvenv.cfg" | xargs sed -i "s|$ROOT$release|$release|g"
    fi
    chmod -R go+rX,go-w "$ROOT$release"
    before=$(readlink "$ROOT$programs/current" || true)
    ln -sfn "$(basename "$release")" "$ROOT$programs/current"
}

install_files() {
    local from=deploy/systemd unit
    for unit in leukowatch.service leukowatch-review.service; do
        install -D -m 644 "$from/$unit" "$ROOT/etc/systemd/system/$unit"
    done
    install -D -m 644 "$from/leukowatch.sysusers" "$ROOT/etc/sysusers.d/leukowatch.conf"
    install -D -m 644 "$from/leukowatch.tmpfiles" "$ROOT/etc/tmpfiles.d/leukowatch.conf"
    [ -e "$ROOT/etc/leukowatch/leukowatch.toml" ] \
        || install -D -m 644 "$from/leukowatch.toml" "$ROOT/etc/leukowatch/leukowatch.toml"
    systemd-sysusers --root="${ROOT:-/}" "$ROOT/etc/sysusers.d/leukowatch.conf"
    systemd-tmpfiles --root="${ROOT:-/}" --create "$ROOT/etc/tmpfiles.d/leukowatch.conf"
}

start() {
    systemctl daemon-reload
    systemctl --quiet enable leukowatch
    systemctl reset-failed leukowatch 2>/dev/null || true
    if ! systemctl restart leukowatch; then
        journalctl --unit leukowatch --lines 5 --output cat --no-pager >&2 || true
        [ -z "$before" ] || say "to go back: ln -sfn $before $programs/current && systemctl restart leukowatch"
        die "it does not start: \`journalctl --unit leukowatch\` says why"
    fi
    systemctl try-restart leukowatch-review
}

# The version in use and the one before stay.
remove_older() {
    local folder name
    for folder in "$ROOT$programs"/*/; do
        name=$(basename "$folder")
        case "$name" in
            current | "$(basename "$release")" | "$before") ;;
            *) rm -rf "$ROOT$programs/${name:?}" ;;
        esac
    done
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
[ -n "$WHEEL" ] || build_wheel
[ -f "$WHEEL" ] || die "$WHEEL: no such wheel"
install_programs
install_files
if [ -n "$ROOT" ]; then
    systemctl --root="$ROOT" --quiet enable leukowatch
else
    start
fi
remove_older
say "done; images go to $ROOT/var/lib/leukowatch/inbox, a folder a slide"
say "who drops images or reads results: usermod --append --groups leukowatch NAME"
say "the review page: systemctl enable --now leukowatch-review"
