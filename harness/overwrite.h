/* overwrite.h - tables of other settings are not replaced unless the folder was named.
 *
 * The default folder holds the tables of the report.  Without this check, a program that was started with other rows or
 * other settings, and without a folder of its own, would replace them.
 */
#ifndef OVERWRITE_H
#define OVERWRITE_H

#include <limits.h>

#include "table.h"

enum { OVERWRITE_KEY_SIZE = 32, OVERWRITE_VALUE_SIZE = 128 };

/* A setting that differs between a table and the new run; longer texts are cut. */
struct overwrite {
    char table[NAME_MAX + 1]; /* its file's name */
    char key[OVERWRITE_KEY_SIZE];
    char theirs[OVERWRITE_VALUE_SIZE], ours[OVERWRITE_VALUE_SIZE];
};

/* True if the folder holds a table (*.tsv) of the program that `head` names, one of whose settings has another value
 * there than in `head`; then *found says which, the first by name.  A key that only one of them has does not count, and
 * the version of this suite is no setting.  A folder or file that cannot be read holds no table. */
bool overwrite_differs(struct overwrite *found, const char *folder, const struct table *head);

#endif
