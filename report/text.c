/* text.c - numbers and lists as text (text.h). */
#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char *text(struct pool *pool, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const int length = vsnprintf(NULL, 0, format, args);
    char     *made = pool_alloc(pool, (size_t)length + 1);
    vsnprintf(made, (size_t)length + 1, format, again);
    va_end(again);
    va_end(args);
    return made;
}

const char *text_number(struct pool *pool, int decimals, double value)
{
    if (!isfinite(value))
        return "-";
    if (fabs(value) >= 1e5) /* a score that exploded: only its size means anything */
        return text(pool, "%.1e", value);
    const char *made = text(pool, "%.*f", decimals, value);
    return made[0] == '-' && strspn(made + 1, "0.") == strlen(made + 1) ? made + 1 : made; /* no minus zero */
}

const char *text_short(struct pool *pool, double value) { return isfinite(value) ? text(pool, "%.2g", value) : "-"; }

const char *text_p(struct pool *pool, double p) { return p < 1e-4 ? "p < 0.0001" : text(pool, "p = %.2g", p); }

const char *text_both_p(struct pool *pool, const struct effect *e)
{
    return text(pool, "%s alone, %s corrected", text_p(pool, e->p), text_p(pool, e->corrected));
}

const char *text_share(struct pool *pool, size_t k, size_t n)
{
    const struct effect e = effect_share(k, n);
    const int           decimals = n < 200 ? 0 : 1;
    return n == 0 ? "-"
                  : text(pool, "%.*f %% [%.*f, %.*f]", decimals, 100 * e.value, decimals, 100 * e.low, decimals,
                         100 * e.high);
}

const char *text_interval(struct pool *pool, int decimals, const struct effect *e)
{
    if (!isfinite(e->low))
        return text_number(pool, decimals, e->value);
    if (fabs(e->low) >= 1e5 || fabs(e->high) >= 1e5) /* as text_number, and all three alike */
        return text(pool, "%.1e [%.1e, %.1e]", e->value, e->low, e->high);
    return text(pool, "%s [%s, %s]", text_number(pool, decimals, e->value), text_number(pool, decimals, e->low),
                text_number(pool, decimals, e->high));
}

const char *text_list(struct pool *pool, const double *x, size_t n)
{
    const char *list = n ? "" : "none";
    for (size_t i = 0; i < n; i++)
        list = text(pool, "%s%s%g", list, i == 0 ? "" : i + 1 < n ? ", " : " and ", x[i]);
    return list;
}

const char *text_depths(struct pool *pool, const double *x, size_t n)
{
    return n == 0 ? "no depth" : text(pool, "%s %s", n == 1 ? "depth" : "depths", text_list(pool, x, n));
}

const char *text_joined(struct pool *pool, const char *a, const char *separator, const char *b)
{
    return a ? text(pool, "%s%s%s", a, separator, b) : b;
}

const char *text_capital(struct pool *pool, const char *phrase)
{
    return *phrase >= 'a' && *phrase <= 'z' ? text(pool, "%c%s", *phrase - 'a' + 'A', phrase + 1) : phrase;
}
