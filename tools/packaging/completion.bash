# Completion of yima and yimad for bash, and for zsh through bashcompinit. The programs' own help says
# what they know, so this file need not change when they do.

# The commands and options that `PROGRAM WORDS… --help` shows.
_yima_words() {
  LC_ALL=C "$@" --lang en --help 2>/dev/null | awk '
    /^[A-Za-z].*:$/ { commands = ($0 ~ /[Cc]ommands:$/); next }
    commands && /^  [a-z]/ { print $1 }
    match($0, /^  (-[A-Za-z],)?--[a-z-]+/) { word = substr($0, RSTART, RLENGTH); sub(/^.*--/, "--", word); print word }'
}

_yima_complete() {
  local current=${COMP_WORDS[COMP_CWORD]} word commands=()
  # Files after an option that wants a value and wherever no command is left to name.
  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word =~ ^[a-z][a-z-]*$ ]] && commands+=("$word")
  done
  local known
  known=$(_yima_words "${COMP_WORDS[0]}" "${commands[@]}")
  # A value that looked like a command has no help of its own.
  while [[ -z $known && ${#commands[@]} -gt 0 ]]; do
    commands=("${commands[@]:0:${#commands[@]}-1}")
    known=$(_yima_words "${COMP_WORDS[0]}" "${commands[@]}")
  done
  local IFS=$'\n'
  COMPREPLY=($(compgen -W "$known" -- "$current"))
}

complete -o default -o bashdefault -F _yima_complete yima yimad
