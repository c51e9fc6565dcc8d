/* store_path.c - what lies where a store should be, before it is opened (store_parts.h). */
#include "store_parts.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool store_file(const char *path, const char *end, struct stat *file)
{
    char name[PATH_ROOM + 64];
    snprintf(name, sizeof name, "%s%s", path, end);
    return stat(name, file) == 0;
}

void store_folder(char *folder, const char *path)
{
    const char *slash = strrchr(path, '/');
    snprintf(folder, PATH_ROOM, "%.*s", slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
}

bool store_usable_path(const char *path, fathom_error *error)
{
    struct stat file;
    char        folder[PATH_ROOM];
    if (*path == '\0' || strlen(path) > PATH_ROOM - 64) {
        store_error(error, "store: its path is %s", *path ? "too long" : "empty");
        return false;
    }
    store_folder(folder, path);
    if (stat(folder, &file) != 0) {
        store_error(error, "store %s: the folder %s: %s", path, folder, strerror(errno));
        return false;
    }
    if (stat(path, &file) == 0 && !S_ISREG(file.st_mode)) {
        store_error(error, "store %s: is not a file", path);
        return false;
    }
    return true;
}

bool store_is_read_only(const char *path)
{
    struct stat log;
    char        folder[PATH_ROOM];
    store_folder(folder, path);
    return access(folder, W_OK) != 0 && !store_file(path, "-wal", &log);
}

void store_immutable_name(char *name, const char *path)
{
    char *to = name + sprintf(name, "file:%s", *path == '/' ? "//" : "./");
    for (; *path; path++)
        if (strchr("%?#", *path))
            to += sprintf(to, "%%%02x", (unsigned char)*path);
        else
            *to++ = *path;
    strcpy(to, "?immutable=1");
}

bool store_is_orphaned_log(const char *path, struct stat *file)
{
    struct stat log;
    *file = (struct stat){ 0 };
    return (!store_file(path, "", file) || file->st_size == 0) && store_file(path, "-wal", &log) && log.st_size > 0;
}
