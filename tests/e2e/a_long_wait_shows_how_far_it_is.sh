# Who waits for a program at a terminal sees how many of its modules are compiled. The line leaves what the command has
# printed as it is, and is gone when the wait ends. The status has the same figures. Without a terminal there is no line.
. "$(dirname "$0")/lib.sh"
need_fuse

mkdir "$work/source"
# There is enough code for a worker that is still there when it is looked for.
for i in {1..24}; do
  for j in {1..30}; do
    echo "void g${i}_$j(int n, float* x) { for (int i = 0; i < n; ++i) x[i] = x[i] * $j + x[i + $i]; }"
  done >"$work/source/f$i.c"
  echo "int f$i(int x) { for (int i = 0; i < x; ++i) x ^= i * $i; return x; }" >>"$work/source/f$i.c"
done
{
  echo '#include <stdio.h>'
  for i in {1..24}; do echo "int f$i(int);"; done
  echo "int main(void) { return printf(\"%d\\n\", $(printf 'f%d(7) + ' {1..24})0) < 0; }"
} >"$work/source/main.c"
cat >"$work/source/Makefile" <<'M'
all: sum
sum: main.o $(patsubst %,f%.o,$(shell seq 24))
	$(CC) -o $@ $^
install:
	install -D sum $(DESTDIR)$(PREFIX)/bin/sum
M
mkxaas -q --build 'make -s -j2' --install 'make -s install PREFIX="$PREFIX" DESTDIR="$DESTDIR"' "$work/source" "$work/sum.xaas"
mkdir "$work/app"

# Looks for workers without starting processes for it, because a worker may end soon.
cat >"$work/workers.py" <<'P'
import os, signal, sys, time
def children(parent):
    found = []
    for name in filter(str.isdigit, os.listdir('/proc')):
        try: stat = open(f'/proc/{name}/stat').read()
        except OSError: continue  # it has ended
        if stat.rpartition(')')[2].split()[1] == str(parent): found.append(int(name))
    return found
def is_worker(process):
    try: return b'--worker' in open(f'/proc/{process}/cmdline', 'rb').read().split(b'\0')
    except OSError: return False
def worker_of(mount):
    # The worker of the server, which is a child of xaas-mount beside the command.
    return next((w for child in children(mount) for w in children(child) if is_worker(w)), None)
if __name__ == '__main__':  # stops the worker and prints its id
    end = time.monotonic() + 30
    while (worker := worker_of(sys.argv[1])) is None:
        if time.monotonic() > end: sys.exit('gave up waiting for a worker')
    os.kill(worker, signal.SIGSTOP)
    print(worker)
P
cat >"$work/watch.py" <<'P'
import fcntl, os, pty, re, select, signal, struct, sys, termios, time
from workers import worker_of
image, mountpoint = sys.argv[1:]

class Screen:  # what a terminal of 100 columns shows after these bytes
    def __init__(self):
        self.rows, self.row, self.column, self.kept, self.wraps = [[]], 0, 0, (0, 0), True
    def put(self, data):
        for token in re.findall(r'\x1b[78]|\x1b\[[?0-9;]*[A-Za-z]|.', data, re.S):
            if token == '\r': self.column = 0
            elif token == '\n':
                self.row += 1
                self.rows += [[] for _ in range(self.row + 1 - len(self.rows))]
            elif token == '\x1b7': self.kept = self.row, self.column
            elif token == '\x1b8': self.row, self.column = self.kept
            elif token == '\x1b[K': del self.rows[self.row][self.column:]
            elif token in ('\x1b[?7l', '\x1b[?7h'): self.wraps = token.endswith('h')
            else:
                assert token.isprintable() and (self.column < 99 or not self.wraps), repr(data)
                line = self.rows[self.row]
                line += ' ' * (self.column + 1 - len(line))
                self.column = min(self.column, 99)
                line[self.column] = token
                self.column += 1
    def text(self): return '\n'.join(''.join(row) for row in self.rows)

pid, terminal = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack('HHHH', 25, 100, 0, 0))
    os.environ['TERM'] = 'xterm'
    os.execvp('xaas-mount', ['xaas-mount', '-o', 'jobs=1', image, mountpoint, '--', 'sh', '-c',
                             'printf "starting... "; exec "$0"', mountpoint + '/bin/sum'])
screen = Screen()

def read():
    while select.select([terminal], [], [], 0.005)[0]:
        try: data = os.read(terminal, 4096)
        except OSError: return False  # the last process has closed it
        if not data: return False
        screen.put(data.decode())
    return True
def wait(what, condition):
    end = time.monotonic() + 60
    while not condition():
        if time.monotonic() > end or not read(): sys.exit(f'gave up waiting for {what}: {screen.text()!r}')
def status(): return open(mountpoint + '/.xaas/status').read()
def done():
    found = re.search(r'^lowering  bin/sum, (\d+) of 25 modules, \d+ s, \d+ waiting$', status(), re.M)
    return int(found[1]) if found else 0

# The worker goes on for a moment at a time until some modules are done, and stands still then.
stopped = None
def stop_worker():
    global stopped
    stopped = worker_of(pid)
    if stopped: os.kill(stopped, signal.SIGSTOP)
    return stopped
wait('a worker', stop_worker)
def advance():
    os.kill(stopped, signal.SIGCONT)
    time.sleep(0.005)
    os.kill(stopped, signal.SIGSTOP)
    return done() > 0
wait('a module', advance)
count = done()
assert 0 < count < 25, count
wait('the line', lambda: re.fullmatch(
    rf'starting\.\.\. xaas-mount: bin/sum is being compiled for this host, {done()} of 25 modules, [2-9] s', screen.text()))
os.kill(stopped, signal.SIGCONT)
while read(): pass
assert os.waitpid(pid, 0)[1] == 0
assert re.fullmatch(r'starting\.\.\. \d+\n', screen.text()), screen.text()
P
python3 "$work/watch.py" "$work/sum.xaas" "$work/app"

# Here the terminal's place is taken by a file.
XAAS_CACHE=$work/another
xaas-mount "$work/sum.xaas" "$work/app" -- "$work/app/bin/sum" >"$work/stdout" 2>"$work/stderr" &
mount=$!
worker=$(python3 "$work/workers.py" $mount)
caught=$(with_start "$worker")
is_late() { grep -Eq '^lowering  bin/sum, .* of 25 modules, [2-9] s, ' "$work/app/.xaas/status"; }
wait_until 30 is_late
kill -CONT "$worker"
wait $mount
equal "" "$(cat "$work/stderr")"
