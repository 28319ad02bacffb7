# A configuration whose recipe names a library or a device that this host lacks is refused with that reason, and the
# next one by rank is shown. A configuration that names what the host has is taken.
. "$(dirname "$0")/lib.sh"
need_fuse
mkdir "$work/needs-1.0"
cat >"$work/needs-1.0/xaas.toml" <<'S'
[[points]]
name = "with"
values = [
  "nothing",
  {name = "libc", rank = 1, libraries = ["libc.so.6"]},
  {name = "library", rank = 2, libraries = ["libnowhere-to-be-found.so.1"]},
  {name = "device", rank = 3, devices = ["infiniband", "nvidia-gpu", "amd-gpu", "intel-gpu"]},
  {name = "gpu", rank = 4, devices = ["nvidia-gpu>=sm_999", "nvidia-driver>=1"]},
]
S
echo 'int puts(const char*); int main(void) { return puts(WITH) < 0; }' >"$work/needs-1.0/main.c"
printf 'all:\n\t$(CC) -DWITH=\\"$(WITH)\\" main.c -o needs\ninstall:\n\tinstall -D needs $(DESTDIR)$(PREFIX)/bin/needs\n' \
  >"$work/needs-1.0/Makefile"
mkxaas -q --build 'make WITH=$WITH' "$work/needs-1.0" "$work/needs.xaas"
explained=$(xaas-lower explain "$work/needs.xaas")
# No host has all of these devices.
contains "$explained" "config    device  refused: needs the device "
contains "$explained" "config    library  refused: needs the library libnowhere-to-be-found.so.1 on this host"
contains "$explained" "config    libc  chosen"
contains "$explained" "config    nothing  fits, but another one ranks higher"
contains "$explained" "library   libnowhere-to-be-found.so.1  not on this host"
mount_image "$work/needs.xaas" "$work/app"
equal libc "$("$work/app/bin/needs")"
equal libc "$(xattr_of config "$work/app/bin/needs")"
mkdir "$work/none"
fails_with 1 "library needs the library libnowhere" xaas-mount -o config=library "$work/needs.xaas" "$work/none"
fails_with 1 "no configuration other" xaas-mount -o config=other "$work/needs.xaas" "$work/none"
contains "$(xaas-info "$work/needs.xaas")" "libnowhere-to-be-found.so.1"
# GPUs that the user names are taken for the host's.
contains "$explained" "config    gpu  refused: needs the device nvidia-"
contains "$(xaas-lower explain --gpu sm_999 "$work/needs.xaas")" "config    gpu  chosen"
mount_image "$work/needs.xaas" "$work/named" gpu=sm_999
equal gpu "$("$work/named/bin/needs")"
