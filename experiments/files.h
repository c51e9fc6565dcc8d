/* files.h - the one place that writes files: complete, and all together, or not at all.
 *
 * A file is written under a temporary name in the same folder, every write checked, synced to the disk, and then
 * renamed.  Several files that belong together are first all written, then all renamed: a full disk leaves the
 * earlier files as they were.
 */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "fathom.h"

struct file {
    const char *name; /* in the folder */
    const char *data;
    size_t      size; /* bytes of data */
};

/* Writes the n files (n <= LEAVE_TEMPORARIES) into the folder; false with one line in *error, and nothing changed. */
bool files_write(const char *folder, const struct file *files, size_t n, fathom_error *error);

/* Makes the folder if its parent is there, and tries whether a file can be written in it: before hours of work. */
bool files_folder(const char *folder, fathom_error *error);

#endif
