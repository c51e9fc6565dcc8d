/* cores.h - how many threads this process may keep busy. */
#ifndef CORES_H
#define CORES_H

#include <stddef.h>

/* The minimum of OMP_NUM_THREADS, OMP_THREAD_LIMIT, the number of cores that the process's affinity allows, and its
 * control group's quota of processor time, in cores rounded up.  At least 1. */
size_t cores_usable(void);

/* The quota alone: the minimum over the group and the groups that contain it; 0 if there is none.  `groups` is a file
 * like /proc/self/cgroup (cgroups(7)), `root` the folder where the groups are mounted, /sys/fs/cgroup. */
size_t cores_of_quota(const char *groups, const char *root);

#endif
