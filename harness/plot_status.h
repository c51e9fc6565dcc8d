/* plot_status.h - how the drawing of a figure ends. */
#ifndef PLOT_STATUS_H
#define PLOT_STATUS_H

#include "fathom.h"

typedef enum plot_status {
    PLOT_OK = 0,
    PLOT_BAD_ARGUMENT, /* an unknown format, a name or folder that cannot be passed on                    */
    PLOT_NO_SCRIPTS,   /* plots/ is not where this program looks for it, or has no such figure            */
    PLOT_NO_GNUPLOT,   /* no gnuplot in PATH, or it could not be started                                  */
    PLOT_NO_TERMINAL,  /* this gnuplot cannot write one of the wanted formats                             */
    PLOT_COMPLAINED,   /* no good picture, and gnuplot said why: its first complaint is the error's text  */
    PLOT_FAILED,       /* gnuplot exited with another status than 0, or was killed by a signal            */
    PLOT_TIMED_OUT,    /* gnuplot was not done within the time limit, and was killed                      */
    PLOT_UNFINISHED,   /* the sentinel did not come: the script did not run to its end                    */
    PLOT_INCOMPLETE,   /* the picture is empty, cut short, or not of its format                           */
    PLOT_NOT_WRITTEN,  /* the picture was good, but its file could not be written: full disk, no permission */
    PLOT_NO_MEMORY
} plot_status;

const char *plot_status_name(plot_status status); /* "ok", "no gnuplot", ... */

/* Puts the text, cut at the buffer's end, into *error (may be NULL) and returns the status. */
plot_status plot_status_fail(fathom_error *error, plot_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
