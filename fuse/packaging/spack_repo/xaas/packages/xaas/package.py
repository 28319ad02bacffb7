from pathlib import Path

from spack_repo.builtin.build_systems.cmake import CMakePackage

from spack.package import *


class Xaas(CMakePackage):
    """Single-file images of software that is compiled for the host on first use."""

    git = Path(__file__).resolve().parents[6].as_uri()  # the repository that this file is in
    version("main", branch="main")

    depends_on("c", type="build")
    depends_on("cxx", type="build")
    depends_on("cmake@3.25:", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("cli11", type="build")
    depends_on("fmt", type="build")
    depends_on("nlohmann-json", type="build")
    depends_on("tl-expected", type="build")
    depends_on("toml11@3", type="build")

    # All are linked statically, and so is the C library: the system must have its static archive.
    depends_on("hwloc libs=static ~libxml2 ~pci")
    depends_on("libfuse@3.10: default_library=static")
    depends_on("libseccomp")
    depends_on("nettle@3.4:3")
    depends_on("lz4 libs=static")
    depends_on("ncurses +termlib")
    depends_on("squashfs-tools-ng")
    depends_on("xz libs=static")
    depends_on("zlib")
    depends_on("zstd libs=static")

    # Programs that mkxaas calls.
    depends_on("llvm@19 +clang +lld", type=("build", "link", "run"))
    depends_on("patchelf", type="run")

    def cmake_args(self):
        return [
            self.define("LLVM_CONFIG", self.spec["llvm"].prefix.bin.join("llvm-config")),
            self.define("XAAS_TESTS", False),
        ]

    # The tools call LLVM's programs by their names in Debian.
    @run_after("install")
    def name_llvm(self):
        mkdirp(self.prefix.libexec.xaas)
        for program in ("clang", "clang++", "llvm-objcopy"):
            symlink(
                self.spec["llvm"].prefix.bin.join(program),
                self.prefix.libexec.xaas.join(f"{program}-19"),
            )

    def setup_run_environment(self, env):
        env.prepend_path("PATH", self.prefix.libexec.xaas)
