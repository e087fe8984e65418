# Runs of the main job on all hosts, and what they wrote. Sourced after network.sh with the run directory of the same job on
# one machine, undisturbed, with at least as many steps; a test says in `folder_of ID` where a node's files lie.

undisturbed=$1
steps=300

# How accurate that was after as many steps.
expected_accuracy() { jq "select(.evaluated == $steps).accuracy" "$undisturbed/nodes/server-0/metrics.jsonl"; }

# Where a node is: node k of each role is on host k modulo the number of hosts.
host_of() { echo "${hosts[${1#*-} % ${#hosts[@]}]}"; }

# nodes_on HOST...: the ids of their nodes; servers_on and workers_on only those.
nodes_on() { servers_on "$@" && workers_on "$@"; }
servers_on() { of_role server 5 "$@"; }
workers_on() { of_role worker 7 "$@"; }

of_role() {
  local role=$1 count=$2 k
  shift 2
  for ((k = 0; k < count; k++)); do
    [[ " $* " != *" $(host_of "$role-$k") "* ]] || echo "$role-$k"
  done
}

# hosts_but HOST
hosts_but() { printf '%s\n' "${hosts[@]}" | grep --invert-match --line-regexp "$1"; }

# write_topology FILE: as somebody would who has these hosts.
write_topology() {
  local arguments=() host
  for host in "${hosts[@]}"; do arguments+=(--host "$host"); done
  on "$laptop" "$program" init "${arguments[@]}" --servers 5 --workers 7 --data "$root/Datasets/mnist" --output "$1" \
    >"$work/init.txt"
  replace "$1" 'steps: 500' "steps: $steps"
}

# replace FILE TEXT BY: TEXT has to be there.
replace() {
  grep --quiet --fixed-strings "$2" "$1" || fail "$1 should say '$2'"
  sed -i "s|$2|$3|" "$1"
}

# step_of ID: the last step that it completed, 0 if none.
step_of() {
  local lines
  lines=$(tail -n 5 "$(folder_of "$1")/metrics.jsonl" 2>/dev/null) || true
  # The last one: what comes before it is as long as possible.
  if [[ $lines =~ .*\"step\":([0-9]+), ]]; then echo "${BASH_REMATCH[1]}"; else echo 0; fi
}

# have_reached STEP ID...
have_reached() {
  local step=$1 id
  shift
  for id in "$@"; do [ "$(step_of "$id")" -ge "$step" ] || return 1; done
}

# furthest ID...: the last step that one of them completed.
furthest() {
  local id
  for id in "$@"; do step_of "$id"; done | sort -n | tail -n 1
}

# cut_off HOST: in the middle of the run, until the others are 50 steps further. Leaves in `unplugged_at` and `plugged_in_at`
# when that was.
cut_off() {
  local host=$1 others reached
  mapfile -t others < <(nodes_on $(hosts_but "$host"))
  wait_until 120 "all nodes complete step 150" have_reached 150 $(nodes_on "${hosts[@]}")
  unplug "$host"
  unplugged_at=$(now)
  reached=$(furthest "${others[@]}")
  say "$host is cut off at step $reached"
  wait_until 120 "the others go on without $host" have_reached $((reached + 50)) "${others[@]}"
  plugged_in_at=$(now)
  plug_in "$host"
  say "$host is back after $(difference "$plugged_in_at" "$unplugged_at") s, in which the others came to step" \
    "$(furthest "${others[@]}")"
}

# check_cut HOST: nobody heard of its nodes while it was cut off, and everybody heard of all of them afterwards.
check_cut() {
  local host=$1 id peer late back longest=0
  for id in $(nodes_on $(hosts_but "$host")); do
    for peer in $(peers_on "$host" "$id"); do
      read -r late back < <(heard "$id" "$peer")
      [ "$late" = null ] || fail "$id had a vector of $peer in step $late while $host was cut off"
      [ "$back" != null ] || fail "$peer finished after the cut, but $id never had a vector of it again"
      longest=$(printf '%s\n' "$longest" "$back" | sort -g | tail -n 1)
    done
  done
  say "everybody heard of every node on $host again within $longest s"
}

# peers_on HOST ID: the nodes there whose vectors ID's metrics name.
peers_on() { if [[ $2 == server-* ]]; then workers_on "$1"; else servers_on "$1"; fi; }

# heard ID PEER: the first step in which ID had a vector of PEER while that was cut off, and how many seconds after the end
# of that it had one again; null for never.
heard() {
  jq --slurp --raw-output --arg peer "$2" --argjson unplugged "$unplugged_at" --argjson plugged_in "$plugged_in_at" \
    --argjson start "$(jq .started_at "$(folder_of "$1")/summary.json")" \
    'map(select(.step) | {step, at: ($start + .seconds), heard: ((.workers // .servers // []) | any(. == $peer))})
      # What came in before was of the steps right after it at most.
      | (map(select(.at > $unplugged))[0].step + 3) as $alone
      | map(select(.heard)) as $heard
      | ($heard | map(select(.step >= $alone and .at < $plugged_in))[0].step) as $late
      | ($heard | map(select(.at > $plugged_in))[0].at) as $back
      | "\($late) \(if $back then ($back - $plugged_in) * 100 | round / 100 else null end)"' \
    "$(folder_of "$1")/metrics.jsonl"
}

# check_nodes: all reached the last step, the servers with the accuracy of an undisturbed run.
check_nodes() {
  local id
  for id in $(nodes_on "${hosts[@]}"); do
    expect "outcome of $id" completed "$(jq --raw-output .outcome "$(folder_of "$id")/summary.json")"
    expect "last step of $id" "$steps" "$(jq .step "$(folder_of "$id")/summary.json")"
  done
  for id in $(servers_on "${hosts[@]}"); do
    expect_near "accuracy of $id" "$(expected_accuracy)" "$(jq .accuracy "$(folder_of "$id")/summary.json")"
  done
}

# check_summary FILE: of the whole run.
check_summary() {
  expect "outcome in $1" completed "$(jq --raw-output .outcome "$1")"
  expect "steps in $1" "$steps" "$(jq .steps "$1")"
  expect "lost nodes in $1" '[]' "$(jq --compact-output '[.lost // [] | .[]]' "$1")"
  expect_near "accuracy in $1" "$(expected_accuracy)" "$(jq .accuracy "$1")"
}

# expect_near WHAT EXPECTED FOUND: accuracies that differ by no more than 0.01.
expect_near() {
  jq --exit-status --null-input --argjson a "${2:-null}" --argjson b "${3:-null}" \
    '$a != null and $b != null and ($a - $b | fabs) <= 0.01' >/dev/null ||
    fail "$1: expected $2 within 0.01, found ${3:-nothing}"
}
