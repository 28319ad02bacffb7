// Jobs and results survive the way to the worker and back; anything else is refused with one line.
#include "lower/job.h"
#include "tests/unit/lower_support.h"

namespace xaas {
namespace {

Job sample_job() {
  const Digest ir = Digest::of("ir");
  Job job;
  job.recipe.kind = LinkKind::shared;
  job.recipe.triple = "x86_64-pc-linux-gnu";
  job.recipe.output = "libx.so";
  job.recipe.arguments = {std::string("-soname=libx.so"), IrInput{.digest = ir, .name = "x.o", .features = {"+avx"}},
                          LibraryInput{.soname = "libc.so.6"}};
  job.target = {.triple = "x86_64-pc-linux-gnu", .cpu = "haswell", .features = {"+avx", "-avx512f"}};
  job.target.prefer_vector_width = 256;
  job.policy = {.name = "fast", .opt_level = 2, .import_limit = 7, .merge_limit = 9, .vector_width = 256};
  job.build_id = "00ff";
  job.jobs = 3;
  job.merged = true;
  job.files = {{ir, "ir/x.bc"}};
  job.libraries = {{"libc.so.6", "lib/libc.so.6"}};
  job.fatbins = {{"units/0.bc", "obj/0.fatbin"}};
  job.images = {{"nvptx64-nvidia-cuda", "sm_90", "obj/sm_90.cubin"}};
  job.prepared = {"units/0.bc"};
  job.output = "output";
  return job;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const std::size_t at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), by);
}

}  // namespace

TEST_CASE("a job read back is the job that was written") {
  const Job job = sample_job();
  const Job read = test::good(parse_job(to_json(job)));
  CHECK(to_json(read) == to_json(job));
  CHECK(read.recipe == job.recipe);
  CHECK(read.target == job.target);
  CHECK(read.policy == job.policy);
  CHECK(read.files == job.files);
  CHECK(read.libraries == job.libraries);
  CHECK(read.fatbins == job.fatbins);
  CHECK(read.prepared == job.prepared);
  CHECK(read.jobs == 3);
  CHECK(read.merged);
}

TEST_CASE("a job of another version is refused, naming both versions") {
  const auto result = parse_job(replaced(to_json(sample_job()), "\"version\":1", "\"version\":2"));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == Code::unsupported);
  CHECK_THAT(result.error().message, Catch::Contains("version 2") && Catch::Contains("version 1"));
}

TEST_CASE("a job with a key this worker does not know is refused") {
  const auto result = parse_job(replaced(to_json(sample_job()), "\"jobs\":", "\"magic\":1,\"jobs\":"));
  REQUIRE_FALSE(result);
  CHECK_THAT(result.error().message, Catch::Contains("magic"));
}

TEST_CASE("a job that lacks a key or has one of a wrong type is refused") {
  const std::string text = to_json(sample_job());
  CHECK_FALSE(parse_job(replaced(text, "\"output\":\"output\"", "\"output\":5")));
  CHECK_FALSE(parse_job(replaced(text, "\"jobs\":3", "\"jobs\":-3")));
  CHECK_FALSE(parse_job(replaced(text, "\"jobs\":3,", "")));
  CHECK_FALSE(parse_job(replaced(text, "\"features\":[", "\"features\":[7,")));
  CHECK_FALSE(parse_job("[]"));
  CHECK_FALSE(parse_job(""));
}

TEST_CASE("a result read back is the result that was written") {
  JobResult result;
  result.message = "x.o: \"bad\"";
  result.warnings = {"one", "two"};
  result.retarget_seconds = 0.25;
  result.link_seconds = 1.5;
  const JobResult read = test::good(parse_job_result(to_json(result)));
  CHECK_FALSE(read.ok);
  CHECK(read.message == result.message);
  CHECK(read.warnings == result.warnings);
  CHECK(read.retarget_seconds == 0.25);
  CHECK(read.link_seconds == 1.5);
}

TEST_CASE("a result may hold keys that this program does not know") {
  JobResult good;
  good.ok = true;
  CHECK(test::good(parse_job_result(replaced(to_json(good), "\"ok\":", "\"new\":[],\"ok\":"))).ok);
}

TEST_CASE("bytes that are no UTF-8 do not keep a message from arriving") {
  JobResult result;
  result.message = "unit \xff.c";
  CHECK_THAT(test::good(parse_job_result(to_json(result))).message, Catch::StartsWith("unit "));
}

}  // namespace xaas
