/* pieces.c - what REPORT.md.in may name (pieces.h). */
#include "pieces.h"

#include <string.h>

#include "exit.h"
#include "text.h"

const char *piece_verb(enum piece_kind kind)
{
    static const char *const verbs[] = { "table", "claim", "figure", "source", "value" };
    return verbs[kind];
}

struct document_piece *pieces_find(const struct pieces *p, enum piece_kind kind, const char *name, size_t length)
{
    for (size_t i = 0; i < p->n; i++)
        if (p->piece[i].kind == kind && strlen(p->piece[i].name) == length &&
            strncmp(p->piece[i].name, name, length) == 0)
            return &p->piece[i];
    return NULL;
}

/* An empty one under its full name. */
static struct bytes *add(struct pieces *p, enum piece_kind kind, const char *name)
{
    if (pieces_find(p, kind, name, strlen(name)))
        exit_failed("the report has two %ss '%s'", piece_verb(kind), name);
    p->piece = pool_grown(p->pool, p->piece, p->n, &p->room, sizeof *p->piece);
    struct bytes *bytes = pool_zeroed(p->pool, sizeof *bytes);
    p->piece[p->n++] = (struct document_piece){ .kind = kind, .name = name, .text = bytes };
    return bytes;
}

static const char *full_name(struct pieces *p, const char *name) { return text_joined(p->pool, p->judge, ".", name); }

struct bytes *pieces_table(struct pieces *p, const char *name) { return add(p, PIECE_TABLE, full_name(p, name)); }

void pieces_value(struct pieces *p, const char *name, const char *value)
{
    bytes_text(add(p, PIECE_VALUE, full_name(p, name)), value);
}

void pieces_figure(struct pieces *p, const char *name)
{
    bytes_print(add(p, PIECE_FIGURE, name), "%s%s.svg", p->sources->pictures, name);
}

void pieces_source(struct pieces *p, const char *table)
{
    bytes_text(add(p, PIECE_SOURCE, p->judge), sources_again(p->sources, table));
}

/* ------------------------------------------------------------------------------------------------ verdicts ---- */

/* No decision counts.  again: the tables that must be made again. */
static struct claim not_judged(struct pieces *p, const struct claim *claim, enum decision instead, const char *why,
                               const char *again)
{
    struct claim c = *claim;
    c.decision = instead;
    c.limit = text(p->pool, "%s; %s.", why, sources_what_to_run(p->sources, again));
    return c;
}

/* What comes of the judge's decision beside what could be tested at all. */
static struct claim judged(struct pieces *p, const struct claim *claim)
{
    const char *other = sources_other(p->sources, claim->rests_on, false);
    if (other)
        return not_judged(p, claim, sources_stated(p->sources, other) ? EXPLORATION : NOT_TESTED,
                          sources_differ(p->sources, other, false), other);
    if (claim->untested)
        return not_judged(p, claim, NOT_TESTED, claim->untested, claim->lacking ? claim->lacking : claim->rests_on);
    return *claim;
}

/* What the earlier claim of the same judge states is not repeated. */
static bool said(const struct pieces *p, const char *judge, const char *sentence, const char *rule)
{
    const struct claim *before = p->n_claims ? &p->claim[p->n_claims - 1] : NULL;
    const size_t        length = strlen(judge);
    if (!before || strncmp(before->name, judge, length) != 0 || before->name[length] != '.')
        return false;
    return (!sentence || (before->sentence && strcmp(sentence, before->sentence) == 0)) &&
           (!rule || strcmp(rule, before->rule) == 0);
}

void pieces_claim(struct pieces *p, const struct claim *given)
{
    struct claim  c = judged(p, given);
    struct bytes *out = add(p, PIECE_CLAIM, full_name(p, c.name));
    c.name = full_name(p, c.name);
    c.estimate = c.estimate ? c.estimate : "-";
    bytes_print(out, "<a id=\"%s\"></a>\n**Claim: %s.**\n\n", c.name, c.title);
    if (c.sentence && !said(p, p->judge, c.sentence, NULL))
        bytes_print(out, "> %s\n\n", c.sentence);
    bytes_print(out, "*Rule.* %s\n\n*Measured.* %s\n\n*Verdict:* **%s**%s%s",
                said(p, p->judge, NULL, c.rule) ? "That of the claim before." : text_capital(p->pool, c.rule),
                text_capital(p->pool, c.effect), verdict_name(c.decision), c.limit ? ": " : ".",
                c.limit ? c.limit : "");
    p->claim = pool_grown(p->pool, p->claim, p->n_claims, &p->claims_room, sizeof *p->claim);
    p->claim[p->n_claims++] = c;
}

bool pieces_no_verdict(const struct pieces *p)
{
    const enum decision last = p->claim[p->n_claims - 1].decision;
    return last == NOT_TESTED || last == EXPLORATION;
}

void pieces_number(struct pieces *p, const char *what, const char *notebook, const char *ours, const char *verdict)
{
    p->number = pool_grown(p->pool, p->number, p->n_numbers, &p->numbers_room, sizeof *p->number);
    p->number[p->n_numbers++] = (struct number){ what, notebook, ours, verdict };
}

const char *pieces_number_verdict(struct pieces *p, const char *table, const char *verdict)
{
    const char *differ = sources_differ(p->sources, table, true);
    if (differ)
        verdict = text(p->pool, "not tested: %s", differ);
    const bool tested = strncmp(verdict, "not tested", strlen("not tested")) != 0;
    return tested ? verdict : text(p->pool, "%s; %s", verdict, sources_what_to_run(p->sources, table));
}

void pieces_free(struct pieces *p)
{
    for (size_t i = 0; i < p->n; i++)
        bytes_free(p->piece[i].text);
    *p = (struct pieces){ 0 };
}
