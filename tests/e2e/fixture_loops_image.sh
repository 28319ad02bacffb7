# Fixture: the image of a program whose lowering takes a second or more, so that tests can catch it, and of one that nobody
# reads meanwhile.
. "$(dirname "$0")/lib.sh"
mkdir -p "$XAAS_FIXTURES" "$work/loops-1.0"
rm -f "$XAAS_FIXTURES/loops.xaas"
{
  echo '#include <stdio.h>'
  for i in {1..60}; do
    cat <<S
__attribute__((noinline)) double loop$i(double *a, const double *b, int n) {
  double sum = 0;
  for (int i = 1; i < n - 1; ++i)
    for (int j = 1; j < n - 1; ++j) {
      a[i * n + j] += $i * b[(i - 1) * n + j] + b[i * n + j + 1] * a[i];
      if (a[j] > $i) sum += a[j] * b[i + j];
    }
  for (int i = 0; i < n; ++i) a[i] = b[i] / ($i + a[i]);
  return sum;
}
S
  done
  echo 'int main(void) { static double a[10000], b[10000]; double sum = 0;'
  printf '  sum += loop%d(a, b, 100);\n' {1..60}
  echo '  printf("loops 1.0: %g\n", sum); }'
} >"$work/loops-1.0/loops.c"
echo 'int main(void) { return 0; }' >"$work/loops-1.0/other.c"
cat >"$work/loops-1.0/Makefile" <<'S'
CFLAGS = -O3
all: loops other
install:
	install -D -t $(DESTDIR)$(PREFIX)/bin loops other
S
mkxaas -q --levels=none "$work/loops-1.0" "$XAAS_FIXTURES/loops.xaas"
