/* files.c - complete files, all together or not at all (files.h). */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "leave.h"

/* The temporary's name carries the process, so that two programs that write the same table do not meet. */
static bool temporary_path(char path[PATH_MAX], const char *folder, const char *name)
{
    return snprintf(path, PATH_MAX, "%s/.%s.%ld", folder, name, (long)getpid()) < PATH_MAX;
}

/* 0 or errno.  The temporary stays remembered until it is renamed or removed. */
static int write_temporary(const char *path, const struct file *file)
{
    if (!leave_remember(path))
        return ENAMETOOLONG;
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0) {
        int code = errno;
        leave_forget(path);
        return code;
    }
    int code = 0;
    for (size_t sent = 0; sent < file->size && code == 0;) {
        ssize_t n = write(fd, file->data + sent, file->size - sent);
        if (n > 0)
            sent += (size_t)n;
        else if (n == 0)
            code = ENOSPC;
        else if (errno != EINTR)
            code = errno;
    }
    if (code == 0 && fsync(fd) != 0)
        code = errno;
    if (close(fd) != 0 && code == 0) /* network file systems report a full disk here */
        code = errno;
    if (code != 0) {
        unlink(path);
        leave_forget(path);
    }
    return code;
}

static void sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd); /* some file systems refuse this; the files themselves are safe already */
        close(fd);
    }
}

bool files_write(const char *folder, const struct file *files, size_t n, fathom_error *error)
{
    char   temporary[PATH_MAX], path[PATH_MAX];
    size_t written = 0, renamed = 0;
    int    code = 0;

    while (written < n && code == 0) {
        code = temporary_path(temporary, folder, files[written].name)
                   ? write_temporary(temporary, &files[written]) : ENAMETOOLONG;
        written += code == 0;
    }
    const struct file *culprit = &files[written];

    leave_hold_signals();
    for (; renamed < written && code == 0; renamed++) {
        temporary_path(temporary, folder, files[renamed].name);
        if (snprintf(path, sizeof path, "%s/%s", folder, files[renamed].name) >= PATH_MAX)
            code = ENAMETOOLONG;
        else if (rename(temporary, path) != 0)
            code = errno;
        if (code != 0) {
            culprit = &files[renamed];
            break;
        }
        leave_forget(temporary);
    }
    for (size_t i = renamed; i < written; i++) { /* only after a failure: what was not renamed goes */
        temporary_path(temporary, folder, files[i].name);
        unlink(temporary);
        leave_forget(temporary);
    }
    leave_release_signals();

    if (code != 0) {
        snprintf(error->text, sizeof error->text, "%.200s/%.60s: cannot be written: %s", folder, culprit->name,
                 strerror(code));
        return false;
    }
    sync_folder(folder);
    return true;
}

bool files_folder(const char *folder, fathom_error *error)
{
    static const struct file probe = {.name = "fathom-probe", .data = "probe\n", .size = 6};
    char                     temporary[PATH_MAX];
    struct stat              info;
    int                      code = 0;

    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        code = errno;
    else if (stat(folder, &info) != 0)
        code = errno;
    else if (!S_ISDIR(info.st_mode))
        code = ENOTDIR;
    else if (!temporary_path(temporary, folder, probe.name))
        code = ENAMETOOLONG;
    else if ((code = write_temporary(temporary, &probe)) == 0) {
        unlink(temporary);
        leave_forget(temporary);
    }
    if (code != 0)
        snprintf(error->text, sizeof error->text, "folder '%.200s': cannot be written in: %s", folder,
                 strerror(code));
    return code == 0;
}
