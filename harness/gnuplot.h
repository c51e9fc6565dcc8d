/* gnuplot.h - one run of gnuplot, as a function from a script to its exit status, standard output and standard error.
 *
 * All three are held in memory.  A run is good if the script ran to its end: its last command prints a sentinel line,
 * and after a command that fails gnuplot skips the sentinel (gnuplot_script_end).  A line on standard error alone is no
 * failure: it may be a warning, or come from another program (ld.so, fontconfig).
 *
 * The run has a time limit.  It ends when gnuplot ends; it does not wait for processes that gnuplot left behind and
 * that hold the pipes.
 */
#ifndef GNUPLOT_H
#define GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>

#include "bytes.h"
#include "plot_status.h"

void gnuplot_quoted(struct bytes *script, const char *text); /* as a string of gnuplot's, in single quotes */

struct gnuplot_run {
    struct bytes out, err;
    int          wait_status; /* of waitpid */
    bool         timed_out;   /* it was killed at the time limit */
};

/* Runs the script in `folder` for at most so many seconds.  PLOT_OK: gnuplot ran, whatever the outcome.  Otherwise (no
 * gnuplot, memory is short, ...) *error says why and *run is empty.  gnuplot_free is allowed after both. */
plot_status gnuplot_run(struct gnuplot_run *run, const char *folder, const struct bytes *script, unsigned seconds,
                        fathom_error *error);
void        gnuplot_free(struct gnuplot_run *run);

/* Ends the line of commands that must all succeed: it ends the picture and prints the sentinel.  After a command that
 * fails, also in a file that the line loads, gnuplot skips the rest of the line. */
void gnuplot_script_end(struct bytes *script);

/* PLOT_OK if gnuplot ended by itself with status 0 and the script ran to its end; `what` names it in *error. */
plot_status gnuplot_judge(const struct gnuplot_run *run, const char *what, fathom_error *error);

/* The next line of standard error that is neither blank nor the sentinel, from *at on (0 at first): in ASCII, whatever
 * else it held as '?'.  False at the end. */
enum { GNUPLOT_LINE = 256 };
bool gnuplot_line(char line[GNUPLOT_LINE], size_t *at, const struct gnuplot_run *run);

/* The most informative line: the first that names a place of a script ("x.gp" line 3: ...), else the first.  False if
 * there is none. */
bool gnuplot_complaint(char line[GNUPLOT_LINE], const struct gnuplot_run *run);

#endif
