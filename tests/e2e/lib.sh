# Every end-to-end test sources this file. It gives a private directory, the tools in PATH, and everything undone at the
# end, even if the test dies. The environment has XAAS_BIN (tools), XAAS_FIXTURES (images that the fixture tests made)
# and XAAS_SOURCE (repository).
set -euo pipefail
PATH=$XAAS_BIN:$PATH
work=$(mktemp -d "${TMPDIR:-/tmp}/xaas-e2e.XXXXXX")
export XAAS_CACHE=$work/cache
caught=  # "ID START" of the worker that catch_lowering has stopped

undo() {
  local status=$?
  set +e
  kill -KILL $(jobs -pr) $(jobs -ps) 2>/dev/null
  # Kills it only if it is still that worker, because its id may belong to another process by now.
  [ -z "$caught" ] || [ "$caught" != "$(with_start "${caught% *}")" ] || kill -KILL "${caught% *}"
  # The innermost mounts come last in /proc/mounts.
  for point in $(awk -v w="$work/" 'index($2, w) == 1 { print $2 }' /proc/mounts | tac); do
    point=$(printf %b "$point")  # a space is \040 there
    umount "$point" 2>/dev/null || fusermount3 -q -u "$point" 2>/dev/null || umount -l "$point"
  done
  # Servers that were asked to end may still write to the cache.
  for _ in {1..200}; do [ -n "$(servers_of "$work")" ] && pause || break; done
  rm -rf --one-file-system "$work"
  [ $status = 0 ] || [ $status = 77 ] || echo "FAILED with status $status" >&2
  exit $status
}
trap undo EXIT
trap 'exit 130' INT TERM

die() { echo "$*" >&2; exit 1; }
skip() { echo "skipped: $*"; exit 77; }
equal() { [ "$1" = "$2" ] || die "expected: $1
  actual: $2"; }
contains() { case $1 in *"$2"*) ;; *) die "expected to contain: $2
  actual: $1" ;; esac; }

# Most tests look at lowering itself, or lower nothing: their images have no ready files. `command mkxaas` makes some. To
# compress the worker takes most of the time for a small image.
mkxaas() { command mkxaas --ready=none --compression=1 "$@"; }

need_fuse() { (exec 3<>/dev/fuse) 2>/dev/null || skip "/dev/fuse cannot be opened"; }
# These namespaces cannot be made: a private mount namespace below a root directory that is no mount point, and a user
# namespace in a chroot.
need_mount_namespace() { unshare "$@" true 2>/dev/null || skip "no private mount namespace can be made here (a plain chroot?)"; }
need_loop() { losetup -f >/dev/null 2>&1 || skip "there are no loop devices here${1:+: $1}"; }
# need_nobody: the test needs to run commands without rights, as $as_nobody COMMAND..., in private mount namespaces.
# There it can bind $work/fuse over /dev/fuse. Everybody may open $work/fuse, as distributions have /dev/fuse.
need_nobody() {
  need_root
  need_mount_namespace -m
  id nobody >/dev/null || skip "there is no user 'nobody' to become"
  chmod 0755 "$work"
  mknod -m 0666 "$work/fuse" c 10 229
}
# In such a namespace, opens /dev/fuse to everybody, and makes the /etc/mtab by which fusermount3 unmounts, as
# distributions have both. $1 is $work.
as_distributions_have_it='
mount --bind "$1/fuse" /dev/fuse
[ -e /etc/mtab ] || {
  [ -e "$1/etc" ] || { cp -a /etc "$1/etc" && ln -s /proc/self/mounts "$1/etc/mtab"; }
  mount --bind "$1/etc" /etc
}'
as_nobody="setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all"
need_root() { [ "$(id -u)" = 0 ] || skip "needs root"; }

# mount_image IMAGE DIRECTORY [OPTIONS]: mounts in the background. The mount is undone at the end.
mount_image() {
  mkdir -p "$2"
  xaas-mount ${3:+-o "$3"} "$1" "$2"
}
# unmount DIRECTORY: unmounts, and waits for the server, which may take a while to notice.
unmount() {
  umount "$1"
  wait_until 30 has_no_server "$1"
}
has_no_server() { [ -z "$(servers_of "$1")" ]; }
is_mounted() { mountpoint -q "$1"; }
# servers_of DIRECTORY: prints the ids of the xaas-mount processes for mountpoints in it.
servers_of() { pgrep -f "xaas-mount .*$1" || true; }

# catch_lowering IMAGE FILE [OPTIONS]: mounts IMAGE at $work/app, opens FILE by running it with --version (its output is
# in $work/caught), and stops the worker that lowers it. Leaves the ids of the three processes in $server, $program and
# $worker. Lowering FILE must take long enough.
catch_lowering() {
  mount_image "$1" "$work/app" "${3:-}"
  server=$(servers_of "$work/app" | head -n 1)
  "$work/app/$2" --version >"$work/caught" 2>&1 &
  program=$!
  wait_until 30 stop_worker
  caught=$(with_start "$worker")
}
# Stops the worker of $server, unless it has not begun or has just ended.
stop_worker() {
  worker=$(pgrep -P "$server" | head -n 1)
  [ -n "$worker" ] && grep -qsz -- --worker "/proc/$worker/cmdline" && kill -STOP "$worker" 2>/dev/null && grep -q '^State:.T' "/proc/$worker/status" 2>/dev/null
}

# is_gone PID: whether the process has ended, even if nobody has asked for its status, as in a container whose first
# process does not do that.
is_gone() {
  local stat
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
  stat=${stat##*) }
  [ "${stat%% *}" = Z ]
}
# with_start PID: prints the id and the start time of the process. No other process has both.
with_start() { echo "$1 $(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20)"; }

xattr_of() { getfattr --absolute-names --only-values -n "user.xaas.$1" "$2"; }
state_of() { xattr_of state "$1"; }

# in_root ROOT DIRECTORY: runs DIRECTORY/commands with the directory ROOT as /, as root and then as nobody. There /tmp
# is private, everybody may open /dev/fuse, DIRECTORY is /mnt, and /sys and the usual devices are there.
in_root() {
  unshare -m sh -ec '
    mount --bind "$1" "$1"
    mount --bind "$2" "$1/mnt"
    mount --rbind /proc "$1/proc"
    mount --rbind /sys "$1/sys"
    mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
    mount -t tmpfs tmpfs "$1/dev"
    mknod -m 0666 "$1/dev/fuse" c 10 229
    for device in full null random urandom zero; do
      touch "$1/dev/$device"
      mount --bind "/dev/$device" "$1/dev/$device"
    done
    mkdir -m 1777 "$1/dev/shm"
    mkdir "$1/tmp/old"
    cd "$1"
    pivot_root . tmp/old
    umount -l /tmp/old
    sh /mnt/commands
    exec setpriv --reuid=nobody --regid=nogroup --clear-groups --inh-caps=-all sh /mnt/commands' sh "$1" "$2" 2>&1
}

# need_arm: builds the tools and the unit tests for aarch64, and makes a Debian for arm64 in $arm_root, where programs run by
# an emulator. It has no seccomp and no FUSE, and takes 20 times as long.
need_arm() {
  need_root
  need_mount_namespace -m
  emulated true || skip "programs for aarch64 do not run here"
  (cd "$XAAS_SOURCE" && tests/aarch64-sysroot build/aarch64-sysroot && cmake --preset aarch64 && cmake --build --preset aarch64) \
    >"$work/log" || die "$(tail -n 20 "$work/log")"
  arm_root=$("$XAAS_SOURCE/tests/debian-root" bookworm:arm64 "$XAAS_FIXTURES/roots" clang-19 lld-19 llvm-19 libomp-19-dev cmake g++ make patchelf)
}
emulated() { "$XAAS_SOURCE/tests/with-aarch64" "$@"; }
# in_arm DIRECTORY COMMANDS: runs them in that Debian, with DIRECTORY as /mnt, and $XAAS_SOURCE at its place.
in_arm() {
  emulated sh -ec '
    mkdir -p "$1/$3"
    mount --bind "$2" "$1/mnt"
    mount --bind "$3" "$1/$3"
    mount -t tmpfs tmpfs "$1/tmp"
    mount -t proc proc "$1/proc" 2>/dev/null || mount --rbind /proc "$1/proc"
    for device in null zero full random urandom; do mount --bind "/dev/$device" "$1/dev/$device"; done
    exec chroot "$1" env -i PATH=/mnt/tools/bin:/usr/bin:/bin XAAS_CACHE=/tmp/cache sh -ec "$4"' sh "$arm_root" "$1" "$XAAS_SOURCE" "$2"
}

pause() { read -rt 0.05 <> <(:) || true; }
# wait_until SECONDS COMMAND...: polls for a condition that nothing announces. Fails if the condition does not come.
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [ $SECONDS -lt $deadline ] || die "gave up waiting for: $*"
    pause
  done
}

# fails_with STATUS TEXT COMMAND...: the command must end with exactly that status and print one line on standard error,
# with TEXT in it.
fails_with() {
  local expected=$1 text=$2 status=0
  shift 2
  "$@" >"$work/stdout" 2>"$work/stderr" || status=$?
  [ $status = "$expected" ] || die "expected status $expected, got $status from: $*
$(cat "$work/stderr")"
  contains "$(cat "$work/stderr")" "$text"
  [ "$expected" = 2 ] || [ "$(wc -l <"$work/stderr")" = 1 ] || die "expected one line from: $*
$(cat "$work/stderr")"
}

# makefile_of DIRECTORY <RULES: makes the directory of a project for built_both_ways, with a Makefile. RULES say which
# $(programs) there are and how they are made, and which $(libraries) come with them. $C compiles C, and
# $(call several,UNIT...) makes a program of units in C that are compiled alike.
makefile_of() {
  mkdir -p "$1"
  cat - /dev/fd/3 >"$1/Makefile" 3<<'S'
D = $(DESTDIR)$(PREFIX)
C = $(CC) -O2
several = for u in $(1); do $(C) -c $$u.c || exit 1; done; $(CC) $(1:%=%.o) -o $@
.DEFAULT_GOAL = all
all: $(programs)
install: all
	mkdir -p $D/bin $D/lib && cp $(programs) $D/bin
	$(if $(libraries),cp $(libraries) $D/lib)
S
}
# built_both_ways SOURCE: builds SOURCE in two ways with its Makefile (`all`, `install` with PREFIX and DESTDIR): as
# anybody would, into $work/plain, and as $work/both.xaas. $work/both.json says what was captured. $plain_variables
# are more variables for the first.
built_both_ways() {
  cp -r "$1" "$work/plain-source"
  make -s -C "$work/plain-source" CC=clang-19 CXX=clang++-19 ${plain_variables:-} PREFIX="$work/plain" DESTDIR= all install >"$work/plain.log" 2>&1 ||
    die "the plain build fails: $(tail -n 5 "$work/plain.log")"
  mkxaas -q --report "$work/both.json" --build 'make -s PREFIX="$PREFIX"' \
    --install 'make -s install PREFIX="$PREFIX" DESTDIR="$DESTDIR"' "$1" "$work/both.xaas"
}
# says_the_same COMMAND...: runs each command with the installed tree as $T. As the baseline, and lowered by each
# policy, it must print and end as in the plain build. The trees stay mounted at $work/baseline, $work/default,
# $work/fast, $work/max.
says_the_same() {
  local mode
  answers "$work/plain" "$@" >"$work/expected"
  for mode in baseline default fast max; do
    is_mounted "$work/$mode" || mount_image "$work/both.xaas" "$work/$mode" \
      "$([ $mode = baseline ] && echo lower=never || echo "policy=$mode,strict")"
    answers "$work/$mode" "$@" >"$work/actual"
    diff "$work/expected" "$work/actual" || die "$mode differs from the plain build"
  done
}
# answers TREE COMMAND...
answers() {
  local tree=$1 command
  shift
  for command; do
    echo "$command: $(cd "$work" && T=$tree LD_LIBRARY_PATH= timeout 120 bash -c "$command" 2>&1) $?"
  done | sed "s|$tree|TREE|g"
}
# are_lowered FILE...: checks, after says_the_same, that each policy has lowered the files. If not, the report says why.
are_lowered() {
  local mode file
  for mode in default fast max; do
    for file; do
      [ "$(state_of "$work/$mode/$file")" = ready ] || die "$file is not lowered: $(reason_of "$file")"
    done
  done
}
# reason_of FILE: prints why the file stays as it was built, from the report of built_both_ways.
reason_of() {
  python3 -c 'import json, sys
for p in json.load(open(sys.argv[1]))["programs"]:
  if p["path"] == sys.argv[2]: print(p.get("reason", ""))' "$work/both.json" "$1"
}
# all_can_be_lowered REPORT: checks that every program and library that mkxaas has found can be lowered, and that there
# is one.
all_can_be_lowered() {
  python3 -c 'import json, sys
programs = json.load(open(sys.argv[1]))["programs"]
assert programs
for p in programs: assert "recipe" in p, (p["path"], p.get("reason"))' "$1"
}
