#define _GNU_SOURCE
#include "CProcess.h"

#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <unistd.h>

const short byz_spawn_setsid = POSIX_SPAWN_SETSID;

int byz_die_with_parent(pid_t parent) {
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) return -1;
  // The parent may have died before the kernel knew; then this process has been adopted by another one.
  if (getppid() != parent) raise(SIGKILL);
  return 0;
}

int byz_add_close_others(posix_spawn_file_actions_t *actions) {
  return posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}
