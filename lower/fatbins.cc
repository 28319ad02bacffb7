// See fatbins.h.
#include "lower/fatbins.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <thread>

#include "format/base/short_list.h"
#include "format/base/text.h"
#include "lower/device_code.h"

namespace xaas {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostUnits = 4;                        // units in a line
constexpr std::string_view kWrapperSymbol = "__fatbinwrap";  // an id follows; each unit with relocatable code has one

class FatbinMaker {
 public:
  FatbinMaker(const Image& image, const LinkPlan& plan, const fs::path& scratch, const std::stop_token& stop)
      : image_(image), plan_(plan), scratch_(scratch), stop_(stop) {}

  // Makes those of all `units`, several at once, because ptxas uses one core and may need minutes for a unit.
  template <typename Make>
  Status make(const std::vector<const LinkUnit*>& units, unsigned jobs, const Make& make_one) {
    std::vector<Result<MadeFatbin>> made(units.size());
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      for (std::size_t i = next++; i < units.size(); i = next++) made[i] = make_one(*units[i]->input);
    };
    {
      std::vector<std::jthread> threads;
      while (threads.size() < std::min<std::size_t>(jobs, units.size())) threads.emplace_back(work);
    }
    std::map<std::string, std::vector<std::string>> warnings;  // and the units that have them
    for (std::size_t i = 0; i < units.size(); ++i) {
      const std::string& name = units[i]->name;
      if (!made[i]) return fail(made[i].error().code, "code for GPUs of {}: {}", name, made[i].error().message);
      for (std::string& warning : made[i]->warnings) warnings[std::move(warning)].push_back(name);
      made_.fatbins.push_back({units[i], std::move(made[i]->bytes)});
    }
    for (const auto& [warning, names] : warnings) {
      made_.warnings.push_back(fmt::format("{}: {}", short_list(names, kMostUnits), warning));
    }
    return {};
  }

  Result<MadeFatbin> own_code(const IrInput& unit) const {
    return make_fatbin(image_, unit.device, plan_.gpus, plan_.ptxas.get(), scratch_, stop_);
  }

  Result<MadeFatbin> linked_code(const IrInput& unit) {
    const CubinSource source = plan_.nvlink ? CubinSource::nvlink : CubinSource::none;
    return make_planned(image_, unit.device, plan_fatbin(unit.device, plan_.gpus, source),
                        [&](const CubinPlan& cubin) { return link(unit, cubin.architecture); });
  }

  MadeFatbins finish() && { return std::move(made_); }

 private:
  // What nvlink reads for a unit that links others.
  struct Inputs {
    std::vector<NvlinkInput> objects;
    bool has_debug = false;
  };

  Result<FatbinEntry> link(const IrInput& unit, unsigned architecture) {
    XAAS_ASSIGN(const Inputs inputs, inputs_of(unit));
    std::vector<std::string> options;
    if (inputs.has_debug) options.emplace_back("-g");
    XAAS_ASSIGN(std::string cubin, plan_.nvlink->link(inputs.objects, architecture, options, scratch_, stop_));
    auto entry = linked_entry(architecture, std::move(cubin));
    if (!entry) {
      return fail(Code::invalid, "what nvlink made for sm_{} is of no use: {}", architecture, entry.error().message);
    }
    if (!unit.device.empty()) entry->name = unit.device.front().form.name;
    if (inputs.has_debug) entry->flags |= kFatbinDebug;
    return entry;
  }

  // Code::invalid if the link has no input for one of the ids.
  Result<Inputs> inputs_of(const IrInput& unit) {
    Inputs inputs;
    std::set<Digest> used;
    for (const std::string& id : unit.links) {
      const auto is_meant = [&](const UnitFatbin& one) {
        const auto& relocatable = one.unit->input->relocatable;
        return relocatable && relocatable->id == id;
      };
      const auto found = std::ranges::find_if(made_.fatbins, is_meant);
      if (found != made_.fatbins.end()) {
        const IrInput& input = *found->unit->input;
        inputs.objects.push_back({nvlink_object(found->bytes, input.relocatable->references)});
        inputs.has_debug = inputs.has_debug || std::ranges::any_of(input.device, has_debug);
        continue;
      }
      XAAS_ASSIGN(const NativeObject* object, native_object(id));
      if (used.insert(object->digest).second) inputs.objects.push_back(object->input);
    }
    return inputs;
  }

  static bool has_debug(const DeviceCode& code) { return (code.form.flags & kFatbinDebug) != 0; }

  // An object or archive of the link that is no unit.
  struct NativeObject {
    Digest digest;
    NvlinkInput input;
  };

  // The native object with the code of a unit, as libcudadevrt has some.
  Result<const NativeObject*> native_object(const std::string& id) {
    const std::lock_guard lock(natives_mutex_);
    XAAS_TRY(read_natives());
    const std::string symbol = fmt::format("{}{}{}", kWrapperSymbol, id, '\0');
    const auto has_symbol = [&](const NativeObject& object) {
      return object.input.content.find(symbol) != std::string::npos;
    };
    const auto found = std::ranges::find_if(*natives_, has_symbol);
    if (found == natives_->end()) {
      return fail(Code::invalid, "it links code of {}, which is no input of the link: it stays as it was built",
                  printable(id));
    }
    return &*found;
  }

  // Keeps those that have code for nvlink.
  Status read_natives() {
    if (natives_) return {};
    std::vector<NativeObject> natives;
    Status status;
    std::set<Digest> seen;
    for_each_input(plan_.recipe, [&](const auto& input) {
      const auto* object = std::get_if<ObjectInput>(&input);
      if (!status || object == nullptr || !seen.insert(object->digest).second) return;
      auto content = image_.object(object->digest);
      if (!content) {
        status = tl::unexpected(content.error());
      } else if (content->find(kWrapperSymbol) != std::string::npos) {
        const bool is_device_runtime = fs::path(object->name).filename() == kDeviceRuntime;
        natives.push_back({object->digest, {std::move(*content), is_device_runtime}});
      }
    });
    if (status) natives_ = std::move(natives);
    return status;
  }

  const Image& image_;
  const LinkPlan& plan_;
  const fs::path& scratch_;
  const std::stop_token& stop_;
  MadeFatbins made_;
  std::mutex natives_mutex_;
  std::optional<std::vector<NativeObject>> natives_;
};

}  // namespace

Result<MadeFatbins> make_fatbins(const Image& image, const LinkPlan& plan, const std::vector<LinkUnit>& units,
                                 unsigned jobs, const fs::path& scratch, const std::stop_token& stop) {
  std::vector<const LinkUnit*> own;
  std::vector<const LinkUnit*> linking;
  for (const LinkUnit& unit : units) {
    if (unit.input->has_fatbin()) (unit.input->links.empty() ? own : linking).push_back(&unit);
  }
  FatbinMaker maker(image, plan, scratch, stop);
  XAAS_TRY(maker.make(own, jobs, [&](const IrInput& unit) { return maker.own_code(unit); }));
  XAAS_TRY(maker.make(linking, jobs, [&](const IrInput& unit) { return maker.linked_code(unit); }));
  return std::move(maker).finish();
}

}  // namespace xaas
