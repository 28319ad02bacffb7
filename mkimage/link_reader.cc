// lld's response.txt, argument by argument; see link_reader.h.
#include "mkimage/link_reader.h"

#include <algorithm>
#include <optional>
#include <set>

#include "format/elf_file.h"
#include "format/little_endian.h"
#include "format/text.h"
#include "mkimage/ar_archive.h"
#include "mkimage/linker_script.h"
#include "mkimage/split.h"

namespace xaas {
namespace {

constexpr int kMaxScriptDepth = 8;
constexpr std::string_view kBitcodeMagic = "BC\xC0\xDE";
constexpr const char* kNotUtf8 = "its link has an argument that is not UTF-8";

// A link that a recipe cannot say. Not an Error: the build goes on, the file stays native.
Error refuse(std::string why) { return Error{Code::unsupported, std::move(why)}; }

std::string normal(const std::filesystem::path& path) { return path.lexically_normal().string(); }

class LinkReader {
 public:
  LinkReader(const LinkFiles& link, const CaptureEnvironment& environment)
      : link_(link), environment_(environment), store_(environment.store()) {}

  Result<std::vector<RecordedArgument>> read() {
    std::vector<LinkerArgument> lines;
    for (const std::string_view line : split(link_.response, '\n')) {
      auto argument = parse_response_line(line);
      if (!argument) return tl::unexpected(refuse(fmt::format("a linker argument that cannot be read: {}", line)));
      // lld searches all directories for all libraries, wherever they stand.
      if (linker_effect(argument->name) == LinkerEffect::path) directories_.push_back(argument->value.value_or(""));
      lines.push_back(std::move(*argument));
    }
    for (const LinkerArgument& line : lines) {
      if (auto status = line.name.empty() ? add_file(*line.value, 0) : add_option(line); !status) {
        return tl::unexpected(status.error());
      }
    }
    return std::move(arguments_);
  }

 private:
  Status add_option(const LinkerArgument& argument) {
    if (argument.name == "push-state") static_stack_.push_back(prefer_static_);
    if (argument.name == "pop-state" && !static_stack_.empty()) {
      prefer_static_ = static_stack_.back();
      static_stack_.pop_back();
    }
    switch (linker_effect(argument.name)) {
      case LinkerEffect::drop:
      case LinkerEffect::path:
        return {};
      case LinkerEffect::kind:
        arguments_.emplace_back(argument);
        return {};
      case LinkerEffect::prefer_static:
        prefer_static_ = true;
        return {};
      case LinkerEffect::prefer_shared:
        prefer_static_ = false;
        return {};
      case LinkerEffect::library:
        return add_library(argument.value.value_or(""), 0);
      case LinkerEffect::file:
      case LinkerEffect::script:
        return add_file_option(argument);
      case LinkerEffect::refuse:
        return tl::unexpected(refuse(fmt::format("the linker option --{}", argument.name)));
      case LinkerEffect::keep:
        // An option that we do not know and that names a file would need the file.
        if (argument.value && link_.files.contains(*argument.value)) {
          return tl::unexpected(refuse(fmt::format("the linker option --{}, which names a file", argument.name)));
        }
        // The record is JSON and would hold another text.
        if (!is_utf8(argument.name) || !is_utf8(argument.value.value_or(""))) return tl::unexpected(refuse(kNotUtf8));
        arguments_.emplace_back(argument);
        return {};
    }
    return {};
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
    return {};
  }

  // -lNAME, as lld looks for it.
  Status add_library(const std::string& name, int depth) {
    for (const std::string& directory : directories_) {
      std::vector<std::string> candidates;
      if (name.starts_with(':')) {
        candidates.push_back(name.substr(1));
      } else {
        if (!prefer_static_) candidates.push_back(fmt::format("lib{}.so", name));
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
    XAAS_ASSIGN(RecordedFile object, store_object(content, display(name)));
    arguments_.emplace_back(RecordedObject{std::move(object)});
    return {};
  }

  Status add_shared(const std::string& name, const ElfFile& elf) {
    XAAS_ASSIGN(const ElfDynamic dynamic, elf.dynamic());
    const std::string file_name = std::filesystem::path(name).filename().string();
    const std::string soname = dynamic.soname.value_or(file_name);
    if (!is_utf8(soname)) return tl::unexpected(refuse(kNotUtf8));
    arguments_.emplace_back(RecordedLibrary{soname, display(name)});
    return {};
  }

  // Also one with bitcode: where that cannot be used, the object is.
  Result<RecordedFile> store_object(std::string_view content, std::string name) {
    RecordedFile file{Digest::of(content), std::move(name)};
    XAAS_TRY(store_.add_object(file.digest, content));
    return file;
  }

  Status add_archive(const std::string& name, std::string_view content) {
    XAAS_ASSIGN(ArArchive archive, parse_archive(content));
    const std::filesystem::path directory = std::filesystem::path(name).parent_path();
    bool has_bitcode = false;
    RecordedArchive record;
    for (ArMember& member : archive.members) {
      if (archive.thin) {
        const bool is_absolute = member.name.starts_with('/');
        const std::string path =
            normal(is_absolute ? std::filesystem::path(member.name.substr(1)) : directory / member.name);
        const auto found = link_.files.find(path);
        if (found == link_.files.end()) {
          return tl::unexpected(refuse(fmt::format("the member {} of {} is not known", member.name, name)));
        }
        member.data = found->second;
      }
      if (member.data.starts_with(kBitcodeMagic)) {
        return tl::unexpected(refuse(fmt::format("the member {} of {} is LLVM bitcode", member.name, name)));
      }
      if (!ElfFile::is_elf(member.data)) continue;  // lld links no such member
      record.members.push_back({Digest::of(member.data), std::filesystem::path(member.name).filename().string()});
      has_bitcode = has_bitcode || store_.has_bitcode(record.members.back().digest);
    }
    record.file = {Digest::of(content), display(name)};
    record.whole = !archive.thin && !has_bitcode;
    if (record.whole) {
      XAAS_TRY(store_.add_object(record.file.digest, content));
    } else {
      for (const ArMember& member : archive.members) {
        if (ElfFile::is_elf(member.data)) XAAS_TRY(store_object(member.data, member.name));
      }
    }
    arguments_.emplace_back(std::move(record));
    return {};
  }

  Status add_script(const std::string& name, std::string_view content, int depth) {
    if (depth >= kMaxScriptDepth) return tl::unexpected(refuse(fmt::format("{} nests too deep", name)));
    auto inputs = parse_input_script(content);
    if (!inputs) return tl::unexpected(refuse(fmt::format("{} is {}", name, inputs.error().message)));
    for (const ScriptInput& input : *inputs) {
      if (input.as_needed) {
        arguments_.emplace_back(LinkerArgument{"push-state", std::nullopt});
        arguments_.emplace_back(LinkerArgument{"as-needed", std::nullopt});
      }
      XAAS_TRY(add_script_input(name, input.name, depth + 1));
      if (input.as_needed) arguments_.emplace_back(LinkerArgument{"pop-state", std::nullopt});
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
  std::vector<std::string> directories_;  // of -L
  bool prefer_static_ = false;
  std::vector<bool> static_stack_;
  std::vector<RecordedArgument> arguments_;
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

Result<LinkRecord> read_link(const LinkFiles& files, const CaptureEnvironment& environment) {
  LinkRecord record;
  auto arguments = LinkReader(files, environment).read();
  if (arguments) {
    record.arguments = std::move(*arguments);
  } else if (arguments.error().code == Code::unsupported || arguments.error().code == Code::invalid) {
    record.reason = arguments.error().message;
  } else {
    return tl::unexpected(arguments.error());
  }
  return record;
}

}  // namespace xaas
