#include <algorithm>
#include <catch2/catch.hpp>
#include <iterator>
#include <set>

#include "format/slots.h"

namespace {

using xaas::SlotLibrary;

std::vector<std::string> sonames_of(const std::vector<SlotLibrary>& libraries) {
  std::vector<std::string> sonames;
  for (const SlotLibrary& library : libraries) sonames.emplace_back(library.soname);
  return sonames;
}

}  // namespace

TEST_CASE("the slots are sorted, each with libraries, and each library of a slot is there once") {
  CHECK(std::ranges::is_sorted(xaas::kSlots, {}, &xaas::SlotInterface::name));
  std::set<std::pair<std::string_view, std::string_view>> seen;
  std::set<std::string_view> with_libraries;
  for (const SlotLibrary& library : xaas::slot_libraries()) {
    INFO(library.soname);
    CHECK(xaas::find_slot(library.slot) != nullptr);
    CHECK(seen.emplace(library.slot, library.soname).second);
    with_libraries.insert(library.slot);
  }
  CHECK(with_libraries.size() == std::size(xaas::kSlots));
  CHECK(xaas::slot_names() == "blas, fftw3, lapack, mpi, openmp");
}

TEST_CASE("a library belongs to the first slot that was named and knows it") {
  CHECK(xaas::slot_of("libblas.so.3", {"blas"}) == "blas");
  CHECK(xaas::slot_of("libblas.so.3", {"lapack"}).empty());
  CHECK(xaas::slot_of("libopenblas.so.0", {"lapack"}) == "lapack");
  CHECK(xaas::slot_of("libopenblas.so.0", {"lapack", "blas"}) == "blas");
  CHECK(xaas::slot_of("libz.so.1", {"blas", "mpi"}).empty());
}

TEST_CASE("libraries stand for each other within their role, and general names only for themselves") {
  const auto blas = sonames_of(xaas::stand_ins("blas", "libblas.so.3"));
  CHECK(blas.front() == "libblas.so.3");
  CHECK(std::ranges::count(blas, "libopenblas.so.0") == 1);
  CHECK(std::ranges::count(blas, "libcblas.so.3") == 0);
  const auto open = sonames_of(xaas::stand_ins("blas", "libopenblas.so.0"));
  CHECK(open.front() == "libopenblas.so.0");
  CHECK(std::ranges::count(open, "libblas.so.3") == 0);
  CHECK(sonames_of(xaas::stand_ins("mpi", "libmpi.so.40")) == std::vector<std::string>{"libmpi.so.40"});
  CHECK(sonames_of(xaas::stand_ins("mpi", "libmpich.so.12")) ==
        std::vector<std::string>{"libmpich.so.12", "libmpi.so.12", "libmpi_cray.so.12"});
  CHECK(sonames_of(xaas::stand_ins("openmp", "libgomp.so.1")) == std::vector<std::string>{"libgomp.so.1"});
  CHECK(xaas::stand_ins("blas", "libz.so.1").empty());
}
