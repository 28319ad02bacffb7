// Reads lld's response.txt, argument by argument; see link_reader.h.
#include "mkimage/capture/link_reader.h"

#include <array>
#include <optional>
#include <set>

#include "format/base/elf_file.h"
#include "format/base/little_endian.h"
#include "format/base/split.h"
#include "format/base/text.h"
#include "mkimage/capture/ar_archive.h"
#include "mkimage/capture/linker_script.h"

namespace xaas {
namespace {

constexpr int kMaxScriptDepth = 8;
constexpr std::string_view kBitcodeMagic = "BC\xC0\xDE";
constexpr const char* kNotUtf8 = "its link has an argument that is not UTF-8";

// The error for a link that a recipe cannot express. It ends only the recording: the build goes on, and the file stays
// native.
Error refuse(std::string why) { return Error{Code::unsupported, std::move(why)}; }

std::string normal(const std::filesystem::path& path) { return path.lexically_normal().string(); }

class LinkReader {
 public:
  LinkReader(const LinkFiles& link, const CaptureEnvironment& environment, std::optional<ExtractedMembers> members)
      : link_(link), environment_(environment), store_(environment.store()), members_(std::move(members)) {}

  Status read() {
    std::vector<LinkerArgument> lines;
    for (const std::string_view line : split(link_.response, '\n')) {
      auto argument = parse_response_line(line);
      if (!argument) return tl::unexpected(refuse(fmt::format("a linker argument that cannot be read: {}", line)));
      // lld searches all -L directories for every library, wherever the options stand.
      if (linker_effect(argument->name) == LinkerEffect::path) directories_.push_back(argument->value.value_or(""));
      lines.push_back(std::move(*argument));
    }
    for (const LinkerArgument& line : lines) {
      if (auto status = line.name.empty() ? add_file(*line.value, 0) : add_option(line); !status) {
        return tl::unexpected(status.error());
      }
    }
    return {};
  }
  LinkReading take() { return {{}, std::move(arguments_), std::move(command_)}; }

 private:
  Status add_option(const LinkerArgument& argument) {
    follow_state(argument.name);
    switch (linker_effect(argument.name)) {
      case LinkerEffect::drop:
        if (is_seen_in_file(argument.name)) command_.push_back(to_argument(argument));
        return {};
      case LinkerEffect::path:
        return {};
      case LinkerEffect::kind:
        add(argument);
        return {};
      case LinkerEffect::prefer_static:
        state_.prefer_static = true;
        return {};
      case LinkerEffect::prefer_shared:
        state_.prefer_static = false;
        return {};
      case LinkerEffect::library:
        return add_library(argument.value.value_or(""), 0);
      case LinkerEffect::file:
      case LinkerEffect::script:
        return add_file_option(argument);
      case LinkerEffect::refuse:
        return tl::unexpected(refuse(fmt::format("the linker option --{}", argument.name)));
      case LinkerEffect::keep:
        // A recipe with an unknown option that names a file would need the file.
        if (argument.value && link_.files.contains(*argument.value)) {
          return tl::unexpected(refuse(fmt::format("the linker option --{}, which names a file", argument.name)));
        }
        // JSON would change the text.
        if (!is_utf8(argument.name) || !is_utf8(argument.value.value_or(""))) return tl::unexpected(refuse(kNotUtf8));
        add(argument);
        return {};
    }
    return {};
  }

  // The options that a recipe takes from the installed file.
  static bool is_seen_in_file(std::string_view name) {
    constexpr auto kOptions =
        std::to_array<std::string_view>({"dynamic-linker", "no-dynamic-linker", "rpath-link", "soname"});
    return is_in(kOptions, name);
  }

  // Follows the options that apply to the inputs behind them.
  void follow_state(std::string_view name) {
    if (name == "push-state") states_.push_back(state_);
    if (name == "pop-state" && !states_.empty()) {
      state_ = states_.back();
      states_.pop_back();
    }
    if (name == "whole-archive") state_.whole_archive = true;
    if (name == "no-whole-archive") state_.whole_archive = false;
  }

  void add(LinkerArgument argument) {
    command_.push_back(to_argument(argument));
    arguments_.emplace_back(std::move(argument));
  }

  Status add_file_option(const LinkerArgument& argument) {
    const std::string name = argument.value.value_or("");
    const auto found = link_.files.find(name);
    if (found == link_.files.end()) {
      return tl::unexpected(refuse(fmt::format("the file of --{} is not known", argument.name)));
    }
    if (linker_effect(argument.name) == LinkerEffect::script) {
      if (const auto status = check_layout_script(found->second); !status) {
        return tl::unexpected(refuse(fmt::format("{} is {}", display(name), status.error().message)));
      }
    }
    const Digest digest = Digest::of(found->second);
    XAAS_TRY(store_.add_object(digest, found->second));
    arguments_.emplace_back(RecordedFileOption{fmt::format("--{}=", argument.name), {digest, display(name)}});
    command_.push_back(fmt::format("--{}={}", argument.name, store_.object_path(digest).string()));
    return {};
  }

  // Resolves -lNAME as lld does.
  Status add_library(const std::string& name, int depth) {
    for (const std::string& directory : directories_) {
      std::vector<std::string> candidates;
      if (name.starts_with(':')) {
        candidates.push_back(name.substr(1));
      } else {
        if (!state_.prefer_static) candidates.push_back(fmt::format("lib{}.so", name));
        candidates.push_back(fmt::format("lib{}.a", name));
      }
      for (const std::string& candidate : candidates) {
        const std::string path = normal(std::filesystem::path(directory) / candidate);
        if (link_.files.contains(path)) return add_file(path, depth);
      }
    }
    return tl::unexpected(refuse(fmt::format("it is not known which file -l{} was", name)));
  }

  Status add_file(const std::string& name, int depth) {
    const auto found = link_.files.find(name);
    if (found == link_.files.end()) return tl::unexpected(refuse(fmt::format("the input {} is not known", name)));
    const std::string_view content = found->second;
    if (is_archive(content)) return add_archive(name, content);
    if (content.starts_with(kBitcodeMagic)) return tl::unexpected(refuse(fmt::format("{} is LLVM bitcode", name)));
    if (!ElfFile::is_elf(content)) return add_script(name, content, depth);
    XAAS_ASSIGN(const ElfFile elf, ElfFile::parse(content));
    if (elf.kind() == ElfKind::shared) return add_shared(name, elf);
    if (elf.kind() != ElfKind::relocatable) return tl::unexpected(refuse(fmt::format("{} is no object file", name)));
    return add_object(content, display(name));
  }

  // Stores objects with bitcode too, because the object is used if the bitcode cannot be.
  Status add_object(std::string_view content, const std::string& name) {
    RecordedFile object{Digest::of(content), name};
    XAAS_TRY(store_.add_object(object.digest, content));
    command_.push_back(store_.object_path(object.digest).string());
    arguments_.emplace_back(RecordedObject{std::move(object)});
    return {};
  }

  Status add_shared(const std::string& name, const ElfFile& elf) {
    XAAS_ASSIGN(const ElfDynamic dynamic, elf.dynamic());
    const std::string file_name = std::filesystem::path(name).filename().string();
    const std::string soname = dynamic.soname.value_or(file_name);
    if (!is_utf8(soname)) return tl::unexpected(refuse(kNotUtf8));
    arguments_.emplace_back(RecordedLibrary{soname, display(name)});
    // The library is given by its name, so that a library without a soname is needed by its name.
    command_.push_back("-L/" + std::filesystem::path(name).parent_path().string());
    command_.push_back("-l:" + file_name);
    return {};
  }

  Status add_archive(const std::string& name, std::string_view content) {
    if (members_) return add_members(name, content);
    auto stored = archives_.find(name);
    if (stored == archives_.end()) {
      XAAS_ASSIGN(RecordedArchive record, store_archive(name, content));
      stored = archives_.emplace(name, std::move(record)).first;
    }
    command_.push_back("/" + name);
    arguments_.emplace_back(stored->second);
    return {};
  }

  Result<RecordedArchive> store_archive(const std::string& name, std::string_view content) {
    XAAS_ASSIGN(const ArArchive archive, read_archive(name, content));
    RecordedArchive record;
    bool has_bitcode = false;
    for (const ArMember& member : archive.members) {
      record.members.push_back({Digest::of(member.data), file_name(member.name)});
      has_bitcode = has_bitcode || store_.has_bitcode(record.members.back().digest);
    }
    record.file = {Digest::of(content), display(name)};
    record.whole = !archive.thin && !has_bitcode;
    if (record.whole) {
      XAAS_TRY(store_.add_object(record.file.digest, content));
      return record;
    }
    for (std::size_t i = 0; i < archive.members.size(); ++i) {
      XAAS_TRY(store_.add_object(record.members[i].digest, archive.members[i].data));
    }
    return record;
  }

  // Adds, in place of the archive, those of its members that the project's linker took.
  Status add_members(const std::string& name, std::string_view content) {
    XAAS_ASSIGN(const ArArchive archive, read_archive(name, content));
    for (const ArMember& member : archive.members) {
      if (!is_taken(archive.thin ? "" : "/" + name, archive.thin ? "/" + member.name : member.name)) continue;
      XAAS_TRY(add_object(member.data, fmt::format("{}({})", display(name), file_name(member.name))));
    }
    return {};
  }

  // Reads the members of the archive that a linker would take. Members of a thin archive get the names of their files.
  Result<ArArchive> read_archive(const std::string& name, std::string_view content) const {
    XAAS_ASSIGN(ArArchive archive, parse_archive(content));
    const std::filesystem::path directory = std::filesystem::path(name).parent_path();
    for (ArMember& member : archive.members) {
      if (archive.thin) {
        const bool is_absolute = member.name.starts_with('/');
        const std::string path =
            normal(is_absolute ? std::filesystem::path(member.name.substr(1)) : directory / member.name);
        const auto found = link_.files.find(path);
        if (found == link_.files.end()) {
          return tl::unexpected(refuse(fmt::format("the member {} of {} is not known", member.name, name)));
        }
        member = {path, found->second};
      }
      if (member.data.starts_with(kBitcodeMagic)) {
        return tl::unexpected(refuse(fmt::format("the member {} of {} is LLVM bitcode", member.name, name)));
      }
    }
    std::erase_if(archive.members, [](const ArMember& member) { return !ElfFile::is_elf(member.data); });
    return archive;
  }

  // Whether the link takes the member: it is in the list, from which it is removed, or all members are wanted.
  bool is_taken(const std::string& archive, const std::string& member) {
    if (state_.whole_archive) return true;
    const auto found = members_->find({archive, member});
    if (found == members_->end()) return false;
    members_->erase(found);
    return true;
  }

  static std::string file_name(const std::string& member) { return std::filesystem::path(member).filename().string(); }

  Status add_script(const std::string& name, std::string_view content, int depth) {
    if (depth >= kMaxScriptDepth) return tl::unexpected(refuse(fmt::format("{} nests too deep", name)));
    auto inputs = parse_input_script(content);
    if (!inputs) return tl::unexpected(refuse(fmt::format("{} is {}", name, inputs.error().message)));
    for (const ScriptInput& input : *inputs) {
      if (input.as_needed) {
        add({"push-state", std::nullopt});
        add({"as-needed", std::nullopt});
      }
      XAAS_TRY(add_script_input(name, input.name, depth + 1));
      if (input.as_needed) add({"pop-state", std::nullopt});
    }
    return {};
  }

  Status add_script_input(const std::string& script, const std::string& name, int depth) {
    if (name.starts_with("-l")) return add_library(name.substr(2), depth);
    if (name.starts_with('/')) return add_file(normal(std::filesystem::path(name.substr(1))), depth);
    std::vector<std::string> directories = {std::filesystem::path(script).parent_path().string()};
    directories.insert(directories.end(), directories_.begin(), directories_.end());
    for (const std::string& directory : directories) {
      const std::string path = normal(std::filesystem::path(directory) / name);
      if (link_.files.contains(path)) return add_file(path, depth);
    }
    return tl::unexpected(refuse(fmt::format("it is not known which file {} in {} was", name, script)));
  }

  std::string display(const std::string& name) const {
    const auto temporary = link_.temporaries.find(name);
    return environment_.display_name(temporary == link_.temporaries.end() ? "/" + name : temporary->second,
                                     std::filesystem::current_path());
  }

  const LinkFiles& link_;
  const CaptureEnvironment& environment_;
  const CaptureStore store_;
  std::optional<ExtractedMembers> members_;          // members that have not come yet; nullopt: the linker chooses
  std::map<std::string, RecordedArchive> archives_;  // by name, because some archives are named again and again
  std::vector<std::string> directories_;             // directories of -L
  struct State {
    bool prefer_static = false;
    bool whole_archive = false;
  };
  State state_;
  std::vector<State> states_;  // states saved by --push-state
  std::vector<RecordedArgument> arguments_;
  std::vector<std::string> command_;
};

}  // namespace

Result<LinkFiles> link_files(const TarFiles& tar, std::string_view base) {
  LinkFiles link;
  const std::string prefix = fmt::format("{}/", base);
  for (const auto& [name, content] : tar) {
    if (!name.starts_with(prefix)) return fail(Code::invalid, "the linker's record has a file outside of {}", base);
    link.files.emplace(name.substr(prefix.size()), content);
  }
  const auto response = link.files.find("response.txt");
  if (response == link.files.end()) return fail(Code::invalid, "the linker's record has no response.txt");
  link.response = response->second;
  return link;
}

Result<LinkReading> read_link(const LinkFiles& files, const CaptureEnvironment& environment,
                              std::optional<ExtractedMembers> members) {
  LinkReader reader(files, environment, std::move(members));
  const Status status = reader.read();
  if (status) return reader.take();
  const Error& error = status.error();
  if (error.code != Code::unsupported && error.code != Code::invalid) return tl::unexpected(error);
  return LinkReading{error.message};
}

}  // namespace xaas
