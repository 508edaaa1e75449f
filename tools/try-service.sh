#!/usr/bin/env bash
# Install the service in a Debian of its own, under a real systemd, and do to it what happens to services. As root:
#
#   tools/try-service.sh FOLDER > transcript.md
#
# FOLDER holds that Debian and the packages, and is made where it is missing (debootstrap, once). systemd runs there as
# process 1 of a container (systemd-nspawn) with its own process, mount, network, IPC, host name and control-group
# namespaces; this machine's own system is not touched. It ends with code 1 at the first promise that is not kept.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=$(realpath -m "${1:?say where: tools/try-service.sh FOLDER}")
root=$folder/root
home=/var/lib/leukowatch
bin=/opt/leukowatch/current/bin
work=$(mktemp -d)
container=""
init=""

say() { printf 'try: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

# -- the machine --------------------------------------------------------------------------------------------------

make_root() {
    [ ! -x "$root/lib/systemd/systemd" ] || return 0
    say "making a Debian in $root"
    debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,python3,python3-venv,make,sqlite3,acl,libstdc++6 \
        bookworm "$root" >&2
}

# Two wheels of what is committed, the second of a later version, and what they depend on.
make_packages() {
    local name
    rm -rf "$root/srv" && mkdir -p "$root/srv/packages" "$root/srv/leukowatch" "$folder/packages"
    git archive HEAD | tar -x -C "$root/srv/leukowatch"
    for name in now later; do
        mkdir "$work/$name" && git archive HEAD | tar -x -C "$work/$name"
        [ "$name" = now ] || sed -i -E 's/^(__version__ = "[0-9]+\.[0-9]+)\..*"/\1.99"/' "$work/later/model/leukonet/__init__.py"
        python3 -m pip wheel --quiet --no-deps --wheel-dir "$root/srv/leukowatch/dist" "$work/$name"
    done
    if ! cmp --silent requirements.lock "$folder/requirements.lock"; then
        python3 -m pip download --quiet --require-hashes -r requirements.lock -d "$folder/packages" >&2
        cp requirements.lock "$folder/"
    fi
    cp "$folder"/packages/* "$root/srv/packages/"
    sed -i -E '/^(leukowatch|dropper|reader|stranger):/d' "$root"/etc/{passwd,shadow,group,gshadow}
    rm -rf "${root:?}$home" "$root/opt/leukowatch" "$root/etc/leukowatch"
    rm -f "$root"/etc/{systemd/system,sysusers.d,tmpfiles.d}/leukowatch*
    rm -f "$root"/etc/systemd/system/multi-user.target.wants/leukowatch*
}

# shellcheck disable=SC2016  expanded by the shell inside
boot() {
    unshare --mount --propagation private sh -c '
        mount -t tmpfs tmpfs /run && mkdir -p /run/systemd /run/lock
        exec systemd-nspawn --directory="$0" --boot --machine=leukowatch --register=no --keep-unit --private-network \
            --link-journal=no --resolv-conf=off --timezone=off --console=pipe' "$root" </dev/null >"$work/console" 2>&1 &
    container=$!
    until init=$(pgrep -P "$container") && inside systemctl start multi-user.target 2>/dev/null; do
        kill -0 "$container" || die "the container ended: $(tail -3 "$work/console")"
        sleep 0.2
    done
}

end() {
    if [ -n "$container" ]; then
        inside systemctl poweroff 2>/dev/null || true
        timeout 60 tail --pid="$container" -f /dev/null || kill -KILL "$init"
        wait "$container" || true
    fi
    [ -z "${tight:-}" ] || rmdir "$tight" 2>/dev/null || true
    rm -rf "$work"
}

inside() {
    nsenter --target "$init" --mount --uts --ipc --net --pid --cgroup --root --wd \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 PIP_NO_INDEX=1 PIP_FIND_LINKS=/srv/packages \
        PIP_ROOT_USER_ACTION=ignore LEUKOWATCH_HOME=$home "$@"
}

# -- the transcript -----------------------------------------------------------------------------------------------

chapter() { printf '\n## %s\n\n%s\n' "$1" "$2"; }

# Run a command line inside, and show both it and what it says.
show() {
    printf '\n```console\n# %s\n' "$1"
    inside sh -c "cd /srv/leukowatch; $1" 2>&1 | sed -E 's/[[:space:]]+$//' || true
    printf '```\n'
}

# Stop unless a command line inside, asked again for a while, says what is promised.
promise() {
    local told="" deadline=$((SECONDS + ${4:-600}))
    until told=$(inside sh -c "$2" 2>&1) && [ "$told" = "$3" ]; do
        [ $SECONDS -lt $deadline ] || die "not kept: $1: '$told' is not '$3' ($2)"
        sleep 0.5
    done
    printf '\n* kept: %s\n' "$1"
    say "kept: $1"
}

sql() { printf "runuser -u reader -- sqlite3 -readonly %s/leukowatch.db '%s'" "$home" "$1"; }
property() { printf 'systemctl show --value --property %s leukowatch' "$1"; }
now() { inside sh -c "$(property "$1")"; }
workers() { pgrep --ns "$init" --nslist pid -f spawn_main; }
page() { pgrep --ns "$init" --nslist pid -f 'leukowatch review'; }

# A person of the group copies phantom fields into a slide's folder, as many as wanted from a number on.
drop() {
    inside runuser -u dropper -- sh -c "mkdir -p $home/inbox/$1 && cd /srv/phantoms/phantom-slide-1 &&
        cp \$(ls phantom-*.jpg | tail -n +$2 | head -n $3) $home/inbox/$1/"
}

counted="SELECT count(*) || \" rows, \" || count(DISTINCT sha256) || \" contents\" FROM field"
left="find $home/inbox -type f | wc -l"
status_lines="systemctl show --property ActiveState,SubState,Result,NRestarts,StatusText leukowatch"

# -- what is tried ------------------------------------------------------------------------------------------------

install_it() {
    chapter "Install" "Packages come from a folder, since the container has no network; each is checked by its hash."
    show "make install-service WHEEL=$1 2>&1"
    show "$status_lines"
    show "stat --format '%A %U %G %n' $home $home/*/"
    show "systemd-analyze security leukowatch leukowatch-review 2>/dev/null | grep -E 'Overall'"
    inside sh -c "useradd --groups leukowatch dropper; useradd --groups leukowatch reader; useradd stranger"
    inside sh -c "rm -rf /srv/phantoms; $bin/leukonet phantom /srv/phantoms --fields 85 --seed 4" >/dev/null
    promise "systemd was told READY" "$(property ActiveState)" active
}

count_fields() {
    chapter "Count" "A person of the group drops twelve fields and a text; another reads the rows; a stranger sees nothing."
    drop S1 1 12
    inside runuser -u dropper -- sh -c "echo 'no image' > $home/inbox/S1/notes.jpg"
    promise "twelve fields are counted, the text is quarantined, nothing is left" "$(property StatusText)" \
        "counted 12, quarantined 1, waiting 0"
    show "$(sql 'SELECT slide, class, cells, percent FROM differential WHERE cells > 0')"
    show "$(sql 'SELECT file, status, reason FROM field_status WHERE status <> "counted"')"
    show "runuser -u stranger -- sqlite3 -readonly $home/leukowatch.db 'SELECT count(*) FROM field'"
    show "runuser -u leukowatch -- $bin/leukowatch doctor"
    chapter "What it may do" "Seen from outside while it runs. Seccomp 2 is the filter that also keeps memory from being
made executable (MemoryDenyWriteExecute): the networks above ran under it."
    show "grep -hE '^(NoNewPrivs|Seccomp|CapEff|CapBnd)' /proc/$(now MainPID)/status; tail -n +3 /proc/$(now MainPID)/net/dev | cut -d: -f1"
    show "systemctl show --property MemoryDenyWriteExecute,PrivateNetwork,RestrictAddressFamilies,PrivateUsers leukowatch"
}

# Asks the page for the picture of a field, as a program with a token does: python ask.py FIELD.
ask='import os, sys, urllib.request as asking
url = f"http://127.0.0.1:8017/api/v1/fields/{sys.argv[1]}/image"
answer = asking.urlopen(asking.Request(url, headers={"Authorization": "Bearer " + os.environ["TOKEN"]}))
print(answer.status, answer.headers["Content-Type"], answer.read(2).hex())'

show_page() {
    local drawer main token as="runuser -u leukowatch -- $bin/leukowatch" of="Seccomp:|NoNewPrivs|CapEff|address space|file size|open files"
    chapter "The review page" "Under its own unit, beside the service. Its pictures are drawn by processes of its own, which are confined as
workers are; when they are killed, neither the page nor the next picture is lost."
    show "systemctl start leukowatch-review; systemctl show --property ActiveState,SubState,Result leukowatch-review"
    inside sh -c "echo 'correct horse battery' | $as user add rea --role reader --password-stdin" >/dev/null
    token=$(inside sh -c "$as token add rea --role reader --label try")
    inside sh -c 'cat >/srv/ask.py' <<<"$ask"
    promise "a picture is drawn" "TOKEN=$token $bin/python /srv/ask.py 1" "200 image/jpeg ffd8"
    main=$(page)
    drawer=$(pgrep -P "$main" -f spawn_main | head -1)
    printf '\n```console\n# grep -hE "%s" /proc/PID/status /proc/PID/limits    (of a process that draws)\n%s\n```\n' "$of" \
        "$(grep -hE "$of" "/proc/$drawer/status" "/proc/$drawer/limits")"
    pgrep -P "$main" -f spawn_main | xargs kill -9
    promise "another picture is drawn, by other processes" "TOKEN=$token $bin/python /srv/ask.py 2" "200 image/jpeg ffd8"
    [ "$(page)" = "$main" ] || die "the page is another process than before"
    show "systemctl stop leukowatch-review; systemctl show --property ActiveState,SubState,Result leukowatch-review"
}

stop_and_start() {
    chapter "Stop in the middle" "Twenty fields are dropped and the service is stopped at once: what is in hand is finished,
the rest stays in the inbox and is counted after the next start."
    drop S2 13 20
    show "systemctl stop leukowatch; $left; $(sql "$counted")"
    promise "no file is both in the inbox and among the rows" "$(sql 'SELECT count(*) FROM field') | xargs -I{} expr {} + \$($left)" 32
    show "systemctl start leukowatch"
    promise "all are counted once" "$(sql "$counted")" "32 rows, 32 contents"
    promise "the inbox is empty" "$left" 0
}

kill_it() {
    local before
    before=$(now NRestarts)
    chapter "kill -9 in the middle" "systemd starts it again, and the next start finishes what was begun."
    drop S3 33 20
    show "systemctl kill --kill-who=main --signal=KILL leukowatch; sleep 1; $status_lines"
    promise "all are counted once" "$(sql "$counted")" "52 rows, 52 contents"
    promise "the inbox is empty" "$left" 0
    promise "it was restarted once" "$(property NRestarts)" $((before + 1))
}

hang_it() {
    local before
    before=$(now NRestarts)
    chapter "A hang" "The daemon is stopped by SIGSTOP, as a hang would: no sign of life for WatchdogSec=60, so systemd ends
it and starts it again. Where each thread stood is in the journal."
    show "kill -STOP $(now MainPID)"
    promise "it was restarted once more" "$(property NRestarts)" $((before + 1))
    promise "it is active" "$(property ActiveState)" active
    show "journalctl --boot --unit leukowatch --output cat --no-pager | grep -E 'Watchdog|Fatal Python|most recent call first|watchdog.\$'"
}

lose_workers() {
    local main
    main=$(now MainPID)
    chapter "Workers that die" "A worker is killed; then all are put into a control group with too little memory and given an image of
17 megapixels, at which the kernel's out-of-memory killer ends one. The service stays, and the fields are counted."
    drop S4 53 4
    kill -9 "$(workers | head -1)"
    promise "all are counted once" "$(sql "$counted")" "56 rows, 56 contents"
    starve_workers
    promise "all are counted once" "$(sql "$counted")" "57 rows, 57 contents"
    grep -q 'oom_kill [1-9]' "$tight/memory.oom_control" || die "the kernel killed no worker for want of memory"
    printf '\n```console\n# cat memory.oom_control    (of the control group with 8 MB)\n%s\n```\n' "$(cat "$tight/memory.oom_control")"
    show "journalctl --boot --unit leukowatch --output cat --no-pager | grep 'looked at again'"
    promise "it is the same process as before" "$(property MainPID)" "$main"
}

# The container has no memory controller of its own where control groups are of version 1: the machine's is used, on the
# workers alone. What they hold already is not counted there, so the field is a large one.
starve_workers() {
    local worker big="from PIL import Image; Image.open('/srv/phantoms/phantom-slide-1/phantom-4-0057.jpg')"
    inside "$bin/python" -c "$big.resize((4800, 3600)).save('/srv/big.png', compress_level=1)"
    tight=/sys/fs/cgroup/memory/leukowatch-try-$$
    mkdir "$tight" || die "this machine has no memory controller of version 1: leave this chapter out here"
    for worker in $(workers); do
        echo "$worker" >"$tight/cgroup.procs"
    done
    echo 8M >"$tight/memory.limit_in_bytes"
    inside runuser -u dropper -- sh -c "mkdir $home/inbox/S5 && cp /srv/big.png $home/inbox/S5/"
}

lose_inbox() {
    local before
    before=$(now NRestarts)
    chapter "The inbox goes away" "Renamed for longer than WatchdogSec: the daemon says so, gives no sign of life, and is
ended by systemd; the inbox is put back then, and the next start goes on."
    inside mv "$home/inbox" "$home/elsewhere"
    promise "its status says so" "$(property StatusText) | cut -d';' -f1" "the inbox is not watched"
    promise "systemd ends it" "test \$($(property NRestarts)) -gt $before && echo yes" yes
    inside mv "$home/elsewhere" "$home/inbox"
    promise "it is active again" "$(property ActiveState)" active
    drop S6 58 2
    promise "it counts" "$(sql "$counted")" "59 rows, 59 contents"
}

fill_archive() {
    local settings=/etc/leukowatch/leukowatch.toml
    chapter "A disk that is nearly full" "The archive is put on a file system of 1 MB. That is less than inbox.min_free_megabytes, so
nothing is taken, and status, log and doctor say so."
    inside sh -c "systemctl stop leukowatch
        mount -t tmpfs -o size=1m,mode=2750,uid=leukowatch,gid=leukowatch tmpfs $home/archive; systemctl start leukowatch"
    drop S7 60 24
    promise "its status says so, and that all wait" \
        "$(property StatusText) | grep -c 'waiting 24: $home/archive: .*make room'" 1
    promise "none was taken" "$(sql "$counted")" "59 rows, 59 contents"
    show "$(property StatusText); runuser -u leukowatch -- $bin/leukowatch doctor --running; echo \"exit code \$?\""
    chapter "A full disk" "The same with inbox.min_free_megabytes = 0, and more files than fit: rows are committed, files wait in
the inbox, and are moved once there is room."
    inside sh -c "sed -i 's/^#min_free_megabytes = .*/min_free_megabytes = 0/' $settings; systemctl restart leukowatch"
    promise "every field has its row" "$(sql "$counted")" "83 rows, 83 contents"
    show "df --output=size,avail,pcent $home/archive; $left; $(property StatusText)"
    inside mount -o remount,size=64m "$home/archive"
    promise "all files leave the inbox" "$left" 0
    promise "its status says so" "$(property StatusText)" "counted 24, quarantined 0, waiting 0"
    inside sh -c "systemctl stop leukowatch; cp -a $home/archive /srv/kept; umount $home/archive
        cp -a /srv/kept/. $home/archive/; sed -i 's/^min_free_megabytes = .*/#min_free_megabytes = 500/' $settings
        systemctl start leukowatch"
    promise "every archived file is there" "find $home/archive -type f | wc -l" 83
}

upgrade_it() {
    local revision="sqlite3 -readonly $home/leukowatch.db 'SELECT version_num FROM alembic_version'; ls $home/*.db*"
    local back="from leukowatch.store.migrate import downgrade; downgrade(\"sqlite:///$home/leukowatch.db\", \"0005\")"
    chapter "Upgrade" "The same command with a later wheel, over a database of an older schema (revision 0005, to which it is taken back for
that); changed settings are kept."
    inside sed -i 's/^#log_level = .*/log_level = "debug"/' /etc/leukowatch/leukowatch.toml
    inside sh -c "systemctl stop leukowatch; runuser -u leukowatch -- $bin/python -c '$back'"
    show "$revision"
    show "make install-service WHEEL=$1 2>&1"
    show "$revision"
    show "ls -l /opt/leukowatch | tail -n +2 | tr -s ' ' | cut -d' ' -f9-; grep ^log_level /etc/leukowatch/leukowatch.toml"
    drop S8 84 2
    promise "rows of before are there, and it counts" "$(sql "$counted")" "85 rows, 85 contents"
}

uninstall_it() {
    chapter "Uninstall" "Programs and units go; images, rows and settings stay."
    show "make uninstall-service 2>&1"
    show "systemctl status leukowatch; ls -d /opt/leukowatch /etc/leukowatch/* $home/*"
    promise "all rows are there" "$(sql "$counted")" "85 rows, 85 contents"
    promise "all images are there" "find $home/archive $home/quarantine -type f ! -name '*.json' | wc -l" 86
}

main() {
    local program first later
    [ "$(id -u)" -eq 0 ] || die "only root can boot a container"
    for program in debootstrap systemd-nspawn nsenter unshare; do
        command -v "$program" >/dev/null || die "$program is missing: apt-get install debootstrap systemd-container util-linux"
    done
    trap end EXIT
    mkdir -p "$folder"
    make_root
    make_packages
    boot
    later=$(basename "$root"/srv/leukowatch/dist/*.99-*.whl)
    first=$(basename "$(find "$root/srv/leukowatch/dist" -name '*.whl' ! -name "$later")")
    printf 'Debian %s, %s, Linux %s, Python %s, leukowatch %s at %s.\n' "$(inside cat /etc/debian_version)" \
        "$(inside systemctl --version | head -1)" "$(uname -r | cut -d- -f1)" "$(inside python3 -V | cut -d' ' -f2)" \
        "$(echo "$first" | cut -d- -f2)" "$(git rev-parse --short HEAD)"
    install_it "dist/$first"
    count_fields
    show_page
    stop_and_start
    kill_it
    hang_it
    lose_workers
    lose_inbox
    fill_archive
    upgrade_it "dist/$later"
    uninstall_it
}

main; exit
