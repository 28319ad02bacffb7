// Several functions as one, for std::visit.
#pragma once

namespace xaas {

template <typename... Functions>
struct Overloaded : Functions... {
  using Functions::operator()...;
};

}  // namespace xaas
