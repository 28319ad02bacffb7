// Reads archives with LLVM's reader; see ar_archive.h.
#include "mkimage/capture/ar_archive.h"

#include <llvm/Object/Archive.h>

#include <utility>

namespace xaas {
namespace {

constexpr std::string_view kMagic = "!<arch>\n";
constexpr std::string_view kThinMagic = "!<thin>\n";

tl::unexpected<Error> damaged(llvm::Error error) {
  return fail(Code::invalid, "a damaged archive: {}", llvm::toString(std::move(error)));
}

llvm::Error add_member(const llvm::object::Archive::Child& child, ArArchive& archive) {
  auto name = child.getName();
  if (!name) return name.takeError();
  ArMember member{name->str(), {}};
  if (!archive.thin) {
    auto data = child.getBuffer();
    if (!data) return data.takeError();
    member.data = *data;
  }
  archive.members.push_back(std::move(member));
  return llvm::Error::success();
}

}  // namespace

bool is_archive(std::string_view bytes) { return bytes.starts_with(kMagic) || bytes.starts_with(kThinMagic); }

bool is_thin_archive(std::string_view bytes) { return bytes.starts_with(kThinMagic); }

Result<ArArchive> parse_archive(std::string_view bytes) {
  if (!is_archive(bytes)) return fail(Code::invalid, "not an archive");
  auto parsed = llvm::object::Archive::create({llvm::StringRef(bytes.data(), bytes.size()), "archive"});
  if (!parsed) return damaged(parsed.takeError());
  ArArchive archive;
  archive.thin = is_thin_archive(bytes);
  llvm::Error error = llvm::Error::success();
  for (const llvm::object::Archive::Child& child : (*parsed)->children(error)) {
    if (llvm::Error of_member = add_member(child, archive)) {
      llvm::consumeError(std::move(error));
      return damaged(std::move(of_member));
    }
  }
  if (error) return damaged(std::move(error));
  return archive;
}

}  // namespace xaas
