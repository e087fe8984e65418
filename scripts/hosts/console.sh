# Types a document's commands. In its blocks of the language `console`, a line such as
#
#     alpha$ byzsgd keys --node server-0
#
# is typed on the host alpha, and goes on in the next line after a backslash; other lines show what to expect and are not
# compared. Each host has one shell for the whole document, which begins in its home, so that `cd`, `&` and `wait` mean what
# they always mean. A command has to succeed, also in the background. Sourced after network.sh.

# commands_in DOCUMENT: a line each, HOST and COMMAND.
commands_in() {
  awk '
    /^ *```/ { console = !fenced && $1 == "```console"; fenced = !fenced; next }
    !console { next }
    !unfinished && /^[a-z0-9-]*\$ / { command = $0; unfinished = 1 }
    !unfinished { next }
    command != $0 { sub(/^ */, ""); command = command $0 }
    command ~ /\\$/ { sub(/\\$/, "", command); next }
    { sub(/\$ /, " ", command); print command; unfinished = 0 }
  ' "$1"
}

# type_document DOCUMENT
type_document() {
  local document=$1 host command commands=0
  while read -r host command <&3; do
    [[ " $laptop ${hosts[*]} " == *" $host "* ]] || fail "$document: '$host\$ $command' should begin with a host's name"
    type_on "$host" "$command"
    commands=$((commands + 1))
  done 3< <(commands_in "$document")
  [ $commands -gt 0 ] || fail "$document should have commands in blocks of the language console, and has none"
  for host in "${!shells[@]}"; do type_on "$host" wait; done
}

# Where what is typed goes, by host.
declare -A shells=()

start_shell() {
  local host=$1 input=$work/$1.input
  mkfifo "$input"
  exec_on "$host" bash <"$input" >"$work/$host.txt" 2>&1 &
  needed+=("$host=$!")
  exec {shells[$host]}>"$input"
  # bash says only how the last of some processes ended.
  cat >&"${shells[$host]}" <<'END'
background=()
wait() {
  local process status=0
  [ $# -eq 0 ] || { builtin wait "$@"; return; }
  for process in "${background[@]}"; do builtin wait "$process" || status=$?; done
  background=()
  return $status
}
END
}

# type_on HOST COMMAND, and waits until it has ended.
type_on() {
  local host=$1 command=$2 status=$work/$1.status
  [ -n "${shells[$host]:-}" ] || start_shell "$host"
  rm -f "$status"
  {
    # What is typed next is not for this command to read.
    printf '{\n%s\n} </dev/null\necho $? >%q\n' "$command" "$status"
    [[ $command != *'&' ]] || echo 'background+=($!)'
  } >&"${shells[$host]}"
  wait_until 120 "'$command' on $host ends" test -s "$status"
  [ "$(<"$status")" = 0 ] || fail_with "$host" "'$command' on $host should end with status 0, not $(<"$status")"
}
