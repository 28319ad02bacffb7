# CPython 3.11 as Debian has the source: configure, an interpreter that builds its own extensions with setup.py, and
# pip, which an installed interpreter installs. Scripts that use the extensions print what the baseline prints, and pip
# runs from the mount.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$("$XAAS_SOURCE/tests/debian-source" python3.11 3.11.2-6+deb12u8 "$XAAS_FIXTURES/sources")
mkxaas -q --report "$work/report.json" "$source" "$work/python.xaas"
all_can_be_lowered "$work/report.json"

cat >"$work/script.py" <<'P'
import bz2, ctypes, decimal, hashlib, json, lzma, math, sqlite3, ssl, sys, sysconfig, zlib
database = sqlite3.connect(":memory:")
database.execute("create table t(a)")
database.executemany("insert into t values(?)", [(i,) for i in range(1000)])
print(database.execute("select sum(a) from t").fetchone(), sqlite3.sqlite_version, ssl.OPENSSL_VERSION)
print(zlib.crc32(b"abc" * 1000), hashlib.sha256(b"x").hexdigest(), decimal.Decimal(2).sqrt(), math.gamma(5.5))
print(ctypes.CDLL(None).strlen(b"hello"), lzma.decompress(lzma.compress(b"q")), bz2.decompress(bz2.compress(b"r")))
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
print(fibonacci(20), json.dumps({"a": [1.5, None]}), sorted("mount"))
print(sys.prefix, sysconfig.get_config_var("prefix"), sysconfig.get_path("include"))
P
use() { (unset PYTHONHOME PYTHONPATH; "$1/bin/python3" "$work/script.py" && "$1/bin/pip3" --version) | sed "s|$1|TREE|g"; }
mount_image "$work/python.xaas" "$work/app" strict
mount_image "$work/python.xaas" "$work/baseline" lower=never
expected=$(use "$work/baseline")
contains "$expected" "TREE TREE TREE/include/python3.11"
contains "$expected" "from TREE/lib/python3.11/site-packages/pip (python 3.11)"
equal "$expected" "$(use "$work/app")"
equal ready "$(state_of "$work/app/bin/python3.11")"
equal ready "$(state_of "$work/app/lib/python3.11/lib-dynload/_sqlite3.cpython-311-x86_64-linux-gnu.so")"
