# What all tests across hosts share: a folder that goes away at the end, expectations that say what they found, and waiting
# for conditions. Sourced, never run.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
program=$root/.build/release/byzsgd
# Short, because sockets lie in here, whose paths may have no more than 107 characters.
work=$(mktemp -d /tmp/byzsgd-hosts-XXXXXX)

# What is undone at the end, the last first; each is a command.
undoing=()

undo_later() { undoing=("$*" "${undoing[@]}"); }

undo_all() {
  local status=$? command
  trap - EXIT INT TERM HUP
  for command in "${undoing[@]}"; do $command || true; done
  # What a failure left is worth a look.
  if [ "$status" -ne 0 ] && [ -n "${BYZSGD_KEEP:-}" ]; then
    echo "Everything that the test wrote is in $work." >&2
  else
    rm -rf "$work"
  fi
  exit "$status"
}
trap undo_all EXIT
# An interrupted script ends, which undoes everything.
trap 'exit 130' INT
trap 'exit 143' TERM HUP

say() { echo "  $*" >&2; }

fail() {
  echo "FAILED: $*" >&2
  exit 1
}

# expect WHAT EXPECTED FOUND
expect() { [ "$2" = "$3" ] || fail "$1: expected $2, found ${3:-nothing}"; }

# What has to run for something to come true, as NAME=PID; what it says goes to $work/NAME.txt.
needed=()

# wait_until SECONDS WHAT COMMAND... waits until COMMAND succeeds.
wait_until() {
  local deadline=$((SECONDS + $1)) what=$2 child
  shift 2
  until "$@"; do
    for child in "${needed[@]}"; do
      ! has_ended "${child#*=}" || fail_with "${child%=*}" "${child%=*} ended before $what"
    done
    [ $SECONDS -lt $deadline ] || fail "waited in vain until $what"
    sleep 0.1
  done
}

# await_ends SECONDS: waits for all that is needed, each of which has to end well.
await_ends() {
  local seconds=$1 child status children=("${needed[@]}")
  needed=()
  for child in "${children[@]}"; do
    wait_until "$seconds" "${child%=*} ends" has_ended "${child#*=}"
    status=0
    wait "${child#*=}" || status=$?
    [ $status -eq 0 ] || fail_with "${child%=*}" "${child%=*} should end with status 0, not $status"
  done
}

# fail_with NAME WHY: with the last words of NAME.
fail_with() {
  tail -n 5 "$work/$1.txt" >&2
  fail "$2"
}

# kill_child PID: without a chance to tell anybody.
kill_child() {
  kill -9 "$1"
  wait "$1" 2>/dev/null || true
}

has_ended() { ! kill -0 "$1" 2>/dev/null; }

now() { date +%s.%N; }

# difference A B: A - B, with two decimals.
difference() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a - b }'; }
