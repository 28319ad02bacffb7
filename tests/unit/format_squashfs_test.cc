// The writer and the reader together: the reader gives what the writer got, whatever the order, the jobs and the
// threads.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <map>
#include <thread>

#include "format/base/sharded_cache.h"
#include "format/image_walk.h"
#include "format/squashfs/reader.h"
#include "format/squashfs/writer.h"
#include "tests/unit/format_support.h"

using namespace xaas;
using namespace xaas::test;

namespace {

constexpr std::size_t kBlock = 128 << 10;

struct SquashfsFixture {
  TempDirectory directory = scratch();
  std::filesystem::path image = directory.path() / "image.sqfs";

  std::unique_ptr<SquashfsWriter> writer(unsigned jobs = 1) const {
    return good(SquashfsWriter::create(image, {.jobs = jobs, .mtime = 1700000000, .zstd_level = 3}));
  }
  std::unique_ptr<SquashfsReader> reader(const ReaderOptions& options = {}) const {
    return good(SquashfsReader::open(image, options));
  }
};

std::string content_of(const SquashfsReader& reader, std::string_view path) {
  return good(reader.read_all(good(reader.resolve(path)), 1ULL << 32));
}

Attributes attributes_of(const SquashfsReader& reader, std::string_view path) {
  return good(reader.stat(good(reader.resolve(path))));
}

// Has sizes around every border: blocks, fragments, holes.
std::map<std::string, std::string> contents_of_all_sizes() {
  std::map<std::string, std::string> contents;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1000}, kBlock - 1, kBlock, kBlock + 1,
                                 2 * kBlock, 3 * kBlock + 77, 2000 * kBlock}) {
    if (size < 4 * kBlock) contents[fmt::format("noise/{}", size)] = noise(size);
    contents[fmt::format("zeros/{}", size)] = std::string(size, '\0');
  }
  contents["mixed/hole-first"] = std::string(2 * kBlock, '\0') + noise(kBlock + 5);
  contents["mixed/hole-last"] = noise(kBlock) + std::string(2 * kBlock + 5, '\0');
  contents["mixed/text"] = std::string(5 * kBlock, 'a') + "end";
  return contents;
}

}  // namespace

TEST_CASE("files of all sizes come out as they went in, from blocks of any size") {
  const std::uint32_t block_size = GENERATE(4U << 10, 128U << 10, 256U << 10, 1U << 20);
  const SquashfsFixture f;
  const auto contents = contents_of_all_sizes();
  const auto writer = good(SquashfsWriter::create(f.image, {.jobs = 2, .zstd_level = 3, .block_size = block_size}));
  for (const auto& [path, content] : contents) good(writer->add_bytes(path, content, {.permissions = 0600}));
  good(writer->finish());
  const auto reader = f.reader();
  for (const auto& [path, content] : contents) {
    INFO(path);
    CHECK(content_of(*reader, path) == content);
    CHECK(attributes_of(*reader, path).size == content.size());
  }
}

TEST_CASE("any piece of a file can be read") {
  const SquashfsFixture f;
  const std::string content = std::string(kBlock + 100, '\0') + noise(2 * kBlock) + std::string(kBlock, 'x') + "tail";
  const auto writer = f.writer();
  good(writer->add_bytes("f", content, {}));
  good(writer->finish());
  const auto reader = f.reader({.cache_bytes = 0});
  const InodeRef ref = good(reader->resolve("f"));
  for (std::size_t offset = 0; offset < content.size() + 10; offset += 9973) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, kBlock, 3 * kBlock}) {
      std::string piece(size, '?');
      const std::size_t got = good(reader->read(ref, offset, std::as_writable_bytes(std::span(piece))));
      const std::size_t expected = offset < content.size() ? std::min(size, content.size() - offset) : 0;
      REQUIRE(got == expected);
      REQUIRE(std::string_view(piece).substr(0, got) ==
              std::string_view(content).substr(std::min(offset, content.size()), got));
    }
  }
}

TEST_CASE("attributes are the image's own: owner root, times fixed, no setuid") {
  const SquashfsFixture f;
  const auto writer = f.writer();
  good(writer->add_bytes("bin/tool", "x", {.permissions = 06751}));
  good(writer->add_directory("empty", {.permissions = 0700}));
  good(writer->finish());
  const auto reader = f.reader();
  const Attributes tool = attributes_of(*reader, "bin/tool");
  CHECK(tool.mode == (S_IFREG | 0751));
  CHECK(tool.uid == 0);
  CHECK(tool.gid == 0);
  CHECK(tool.mtime == 1700000000);
  CHECK(tool.nlink == 1);
  CHECK(attributes_of(*reader, "empty").mode == (S_IFDIR | 0700));
  CHECK(attributes_of(*reader, "bin").mode == (S_IFDIR | 0755));
  CHECK(attributes_of(*reader, "").nlink == 4);
  CHECK(attributes_of(*reader, "bin").nlink == 2);
  CHECK(good(reader->list(good(reader->resolve("empty")))).empty());
  CHECK(reader->inode_count() == 4);
}

TEST_CASE("hard links share an inode and count as links") {
  const SquashfsFixture f;
  const auto writer = f.writer();
  good(writer->add_bytes("a/one", "shared", {}));
  good(writer->add_hard_link("b/two", "a/one"));
  good(writer->add_hard_link("three", "b/two"));
  good(writer->add_symlink("link", "a/one", {}));
  good(writer->add_hard_link("link2", "link"));
  bad(writer->add_hard_link("x", "absent"), Code::not_found);
  bad(writer->add_hard_link("x", "a"), Code::invalid);
  good(writer->finish());
  const auto reader = f.reader();
  CHECK(good(reader->resolve("a/one")) == good(reader->resolve("b/two")));
  CHECK(good(reader->resolve("a/one")) == good(reader->resolve("three")));
  CHECK(attributes_of(*reader, "three").nlink == 3);
  CHECK(attributes_of(*reader, "link2").nlink == 2);
  CHECK(content_of(*reader, "b/two") == "shared");
}

TEST_CASE("symbolic links keep their target") {
  const SquashfsFixture f;
  const auto writer = f.writer();
  const std::string longest(4095, 't');
  good(writer->add_symlink("short", "../any/where \xff", {}));
  good(writer->add_symlink("long", longest, {.xattrs = {{"user.note", "on a link"}}}));
  bad(writer->add_symlink("none", "", {}), Code::invalid);
  bad(writer->add_symlink("longer", longest + "t", {}), Code::invalid);
  good(writer->finish());
  const auto reader = f.reader();
  CHECK(good(reader->read_link(good(reader->resolve("short")))) == "../any/where \xff");
  CHECK(good(reader->read_link(good(reader->resolve("long")))) == longest);
  CHECK(good(reader->xattrs(good(reader->resolve("long")))).front().second == "on a link");
  CHECK(attributes_of(*reader, "short").mode == (S_IFLNK | 0777));
  bad(reader->read_link(reader->root()), Code::not_found);
}

TEST_CASE("extended attributes come out as they went in") {
  const SquashfsFixture f;
  const auto writer = f.writer();
  const std::map<std::string, std::string> many{
      {"user.a", ""}, {"user.b", std::string(60000, 'v')}, {"user.c", std::string("\0\xff", 2)}, {"user.d", "d"}};
  for (int i = 0; i < 1500; ++i) {  // so many that the table has more than one block
    good(writer->add_bytes(fmt::format("file{}", i), "", {.xattrs = {{"user.number", fmt::format("{}", i)}}}));
  }
  good(writer->add_bytes("many", "x", {.xattrs = many}));
  good(writer->add_bytes("shares", "y", {.xattrs = {{"user.b", std::string(60000, 'v')}}}));
  good(writer->add_directory("dir", {.xattrs = {{"user.of", "directory"}}}));
  for (const char* name : {"system.acl", "security.capability", "trusted.x", "user.", "userx", "x"}) {
    CHECK(contains(bad(writer->add_bytes("x", "", {.xattrs = {{name, "x"}}}), Code::unsupported), name));
  }
  good(writer->finish());
  const auto reader = f.reader();
  const auto read = good(reader->xattrs(good(reader->resolve("many"))));
  CHECK((std::map<std::string, std::string>(read.begin(), read.end()) == many));
  CHECK(good(reader->xattrs(good(reader->resolve("shares")))).front().second == std::string(60000, 'v'));
  CHECK(good(reader->xattrs(good(reader->resolve("dir")))).front().second == "directory");
  CHECK(good(reader->xattrs(reader->root())).empty());
  for (const int i : {0, 511, 512, 1499}) {
    CHECK(good(reader->xattrs(good(reader->resolve(fmt::format("file{}", i))))).front().second == fmt::format("{}", i));
  }
}

TEST_CASE("a directory of thousands of entries is listed in order and searched") {
  const SquashfsFixture f;
  const auto writer = f.writer();
  constexpr int kCount = 5000;
  for (int i = 0; i < kCount; ++i) good(writer->add_bytes(fmt::format("dir/some-longer-name-{:05}", i), "", {}));
  good(writer->finish());
  const auto reader = f.reader();
  const InodeRef directory = good(reader->resolve("dir"));
  const auto entries = good(reader->list(directory));
  REQUIRE(entries.size() == kCount);
  for (int i = 0; i < kCount; ++i) {
    const DirectoryEntry& entry = entries[static_cast<std::size_t>(i)];
    REQUIRE(entry.name == fmt::format("some-longer-name-{:05}", i));
    const DirectoryEntry found = good(reader->lookup(directory, entry.name));
    REQUIRE(found.ref == entry.ref);
    REQUIRE(found.inode == good(reader->stat(entry.ref)).inode);
  }
  for (const char* absent : {"a", "some-longer-name-00000x", "some-longer-name-02500x", "z", ".", ".."}) {
    bad(reader->lookup(directory, absent), Code::not_found);
  }
}

TEST_CASE("names may hold any byte but NUL and slash") {
  const SquashfsFixture f;
  const auto writer = f.writer();
  std::string name;
  for (int c = 1; c < 256; ++c) {
    if (c != '/') name += static_cast<char>(c);
  }
  const std::string longest(255, 'n');
  good(writer->add_bytes("d/" + name, "odd", {}));
  good(writer->add_bytes("d/" + longest, "long", {}));
  good(writer->add_bytes("d/...", "dots", {}));
  good(writer->finish());
  const auto reader = f.reader();
  CHECK(content_of(*reader, "d/" + name) == "odd");
  CHECK(content_of(*reader, "/d//" + longest) == "long");
  CHECK(content_of(*reader, "d/...") == "dots");
}

TEST_CASE("paths that an image cannot have are refused") {
  const SquashfsFixture f;
  const auto writer = f.writer();
  for (const std::string path : {"", "/a", "a/", "a//b", "./a", "a/..", "..", "."}) {
    INFO(path);
    bad(writer->add_bytes(path, "", {}), Code::invalid);
  }
  bad(writer->add_bytes(std::string("a\0b", 3), "", {}), Code::invalid);
  bad(writer->add_bytes(std::string(256, 'n'), "", {}), Code::invalid);
  std::string deep = "d";
  while (deep.size() <= 4095) deep += "/d";
  bad(writer->add_bytes(deep, "", {}), Code::invalid);
  good(writer->add_bytes("file", "", {}));
  bad(writer->add_bytes("file", "", {}), Code::invalid);
  bad(writer->add_bytes("file/below", "", {}), Code::invalid);
  bad(writer->add_directory("file", {}), Code::invalid);
  good(writer->add_directory("dir", {.permissions = 0700}));
  good(writer->add_directory("dir", {.permissions = 0700}));
  bad(writer->add_directory("dir", {.permissions = 0755}), Code::invalid);
}

TEST_CASE("only regular files are read from disk, others are refused with a reason") {
  const SquashfsFixture f;
  const auto writer = f.writer();
  CHECK(contains(bad(writer->add_file("null", "/dev/null", {}), Code::unsupported), "character device"));
  CHECK(contains(bad(writer->add_file("dir", "/", {}), Code::unsupported), "directory"));
  bad(writer->add_file("absent", f.directory.path() / "absent", {}), Code::not_found);
  REQUIRE(mkfifo((f.directory.path() / "pipe").c_str(), 0600) == 0);
  CHECK(contains(bad(writer->add_file("pipe", f.directory.path() / "pipe", {}), Code::unsupported), "named pipe"));
}

TEST_CASE("the same entries give the same bytes, whatever the order, the jobs and the place") {
  const SquashfsFixture f, g;
  const auto contents = contents_of_all_sizes();
  const auto first = f.writer(1);
  const auto second = g.writer(4);
  for (auto it = contents.begin(); it != contents.end(); ++it) good(first->add_bytes(it->first, it->second, {}));
  good(first->add_directory("noise", {.permissions = 0700, .xattrs = {{"user.x", "1"}}}));
  good(first->add_hard_link("link", "noise/1000"));
  good(second->add_bytes("link", contents.at("noise/1000"), {}));
  good(second->add_hard_link("noise/1000", "link"));
  good(second->add_directory("noise", {.permissions = 0700, .xattrs = {{"user.x", "1"}}}));
  for (auto it = contents.rbegin(); it != contents.rend(); ++it) {
    if (it->first != "noise/1000") good(second->add_bytes(it->first, it->second, {}));
  }
  good(first->finish());
  good(second->finish());
  CHECK(good(read_file(f.image)) == good(read_file(g.image)));
}

TEST_CASE("equal contents are stored once") {
  const SquashfsFixture f;
  const std::string content = noise(1'000'000);
  const auto writer = f.writer();
  for (int i = 0; i < 20; ++i) good(writer->add_bytes(fmt::format("copy{}", i), content, {}));
  CHECK(good(writer->finish()) < 1'100'000);
  CHECK(content_of(*f.reader(), "copy19") == content);
}

TEST_CASE("a sparse file of 5 GiB takes no room and keeps its data") {
  const SquashfsFixture f;
  const std::filesystem::path source = f.directory.path() / "sparse";
  constexpr std::uint64_t kSize = 5ULL << 30;
  {
    const Fd fd(open(source.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    REQUIRE(ftruncate(fd.get(), kSize) == 0);
    REQUIRE(pwrite(fd.get(), "middle", 6, (3ULL << 30) + 5) == 6);
    REQUIRE(pwrite(fd.get(), "end", 3, kSize - 3) == 3);
  }
  const auto writer = f.writer(2);
  good(writer->add_file("sparse", source, {}));
  CHECK(good(writer->finish()) < 1 << 20);
  const auto reader = f.reader();
  CHECK(attributes_of(*reader, "sparse").size == kSize);
  const InodeRef ref = good(reader->resolve("sparse"));
  const auto piece = [&](std::uint64_t offset, std::size_t size) {
    std::string text(size, '?');
    text.resize(good(reader->read(ref, offset, std::as_writable_bytes(std::span(text)))));
    return text;
  };
  CHECK(piece((3ULL << 30) + 4, 8) == std::string("\0middle\0", 8));
  CHECK(piece(kSize - 4, 10) == std::string("\0end", 4));
  CHECK(piece(4ULL << 30, 3) == std::string(3, '\0'));
  CHECK(piece(kSize, 1).empty());
  CHECK(contains(bad(reader->read_all(ref, 1 << 20), Code::invalid), "limit"));
}

TEST_CASE("without finish() nothing is left, and nothing appears before it") {
  const SquashfsFixture f;
  {
    const auto writer = f.writer();
    good(writer->add_bytes("a", "x", {}));
    CHECK_FALSE(std::filesystem::exists(f.image));
  }
  CHECK(std::filesystem::is_empty(f.directory.path()));
}

TEST_CASE("a full disk is one line and leaves nothing") {
  const SquashfsFixture f;
  {
    const auto writer = f.writer(2);
    good(writer->add_bytes("a", noise(1'000'000), {}));
    // This is the closest to a full disk that needs no mount: no file may grow beyond 256 KiB.
    rlimit before{};
    REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
    const rlimit small{.rlim_cur = 256 << 10, .rlim_max = before.rlim_max};
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
    const auto result = writer->finish();
    REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
    std::signal(SIGXFSZ, handler);
    const std::string message = bad(result, Code::io);
    CHECK(contains(message, "image.sqfs"));
    CHECK(contains(message, "File too large"));
  }
  CHECK(std::filesystem::is_empty(f.directory.path()));
}

TEST_CASE("a source that became shorter is an error, not a hole") {
  const SquashfsFixture f;
  const std::filesystem::path source = f.directory.path() / "source";
  good(write_file(source, "content"));
  const auto writer = f.writer();
  good(writer->add_file("file", source, {}));
  std::filesystem::remove(source);
  CHECK(contains(bad(writer->finish(), Code::not_found), "source"));
  CHECK_FALSE(std::filesystem::exists(f.image));
}

TEST_CASE("content that comes piece by piece comes out whole, and its error is the writer's") {
  const TempDirectory root = scratch();
  const std::string content = noise(300000);
  const auto writer = good(SquashfsWriter::create(root.path() / "image", {}));
  const Stream stream = [&](const UseBytes& use) -> Status {
    for (std::size_t at = 0; at < content.size(); at += 777) XAAS_TRY(use(std::string_view(content).substr(at, 777)));
    return {};
  };
  good(writer->add_stream("stream", stream, {}));
  good(writer->add_stream("empty", [](const UseBytes&) -> Status { return {}; }, {}));
  good(writer->finish());
  const auto reader = good(SquashfsReader::open(root.path() / "image", {}));
  CHECK(good(reader->read_all(good(reader->resolve("stream")), 1 << 20)) == content);
  CHECK(good(reader->read_all(good(reader->resolve("empty")), 1 << 20)).empty());

  const auto broken = good(SquashfsWriter::create(root.path() / "broken", {}));
  const Stream fails = [](const UseBytes& use) -> Status {
    XAAS_TRY(use("some"));
    return fail(Code::interrupted, "stopped");
  };
  good(broken->add_stream("stream", fails, {}));
  bad(broken->finish(), Code::interrupted);
  CHECK_FALSE(std::filesystem::exists(root.path() / "broken"));
}

TEST_CASE("an image may begin at any offset of a file") {
  const SquashfsFixture f;
  const auto writer = f.writer();
  good(writer->add_bytes("a", noise(200000), {.xattrs = {{"user.a", "1"}}}));
  good(writer->finish());
  const std::string image = good(read_file(f.image));
  CHECK(image.size() % 4096 == 0);
  for (const std::size_t offset : {std::size_t{1}, std::size_t{4096}, std::size_t{100003}}) {
    good(write_file(f.directory.path() / "shifted", noise(offset) + image));
    const auto reader = good(SquashfsReader::open(f.directory.path() / "shifted", {.offset = offset}));
    CHECK(content_of(*reader, "a") == noise(200000));
    CHECK(good(reader->xattrs(good(reader->resolve("a")))).size() == 1);
    CHECK(reader->image_size() <= image.size());
  }
  bad(SquashfsReader::open(f.image, {.offset = image.size() + 1}), Code::invalid);
  bad(SquashfsReader::open(f.image, {.offset = 4096}), Code::invalid);
}

TEST_CASE("many threads read the same image and see the same bytes") {
  const SquashfsFixture f;
  const auto contents = contents_of_all_sizes();
  const auto writer = f.writer(2);
  for (const auto& [path, content] : contents) {
    if (content.size() < 4 * kBlock) good(writer->add_bytes(path, content, {.xattrs = {{"user.path", path}}}));
  }
  good(writer->finish());
  const auto reader = f.reader({.cache_bytes = 4 << 20});  // so small that blocks often leave the cache
  std::atomic<int> wrong = 0;
  const auto work = [&] {
    for (int round = 0; round < 5; ++round) {
      const Status walked = walk(*reader, "", [&](const std::string& path, const DirectoryEntry& entry) -> Status {
        if (!S_ISREG(entry.type)) return {};
        XAAS_ASSIGN(const std::string content, reader->read_all(entry.ref, 1 << 30));
        XAAS_ASSIGN(const auto xattrs, reader->xattrs(entry.ref));
        if (content != contents.at(path) || xattrs.front().second != path) ++wrong;
        return {};
      });
      if (!walked) ++wrong;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("a cache keeps what it was given last, however small it is") {
  struct Item {
    std::size_t cost() const { return 1000; }
  };
  ShardedCache<Item> cache(1);
  int loads = 0;
  const auto load = [&]() -> Result<ShardedCache<Item>::Pointer> {
    ++loads;
    return std::make_shared<const Item>();
  };
  good(cache.get(1, load));
  good(cache.get(1, load));
  CHECK(loads == 1);
  for (std::uint64_t key = 2; key < 100; ++key) good(cache.get(key, load));
  good(cache.get(1, load));
  CHECK(loads == 100);
}

TEST_CASE("what is no image is refused with its path") {
  const TempDirectory directory = scratch();
  const std::filesystem::path path = directory.path() / "file";
  for (const std::string& content : {std::string(), std::string("hello"), std::string(4096, '\0'), noise(100000)}) {
    good(write_file(path, content));
    CHECK(contains(bad(SquashfsReader::open(path, {}), Code::invalid), path.string()));
  }
  bad(SquashfsReader::open(directory.path() / "absent", {}), Code::not_found);
  REQUIRE(mkfifo((directory.path() / "pipe").c_str(), 0600) == 0);
  for (const std::filesystem::path& other : {directory.path(), directory.path() / "pipe"}) {
    CHECK(contains(bad(SquashfsReader::open(other, {}), Code::invalid), "neither a regular file"));
  }
}
