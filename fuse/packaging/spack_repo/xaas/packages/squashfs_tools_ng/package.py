from spack_repo.builtin.build_systems.autotools import AutotoolsPackage

from spack.package import *


class SquashfsToolsNg(AutotoolsPackage):
    """The library libsquashfs."""

    homepage = "https://github.com/AgentD/squashfs-tools-ng"
    git = "https://github.com/AgentD/squashfs-tools-ng.git"

    version("1.2.0", tag="v1.2.0", commit="f2a3ad56e40c9711b23371238f9fa07dd24245f1")

    depends_on("c", type="build")
    depends_on("autoconf", type="build")
    depends_on("automake", type="build")
    depends_on("libtool", type="build")
    depends_on("pkgconfig", type="build")
    depends_on("lz4")
    depends_on("xz")
    depends_on("zlib")
    depends_on("zstd")

    def configure_args(self):
        return ["--without-tools", "--without-bzip2", "--without-lzo", "--enable-static"]
