# git 2.39 as Debian has the source: configure and make, one program under 142 names, and scripts that look for it at
# the prefix. The lowered program makes the commits that the baseline makes, and packs, clones and checks them.
. "$(dirname "$0")/../lib.sh"
need_fuse
source=$("$XAAS_SOURCE/tests/debian-source" git 1:2.39.5-0+deb12u3 "$XAAS_FIXTURES/sources")
mkxaas -q --report "$work/report.json" "$source" "$work/git.xaas"
all_can_be_lowered "$work/report.json"

export HOME=$work GIT_CONFIG_NOSYSTEM=1 GIT_EDITOR=true
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org GIT_AUTHOR_DATE='2020-01-01T00:00:00Z'
export GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org GIT_COMMITTER_DATE='2020-01-01T00:00:00Z'
use() {  # use TREE DIRECTORY
  (
    PATH=$1/bin:$PATH
    git init -q "$2"
    cd "$2"
    cp -r "$source/xdiff" "$source/block-sha1" .
    git add .
    git commit -qm one
    echo end >>xdiff/xdiff.h
    git commit -qam two
    git gc -q
    git fsck --strict 2>&1
    git rebase -q --exec true HEAD~1 2>&1
    git submodule status
    git clone -q "file://$2" "$2-clone"
    git -C "$2-clone" log --stat
    git --exec-path | sed "s|//*|/|g; s|$1|TREE|"
  )
}
mount_image "$work/git.xaas" "$work/app" strict
mount_image "$work/git.xaas" "$work/baseline" lower=never
expected=$(use "$work/baseline" "$work/a")
contains "$expected" "1 file changed, 1 insertion(+)"
contains "$expected" TREE/libexec/git-core
equal "$expected" "$(use "$work/app" "$work/b")"
equal ready "$(state_of "$work/app/bin/git")"
