# What `check` says of an older Debian, by the description that was written there, is what happens there: a program that
# is to run is lowered here for that host and runs there, and no other one can be lowered. Both hosts find the same keys.
# A symbol that is missing there is named with its version, its unit and the oldest libc that has it, before anything is
# lowered, and where it is tried.
. "$(dirname "$0")/../lib.sh"
need_root
need_mount_namespace -m
mkdir -p "$work/share" "$work/five"
cp "$XAAS_BIN/xaas-lower" "$work/share"
cat >"$work/five/plain.c" <<'S'
int puts(const char*);
int main(void) { return puts("plain runs") < 0; }
S
cat >"$work/five/opens.c" <<'S'
#include <dlfcn.h>
#include <stdio.h>
int main(void) { return puts(dlopen("libm.so.6", RTLD_NOW) ? "opens runs" : dlerror()) < 0; }
S
cat >"$work/five/newest.c" <<'S'
#include <stdio.h>
#include <sys/mount.h>
int main(void) { return puts("newest runs") < fsopen("none", 0); }
S
cat >"$work/five/random.c" <<'S'
#include <stdio.h>
#include <stdlib.h>
int main(void) { return puts(arc4random() ? "random runs" : "random runs") < 0; }
S
cat >"$work/five/threads.c" <<'S'
#include <pthread.h>
#include <stdio.h>
static void* work(void* text) { puts(text); return text; }
int main(void) { pthread_t id; return pthread_create(&id, 0, work, "threads runs") || pthread_join(id, 0); }
S
cat >"$work/five/Makefile" <<'S'
programs = plain opens newest random threads
all: $(programs)
install:
	for program in $(programs); do install -D $$program $(DESTDIR)$(PREFIX)/bin/$$program; done
S
mkxaas -q "$work/five" "$work/share/five.xaas"

root=$("$XAAS_SOURCE/tests/debian-root" bullseye "$XAAS_FIXTURES/roots" util-linux)
cat >"$work/share/commands" <<'S'
[ "$(id -u)" = 0 ] || exit 0
set -e
/mnt/xaas-lower describe-host -o /mnt/host.json
XAAS_CACHE=/tmp/cache /mnt/xaas-lower --json /mnt/five.xaas bin/plain >/mnt/there.json
S
in_root "$root" "$work/share" >"$work/said" || die "$(cat "$work/said")"
described=(--host-description "$work/share/host.json")
equal "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["key"])' "$work/share/there.json")" \
  "$(xaas-lower --json "${described[@]}" --host-root "$root" "$work/share/five.xaas" bin/plain |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["key"])')"

missing="fsopen@GLIBC_2.36 (newest.c)"
oldest="glibc 2.36 is the oldest that has it, and that of the described host has versions up to 2.30"
contains "$(xaas-lower explain "${described[@]}" "$work/share/five.xaas")" "missing   $missing, which bin/newest needs: $oldest"
contains "$(xaas-lower explain --json "${described[@]}" "$work/share/five.xaas" | python3 -c 'import json, sys
print(json.load(sys.stdin)["missing_symbols"])')" "[{'file': 'bin/newest', 'symbol': 'fsopen', 'version': 'GLIBC_2.36', 'units': ['newest.c']}]"
xaas-lower "${described[@]}" --host-root "$root" "$work/share/five.xaas" bin/newest 2>"$work/said" && die "fsopen was found"
contains "$(cat "$work/said")" "cannot lower bin/newest: it needs $missing: $oldest"
equal 1 "$(grep -o fsopen "$work/said" | wc -l)"

xaas-lower check --json "${described[@]}" "$work/share/five.xaas" >"$work/checked" || [ $? = 1 ]
expected=$(python3 -c 'import json, sys
for f in json.load(open(sys.argv[1]))["files"]:
  if f["runs"]: print(f["path"][4:], "runs")' "$work/checked" | sort)
# In their places, where they find the libraries of the image.
xaas-info extract "$work/share/five.xaas" "$work/share/tree" >/dev/null
rm "$work/share/tree/bin"/*
for program in plain opens newest random threads; do
  xaas-lower "${described[@]}" --host-root "$root" -o "$work/share/tree/bin/$program" "$work/share/five.xaas" "bin/$program" \
    >/dev/null 2>&1 || rm -f "$work/share/tree/bin/$program"
done
cat >"$work/share/commands" <<'S'
[ "$(id -u)" = 0 ] || exit 0
for program in plain opens newest random threads; do [ ! -e /mnt/tree/bin/$program ] || /mnt/tree/bin/$program; done
S
equal "$expected" "$(in_root "$root" "$work/share" | sort)"
contains "$expected" "plain runs"
case $expected in *newest*) die "fsopen is newer than that libc" ;; esac
