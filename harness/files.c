/* files.c - complete files, all of a run together or not at all (files.h). */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "exit.h"

static const char prefix[] = ".fathom-", lock_name[] = "lock";

/* A folder's name is shorter than this: the staging folder, and a file's name in it, fit behind it. */
enum { FOLDER_MAX = PATH_MAX - 2 * FILES_NAME };

struct files {
    char            folder[PATH_MAX], staging[PATH_MAX];
    int             lock;        /* of the staging folder; -1: none            */
    int             folder_lock; /* of the folder of results; -1: not asked for */
    struct manifest staged;
    size_t          n_dropped;
    char            dropped[FILES_MAX][FILES_NAME];
    bool            fresh[2 * FILES_MAX]; /* while they are put in place: there was none of that name */
};

/* "%s/%s", which fits: files_begin has checked the folder, files_add the name. */
static void path_of(char path[PATH_MAX], const char *folder, const char *name)
{
    snprintf(path, PATH_MAX, "%.*s/%.*s", PATH_MAX - FILES_NAME - 1, folder, FILES_NAME - 1, name);
}

static bool fail(fathom_error *error, const char *folder, const char *name, int code)
{
    snprintf(error->text, sizeof error->text, "%.200s/%.60s: cannot be written: %s", folder, name, strerror(code));
    return false;
}

/* -------------------------------------------------------------------------------------- the staging folder ---- */

static uint64_t random_number(void)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) { /* early at boot: unique will do */
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        number = (uint64_t)now.tv_nsec * 0x9e3779b97f4a7c15u + (uint64_t)now.tv_sec;
    }
    return number;
}

/* Removes all that is in a staging folder but the lock's file: whether nothing else is left. */
static bool empty(const char *staging)
{
    DIR *stream = opendir(staging);
    bool done = stream != NULL;
    for (struct dirent *entry; stream && (entry = readdir(stream));)
        if (strcmp(entry->d_name, lock_name) != 0 && strcmp(entry->d_name, ".") != 0 &&
            strcmp(entry->d_name, "..") != 0 && unlinkat(dirfd(stream), entry->d_name, 0) != 0)
            done = false;
    if (stream)
        closedir(stream);
    return done;
}

/* Removes the staging folder `name` of a process that is gone; one whose lock is held is left alone.  The lock's file
 * goes last, so that a folder without one is empty: its owner is just starting and tries again, or is just done. */
static void sweep(const char *folder, const char *name)
{
    char path[PATH_MAX];
    path_of(path, folder, name);
    const int staging = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (staging < 0)
        return;
    const int  lock = openat(staging, lock_name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    const bool emptied = lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0 && empty(path);
    if (emptied)
        unlinkat(staging, lock_name, 0);
    if (emptied || lock < 0)
        rmdir(path);
    if (lock >= 0)
        close(lock);
    close(staging);
}

static void sweep_all(const char *folder)
{
    DIR *stream = opendir(folder);
    if (!stream)
        return;
    for (struct dirent *entry; (entry = readdir(stream));)
        if (strncmp(entry->d_name, prefix, sizeof prefix - 1) == 0)
            sweep(folder, entry->d_name);
    closedir(stream);
}

/* Makes the staging folder and takes its lock: 0, errno, or EAGAIN if a sweeper was faster. */
static int make_staging(struct files *set, const char *program)
{
    char        name[FILES_NAME], path[PATH_MAX];
    struct stat info;
    snprintf(name, sizeof name, "%s%.64s-%ld-%016llx", prefix, program, (long)getpid(),
             (unsigned long long)random_number());
    path_of(set->staging, set->folder, name);
    path_of(path, set->staging, lock_name);
    if (!exit_remember_folder(set->staging))
        return ENFILE;
    if (!exit_remember(path)) {
        exit_forget(set->staging);
        return ENFILE;
    }
    int code = mkdir(set->staging, 0777) == 0 ? 0 : errno == EEXIST ? EAGAIN : errno;
    if (code == 0) {
        set->lock = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (set->lock < 0)
            code = errno == ENOENT ? EAGAIN : errno;
        else if (flock(set->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
            code = EAGAIN; /* any other error: a file system without locks, on which no program sweeps either */
        else if (fstat(set->lock, &info) != 0 || info.st_nlink == 0)
            code = EAGAIN;
        if (code != 0) {
            if (set->lock >= 0) {
                unlink(path);
                close(set->lock);
            }
            set->lock = -1;
            rmdir(set->staging);
        }
    }
    if (code != 0) {
        exit_forget(path);
        exit_forget(set->staging);
    }
    return code;
}

struct files *files_begin(const char *folder, const char *program, fathom_error *error)
{
    struct files *set = calloc(1, sizeof *set);
    int           code = set ? strlen(folder) < FOLDER_MAX ? EAGAIN : ENAMETOOLONG : ENOMEM;
    if (code == EAGAIN) {
        set->lock = set->folder_lock = -1;
        strcpy(set->folder, folder);
        sweep_all(folder);
    }
    for (int tries = 0; code == EAGAIN && tries < 100; tries++)
        code = make_staging(set, program);
    if (code != 0) {
        snprintf(error->text, sizeof error->text, "folder '%.200s': cannot be written in: %s", folder, strerror(code));
        free(set);
        set = NULL;
    }
    return set;
}

/* ------------------------------------------------------------------------------------------------- the end ---- */

static void backup_of(char path[PATH_MAX], const struct files *set, size_t i)
{
    char name[32];
    snprintf(name, sizeof name, ".earlier-%zu", i);
    path_of(path, set->staging, name);
}

static bool is_gone(const char *path) { return unlink(path) == 0 || errno == ENOENT; }

/* Removes what is known to be in the staging folder, without a list of it, for which descriptors or memory may be
 * missing: whether nothing of that is left. */
static bool remove_known(const struct files *set)
{
    char path[PATH_MAX];
    bool done = true;
    for (size_t i = 0; i < set->staged.n + set->n_dropped; i++) {
        backup_of(path, set, i);
        done = is_gone(path) && done;
    }
    for (size_t i = 0; i < set->staged.n; i++) {
        path_of(path, set->staging, set->staged.line[i].name);
        done = is_gone(path) && done;
    }
    return done;
}

/* What is left in the staging folder goes, and the set with it.  Where that fails the lock's file stays, unlocked, by
 * which a later program finds the folder and sweeps it. */
static void end(struct files *set)
{
    char path[PATH_MAX];
    exit_hold_signals();
    const bool emptied = empty(set->staging) || remove_known(set);
    for (size_t i = 0; i < set->staged.n; i++) {
        path_of(path, set->staging, set->staged.line[i].name);
        exit_forget(path);
    }
    path_of(path, set->staging, lock_name);
    if (emptied)
        unlink(path);
    exit_forget(path);
    rmdir(set->staging);
    exit_forget(set->staging);
    close(set->lock);
    if (set->folder_lock >= 0)
        close(set->folder_lock);
    free(set);
    exit_release_signals();
}

void files_abandon(struct files *set)
{
    if (set)
        end(set);
}

/* ------------------------------------------------------------------------------------------------- staging ---- */

/* 0 or errno. */
static int write_all(int fd, const struct file *file)
{
    for (size_t sent = 0; sent < file->size;) {
        const ssize_t n = write(fd, file->data + sent, file->size - sent);
        if (n > 0)
            sent += (size_t)n;
        else if (n == 0)
            return ENOSPC;
        else if (errno != EINTR)
            return errno;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

static int stage(struct files *set, const struct file *file)
{
    char path[PATH_MAX], sum[MANIFEST_SUM];
    if (strlen(file->name) >= FILES_NAME || set->staged.n == FILES_MAX)
        return ENAMETOOLONG;
    path_of(path, set->staging, file->name);
    if (!exit_remember(path))
        return ENFILE;
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
    int       code = fd < 0 ? errno : write_all(fd, file);
    if (fd >= 0 && close(fd) != 0 && code == 0) /* network file systems report a full disk here */
        code = errno;
    if (code == 0) {
        manifest_sum(sum, file->data, file->size);
        manifest_add(&set->staged, sum, file->name);
    } else {
        if (fd >= 0)
            unlink(path);
        exit_forget(path);
    }
    return code;
}

bool files_add_all(struct files *set, const struct file *files, size_t n, fathom_error *error)
{
    for (size_t i = 0; i < n; i++) {
        const int code = stage(set, &files[i]);
        if (code != 0)
            return fail(error, set->folder, files[i].name, code);
    }
    return true;
}

bool files_drop(struct files *set, const char *name, fathom_error *error)
{
    if (set->n_dropped == FILES_MAX || strlen(name) >= FILES_NAME)
        return fail(error, set->folder, name, ENAMETOOLONG);
    strcpy(set->dropped[set->n_dropped++], name);
    return true;
}

const char            *files_staging(const struct files *set) { return set->staging; }
const struct manifest *files_manifest(const struct files *set) { return &set->staged; }

/* -------------------------------------------------------------------------------------------- all together ---- */

void files_lock(struct files *set)
{
    if (set->folder_lock < 0)
        set->folder_lock = open(set->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (set->folder_lock >= 0)
        while (flock(set->folder_lock, LOCK_EX) != 0 && errno == EINTR)
            continue; /* any other error: a file system without such locks */
}

static const char *name_at(const struct files *set, size_t i)
{
    return i < set->staged.n ? set->staged.line[i].name : set->dropped[i - set->staged.n];
}

/* Renames or removes the i-th file, and keeps a second name of the earlier one: 0 or errno. */
static int put(struct files *set, size_t i)
{
    char from[PATH_MAX], to[PATH_MAX], backup[PATH_MAX];
    path_of(to, set->folder, name_at(set, i));
    backup_of(backup, set, i);
    if (link(to, backup) != 0) {
        if (errno == ENOSPC)
            return ENOSPC;               /* there would be no way back */
        set->fresh[i] = errno == ENOENT; /* else: a file system without such links */
    }
    if (i >= set->staged.n)
        return unlink(to) == 0 || errno == ENOENT ? 0 : errno;
    path_of(from, set->staging, set->staged.line[i].name);
    return rename(from, to) == 0 ? 0 : errno;
}

static void take_back(const struct files *set, size_t i)
{
    char to[PATH_MAX], backup[PATH_MAX];
    path_of(to, set->folder, name_at(set, i));
    backup_of(backup, set, i);
    if (set->fresh[i])
        unlink(to);
    else
        rename(backup, to);
}

bool files_commit(struct files *set, fathom_error *error)
{
    const size_t n = set->staged.n + set->n_dropped;
    size_t       done = 0;
    int          code = 0;
    files_lock(set);
    exit_hold_signals();
    /* Backwards: what goes first, the manifest, which is staged last, next.  Killed between two of these, the folder
     * holds a manifest that does not fit. */
    while (done < n && (code = put(set, n - 1 - done)) == 0)
        done++;
    if (code != 0) {
        fail(error, set->folder, name_at(set, n - 1 - done), code);
        while (done > 0)
            take_back(set, n - done--);
    } else if (set->folder_lock >= 0)
        fsync(set->folder_lock); /* some file systems refuse this; the files themselves are safe already */
    end(set);
    exit_release_signals();
    return code == 0;
}

bool files_write(const char *folder, const struct file *files, size_t n, fathom_error *error)
{
    struct files *set = files_begin(folder, "files", error);
    if (set && files_add_all(set, files, n, error))
        return files_commit(set, error);
    files_abandon(set);
    return false;
}

bool files_folder(const char *folder, fathom_error *error)
{
    static const struct file probe = { .name = "fathom-probe", .data = "probe\n", .size = 6 };
    struct stat              info;
    int                      code = 0;

    if (strlen(folder) >= FOLDER_MAX - FILES_NAME) /* room for a folder in it as well: timings/ */
        code = ENAMETOOLONG;
    else if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        code = errno;
    else if (stat(folder, &info) != 0)
        code = errno;
    else if (!S_ISDIR(info.st_mode))
        code = ENOTDIR;
    else {
        struct files *set = files_begin(folder, "probe", error);
        if (!set)
            return false;
        code = stage(set, &probe);
        end(set);
    }
    if (code != 0)
        snprintf(error->text, sizeof error->text, "folder '%.200s': cannot be written in: %s", folder, strerror(code));
    return code == 0;
}
