# redis 7.0 as Debian has the source: make alone, with jemalloc, Lua and hiredis built along. The lowered server keeps
# what the lowered client says, writes it to a file, and ends when it is told to. The file can be read again.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$("$XAAS_SOURCE/tests/debian-source" redis 5:7.0.15-1~deb12u7 "$XAAS_FIXTURES/sources")
mkxaas -q --report "$work/report.json" "$source" "$work/redis.xaas"
all_can_be_lowered "$work/report.json"

mount_image "$work/redis.xaas" "$work/app" strict
contains "$("$work/app/bin/redis-server" --version)" "malloc=jemalloc"
ask() { "$work/app/bin/redis-cli" -s "$work/socket" "$@"; }
answers_ping() { [ "$(ask ping 2>&1)" = PONG ]; }
"$work/app/bin/redis-server" --port 0 --unixsocket "$work/socket" --dir "$work" --save '' >"$work/log" 2>&1 &
server=$!
wait_until 60 answers_ping
equal OK "$(ask set key 5)"
equal 6 "$(ask incr key)"
equal '6[1,2,{"x":1.5}]' "$(ask eval "return redis.call('get', 'key') .. cjson.encode({1, 2, {x = 1.5}})" 0)"
"$work/app/bin/redis-benchmark" -s "$work/socket" -q -n 20000 -P 16 -t set,lrange_100 >"$work/benchmark"
contains "$(cat "$work/benchmark")" "requests per second"
equal OK "$(ask save)"
ask shutdown
wait $server || die "$(cat "$work/log")"
contains "$("$work/app/bin/redis-check-rdb" "$work/dump.rdb")" "RDB looks OK"
for name in redis-server redis-cli redis-benchmark; do
  equal ready "$(state_of "$work/app/bin/$name")"
done
