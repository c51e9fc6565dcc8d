/* cores.c - how many threads this process may keep busy, and whether it can make them (cores.h).
 *
 * A container that may use two cores of sixty-four is given a quota of processor time, which neither the number of
 * cores nor the affinity shows.  Linux writes it as two numbers of microseconds, quota and period: in one file,
 * cpu.max, under version 2 of its control groups, and in two under version 1.
 */
#include "cores.h"

#include <ctype.h>
#include <limits.h>
#include <omp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

/* The file's first line without its newline; "" if it cannot be read. */
static void first_line(char *line, int size, const char *folder, const char *name)
{
    char path[PATH_MAX];
    line[0] = '\0';
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return;
    FILE *in = fopen(path, "r");
    if (!in)
        return;
    if (!fgets(line, size, in))
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    fclose(in);
}

/* 0 if the group in this folder has no quota ("max", -1) or is not there. */
static size_t quota_in(const char *folder, int version)
{
    char line[64], period_line[64];
    long quota = 0, period = 0;
    if (version == 2) {
        first_line(line, sizeof line, folder, "cpu.max");
        if (sscanf(line, "%ld %ld", &quota, &period) != 2)
            return 0;
    } else {
        first_line(line, sizeof line, folder, "cpu.cfs_quota_us");
        first_line(period_line, sizeof period_line, folder, "cpu.cfs_period_us");
        quota = strtol(line, NULL, 10);
        period = strtol(period_line, NULL, 10);
    }
    return quota > 0 && period > 0 ? (size_t)((quota - 1) / period + 1) : 0;
}

static size_t lesser(size_t a, size_t b) { return a > 0 && (b == 0 || a < b) ? a : b; }

/* From the group itself up to the root: a group's quota binds all the groups in it. */
static size_t quota_along(const char *mount, const char *group, int version)
{
    char   folder[PATH_MAX];
    size_t least = 0, start = strlen(mount);
    if (snprintf(folder, sizeof folder, "%s%s", mount, group) >= (int)sizeof folder)
        return 0;
    for (;;) {
        least = lesser(least, quota_in(folder, version));
        char *last = strrchr(folder + start, '/');
        if (!last)
            return least;
        *last = '\0';
    }
}

/* True if the list "cpu,cpuacct" names the controller cpu. */
static bool has_cpu(const char *list)
{
    for (; *list; list += strcspn(list, ",") + (list[strcspn(list, ",")] == ','))
        if (strncmp(list, "cpu", 3) == 0 && (list[3] == ',' || list[3] == '\0'))
            return true;
    return false;
}

size_t cores_of_quota(const char *groups, const char *root)
{
    char   line[PATH_MAX], mount[PATH_MAX];
    size_t least = 0;
    FILE  *in = fopen(groups, "r");
    while (in && fgets(line, sizeof line, in)) { /* number:controllers:/group */
        line[strcspn(line, "\n")] = '\0';
        char *list = strchr(line, ':'), *group = list ? strchr(list + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        const int version = list[1] == '\0' ? 2 : 1;
        if (version == 1 && !has_cpu(list + 1))
            continue;
        if (snprintf(mount, sizeof mount, "%s%s", root, version == 1 ? "/cpu" : "") < (int)sizeof mount)
            least = lesser(least, quota_along(mount, group, version));
    }
    if (in)
        fclose(in);
    return least;
}

size_t cores_usable(void)
{
    size_t least = cores_of_quota("/proc/self/cgroup", "/sys/fs/cgroup");
    least = lesser(least, (size_t)omp_get_num_procs());
    least = lesser(least, (size_t)omp_get_max_threads());
    return lesser(least, (size_t)omp_get_thread_limit());
}

/* --------------------------------------------------------------------------------------------- making threads ---- */

/* In bytes, from a number and a unit, B, K, M or G, K if there is none (OpenMP 5.2, 21.2.7); 0: the system's. */
static size_t stack_wanted(void)
{
    const char              *text = getenv("OMP_STACKSIZE");
    char                    *unit;
    const unsigned long long size = text ? strtoull(text, &unit, 10) : 0;
    if (size == 0)
        return 0;
    unit += strspn(unit, " \t");
    const char     c = (char)toupper((unsigned char)*unit);
    const unsigned shift = c == 'B' ? 0 : c == 'M' ? 20 : c == 'G' ? 30 : 10;
    return size <= SIZE_MAX >> shift ? (size_t)size << shift : SIZE_MAX;
}

/* A thread that is there until the mutex is free. */
static void *stay(void *mutex)
{
    pthread_mutex_lock(mutex);
    pthread_mutex_unlock(mutex);
    return NULL;
}

void cores_need(size_t threads)
{
    static size_t   most = 1;
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_attr_t  how;
    const size_t    more = threads > most ? threads - most : 0, stack = stack_wanted();
    pthread_t      *thread = malloc((more + 1) * sizeof *thread);
    size_t          made = 0;
    int             code = 0;
    if (!thread)
        exit_failed("not enough memory for %zu threads", threads);
    pthread_attr_init(&how);
    if (stack > 0)
        pthread_attr_setstacksize(&how, stack);
    pthread_mutex_lock(&mutex);
    while (made < more && (code = pthread_create(&thread[made], &how, stay, &mutex)) == 0)
        made++;
    pthread_mutex_unlock(&mutex);
    for (size_t i = 0; i < made; i++)
        pthread_join(thread[i], NULL);
    pthread_attr_destroy(&how);
    free(thread);
    if (code != 0)
        exit_failed("--threads %zu: the system makes no more than %zu here (%s); --threads %zu, or a smaller "
                    "OMP_STACKSIZE, asks for less",
                    threads, most + made, strerror(code), most + made);
    most += more;
}
