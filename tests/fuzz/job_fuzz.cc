// The decoders of a worker's job and result. Any text gives a job, a result or an error, and a job that is written
// again is the same.
#include <cstdlib>

#include "lower/job.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)xaas::parse_job_result(text);
  const auto job = xaas::parse_job(text);
  if (!job) return 0;
  const std::string json = to_json(*job);
  const auto again = xaas::parse_job(json);
  if (!again || to_json(*again) != json) std::abort();
  return 0;
}
