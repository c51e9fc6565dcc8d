/* files.h - the one place that writes files: complete, and all of one run together, or not at all.
 *
 * The files of a run are a set.  Each is written into a staging folder inside the folder of results, every write
 * checked, and synced to the disk; gnuplot draws from the tables there.  Then all are renamed to their places while
 * signals wait, and if one rename fails those before it are taken back.  So a full disk, Ctrl-C or a gnuplot that fails
 * leaves the earlier set as it was.  Only SIGKILL or a power failure between two renames can leave parts of two sets;
 * the manifest shows that (manifest.h).
 *
 * The name of a staging folder contains the program, the process id and a random number.  Its owner holds a lock on a
 * file in it.  A process that has ended holds no lock, on whatever machine it ran: the next set in the folder removes
 * its staging folder.
 */
#ifndef FILES_H
#define FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "fathom.h"
#include "manifest.h"

struct file {
    const char *name; /* in the folder */
    const char *data;
    size_t      size; /* bytes of data */
};

struct files;

/* A set for this folder.  program: for the staging folder's name.  NULL with one line in *error. */
struct files *files_begin(const char *folder, const char *program, fathom_error *error);

/* Stages n files more; at most FILES_MAX in all.  False with one line in *error; the set is still to be ended. */
enum { FILES_MAX = 48, FILES_NAME = 160 };
bool files_add_all(struct files *set, const struct file *files, size_t n, fathom_error *error);

/* When the set is put in place, the older file of this name is removed. */
bool files_drop(struct files *set, const char *name, fathom_error *error);

const char            *files_staging(const struct files *set);  /* the staging folder: the new tables, to draw from */
const struct manifest *files_manifest(const struct files *set); /* what is staged, and its sums                    */

/* Until this set ends, no other set is put in place in the folder, if the file system has such locks. */
void files_lock(struct files *set);

/* Puts the set in its place, and ends it; false with one line in *error, and the folder as it was. */
bool files_commit(struct files *set, fathom_error *error);
/* Ends the set, and changes nothing. */
void files_abandon(struct files *set);

/* A set of its own: begin, add, commit. */
bool files_write(const char *folder, const struct file *files, size_t n, fathom_error *error);

/* Creates the folder if its parent exists, and tries to stage a set in it.  Call it before hours of work. */
bool files_folder(const char *folder, fathom_error *error);

#endif
