# lua 5.4.4 as Debian has the source: a Makefile and C. The lowered interpreter prints what the baseline prints, even if
# a script fails. It also runs the output of its compiler.
. "$(dirname "$0")/lib.sh"
need_fuse
source=$("$XAAS_SOURCE/tests/debian-source" lua5.4 '5.4.4-3+deb12u1' "$XAAS_FIXTURES/sources")
mkxaas -q --report "$work/report.json" "$source" "$work/lua.xaas" \
  --build 'make -j$JOBS linux CC="$CC"' --install 'make install INSTALL_TOP=$DESTDIR$PREFIX'
python3 - "$work/report.json" <<'P'
import json, sys
programs = {program["path"]: program for program in json.load(open(sys.argv[1]))["programs"]}
for name in ("bin/lua", "bin/luac"):
    assert all(native["reason"] == "not a part of the project" for native in programs[name]["native"]), programs[name]
P
cat >"$work/script.lua" <<'S'
local function fib(n) return n < 2 and n or fib(n - 1) + fib(n - 2) end
local words = {}
for word in ("the quick brown fox"):gmatch("%a+") do words[#words + 1] = word:upper() end
table.sort(words)
local thread = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i * 1.5) end end)
print(fib(24), table.concat(words, ","), thread() + thread(), 7 // 2, 2 ^ 0.5, ("%q"):format("a\nb"))
print(pcall(error, {code = 2}), select("#", table.unpack({}, 1, 5)), math.maxinteger // -1, #arg)
local more <close> = setmetatable({}, {__close = function() print("closed") end})
error("on purpose")
S
say() { "$1/bin/lua" "$work/script.lua" one two 2>&1 | sed -E 's/0x[0-9a-f]+//; s,[^ ]*/bin/lua,lua,'; }
mount_image "$work/lua.xaas" "$work/baseline" lower=never
mount_image "$work/lua.xaas" "$work/app"
expected=$(say "$work/baseline") || true
contains "$expected" "on purpose"
contains "$expected" "closed"
contains "$expected" "46368"
equal "$expected" "$(say "$work/app")"
equal ready "$(state_of "$work/app/bin/lua")"
# The output of the compiler runs in the interpreter.
"$work/app/bin/luac" -o "$work/script.out" "$work/script.lua"
contains "$("$work/app/bin/lua" "$work/script.out" 2>&1 || true)" "46368"
