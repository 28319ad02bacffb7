# Completion in bash for mkxaas, xaas-info, xaas-lower and xaas-mount. The --help of each tool says what can be
# completed. Bash itself completes the names of files.

# _xaas_options HELP: prints a line for each option: its names, and the name of its value if it has one. HELP may have
# the description of a long option on the next line.
_xaas_options() { sed -nE 's/^ +(-[^ ]+( [^ ]+)*)(  +.*)?$/\1/p' <<<"$1" | tr ',' ' '; }

# _xaas_mount_options HELP: prints a line for each option of a mount: name, or name=value.
_xaas_mount_options() { sed -nE '/^OPTIONS:$/,/^$/ s/^  ([^ ].*)/\1/p' <<<"$1" | sed 's/  .*//' | tr ' ' '\n'; }

_xaas_commands() { sed -nE '/^Subcommands:$/,/^$/ s/^  ([a-z-]+) .*/\1/p' <<<"$1"; }

# _xaas_values TEXT: prints the values that TEXT offers at its end, as a|b or {a,b}.
_xaas_values() {
  case $1 in
    *'|'*) tr '|' '\n' <<<"${1##*[ =]}" ;;
    *'{'*'}'*) sed 's/.*{//; s/}.*//' <<<"$1" | tr ',' '\n' ;;
  esac
}

_xaas() {
  # This does not use COMP_WORDS, because bash divides them at '=' too.
  local line=${COMP_LINE:0:COMP_POINT} word before help command choices
  word=${line##*[[:space:]]}
  line=${line%"$word"}
  read -r -a before <<<"$line"
  help=$("$1" --help 2>/dev/null) || return
  for command in $(_xaas_commands "$help"); do
    [[ " ${before[*]:1} " == *" $command "* ]] && help=$("$1" "$command" --help 2>/dev/null) && break
  done

  local option=${before[-1]} prefix=
  [[ $word == --*=* ]] && option=${word%%=*} && word=${word#*=}
  local values=$(_xaas_values "$(_xaas_options "$help" | grep -E -e "(^| )$option ")")
  if [[ ${1##*/} == xaas-mount && ( $option == -o || $option == --options ) ]]; then
    prefix=${word%"${word##*,}"} word=${word##*,}
    if [[ $word == *=* ]]; then
      choices=$(_xaas_values "$(_xaas_mount_options "$help" | grep "^${word%%=*}=")")
      prefix= word=${word#*=}
    else
      choices=$(_xaas_mount_options "$help" | sed 's/=.*/=/')
      prefix=${prefix##*=}  # for bash a word begins behind the last '='
      compopt -o nospace
    fi
  elif [[ $values ]]; then
    choices=$values
  elif [[ $word == -* ]]; then
    choices=$(_xaas_options "$help" | tr ' ' '\n' | grep '^-')
  elif [[ $help == *ACTION* ]]; then
    choices=$(_xaas_values "$(grep -o 'ACTION :[^ ]*' <<<"$help")")
  else
    choices=$(_xaas_commands "$help")
  fi
  mapfile -t COMPREPLY < <(compgen -P "$prefix" -W "$choices" -- "$word")
}
complete -o default -o bashdefault -F _xaas mkxaas xaas-info xaas-lower xaas-mount
