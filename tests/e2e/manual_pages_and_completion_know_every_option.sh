# The manual page of a tool has every option of the tool and no other, and so has the completion. The pages are
# well-formed.
. "$(dirname "$0")/lib.sh"
. "$XAAS_SOURCE/fuse/packaging/completions.bash"
compopt() { :; }  # bash has it only during a completion

# helps TOOL: prints the help of the tool and of its commands.
helps() {
  local command
  "$1" --help
  for command in $("$1" --help | sed -nE '/^Subcommands:$/,/^$/ s/^  ([a-z-]+) .*/\1/p'); do "$1" "$command" --help; done
}
# These read the output of helps, or the source of a page. They print the options, and other names: those of commands
# and of a mount's options.
options_in_help() { sed -nE 's/^ +(-.*)/\1/p' | sed 's/  .*//' | grep -oE -e '--?[a-z][a-z-]*' | sort -u; }
options_in_page() { sed -n 's/^\.It Fl/Fl/p' | grep -oE 'Fl -?[a-z][a-z-]*' | sed 's/Fl /-/' | sort -u; }
names_in_help() { sed -nE '/^(OPTIONS|Subcommands):$/,/^$/ s/^  ([^ ].*)/\1/p' | sed 's/  .*//' | tr ' ' '\n' | sed 's/=.*//' | sort -u; }
names_in_page() { sed -n 's/^\.It Cm //p' | sed 's/ , /\n/g' | sed 's/^Cm //; s/ .*//' | sort -u; }

# completed LINE: prints what is offered at the end of LINE.
completed() {
  COMP_LINE=$1 COMP_POINT=${#1} COMPREPLY=()
  _xaas "${1%% *}"
  printf '%s\n' "${COMPREPLY[@]}" | sort
}

for tool in mkxaas xaas-info xaas-lower xaas-mount; do
  page=$(echo "$XAAS_SOURCE"/*/$tool.1)
  helps $tool >"$work/help"
  [ -s "$work/help" ] || die "$tool has no help"
  equal "$(options_in_help <"$work/help")" "$(options_in_page <"$page")"
  equal "$(names_in_help <"$work/help")" "$(names_in_page <"$page")"
  equal "$($tool --help | options_in_help | grep -e '^--')" "$(completed "$tool --")"
done

equal "--offset" "$(completed "xaas-info list --off")"
equal "explain
export" "$(completed "xaas-lower --json exp")"
equal "clear
prune
stats
verify" "$(completed "xaas-lower cache ")"
equal "full
none" "$(completed "mkxaas --toolchain ")"
equal "make
meson" "$(completed "mkxaas --build-system m")"
equal "none" "$(completed "mkxaas -j 2 --toolchain=n")"
equal "$(helps xaas-mount | names_in_help)" "$(completed "xaas-mount -o " | sed 's/=$//')"
equal "auto
background
eager
never
wait" "$(completed "xaas-mount -o lower=")"
equal "strict,cpu=" "$(completed "xaas-mount --options strict,cp")"
equal "/x,jobs=" "$(completed "xaas-mount -o cache=/x,jo")"
equal "never" "$(completed "xaas-mount -o strict,lower=n")"
equal "" "$(completed "xaas-mount heat.xaas ")"

for page in "$XAAS_SOURCE"/*/*.[18]; do
  mandoc -T lint -W warning "$page" || die "$page is not well-formed"
done
