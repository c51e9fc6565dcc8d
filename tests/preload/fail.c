/* fail.c - LD_PRELOAD: the disk fails.
 *
 * Of the calls of the kind FAIL_CALL that concern files under FAIL_UNDER, number FAIL_AT (from 0) fails with errno
 * FAIL_ERRNO, and if that is ENOSPC all later writes do as well: a full disk stays full.  The file FAIL_FIRED appears
 * when that happens.  The kinds: write (and truncate), sync, rename (and link), open (and mkdir, opendir), unlink (and
 * rmdir).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int count, full;

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value ? value : "";
}

static int under(const char *path)
{
    char        absolute[2 * PATH_MAX], here[PATH_MAX];
    const char *folder = setting("FAIL_UNDER");
    if (*path != '/' && getcwd(here, sizeof here))
        snprintf(absolute, sizeof absolute, "%s/%s", here, path);
    else
        snprintf(absolute, sizeof absolute, "%s", path);
    return *folder && strncmp(absolute, folder, strlen(folder)) == 0;
}

/* 0, or the errno to fail with. */
static int fails(const char *call, const char *path)
{
    const int number = atoi(setting("FAIL_ERRNO"));
    if (!under(path))
        return 0;
    if (atomic_load(&full) && strcmp(call, "write") == 0)
        return ENOSPC;
    if (strcmp(call, setting("FAIL_CALL")) != 0 || atomic_fetch_add(&count, 1) != atoi(setting("FAIL_AT")))
        return 0;
    atomic_store(&full, number == ENOSPC);
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, setting("FAIL_FIRED"), O_CREAT | O_WRONLY, 0666);
    if (fd >= 0)
        syscall(SYS_close, fd);
    return number;
}

static int fails_fd(const char *call, int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    path[length > 0 ? length : 0] = '\0';
    return fails(call, path);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL_IF(expression)         \
    do {                            \
        const int e = (expression); \
        if (e) {                    \
            errno = e;              \
            return -1;              \
        }                           \
    } while (0)

ssize_t write(int fd, const void *data, size_t size)
{
    FAIL_IF(fails_fd("write", fd));
    return REAL(write)(fd, data, size);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    FAIL_IF(fails_fd("write", fd));
    return REAL(pwrite)(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    FAIL_IF(fails_fd("write", fd));
    return REAL(pwrite64)(fd, data, size, at);
}
int ftruncate(int fd, off_t size)
{
    FAIL_IF(fails_fd("write", fd));
    return REAL(ftruncate)(fd, size);
}
int ftruncate64(int fd, off64_t size)
{
    FAIL_IF(fails_fd("write", fd));
    return REAL(ftruncate64)(fd, size);
}
int fsync(int fd)
{
    FAIL_IF(fails_fd("sync", fd));
    return REAL(fsync)(fd);
}
int fdatasync(int fd)
{
    FAIL_IF(fails_fd("sync", fd));
    return REAL(fdatasync)(fd);
}
int rename(const char *from, const char *to)
{
    FAIL_IF(fails("rename", to));
    return REAL(rename)(from, to);
}
int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    FAIL_IF(fails_fd("rename", to_folder));
    return REAL(renameat)(from_folder, from, to_folder, to);
}
int link(const char *from, const char *to)
{
    FAIL_IF(fails("rename", to));
    return REAL(link)(from, to);
}
int unlink(const char *path)
{
    FAIL_IF(fails("unlink", path));
    return REAL(unlink)(path);
}
int unlinkat(int folder, const char *path, int flags)
{
    FAIL_IF(*path == '/' || folder == AT_FDCWD ? fails("unlink", path) : fails_fd("unlink", folder));
    return REAL(unlinkat)(folder, path, flags);
}
int rmdir(const char *path)
{
    FAIL_IF(fails("unlink", path));
    return REAL(rmdir)(path);
}
int mkdir(const char *path, mode_t mode)
{
    FAIL_IF(fails("open", path));
    return REAL(mkdir)(path, mode);
}

static mode_t mode_of(int flags, va_list arguments)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}
#define OPEN(name)                                     \
    int name(const char *path, int flags, ...)         \
    {                                                  \
        va_list arguments;                             \
        va_start(arguments, flags);                    \
        const mode_t mode = mode_of(flags, arguments); \
        va_end(arguments);                             \
        FAIL_IF(fails("open", path));                  \
        return REAL(name)(path, flags, mode);          \
    }
OPEN(open)
OPEN(open64)
int openat(int folder, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = mode_of(flags, arguments);
    va_end(arguments);
    if (*path == '/' || folder == AT_FDCWD)
        FAIL_IF(fails("open", path));
    else
        FAIL_IF(fails_fd("open", folder));
    return REAL(openat)(folder, path, flags, mode);
}
FILE *fopen(const char *path, const char *mode)
{
    const int e = fails("open", path);
    if (e) {
        errno = e;
        return NULL;
    }
    return REAL(fopen)(path, mode);
}
DIR *opendir(const char *path)
{
    const int e = fails("open", path);
    if (e) {
        errno = e;
        return NULL;
    }
    return REAL(opendir)(path);
}
