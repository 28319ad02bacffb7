# An image runs in Debians with an older and with a newer libc, as its build made it and lowered there: C with a
# constructor and libm; C++ with exceptions, threads, thread-local data, dlopen, files, streams and waits with a time
# limit; OpenMP; Fortran; C with functions that came later or got other results. So does a library that needs every
# function which once moved between glibc's libraries. So do the example of the quickstart and zstd. Nothing is installed
# there. An image that is made in the newer one runs here and in the older one.
. "$(dirname "$0")/../lib.sh"
need_root
need_fuse
need_mount_namespace -m
mkdir -p "$work/share" "$work/project"
cd "$work/project"
cat >CMakeLists.txt <<'S'
cmake_minimum_required(VERSION 3.20)
project(libcs LANGUAGES C CXX Fortran)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_INSTALL_RPATH "\$ORIGIN/../lib")
find_package(Threads REQUIRED)
find_package(OpenMP REQUIRED COMPONENTS CXX)
add_library(plugin SHARED plugin.cc)
add_library(moved SHARED moved.c)
add_executable(plain plain.c)
target_link_libraries(plain PRIVATE m)
add_executable(rich rich.cc)
target_link_libraries(rich PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
add_executable(parallel parallel.cc)
target_link_libraries(parallel PRIVATE OpenMP::OpenMP_CXX)
add_executable(series series.f90)
add_executable(needs_moved needs_moved.c)
add_executable(later later.c)
target_link_libraries(needs_moved PRIVATE moved)
install(TARGETS plugin moved plain rich parallel series needs_moved later RUNTIME DESTINATION bin LIBRARY DESTINATION lib)
S
cat >plain.c <<'S'
#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
static int made;
__attribute__((constructor)) static void make(void) { made = 1; }
int main(int argc, char** argv) {
  struct stat root;
  if (stat("/", &root) != 0) return 2;
  const double x = argc;
  // clang makes exp10() and exp10f() of the last two.
  printf("plain %d %.3f %d\n", made, exp(x) + pow(x, 2.5) + fmod(x + 1.5, 2) + pow(10, x) + powf(10, (float)x), S_ISDIR(root.st_mode));
  return argv[0] == 0;
}
S
cat >later.c <<'S'
#define _GNU_SOURCE
#include <arpa/nameser.h>
#include <malloc.h>
#include <pthread.h>
#include <resolv.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if !__GLIBC_PREREQ(2, 38)
#define strlcpy(to, from, size) snprintf(to, size, "%s", from)
#endif
int fsopen(const char*, unsigned) __attribute__((weak));  // old ones lack it
int main(void) {
  unsigned char query[512];
  char name[100] = "";
  char *volatile block = malloc(100000);  // clang would leave the call out
  const int size = res_mkquery(ns_o_query, "a.example", ns_c_in, ns_t_a, 0, 0, 0, query, sizeof query);
  dn_expand(query, query + size, query + 12, name, sizeof name);
  char letters[4] = "";
  const int length = (int)strlcpy(letters, "letters", sizeof letters);
  if (fsopen != NULL) fsopen("none", 0);
  printf("later %s, %s, %d, %s %d %d\n", sigdescr_np(SIGHUP), name, block != NULL && mallinfo2().uordblks >= 100000,
         letters, length, pthread_kill(pthread_self(), 0));
  free(block);
  return 0;
}
S
cat >plugin.cc <<'S'
#include <memory>
#include <string>
static std::string name = "plugin";
extern "C" const char* plugin_name() { return name.c_str(); }
extern "C" void plugin_throw() { throw std::string("thrown"); }
S
cat >rich.cc <<'S'
#include <dlfcn.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <mutex>
#include <numeric>
#include <random>
#include <sstream>
#include <thread>
#include <vector>
static std::vector<int> made(10, 7);
thread_local int mine = 3;
int main() {
  namespace fs = std::filesystem;
  auto shared = std::make_shared<int>(5);
  std::vector<std::thread> threads;
  std::mutex mutex;
  std::condition_variable changed;
  int sum = 0;
  for (int i = 0; i < 4; i++) {
    threads.emplace_back([&, i] {
      mine += i;
      auto copy = shared;
      std::lock_guard lock(mutex);
      sum += mine + *copy;
      changed.notify_all();
    });
  }
  {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(5), [&] { return sum == 38; });
    changed.wait_for(lock, std::chrono::milliseconds(5));
  }
  for (auto& thread : threads) thread.join();
  const fs::path directory = fs::temp_directory_path() / ("rich" + std::to_string(std::random_device()()));
  fs::create_directories(directory);
  std::ofstream(directory / "file") << "hello 42";
  std::string word;
  int number = 0;
  std::ifstream(directory / "file") >> word >> number;
  const auto size = fs::file_size(directory / "file");
  fs::remove_all(directory);
  void* const plugin = dlopen("libplugin.so", RTLD_NOW);
  if (plugin == nullptr) return std::cerr << dlerror() << "\n", 3;
  std::string caught;
  try {
    reinterpret_cast<void (*)()>(dlsym(plugin, "plugin_throw"))();
  } catch (const std::string& thrown) {
    caught = thrown;
  }
  std::ostringstream text;
  text << std::accumulate(made.begin(), made.end(), 0) << ' ' << sum << ' ' << word << number << ' ' << size << ' '
       << reinterpret_cast<const char* (*)()>(dlsym(plugin, "plugin_name"))() << ' ' << caught;
  std::cout << "rich " << text.str() << std::endl;
}
S
cat >parallel.cc <<'S'
#include <omp.h>

#include <cmath>
#include <cstdio>
int main() {
  double sum = 0;
  int threads = 0;
#pragma omp parallel for num_threads(2) reduction(+ : sum) reduction(max : threads)
  for (int i = 1; i < 100000; i++) sum += std::log(i) / i, threads = omp_get_num_threads();
  std::printf("parallel %.6f %d\n", sum, threads);
}
S
cat >series.f90 <<'S'
program series
  implicit none
  integer :: i
  real(8) :: total
  total = 0
  do i = 1, 1000
    total = total + exp(-dble(i)) * log(dble(i) + 1)
  end do
  print '(a, f9.6)', 'series ', total
end program
S
# A function moved if libc.so.6 has it under an older version too, with the same code.
readelf -W --dyn-syms "$(clang-19 -print-file-name=libc.so.6)" | awk '
  split($8, part, "@+") == 2 && $4 == "FUNC" {
    place[part[1], $2]++
    if (part[2] ~ /^GLIBC_2\.3[2-4]$/ && $8 ~ /@@/) moved[part[1]] = $2
  }
  END { for (name in moved) if (place[name, moved[name]] > 1 && name != "__libc_start_main") print name }' |
  sort >moved
[ "$(wc -l <moved)" -gt 150 ] || die "only $(wc -l <moved) functions have moved"
{
  sed 's/.*/extern char &[];/' moved
  echo 'void* const moved[] = {'
  sed 's/$/,/' moved
  echo '};'
  echo 'int moved_count(void) { int n = 0; for (unsigned i = 0; i < sizeof moved / sizeof *moved; i++) n += moved[i] != 0; return n; }'
} >moved.c
echo '#include <stdio.h>
int moved_count(void);
int main(void) { return printf("moved %d\n", moved_count()) < 0; }' >needs_moved.c

cat >"$work/share/libcs.expected" <<S
plain 1 24.218 1
rich 70 38 hello42 8 plugin thrown
parallel $(python3 -c 'import math; print("%.6f" % sum(math.log(i) / i for i in range(1, 100000)))') 2
$(python3 -c 'import math; print("series %9.6f" % sum(math.exp(-i) * math.log(i + 1) for i in range(1, 1001)))')
moved $(wc -l <moved)
later Hangup, a.example, 1, let 7 0
S
# make_image NAME SOURCE: the floor of the image must be old enough.
make_image() {
  command mkxaas -q --executable --ready=x86-64-v3 "$2" "$work/share/$1.xaas" 2>"$work/log" || die "$(cat "$work/log")"
  is_old_enough "$1" "$(xaas-info "$work/share/$1.xaas")"
}
# is_old_enough NAME SUMMARY
is_old_enough() {
  local floor
  floor=$(sed -n 's/^libc floor *GLIBC_//p' <<<"$2")
  [ "$(printf '%s\n2.28\n' "$floor" | sort -V | tail -n 1)" = 2.28 ] || die "the libc floor of $1 is '$floor'"
}
make_image libcs "$work/project"
make_image heat "$XAAS_SOURCE/tests/example"
make_image zstd "$("$XAAS_SOURCE/tests/debian-source" zstd '1.5.4+dfsg2-5' "$XAAS_FIXTURES/sources")"

cat >"$work/share/run" <<'S'
run_libcs() { for name in plain rich parallel series needs_moved later; do "$1/bin/$name" || echo "$name: $?"; done; }
run_newer() { run_libcs "$1"; }
run_heat() { "$1/bin/heat-demo" 2>/dev/null; }
run_zstd() {
  "$1/bin/zstd" -q -19 -T2 -c "$here/input" >"$1.zst" && cksum <"$1.zst" && "$1/bin/zstd" -q -dc "$1.zst" | cmp - "$here/input"
}
S
here=$work/share

# The same project, made in the newer Debian.
newer=$("$XAAS_SOURCE/tests/debian-root" trixie "$XAAS_FIXTURES/roots" clang-19 cmake flang-19 g++ libomp-19-dev lld-19 llvm-19 make patchelf)
mkdir "$work/build"
cp -r "$work/project" "$XAAS_BIN" "$XAAS_BIN/../lib" "$work/build"
echo 'fortran = "flang"' >"$work/build/project/xaas.toml"  # there flang-new-19 is the only name of a Fortran compiler
cat >"$work/build/commands" <<'S'
[ "$(id -u)" = 0 ] || exit 0
export PATH=/mnt/bin:/usr/bin:/bin XAAS_CACHE=/tmp/cache
mkxaas -q --executable --ready=x86-64-v3 /mnt/project /mnt/newer.xaas && xaas-info /mnt/newer.xaas
S
output=$(in_root "$newer" "$work/build") || die "$output"
is_old_enough newer "$output"
mv "$work/build/newer.xaas" "$work/share"
cp "$work/share/libcs.expected" "$work/share/newer.expected"

seq 200000 >"$here/input"
. "$here/run"
for name in heat zstd; do
  xaas-info extract "$here/$name.xaas" "$work/$name"
  run_$name "$work/$name" >"$here/$name.expected"
done

cat >"$here/commands" <<'S'
set -e
HOME=$(mktemp -d)
export HOME
cd "$HOME"
here=/mnt
. /mnt/run
for image in $(cat /mnt/images); do
  mkdir "$image"
  /mnt/$image.xaas --xaas-extract $image/built >/dev/null
  /mnt/$image.xaas --xaas-install $image/lowered >$image/log 2>&1 || cat $image/log
  grep -q ': lowered in' $image/log || cat $image/log
  mkdir $image/ready
  cp -a $image/built/. $image/ready
  cp -a $image/built/.xaas/ready/*/*/x86-64-v3/. $image/ready
  for what in built lowered ready; do
    run_$image $image/$what >$image/$what.txt 2>&1 || true
    diff $image/$what.txt /mnt/$image.expected && echo "$(id -un): $image $what: the same"
  done
done
S
chmod -R a+rX "$here"
# runs SUITE IMAGE...
runs() {
  local suite=$1 root output user name what
  shift
  root=$("$XAAS_SOURCE/tests/debian-root" "$suite" "$XAAS_FIXTURES/roots" util-linux)
  echo "$@" >"$here/images"
  output=$(in_root "$root" "$here") || die "$suite: $output"
  for user in root nobody; do
    for name; do
      for what in built lowered ready; do contains "$output" "$user: $name $what: the same"; done
    done
  done
}
runs bullseye libcs heat zstd newer
runs bookworm newer
runs trixie libcs heat zstd
