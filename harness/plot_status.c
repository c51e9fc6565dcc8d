/* plot_status.c - how the drawing of a figure ends (plot_status.h). */
#include "plot_status.h"

#include <stdarg.h>
#include <stdio.h>

const char *plot_status_name(plot_status status)
{
    static const char *const names[] = { [PLOT_OK] = "ok",
                                         [PLOT_BAD_ARGUMENT] = "bad argument",
                                         [PLOT_NO_SCRIPTS] = "no scripts",
                                         [PLOT_NO_GNUPLOT] = "no gnuplot",
                                         [PLOT_NO_TERMINAL] = "no terminal",
                                         [PLOT_COMPLAINED] = "gnuplot complained",
                                         [PLOT_FAILED] = "gnuplot failed",
                                         [PLOT_TIMED_OUT] = "time limit",
                                         [PLOT_UNFINISHED] = "script unfinished",
                                         [PLOT_INCOMPLETE] = "picture incomplete",
                                         [PLOT_NOT_WRITTEN] = "not written",
                                         [PLOT_NO_MEMORY] = "no memory" };
    return (size_t)status < sizeof names / sizeof *names ? names[status] : "unknown";
}

plot_status plot_status_fail(fathom_error *error, plot_status status, const char *format, ...)
{
    if (error) {
        va_list args;
        va_start(args, format);
        vsnprintf(error->text, sizeof error->text, format, args);
        va_end(args);
    }
    return status;
}
