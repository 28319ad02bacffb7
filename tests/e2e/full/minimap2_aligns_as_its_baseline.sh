# minimap2 2.24 as Debian has the source: a makefile without an install target, and units for SSE2 and SSE4.1 from which
# it chooses at run time. The lowered program aligns as the baseline does.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$("$XAAS_SOURCE/tests/debian-source" minimap2 2.24+dfsg-3 "$XAAS_FIXTURES/sources")
mkxaas -q --report "$work/report.json" "$source" "$work/minimap2.xaas" --install 'install -D -t "$DESTDIR$PREFIX/bin" minimap2'
all_can_be_lowered "$work/report.json"

python3 - "$work" <<'P'
import random, sys
random.seed(7)
genome = "".join(random.choice("ACGT") for _ in range(30000))
with open(sys.argv[1] + "/reference.fa", "w") as file:
    file.write(f">reference\n{genome}\n")
with open(sys.argv[1] + "/reads.fa", "w") as file:
    for i in range(200):
        start = random.randrange(28000)
        read = list(genome[start:start + 1500])
        for _ in range(60):
            read[random.randrange(len(read))] = random.choice("ACGT")
        text = "".join(read)
        if i % 2:
            text = text.translate(str.maketrans("ACGT", "TGCA"))[::-1]
        file.write(f">read{i}_{start}\n{text}\n")
P
align() { "$1/bin/minimap2" -a "$work/reference.fa" "$work/reads.fa" 2>"$work/log" | grep -v '^@PG'; }
mount_image "$work/minimap2.xaas" "$work/app" strict
mount_image "$work/minimap2.xaas" "$work/baseline" lower=never
align "$work/app" >"$work/lowered.sam"
align "$work/baseline" >"$work/baseline.sam"
cmp "$work/baseline.sam" "$work/lowered.sam"
equal 200 "$(awk '$3 == "reference"' "$work/lowered.sam" | wc -l)"
equal ready "$(state_of "$work/app/bin/minimap2")"
