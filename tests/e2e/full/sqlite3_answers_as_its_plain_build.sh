# sqlite3 3.40 as Debian has the source: configure and libtool, and one unit of 240,000 lines that a script puts
# together. The mounted shell answers as that of a plain build, and so does a program that uses the mounted library.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$("$XAAS_SOURCE/tests/debian-source" sqlite3 3.40.1-2+deb12u2 "$XAAS_FIXTURES/sources")
mkxaas -q --report "$work/report.json" "$source" "$work/sqlite.xaas" \
  --configure './configure --prefix=$PREFIX --disable-tcl --disable-readline --disable-static' \
  --build 'make -j$JOBS' --install 'make install DESTDIR=$DESTDIR'
python3 - "$work/report.json" <<'P'
import json, sys
programs = {program["path"]: program for program in json.load(open(sys.argv[1]))["programs"]}
for name, units in (("bin/sqlite3", 2), ("lib/libsqlite3.so.0.8.6", 1)):
    assert programs[name]["ir"] == units, programs[name]
    assert all(native["reason"] == "not a part of the project" for native in programs[name]["native"]), programs[name]
P
cp -r "$source" "$work/plain"
(cd "$work/plain" && CC=clang-19 ./configure --prefix="$work/native" --disable-tcl --disable-readline --disable-static && make -j2 && make install) \
  >"$work/log" 2>&1 || die "$(tail "$work/log")"

cat >"$work/script.sql" <<'S'
CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, x REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
  INSERT INTO t SELECT i, printf('%04x', i * 7919 % 65536), sqrt(i) * sin(i) FROM n;
CREATE INDEX by_name ON t(name);
SELECT count(*), sum(x), group_concat(name) FROM (SELECT * FROM t WHERE name LIKE 'a%' ORDER BY name LIMIT 40);
SELECT name, row_number() OVER (PARTITION BY substr(name, 1, 1) ORDER BY x DESC) AS r FROM t ORDER BY r, name LIMIT 20;
SELECT json_extract('{"a":[1,2,{"b":"c"}]}', '$.a[2].b'), date('2001-02-03', '+1 month'), hex(zeroblob(3)), 1e300 * 1e10;
PRAGMA integrity_check;
SELECT * FROM nowhere;
S
say() { "$1/bin/sqlite3" "$2" <"$work/script.sql" 2>&1 || true; }
mount_image "$work/sqlite.xaas" "$work/app"
expected=$(say "$work/native" "$work/a.db")
contains "$expected" "no such table: nowhere"
equal "$expected" "$(say "$work/app" "$work/b.db")"
cmp "$work/a.db" "$work/b.db"
equal ready "$(state_of "$work/app/bin/sqlite3")"
LD_LIBRARY_PATH=$work/app/lib python3 - "$work/b.db" <<'P'
import ctypes, sys
library = ctypes.CDLL("libsqlite3.so.0")
database, statement = ctypes.c_void_p(), ctypes.c_void_p()
assert library.sqlite3_open(sys.argv[1].encode(), ctypes.byref(database)) == 0
assert library.sqlite3_prepare_v2(database, b"SELECT count(*) FROM t", -1, ctypes.byref(statement), None) == 0
assert library.sqlite3_step(statement) == 100
assert library.sqlite3_column_int(statement, 0) == 20000
P
equal ready "$(state_of "$work/app/lib/libsqlite3.so.0.8.6")"
