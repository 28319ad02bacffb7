# samtools 1.16 as Debian has the source: the configure script must be made first, and htslib comes from the system and
# is bundled. The lowered program sorts, indexes and finds as the baseline does, to the byte.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$("$XAAS_SOURCE/tests/debian-source" samtools 1.16.1-1 "$XAAS_FIXTURES/sources")
mkxaas -q --report "$work/report.json" "$source" "$work/samtools.xaas" \
  --configure 'autoreconf -i && ./configure --prefix="$PREFIX" --with-htslib=system'
all_can_be_lowered "$work/report.json"
contains "$(xaas-info "$work/samtools.xaas")" libhts.so.3

python3 - >"$work/in.sam" <<'P'
import random
random.seed(3)
print("@HD\tVN:1.6\n@SQ\tSN:one\tLN:100000\n@SQ\tSN:two\tLN:50000")
for i in range(20000):
    name, length = random.choice((("one", 99000), ("two", 49000)))
    bases = "".join(random.choice("ACGT") for _ in range(100))
    print(f"r{i}\t0\t{name}\t{random.randrange(1, length)}\t60\t100M\t*\t0\t0\t{bases}\t{'I' * 100}")
P
use() {  # use TREE OUTPUT
  local samtools=$1/bin/samtools
  mkdir "$2"
  "$samtools" sort --no-PG -@ 2 -o "$2/sorted.bam" "$work/in.sam" 2>"$work/log"
  "$samtools" index "$2/sorted.bam"
  "$samtools" view "$2/sorted.bam" two:100-400 >"$2/view"
  "$samtools" depth "$2/sorted.bam" >"$2/depth"
  "$samtools" stats "$2/sorted.bam" | grep -v '^#' >"$2/stats"
}
mount_image "$work/samtools.xaas" "$work/app" strict
mount_image "$work/samtools.xaas" "$work/baseline" lower=never
use "$work/app" "$work/lowered"
use "$work/baseline" "$work/expected"
diff -r "$work/expected" "$work/lowered"
[ -s "$work/lowered/view" ] || die "nothing was found in the sorted file"
equal ready "$(state_of "$work/app/bin/samtools")"
