#ifndef C_PROCESS_H
#define C_PROCESS_H

#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Has the kernel kill this process with SIGKILL as soon as the thread of `parent` that started it ends, even if that
// happens before this call returns or while this process is stopped. Returns 0, or -1 with errno set.
int byz_die_with_parent(pid_t parent);

// Has a new process start with its standard descriptors alone, whatever its starter was given by others. Returns 0 or an
// error's number. (The function that it calls is one that Swift does not see.)
int byz_add_close_others(posix_spawn_file_actions_t *actions);

// POSIX_SPAWN_SETSID, which Swift does not see: the new process begins a session of its own.
extern const short byz_spawn_setsid;

// How many bytes of a TCP connection this process has read so far: what the kernel has received without what it still
// holds. Returns -1 for anything but a TCP connection, or if the kernel does not say.
int64_t byz_bytes_read(int descriptor);

// Writes the IP address of the other end of a TCP connection to `text`. Returns its port, or -1 if there is none.
int byz_peer_address(int descriptor, char *text, size_t length);

#endif
