// How many threads the memory allows, and which job has to wait for memory.
#include <array>
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "lower/memory_budget.h"

namespace xaas {

TEST_CASE("less memory means fewer threads, but never none") {
  const std::array<std::uint64_t, 3> modules = {100'000, 2'000'000, 300'000};
  const std::uint64_t two = estimated_memory(modules, 2);
  CHECK(estimated_memory(modules, 1) < two);
  CHECK(two < estimated_memory(modules, 8));
  CHECK(threads_within(estimated_memory(modules, 8), modules, 8) == 8);
  CHECK(threads_within(two, modules, 8) == 2);
  CHECK(threads_within(two - 1, modules, 8) == 1);
  CHECK(threads_within(0, modules, 8) == 1);
  CHECK(threads_within(two, {}, 4) == 4);
}

TEST_CASE("jobs share a budget, and one that is too large has it alone") {
  MemoryBudget budget(100);
  std::thread large;
  std::atomic<bool> given_back = false;
  bool was_given_back = false;
  {
    const auto small = budget.take(60, {});
    const auto other = budget.take(40, {});
    large = std::thread([&] {
      const auto all = budget.take(1000, {});
      was_given_back = given_back;
    });
    while (budget.waiting() == 0) std::this_thread::yield();
    given_back = true;
  }
  large.join();
  CHECK(was_given_back);
}

TEST_CASE("a job that needs little does not pass one that needs much and came first") {
  MemoryBudget budget(100);
  std::vector<int> order;  // written only by holders of shares that exclude each other
  std::thread large;
  std::thread small;
  const auto wait_for = [&](std::size_t waiting) {
    while (budget.waiting() != waiting) std::this_thread::yield();
  };
  {
    const auto held = budget.take(60, {});
    large = std::thread([&] {
      const auto all = budget.take(100, {});
      order.push_back(1);
    });
    wait_for(1);
    small = std::thread([&] {
      const auto little = budget.take(10, {});
      order.push_back(2);
    });
    wait_for(2);
    CHECK(order.empty());
  }
  large.join();
  small.join();
  CHECK(order == std::vector{1, 2});
}

TEST_CASE("waiting for memory ends when it is stopped") {
  MemoryBudget budget(100);
  const auto all = budget.take(100, {});
  std::stop_source stop;
  stop.request_stop();
  const auto more = budget.take(1, stop.get_token());
  CHECK(budget.waiting() == 0);
}

}  // namespace xaas
