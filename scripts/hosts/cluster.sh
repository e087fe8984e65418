# A Slurm cluster on the hosts of network.sh: a controller on the laptop, a daemon on every host, a key of its own for munge.
# Its state, logs and sockets lie in the test's folder, which all hosts share. Sourced after network.sh.

cluster=$work/cluster
export SLURM_CONF=$cluster/slurm.conf

start_cluster() {
  local host
  mkdir -p "$cluster"
  for host in "${hosts[@]}"; do mkdir "$cluster/spool-$host"; done
  start_munge
  configure_cluster
  exec_on "$laptop" slurmctld -D >"$cluster/slurmctld.txt" 2>&1 &
  disown
  for host in "${hosts[@]}"; do
    exec_on "$host" slurmd -D >"$cluster/slurmd-$host.txt" 2>&1 &
    disown
  done
  wait_until 30 "all hosts are idle in Slurm" are_idle
}

start_munge() {
  # munge has no socket where not everybody could use it.
  chmod 711 "$work"
  head -c 128 /dev/urandom >"$cluster/munge.key"
  chmod 600 "$cluster/munge.key"
  exec_on "$laptop" munged --foreground --key-file "$cluster/munge.key" --socket "$cluster/munge" \
    --pid-file "$cluster/munge.pid" --log-file "$cluster/munge.log" --seed-file "$cluster/munge.seed" \
    >"$cluster/munge.txt" 2>&1 &
  disown
  wait_until 30 "munge has its socket" test -S "$cluster/munge"
}

configure_cluster() {
  cat >"$SLURM_CONF" <<END
ClusterName=hosts
SlurmctldHost=$laptop($(address "$laptop"))
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$cluster/munge
CredType=cred/munge
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool-%n
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/linear
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=1
SlurmdParameters=config_overrides
$(for host in "${hosts[@]}"; do echo "NodeName=$host NodeAddr=$(address "$host") CPUs=4 State=UNKNOWN"; done)
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
END
  # A daemon looks for control groups even where nothing uses them, and a namespace shows none.
  echo "CgroupPlugin=cgroup/v1" >"$cluster/cgroup.conf"
}

are_idle() {
  [ "$(on "$laptop" sinfo --noheader --states=idle --Node --format=%N 2>/dev/null | wc -l)" -eq ${#hosts[@]} ]
}
