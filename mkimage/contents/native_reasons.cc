// Collects reasons, and counts the things that share one; see native_reasons.h.
#include "mkimage/contents/native_reasons.h"

#include <algorithm>
#include <set>
#include <utility>
#include <variant>

#include "format/base/text.h"

namespace xaas {
namespace {

constexpr std::size_t kMostLines = 8;

// Things with the same reason.
struct Group {
  std::string reason;   // the full reason of the first thing
  std::string example;  // the name of the first thing
  std::size_t count = 0;
};

class Groups {
 public:
  void add(const std::string& reason, const std::string& name) {
    // Parentheses hold a compiler's message, which differs for each unit.
    const std::string_view kind = std::string_view(reason).substr(0, reason.find(" ("));
    const auto same = std::ranges::find_if(groups_, [&](const Group& group) {
      return std::string_view(group.reason).substr(0, group.reason.find(" (")) == kind;
    });
    Group& group = same != groups_.end() ? *same : groups_.emplace_back(Group{reason, name});
    ++group.count;
  }

  // The groups, the largest first.
  std::vector<Group> sorted() && {
    std::ranges::sort(groups_, [](const Group& a, const Group& b) {
      return a.count != b.count ? a.count > b.count : a.example < b.example;
    });
    return std::move(groups_);
  }

 private:
  std::vector<Group> groups_;
};

// An object that a link has read.
struct LinkedObject {
  const RecordedFile& file;
  const RecordedArchive* archive;  // null: the link named the object itself

  const std::string& path() const { return archive == nullptr ? file.name : archive->file.name; }
};

std::vector<LinkedObject> objects_of(const LinkRecord& link) {
  std::vector<LinkedObject> objects;
  for (const RecordedArgument& argument : link.arguments) {
    if (const auto* object = std::get_if<RecordedObject>(&argument)) objects.push_back({object->file, nullptr});
    if (const auto* archive = std::get_if<RecordedArchive>(&argument)) {
      for (const RecordedFile& member : archive->members) objects.push_back({member, archive});
    }
  }
  return objects;
}

std::string name_of(const LinkedObject& object, const InputNames& names) {
  const auto source = names.find(object.file.digest);
  if (source != names.end()) return source->second;
  return object.archive == nullptr ? object.path() : fmt::format("{}({})", object.path(), object.file.name);
}

std::vector<Group> programs_by_reason(const ImageContents& contents) {
  Groups groups;
  for (const ConfigurationContents& configuration : contents.configurations) {
    for (const InstalledProgram& program : configuration.programs) {
      if (!program.recipe) groups.add(program.reason, program.path);
    }
  }
  return std::move(groups).sorted();
}

std::vector<Group> units_by_reason(const ImageContents& contents) {
  Groups groups;
  std::set<Digest> seen;
  for (const ConfigurationContents& configuration : contents.configurations) {
    for (const InstalledProgram& program : configuration.programs) {
      if (!program.link) continue;
      for (const LinkedObject& object : objects_of(*program.link)) {
        if (contents.canonical.units.contains(object.file.digest) || !seen.insert(object.file.digest).second) continue;
        std::string reason = native_reason(object.file.digest, object.path(), configuration, contents.canonical);
        if (reason != kNotOfTheProject) groups.add(reason, name_of(object, configuration.names));
      }
    }
  }
  return std::move(groups).sorted();
}

std::string shown(const std::string& text) { return shortened(printable(text), kMostReasonBytes); }

std::string describe_programs(const Group& group) {
  return fmt::format("not lowered: {} program{} ({}{}): {}", group.count, group.count == 1 ? "" : "s",
                     shown(group.example), group.count == 1 ? "" : ", …", shown(group.reason));
}

std::string describe_units(const Group& group) {
  return fmt::format(
      "{} ({}{}): {}",
      group.count == 1 ? "1 unit stays as compiled" : fmt::format("{} units stay as compiled", group.count),
      shown(group.example), group.count == 1 ? "" : ", …", shown(group.reason));
}

}  // namespace

std::string native_reason(const Digest& object, std::string_view name, const ConfigurationContents& configuration,
                          const CanonicalStore& canonical) {
  const std::vector<UnitRecord>& units = configuration.units;
  const auto found = std::ranges::lower_bound(units, object, {}, &UnitRecord::object);
  if (found != units.end() && found->object == object && !found->reason.empty()) return found->reason;
  if (const auto failure = canonical.failures.find(object); failure != canonical.failures.end()) return failure->second;
  if (name.starts_with('/')) return std::string(kNotOfTheProject);
  return "not as a captured compiler left it: prebuilt, made by an assembler of its own, changed afterwards, or made "
         "by ld -r";
}

std::vector<std::string> describe_native(const ImageContents& contents) {
  std::vector<std::string> lines;
  for (const Group& group : programs_by_reason(contents)) lines.push_back(describe_programs(group));
  for (const Group& group : units_by_reason(contents)) lines.push_back(describe_units(group));
  if (lines.size() > kMostLines) {
    lines.resize(kMostLines);
    lines.emplace_back("… see --report");
  }
  return lines;
}

}  // namespace xaas
