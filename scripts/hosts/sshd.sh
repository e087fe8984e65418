# An SSH server on every host of network.sh, and a user whose key opens all of them. Keys and settings are this test's
# alone and lie in the hosts' homes. Sourced after network.sh.

start_ssh() {
  local host
  ssh-keygen -q -t ed25519 -N '' -C "$prefix" -f "$work/user"
  for host in "${hosts[@]}" "$laptop"; do
    mkdir -m 700 "$(home "$host")/.ssh"
    ssh-keygen -q -t ed25519 -N '' -C "$host" -f "$(home "$host")/.ssh/host"
    cp "$work/user.pub" "$(home "$host")/.ssh/authorized_keys"
    echo "$host,$(address "$host"),$host-6,$(address6 "$host") $(<"$(home "$host")/.ssh/host.pub")" >>"$work/known_hosts"
  done
  for host in "${hosts[@]}" "$laptop"; do
    configure_client "$host" >"$(home "$host")/.ssh/config"
    cp "$work/known_hosts" "$(home "$host")/.ssh"
    cp "$work/user" "$(home "$host")/.ssh/id_ed25519"
  done
  for host in "${hosts[@]}"; do start_sshd "$host"; done
  for host in "${hosts[@]}"; do wait_until 30 "$host can be reached by ssh" lets_in "$host"; done
}

lets_in() { on "$laptop" ssh "$1" true 2>/dev/null; }

configure_client() {
  cat <<END
IdentityFile $(home "$1")/.ssh/id_ed25519
UserKnownHostsFile $(home "$1")/.ssh/known_hosts
StrictHostKeyChecking yes
BatchMode yes
LogLevel ERROR
END
}

start_sshd() {
  local host=$1 settings
  settings=$(home "$host")/.ssh/sshd_config
  cat >"$settings" <<END
HostKey $(home "$host")/.ssh/host
AuthorizedKeysFile .ssh/authorized_keys
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PidFile none
Subsystem sftp internal-sftp
END
  # sshd wants an empty folder of a fixed name; it gets one in a /run that nobody else sees.
  exec_on "$host" sh -c 'mount -t tmpfs none /run && mkdir /run/sshd && exec /usr/sbin/sshd -D -e -f "$0"' "$settings" \
    >"$work/sshd-$host.txt" 2>&1 &
  disown
}
