/* manifest.h - the SHA-256 sums of the files of one run, so that a folder of mixed runs is recognised.
 *
 * DIR/<program>.sha256 lists every table and figure that the last run of the program put into DIR, as `sha256sum`
 * prints them ("<64 hexadecimal digits>  <name>"), so that `sha256sum -c` reads it too.  DIR/SHA256SUMS, which
 * `make all` writes, has the same form and lists every table of DIR.  A folder in which a file is not what its manifest
 * lists is a mixture: of two runs, or of a run and something else.
 */
#ifndef MANIFEST_H
#define MANIFEST_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"
#include "fathom.h"

enum { MANIFEST_SUM = 65, MANIFEST_NAME = 160, MANIFEST_MAX = 256 };

struct manifest {
    size_t n;
    struct manifest_line {
        char sum[MANIFEST_SUM]; /* 64 digits of 0-9a-f and a 0 */
        char name[MANIFEST_NAME];
    } line[MANIFEST_MAX];
};

void manifest_sum(char sum[MANIFEST_SUM], const void *data, size_t size);

/* The line of this name, or NULL. */
const struct manifest_line *manifest_find(const struct manifest *manifest, const char *name);

/* Adds a line; false: it is full, or the name is too long. */
bool manifest_add(struct manifest *manifest, const char *sum, const char *name);

/* Sorts the manifest by name, and adds the bytes of its file. */
void manifest_print(struct bytes *out, struct manifest *manifest);

enum manifest_status {
    MANIFEST_READ,   /* whole                                           */
    MANIFEST_ABSENT, /* no such file: the manifest is empty             */
    MANIFEST_BROKEN  /* one line in *error; what was read so far stands */
};
enum manifest_status manifest_read(struct manifest *manifest, const char *folder, const char *file,
                                   fathom_error *error);

/* Does DIR/<name> have the sum of the line?  Reads regular files only. */
enum manifest_match {
    MANIFEST_SAME,      /* it has the sum                               */
    MANIFEST_OTHER,     /* it has another                               */
    MANIFEST_MISSING,   /* there is no such file                        */
    MANIFEST_UNREADABLE /* it is no regular file, or cannot be read     */
};
enum manifest_match manifest_check(const char *folder, const struct manifest_line *line);

/* Is this folder a mixture?  Adds to *lines one line for each file that is not the one that the manifest `file` of the
 * folder lists; returns how many. */
size_t manifest_mixture_of(struct bytes *lines, const char *folder, const char *file);

/* The same for every <program>.sha256 of the folder.  0: as far as manifests show,
 * the folder is of one run of each program; a folder without manifests gives 0. */
size_t manifest_mixture(struct bytes *lines, const char *folder);

#endif
