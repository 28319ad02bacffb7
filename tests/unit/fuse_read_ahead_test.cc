// Reading ahead. Whether a file was read is told by damaging the image: what the reader keeps can still be read.
#include <fcntl.h>

#include <catch2/catch.hpp>
#include <future>

#include "fuse/read_ahead.h"
#include "tests/unit/lower_support.h"

namespace xaas {
namespace {

// A program in bin, which needs libone.so of lib, which needs libtwo.so there. Neither needs libother.so.
std::filesystem::path image_with_libraries(const std::filesystem::path& directory) {
  const std::filesystem::path build = directory / "build";
  std::filesystem::create_directories(build);
  const auto link = [&](const std::string& source, const std::string& output, const std::string& options) {
    test::run("cd " + build.string() + " && echo '" + source + "' | clang-19 -fPIC -fuse-ld=lld -L. -o " + output +
              " " + options + " -x c -");
    return test::good(read_file(build / output));
  };
  const std::filesystem::path path = directory / "image";
  test::ImageBuilder builder(path);
  builder.add(std::string(kManifestPath), to_json(test::small_manifest()));
  const auto add_library = [&](const std::string& name, const std::string& source, const std::string& options) {
    builder.add("lib/" + name, link(source, name, "-shared -Wl,-soname," + name + ",-rpath,'$ORIGIN' " + options));
  };
  // Each file has a block of its own: small files of an image share one.
  const auto filler = [](int seed) {
    return "const char filler_" + std::to_string(seed) + "[200000] = {" + std::to_string(seed) + "};";
  };
  add_library("libtwo.so", filler(2) + "int two(void) { return 2; }", "");
  add_library("libone.so", filler(1) + "int two(void); int one(void) { return two() - 1; }", "-ltwo");
  add_library("libother.so", filler(3) + "int other(void) { return 3; }", "");
  builder.add("bin/program", link(filler(4) + "int one(void); int main(void) { return one(); }", "program",
                                  "-pie -lone -Wl,-rpath,'$ORIGIN/../lib' -Wl,--allow-shlib-undefined"));
  // A program of its own, which finds its library by an absolute rpath.
  add_library("liblast.so", "int last(void) { return 5; }", "");
  builder.add("bin/last", link("int last(void); int main(void) { return last(); }", "last",
                               "-pie -llast -Wl,-rpath," + test::small_manifest().prefix + "/lib"));
  builder.finish();
  return path;
}

// Overwrites everything in the file.
void damage(const std::filesystem::path& path) {
  const Fd file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  test::good(write_all(file.get(), std::string(std::filesystem::file_size(path), '\xff')));
}

}  // namespace

TEST_CASE("a program that starts is read ahead together with the libraries that it needs") {
  const TempDirectory directory = test::scratch();
  const std::filesystem::path path = image_with_libraries(directory.path());
  const std::shared_ptr<const Image> image = test::good(Image::open(path));
  const SquashfsReader& squashfs = image->squashfs();
  const auto resolve = [&](const std::string& file) { return squashfs.resolve(file); };
  std::map<std::string, InodeRef> files;
  for (const std::string name : {"bin/program", "lib/libone.so", "lib/libtwo.so", "lib/libother.so"}) {
    files[name] = test::good(resolve(name));
    test::good(squashfs.stat(files[name]));
  }
  const std::string wanted = test::good(read_file(directory.path() / "build/libtwo.so"));
  std::promise<void> done;
  ReadAhead read_ahead(*image, [&](const std::string& file) -> Result<InodeRef> {
    if (file != "lib/liblast.so") return resolve(file);
    done.set_value();
    return fail(Code::not_found, "not served");
  });
  read_ahead.begin(files["bin/program"]);
  read_ahead.begin_libraries_of("bin/program");
  read_ahead.begin_libraries_of("bin/last");
  REQUIRE(done.get_future().wait_for(test::kPatience) == std::future_status::ready);
  damage(path);
  for (const std::string name : {"bin/program", "lib/libone.so"}) CHECK(squashfs.read_all(files[name], 1 << 20));
  CHECK(test::good(squashfs.read_all(files["lib/libtwo.so"], 1 << 20)) == wanted);
  CHECK_FALSE(squashfs.read_all(files["lib/libother.so"], 1 << 20));
}

}  // namespace xaas
