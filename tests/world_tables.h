/* world_tables.h - how the tables of a synthetic world (report_world.h) are written: as the programs write theirs. */
#ifndef FATHOM_TESTS_WORLD_TABLES_H
#define FATHOM_TESTS_WORLD_TABLES_H

#include <stdbool.h>
#include <stdio.h>

#include "table.h"

extern char world_folder[64];

bool world_writes(const char *name); /* the table is one of the world's, with a head of its own */

FILE *create_table(const char *name, const char *columns); /* name.tsv, 21 lines of head; fails the test */
void  finish_table(FILE *file);
/* Derives a table as a program does, from another table of the folder. */
void derive_table(const char *name, const char *columns, void (*fill)(struct table *, const struct table *),
                  const char *from);

#endif
