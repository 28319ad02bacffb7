# With -o offset= an image behind other bytes of a file is mounted, alone and for a command.
. "$(dirname "$0")/lib.sh"
need_fuse
{ head -c 8192 /dev/urandom && cat "$XAAS_FIXTURES/heat.xaas"; } >"$work/file"
mount_image "$work/file" "$work/app" offset=8192
contains "$("$work/app/bin/heat" 5 2>/dev/null)" checksum
mkdir "$work/other"
contains "$(xaas-mount -o offset=8192 "$work/file" "$work/other" -- "$work/other/bin/heat" 5 2>/dev/null)" checksum
fails_with 1 "$work/file" xaas-mount -o offset=4096 "$work/file" "$work/other"
