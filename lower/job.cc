// Jobs and results as JSON. Implements spec/lowering.md, section "Job", with the same keys in the same order.
#include "lower/job.h"

#include <limits>
#include <utility>

#include "format/base/json_fields.h"

namespace xaas {
namespace {

constexpr unsigned kMaxUnsigned = std::numeric_limits<unsigned>::max();

Status check_version(const JsonObject& object) {
  XAAS_ASSIGN(const auto version, object.integer("version"));
  if (version == kJobVersion) return {};
  return fail(Code::unsupported, "{} has version {}, this program knows version {}: update XaaS or rebuild the image",
              object.where(), version, kJobVersion);
}

OrderedJson target_to_json(const Target& target) {
  return {{"triple", target.triple},
          {"cpu", target.cpu},
          {"features", target.features},
          {"prefer_vector_width", target.prefer_vector_width}};
}

Result<Target> parse_target(const JsonObject& object) {
  XAAS_TRY(object.only_keys({"triple", "cpu", "features", "prefer_vector_width"}));
  Target target;
  XAAS_ASSIGN(target.triple, object.string("triple"));
  XAAS_ASSIGN(target.cpu, object.string("cpu"));
  XAAS_ASSIGN(target.features, object.strings("features"));
  XAAS_ASSIGN(const auto width, object.integer("prefer_vector_width", 0, kMaxUnsigned));
  target.prefer_vector_width = static_cast<unsigned>(width);
  return target;
}

OrderedJson policy_to_json(const Policy& policy) {
  OrderedJson json = {{"name", policy.name}};
  json.update(policy_json(policy));
  return json;
}

Result<Policy> parse_policy(const JsonObject& object) {
  XAAS_TRY(object.only_keys({"name", "opt_level", "import_limit", "merge_limit", "vector_width"}));
  Policy policy;
  XAAS_ASSIGN(policy.name, object.string("name"));
  XAAS_ASSIGN(const auto level, object.integer("opt_level", 0, 3));
  policy.opt_level = static_cast<unsigned>(level);
  XAAS_ASSIGN(const auto import_limit, object.integer("import_limit", 0, kMaxUnsigned));
  policy.import_limit = static_cast<unsigned>(import_limit);
  XAAS_ASSIGN(policy.merge_limit, object.integer("merge_limit", 0, std::numeric_limits<std::int64_t>::max()));
  XAAS_ASSIGN(const auto width, object.integer("vector_width", 0, kMaxUnsigned));
  policy.vector_width = static_cast<unsigned>(width);
  return policy;
}

OrderedJson files_to_json(const std::map<Digest, std::string>& files) {
  OrderedJson json = OrderedJson::object();
  for (const auto& [digest, name] : files) json[digest.to_string()] = name;
  return json;
}

Result<std::map<Digest, std::string>> parse_files(const JsonObject& object) {
  XAAS_ASSIGN(const auto names, object.string_map("files"));
  std::map<Digest, std::string> files;
  for (const auto& [digest, name] : names) {
    XAAS_ASSIGN(const Digest parsed, Digest::parse(digest));
    files.emplace(parsed, name);
  }
  return files;
}

Result<std::vector<JobImage>> parse_images(const JsonObject& object) {
  std::vector<JobImage> images;
  XAAS_ASSIGN(const auto objects, object.objects("images"));
  for (const JsonObject& fields : objects) {
    XAAS_TRY(fields.only_keys({"triple", "architecture", "file"}));
    JobImage& image = images.emplace_back();
    XAAS_ASSIGN(image.triple, fields.string("triple"));
    XAAS_ASSIGN(image.architecture, fields.string("architecture"));
    XAAS_ASSIGN(image.file, fields.string("file"));
  }
  return images;
}

}  // namespace

Result<std::string> file_of(const Job& job, const Digest& digest, std::string_view name) {
  const auto file = job.files.find(digest);
  if (file != job.files.end()) return file->second;
  return fail(Code::invalid, "the job names no file for {} ({})", name, digest.to_string());
}

std::string to_json(const Job& job) {
  OrderedJson libraries = OrderedJson::object();
  for (const auto& [soname, name] : job.libraries) libraries[soname] = name;
  OrderedJson fatbins = OrderedJson::object();
  for (const auto& [unit, name] : job.fatbins) fatbins[unit] = name;
  OrderedJson json = {{"version", kJobVersion},
                      {"recipe", OrderedJson::parse(to_json(job.recipe))},
                      {"target", target_to_json(job.target)},
                      {"policy", policy_to_json(job.policy)},
                      {"build_id", job.build_id},
                      {"jobs", job.jobs},
                      {"merged", job.merged},
                      {"files", files_to_json(job.files)},
                      {"libraries", libraries},
                      {"prepared", job.prepared},
                      {"modules", job.modules},
                      {"output", job.output}};
  // Workers that are older do not know the key, and know no recipe that needs it.
  if (!job.fatbins.empty()) json["fatbins"] = fatbins;
  for (const JobImage& image : job.images) {
    json["images"].push_back(
        OrderedJson{{"triple", image.triple}, {"architecture", image.architecture}, {"file", image.file}});
  }
  return dump_json(json) + "\n";
}

Result<Job> parse_job(std::string_view text) {
  XAAS_ASSIGN(const Json json, parse_json(text, "job"));
  XAAS_ASSIGN(const JsonObject object, JsonObject::of(json, "job"));
  XAAS_TRY(check_version(object));
  XAAS_TRY(object.only_keys({"version", "recipe", "target", "policy", "build_id", "jobs", "merged", "files",
                             "libraries", "prepared", "modules", "output", "fatbins", "images"}));
  Job job;
  XAAS_TRY(object.object("recipe"));
  XAAS_ASSIGN(job.recipe, parse_recipe(json["recipe"].dump()));
  XAAS_ASSIGN(const JsonObject target, object.object("target"));
  XAAS_ASSIGN(job.target, parse_target(target));
  XAAS_ASSIGN(const JsonObject policy, object.object("policy"));
  XAAS_ASSIGN(job.policy, parse_policy(policy));
  XAAS_ASSIGN(job.build_id, object.string("build_id"));
  XAAS_ASSIGN(const auto jobs, object.integer("jobs", 1, kMaxUnsigned));
  job.jobs = static_cast<unsigned>(jobs);
  XAAS_ASSIGN(job.merged, object.boolean("merged"));
  XAAS_ASSIGN(job.files, parse_files(object));
  XAAS_ASSIGN(job.libraries, object.string_map("libraries"));
  XAAS_ASSIGN(job.prepared, object.strings("prepared"));
  XAAS_ASSIGN(job.modules, object.string("modules"));
  XAAS_ASSIGN(job.output, object.string("output"));
  if (object.has("fatbins")) {
    XAAS_ASSIGN(job.fatbins, object.string_map("fatbins"));
  }
  if (object.has("images")) {
    XAAS_ASSIGN(job.images, parse_images(object));
  }
  return job;
}

std::string to_json(const JobResult& result) {
  return dump_json({{"version", kJobVersion},
                    {"ok", result.ok},
                    {"message", result.message},
                    {"out_of_memory", result.out_of_memory},
                    {"warnings", result.warnings},
                    {"retarget_seconds", result.retarget_seconds},
                    {"link_seconds", result.link_seconds},
                    {"peak_bytes", result.peak_bytes}}) +
         "\n";
}

Result<JobResult> parse_job_result(std::string_view text) {
  XAAS_ASSIGN(const Json json, parse_json(text, "answer of the worker"));
  XAAS_ASSIGN(const JsonObject object, JsonObject::of(json, "answer of the worker"));
  XAAS_TRY(check_version(object));
  JobResult result;
  XAAS_ASSIGN(result.ok, object.boolean("ok"));
  XAAS_ASSIGN(result.message, object.string("message"));
  XAAS_ASSIGN(result.out_of_memory, object.boolean("out_of_memory"));
  XAAS_ASSIGN(result.warnings, object.strings("warnings"));
  XAAS_ASSIGN(result.retarget_seconds, object.number("retarget_seconds"));
  XAAS_ASSIGN(result.link_seconds, object.number("link_seconds"));
  XAAS_ASSIGN(const auto peak, object.integer("peak_bytes", 0));
  result.peak_bytes = static_cast<std::uint64_t>(peak);
  return result;
}

}  // namespace xaas
