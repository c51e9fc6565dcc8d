/* report_change.h - a world's tables (report_world.h) changed by hand, and what the report then says. */
#ifndef FATHOM_TESTS_REPORT_CHANGE_H
#define FATHOM_TESTS_REPORT_CHANGE_H

/* In the rows of which each "column=value" of `where` is so, sets a column; or, if it is NULL, drops them.  Fails the
 * test if there is no such row. */
void change(const char *table, const char *where, const char *column, const char *value);
void drop(const char *table, const char *where);

/* In the report's lists of claims, the one whose title starts so has this verdict; and its section says that. */
void claim_in(const char *text, const char *title, const char *verdict, const char *says);
/* In the tables as they are now, unlike verdict_is, which writes them again. */
void claim_is(const char *title, const char *verdict, const char *says);
void not_tested(const char *title, const char *says);
void number_is(const char *title, const char *says);

#endif
