# Hosts of a network that exists nowhere else: a network namespace each, joined by a bridge in a namespace of its own, so
# that nothing of it touches this machine's network and two tests never meet. Each has its name, its addresses, a home and
# an idea of the others' names. Sourced after common.sh.

hosts=(alpha beta gamma delta)
# One more without a node, from which somebody reaches the others.
laptop=laptop
# Namespaces' names are the machine's alone to give; a process id makes them this test's.
prefix=byzsgd-$$

namespace() { echo "$prefix-$1"; }

# address HOST: of the third host 10.77.0.3, and in IPv6 fd77::3.
address() { echo "10.77.0.$(number "$1")"; }
address6() { echo "fd77::$(number "$1")"; }

number() {
  local host number=1
  for host in "${hosts[@]}" "$laptop"; do
    [ "$host" != "$1" ] || break
    number=$((number + 1))
  done
  echo "$number"
}

# The home of a host's user; what the host alone has lies there.
home() { echo "$work/$1"; }

make_network() {
  undo_later remove_network
  ip netns add "$(namespace switch)" ||
    fail "this root may not make network namespaces; in a container it needs to be a privileged one"
  ip -n "$(namespace switch)" link add bridge type bridge
  ip -n "$(namespace switch)" link set bridge up
  local host
  for host in "${hosts[@]}" "$laptop"; do make_host "$host"; done
}

make_host() {
  local host=$1 space
  space=$(namespace "$host")
  mkdir -p "$(home "$host")" "/etc/netns/$space"
  name_everybody >"/etc/netns/$space/hosts"
  # Root of a host lives at home, where its ~/.ssh is nobody else's, and may log in: the machine's root may be locked.
  sed "s|^root:.*|root:x:0:0:root:$(home "$host"):/bin/bash|" /etc/passwd >"/etc/netns/$space/passwd"
  sed 's|^root:[^:]*|root:*|' /etc/shadow >"/etc/netns/$space/shadow"
  chmod 600 "/etc/netns/$space/shadow"

  ip netns add "$space"
  ip -n "$(namespace switch)" link add "$host" type veth peer name eth0 netns "$space"
  ip -n "$(namespace switch)" link set "$host" master bridge up
  ip -n "$space" link set lo up
  ip -n "$space" link set eth0 up
  ip -n "$space" address add "$(address "$host")/24" dev eth0
  # Nobody else can have the address; without `nodad` it would be of use only after a second.
  ip -n "$space" address add "$(address6 "$host")/64" dev eth0 nodad
}

name_everybody() {
  echo "127.0.0.1 localhost"
  local host
  for host in "${hosts[@]}" "$laptop"; do
    echo "$(address "$host") $host"
    echo "$(address6 "$host") $host-6"
  done
}

remove_network() {
  local host
  for host in "${hosts[@]}" "$laptop" switch; do
    end_processes_on "$host"
    ip netns del "$(namespace "$host")" 2>/dev/null || true
    rm -rf "/etc/netns/$(namespace "$host")"
  done
  rmdir --ignore-fail-on-non-empty /etc/netns 2>/dev/null || true
}

# Whatever runs in such a namespace was started by this test or by what it started.
end_processes_on() {
  local pids
  while pids=$(ip netns pids "$(namespace "$1")" 2>/dev/null) && [ -n "$pids" ]; do
    kill -9 $pids 2>/dev/null || true
    # Takes note of those that are this shell's own.
    wait $pids 2>/dev/null || true
  done
}

# programs_on HOST: the commands that run there.
programs_on() { ip netns pids "$(namespace "$1")" | xargs --no-run-if-empty ps -o args= -p; }

# on HOST COMMAND... runs it there, in the host's home.
on() { (exec_on "$@"); }

# The same in place of this shell: after `exec_on HOST COMMAND &`, $! is the command itself.
exec_on() {
  local host=$1
  shift
  cd "$(home "$host")" || exit
  HOME=$(home "$host") exec ip netns exec "$(namespace "$host")" \
    unshare --uts sh -c 'hostname "$0" && exec "$@"' "$host" "$@"
}

# The cable between a host and the switch: out of the switch, and back in. Addresses and routes of the host stay.
unplug() { ip -n "$(namespace switch)" link set "$1" down; }
plug_in() { ip -n "$(namespace switch)" link set "$1" up; }
