/* cores.h - how many threads this process may keep busy, and whether it can make them. */
#ifndef CORES_H
#define CORES_H

#include <stddef.h>

/* The minimum of OMP_NUM_THREADS, OMP_THREAD_LIMIT, the number of cores that the process's affinity allows, and its
 * control group's quota of processor time, in cores rounded up.  At least 1. */
size_t cores_usable(void);

/* The quota alone: the minimum over the group and the groups that contain it; 0 if there is none.  `groups` is a file
 * like /proc/self/cgroup (cgroups(7)), `root` the folder where the groups are mounted, /sys/fs/cgroup. */
size_t cores_of_quota(const char *groups, const char *root);

/* Tries whether `threads` threads can be, with the stacks that OMP_STACKSIZE asks for; ends the program with one line if
 * not.  Called before each team of OpenMP's, which would end it with its own words; it tries only what is more than
 * any team before had.  One thread at a time. */
void cores_need(size_t threads);

#endif
