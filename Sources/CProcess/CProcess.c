#define _GNU_SOURCE
#include "CProcess.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
// Newer than libc's <netinet/tcp.h>, which lacks the counters of bytes.
#include <linux/tcp.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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

int64_t byz_bytes_read(int descriptor) {
  int waiting = 0;
  struct tcp_info info = {0};
  socklen_t length = sizeof info;
  // What waits is asked first: what comes in between counts as read, not as less than nothing.
  if (ioctl(descriptor, SIOCINQ, &waiting) != 0) return -1;
  if (getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return -1;
  if (length < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received) return -1;
  return (int64_t)info.tcpi_bytes_received - waiting;
}

int byz_peer_address(int descriptor, char *text, size_t length) {
  struct sockaddr_storage address;
  socklen_t size = sizeof address;
  if (getpeername(descriptor, (struct sockaddr *)&address, &size) != 0) return -1;
  const void *bytes = NULL;
  in_port_t port = 0;
  if (address.ss_family == AF_INET) {
    bytes = &((struct sockaddr_in *)&address)->sin_addr;
    port = ((struct sockaddr_in *)&address)->sin_port;
  } else if (address.ss_family == AF_INET6) {
    bytes = &((struct sockaddr_in6 *)&address)->sin6_addr;
    port = ((struct sockaddr_in6 *)&address)->sin6_port;
  }
  return bytes && inet_ntop(address.ss_family, bytes, text, (socklen_t)length) ? ntohs(port) : -1;
}
