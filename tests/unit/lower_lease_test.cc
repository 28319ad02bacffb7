#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "format/base/file.h"
#include "lower/lease.h"

namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using xaas::Lease;

struct Place {
  xaas::TempDirectory directory = xaas::TempDirectory::create("/tmp").value();
  fs::path path = directory.path() / "key.lease";
};

}  // namespace

TEST_CASE("a lease that lives is waited for, however long it is held") {
  const Place place;
  auto first = Lease::acquire(place.path, {}, milliseconds(100));
  REQUIRE(first);
  std::atomic<bool> is_released = false;
  std::atomic<bool> was_released = false;
  std::jthread second([&] {
    const auto lease = Lease::acquire(place.path, {}, milliseconds(100));
    was_released = lease && is_released;
  });
  const std::string sign = xaas::read_file(place.path).value();
  std::this_thread::sleep_for(milliseconds(500));  // several times what a lease without a sign stands
  CHECK(xaas::read_file(place.path).value() != sign);
  is_released = true;
  first.reset();
  second.join();
  CHECK(was_released);
  CHECK_FALSE(fs::exists(place.path));
}

TEST_CASE("a lease without a sign of life is taken over") {
  const Place place;
  REQUIRE(xaas::write_file(place.path, "somebody 00000000000000000001\n"));
  const auto begin = steady_clock::now();
  const auto lease = Lease::acquire(place.path, {}, milliseconds(100));
  REQUIRE(lease);
  CHECK(steady_clock::now() - begin > milliseconds(100));
  CHECK_FALSE(xaas::read_file(place.path).value().starts_with("somebody"));
}

TEST_CASE("a holder that has lost its lease leaves that of another") {
  const Place place;
  auto lease = Lease::acquire(place.path, {}, milliseconds(100));
  REQUIRE(lease);
  fs::remove(place.path);
  REQUIRE(xaas::write_file(place.path, "another 00000000000000000001\n"));
  lease.reset();
  CHECK(fs::exists(place.path));
}

TEST_CASE("waiting for a lease can be stopped, and a place without leases is no reason to wait") {
  const Place place;
  const auto lease = Lease::acquire(place.path, {}, milliseconds(10000));
  REQUIRE(lease);
  std::stop_source stop;
  std::jthread waiting([&] { CHECK_FALSE(Lease::acquire(place.path, stop.get_token(), milliseconds(10000))); });
  stop.request_stop();
  waiting.join();
  CHECK_FALSE(Lease::acquire(place.directory.path() / "no/such/directory", {}));
}

TEST_CASE("file systems of this machine are told from others") {
  const xaas::Fd local(open("/dev/shm", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  CHECK(xaas::is_local(local.get()));
  const xaas::Fd other(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  CHECK_FALSE(xaas::is_local(other.get()));
}
