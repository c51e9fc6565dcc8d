/* settings.c - the settings of a table beside the protocol's (settings.h). */
#include "settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum { KEY_SIZE = 32, VALUE_SIZE = 64 };

/* Reads the first "key=value" of the list and moves on; false: there is none left. */
static bool next_setting(char key[KEY_SIZE], char value[VALUE_SIZE], const char **list)
{
    int used;
    if (!*list || sscanf(*list, " %31[^= ]=%63s%n", key, value, &used) != 2)
        return false;
    *list += used;
    return true;
}

/* The text after the next comma; NULL: there is none. */
static const char *next_item(const char *text)
{
    const char *comma = strchr(text, ',');
    return comma ? comma + 1 : NULL;
}

/* Every depth of list a, "1,2,4", is in list b. */
static bool within(const char *a, const char *b)
{
    bool all = true;
    for (const char *at = a; at && all; at = next_item(at)) {
        all = false;
        for (const char *in = b; in && !all; in = next_item(in))
            all = strtoul(at, NULL, 10) == strtoul(in, NULL, 10);
    }
    return all;
}

static bool same_value(const char *key, const char *a, const char *b)
{
    if (strcmp(key, "depths") == 0) /* the same runs in any order */
        return within(a, b) && within(b, a);

    char        *a_end, *b_end;
    const double x = strtod(a, &a_end), y = strtod(b, &b_end);
    return strcmp(a, b) == 0 || (*a && *b && !*a_end && !*b_end && x == y);
}

/* A setting that stands at a table's head only where it is not the library's default (option_values.h, if_other). */
static bool is_understood(const char *key)
{
    return strcmp(key, "rotation") == 0 || strcmp(key, "start") == 0 || strcmp(key, "components") == 0;
}

const char *settings_differ(struct pool *pool, const struct table *table, const char *expected)
{
    const char *found = NULL;
    char        key[KEY_SIZE], value[VALUE_SIZE];
    while (next_setting(key, value, &expected)) {
        const char *ours = table_value(table, key);
        if (!ours && is_understood(key))
            continue;
        if (!ours || !same_value(key, ours, value))
            found = text_joined(pool, found, ", ",
                                text(pool, "%s %s instead of %s", key, ours ? ours : "not given", value));
    }
    return found;
}

const char *settings_count(struct pool *pool, const struct table *table, const char *expected)
{
    const char *options = "";
    char        key[KEY_SIZE], value[VALUE_SIZE];
    while (next_setting(key, value, &expected)) {
        const char *ours = table_value(table, key);
        if (ours && strcmp(ours, "1") != 0)
            options = text(pool, "%s --%s %s", options, key, ours);
    }
    return options;
}
