// Lowers many files ahead of time, several at a time.
#pragma once

#include <functional>
#include <stop_token>
#include <vector>

#include "lower/lowerer.h"

namespace xaas {

// Called once for each file, from several threads at a time. The record is the one that lower_several() was given.
using LowerDone = std::function<void(const FileRecord& record, Result<Lowered> lowered)>;
// Called whenever a worker has got further with a file, from several threads at a time.
using LowerAdvance = std::function<void(const FileRecord& record, const ModuleCount& modules)>;

// Lowers the files. The single-threaded parts of one overlap with others. The largest come first, so that none is left
// to run alone at the end. `jobs` is the number of threads that one file may use; 0: usable_cores(). After a stop,
// files that were not begun are left out, and those that were begun have Code::interrupted. `advance` may be empty.
void lower_several(const Lowerer& lowerer, std::vector<const FileRecord*> records, unsigned jobs,
                   const std::stop_token& stop, const LowerDone& done, const LowerAdvance& advance = {});

}  // namespace xaas
