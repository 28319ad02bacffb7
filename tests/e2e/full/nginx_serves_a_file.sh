# nginx 1.22 as Debian has the source: a configure script of its own kind, for a directory of its own. The lowered
# server reads its configuration, serves a file of the mount, also compressed, and ends when it is told to.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$("$XAAS_SOURCE/tests/debian-source" nginx 1.22.1-9+deb12u9 "$XAAS_FIXTURES/sources")
mkxaas -q --report "$work/report.json" "$source" "$work/nginx.xaas" -- --with-http_ssl_module
all_can_be_lowered "$work/report.json"

mount_image "$work/nginx.xaas" "$work/app" strict
mkdir "$work/own"
cat >"$work/own/nginx.conf" <<C
daemon off;
worker_processes 1;
pid $work/own/pid;
user $(id -un) $(id -gn);
events {}
http {
  include $work/app/conf/mime.types;
  access_log off;
  gzip on;
  gzip_min_length 1;
  server {
    listen unix:$work/own/socket;
    root $work/app/html;
    location ~ ^/(a+)b { return 200 "matched \$1"; }
  }
}
C
# nginx must write to a directory of our own, because a mount is read-only.
nginx() { "$work/app/sbin/nginx" -p "$work/own/" -e stderr -c "$work/own/nginx.conf" "$@" 2>>"$work/log"; }
nginx -t || die "$(cat "$work/log")"
nginx &
server=$!
get() {  # get PATH [ENCODING]: headers and body, as one connection gives them
  python3 - "$work/own/socket" "$@" <<'P'
import gzip, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
encoding = "".join(f"Accept-Encoding: {word}\r\n" for word in sys.argv[3:])
connection.sendall(f"GET {sys.argv[2]} HTTP/1.1\r\nHost: x\r\n{encoding}Connection: close\r\n\r\n".encode())
answer = b"".join(iter(lambda: connection.recv(65536), b""))
head, body = answer.split(b"\r\n\r\n", 1)
if b"Transfer-Encoding: chunked" in head:
    chunks = []
    while body:
        size, rest = body.split(b"\r\n", 1)
        chunks.append(rest[:int(size, 16)])
        body = rest[int(size, 16) + 2:]
    body = b"".join(chunks)
if b"Content-Encoding: gzip" in head:
    body = b"(compressed)\n" + gzip.decompress(body)
sys.stdout.buffer.write(head.split(b"\r\n")[0] + b"\n" + body)
P
}
answers() { get / >/dev/null 2>&1; }
wait_until 60 answers
equal "HTTP/1.1 200 OK
$(cat "$source/html/index.html")" "$(get /index.html)"
equal "HTTP/1.1 200 OK
(compressed)
$(cat "$source/html/index.html")" "$(get /index.html gzip)"
equal "HTTP/1.1 200 OK
matched aa" "$(get /aab)"
contains "$(get /nowhere)" "HTTP/1.1 404 Not Found"
nginx -s quit || die "$(cat "$work/log")"
wait $server || die "$(cat "$work/log")"
equal ready "$(state_of "$work/app/sbin/nginx")"
