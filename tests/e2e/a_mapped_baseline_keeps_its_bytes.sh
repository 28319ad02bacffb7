# A process that has mapped the baseline sees the same bytes after lowering has completed, even after drop_caches. A
# process that opens the file afterwards gets the host's code.
. "$(dirname "$0")/lib.sh"
need_fuse
mount_image "$XAAS_FIXTURES/heat.xaas" "$work/app" timeout=0
mkfifo "$work/go" "$work/ready"

python3 - "$work/app/bin/heat" "$work/ready" "$work/go" >"$work/hashes" <<'PY' &
import hashlib, mmap, os, sys
path, ready, go = sys.argv[1:]
file = os.open(path, os.O_RDONLY)
size = os.fstat(file).st_size
mapped = mmap.mmap(file, size, prot=mmap.PROT_READ)
print(hashlib.sha256(mapped).hexdigest(), flush=True)
mapped.madvise(mmap.MADV_DONTNEED)  # so that nothing keeps its pages in memory, and they are read again
open(ready, "w").write("mapped")
open(go).read()
print(hashlib.sha256(mapped).hexdigest())
print(hashlib.sha256(os.pread(file, size, 0)).hexdigest())
PY
reader=$!
cat "$work/ready" >/dev/null
is_ready() { [ "$(state_of "$work/app/bin/heat")" = ready ]; }
wait_until 120 is_ready
[ "$(id -u)" != 0 ] || echo 3 >/proc/sys/vm/drop_caches
new=$(sha256sum <"$work/app/bin/heat" | cut -d' ' -f1)
echo go >"$work/go"
wait $reader
equal 1 "$(sort -u "$work/hashes" | wc -l)"
[ "$new" != "$(head -n 1 "$work/hashes")" ] || die "a later open did not get the lowered file"
# The reader had mapped the baseline, padded to the promised size.
xaas-info extract "$XAAS_FIXTURES/heat.xaas" "$work/tree"
truncate -s "$(stat -c %s "$work/app/bin/heat")" "$work/tree/bin/heat"
equal "$(sha256sum <"$work/tree/bin/heat" | cut -d' ' -f1)" "$(head -n 1 "$work/hashes")"
