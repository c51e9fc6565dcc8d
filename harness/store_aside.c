/* store_aside.c - a damaged store gets out of the way, whole, under a name of its own (store_parts.h).
 *
 * Invariant: nothing that was in the files is lost or changed, and no file is written over.
 */
#include "store_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* A name with nothing under it yet. */
static void free_name(char *name, size_t size, const char *path)
{
    struct stat file;
    snprintf(name, size, "%s.damaged", path);
    for (unsigned k = 2;
         store_file(name, "", &file) || store_file(name, "-wal", &file) || store_file(name, "-journal", &file); k++)
        snprintf(name, size, "%s.damaged-%u", path, k);
}

static bool rename_all(const char *to, const char *path)
{
    static const char *const ends[] = { "", "-wal", "-journal" }; /* a log that is left alone is taken for damaged */
    char                     from_name[PATH_ROOM + 64], to_name[PATH_ROOM + 64];
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        snprintf(from_name, sizeof from_name, "%s%s", path, ends[i]);
        snprintf(to_name, sizeof to_name, "%s%s", to, ends[i]);
        if (rename(from_name, to_name) != 0 && errno != ENOENT)
            return false;
    }
    snprintf(from_name, sizeof from_name, "%s-shm", path);
    return unlink(from_name) == 0 || errno == ENOENT;
}

/* Whether the path still leads to what was examined: another program may have moved it. */
static bool is_there(const char *path, const struct stat *file)
{
    struct stat now;
    if (file->st_ino == 0) /* a log alone */
        return !store_file(path, "", &now) && store_file(path, "-wal", &now);
    return store_file(path, "", &now) && now.st_ino == file->st_ino && now.st_dev == file->st_dev;
}

int store_lock_folder(const char *path)
{
    char folder[PATH_ROOM];
    store_folder(folder, path);
    const int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock >= 0)
        flock(lock, LOCK_SH);
    return lock;
}

bool store_move_aside(char *name, size_t size, const char *path, const struct stat *file, int lock, fathom_error *moved,
                      fathom_error *error)
{
    const char *colon = strstr(error->text, ": ");
    if (lock >= 0)
        flock(lock, LOCK_EX);
    if (!is_there(path, file))
        return true;
    free_name(name, size, path);
    if (!rename_all(name, path)) {
        store_error(error, "store %s: is damaged and cannot be moved aside: %s", path, strerror(errno));
        return false;
    }
    store_error(moved, "store %s: was damaged (%.120s); it is %s now, and a new one is begun", path,
                colon ? colon + 2 : "", name);
    return true;
}
