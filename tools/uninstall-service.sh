#!/usr/bin/env bash
# Take the service away and leave what it made: images, database and settings stay, and so does the user that owns them.
# As root: make uninstall-service, or with ROOT=FOLDER as for make install-service.
set -euo pipefail

ROOT=${ROOT:-}

[ "$(id -u)" -eq 0 ] || { echo "uninstall: only root can do that: sudo make uninstall-service" >&2; exit 1; }

units=(leukowatch-review.service leukowatch.service)
if [ -n "$ROOT" ]; then
    systemctl --root="$ROOT" --quiet disable "${units[@]}" 2>/dev/null || true
else
    systemctl --quiet disable --now "${units[@]}" 2>/dev/null || true
fi
for unit in "${units[@]}"; do
    rm -f "$ROOT/etc/systemd/system/$unit"
done
rm -f "$ROOT/etc/sysusers.d/leukowatch.conf" "$ROOT/etc/tmpfiles.d/leukowatch.conf"
rm -rf "$ROOT/opt/leukowatch"
[ -n "$ROOT" ] || systemctl daemon-reload

cat >&2 <<END
uninstall: done; what is yours stays:
uninstall:   $ROOT/var/lib/leukowatch   images, database; its user and group are called leukowatch
uninstall:   $ROOT/etc/leukowatch       settings
END
