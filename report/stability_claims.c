/* stability_claims.c - the claims S1 to S4 of PROTOCOL.md, decided by its rules (stability.h). */
#include "stability.h"

/* Beside a verdict that log p decides: whether more runs survive. */
static const char *survivors(struct pool *pool, const struct contest *c)
{
    return text(pool, "%s with the clip (%zu of %zu) %s without (%zu of %zu)%s.",
                c->a_ok > c->b_ok   ? "more runs survive"
                : c->a_ok < c->b_ok ? "fewer runs survive"
                                    : "as many runs survive",
                c->a_ok, c->seeds, c->a_ok == c->b_ok ? "as" : "than", c->b_ok, c->seeds,
                c->a_ok == c->b_ok && effect_sign(&c->effect) ? "; what differs is log p" : "");
}

/* S1, one verdict per scale. */
static void claim_survival(struct pieces *out, const struct stability *m, size_t scale, const char *name)
{
    struct pool          *pool = out->pool;
    const struct contest *c = &m->survival[scale][AGGRESSIVE];
    const struct cell    *clip = &m->primary[scale][AGGRESSIVE][CLIP], *none = &m->primary[scale][AGGRESSIVE][NONE];
    const int             sign = effect_sign(&c->effect);
    pieces_claim(
        out,
        &(struct claim){
            .name = name,
            .title = text(pool, "clipping lets a deep affine stack survive an aggressive rate, scale `%s`",
                          stability_scale[scale]),
            .sentence = scale == AFFINE
                          ? "it lets a deep affine stack (affine couplings are less self-stabilising than splines) "
                            "survive an aggressive learning rate."
                          : NULL,
            .rule = "depth 16, rate 0.01, clip 1 against no clip, seed by seed in the exact sign-flip test. What is "
                    "compared is held-out log p; a run that is not ok ranks below every run that is, and two such runs "
                    "tie. Supported if the clip is significantly better, refuted as stated if it is significantly "
                    "worse, otherwise undecided.",
            .estimate = contest_estimate(pool, c, "clip 1"),
            .effect = text(pool,
                           "clip 1 is %s; %s are ruined or diverged with the clip, %s without; median held-out log p "
                           "of the others: %s and %s.",
                           contest_text(pool, c), cell_lost(pool, clip), cell_lost(pool, none),
                           text_number(pool, 3, clip->heldout), text_number(pool, 3, none->heldout)),
            .limit = survivors(pool, c),
            .untested = contest_untested(pool, c,
                                         text(pool, "`%s` runs with clip 1 and without", stability_scale[scale])),
            .rests_on = "stability",
            .decision = sign > 0 ? SUPPORTED
                      : sign < 0 ? REFUTED
                                 : UNDECIDED,
        });
}

/* S2, one verdict per scale. */
static void claim_most_reliable(struct pieces *out, const struct stability *m, size_t scale, const char *name)
{
    struct pool *pool = out->pool;
    const char  *beats = NULL, *loses = NULL, *open = NULL, *untested = NULL;
    size_t       better = 0, worse = 0;
    for (size_t k = 0; k < N_RIVALS; k++) {
        const struct contest *c = &m->reliable[scale][k];
        const char           *rival = stability_rival[k].name;
        const int             sign = effect_sign(&c->effect);
        const char          **list = sign > 0 ? &beats : sign < 0 ? &loses : &open;
        better += sign > 0;
        worse += sign < 0;
        *list = text_joined(pool, *list, ", ", text(pool, "%s (%s)", rival, text_p(pool, c->effect.corrected)));
        if (!untested)
            untested = contest_untested(pool, c,
                                        text(pool, "`%s` runs with clip 1 and with %s", stability_remedy_scale[scale],
                                             rival));
    }
    pieces_claim(
        out,
        &(struct claim){
            .name = name,
            .title = text(pool, "clipping is the most reliable stabiliser, scale `%s`", stability_remedy_scale[scale]),
            .sentence = scale == 0 ? "The most reliable in our loop is gradient clipping" : NULL,
            .rule =
                "depth 16, rate 0.01, clip 1 against each of eight rivals alone, on the seeds that both have, in the "
                "exact sign-flip test. Supported if the clip is significantly better than all, refuted as stated if "
                "it is significantly worse than one, otherwise undecided.",
            .estimate = text(pool, "better than %zu of %d rivals", better, N_RIVALS),
            .effect = text(
                pool, "significantly better than %s; significantly worse than %s; no significant difference from %s.",
                beats ? beats : "none", loses ? loses : "none", open ? open : "none"),
            .untested = untested,
            .rests_on = "stability",
            .decision = worse              ? REFUTED
                      : better == N_RIVALS ? SUPPORTED
                                           : UNDECIDED,
        });
}

/* S3 has no test. */
static void claim_no_nan(struct pieces *out, const struct stability *m)
{
    struct pool *pool = out->pool;
    pieces_claim(
        out,
        &(struct claim){
            .name = "bad-batch",
            .title = "with a clip, depth cannot turn one bad batch into a NaN",
            .sentence = "caps that norm so depth cannot turn one bad batch into a NaN — cheap insurance that lets you "
                        "train deep at an aggressive learning rate.",
            .rule =
                "*cannot* falls by one counterexample. Refuted as stated if any run with clip 1 diverged, otherwise "
                "supported within the couplings, depths and rates that were run.",
            .estimate = text(pool, "%zu of %zu runs with clip 1 diverged", m->clipped_diverged, m->clipped),
            .effect = text(pool, "%zu of %zu runs with clip 1 diverged%s%s.", m->clipped_diverged, m->clipped,
                           m->clipped_of ? ": " : "", m->clipped_of ? m->clipped_of : ""),
            .limit = m->clipped_diverged ? NULL
                                         : text(pool, "none of %zu runs with clip 1 diverged, at depths up to %g.",
                                                m->clipped, m->depths.n ? m->depths.x[m->depths.n - 1] : 16),
            .untested = m->clipped ? NULL : "there is no run with clip 1",
            .rests_on = "stability stability_4d actnorm masks",
            .decision = m->clipped_diverged ? REFUTED : LIMITED,
        });
}

/* S4: by outcome alone, without the clip. */
static void claim_self_stabilising(struct pieces *out, const struct stability *m)
{
    struct pool          *pool = out->pool;
    const struct contest *c = &m->couplings[NONE], *clip = &m->couplings[CLIP];
    const int             sign = effect_sign(&c->effect);
    pieces_claim(
        out,
        &(struct claim){
            .name = "self-stabilising",
            .title = "affine couplings are less self-stabilising than splines",
            .sentence = "affine couplings are less self-stabilising than splines",
            .rule = "`affine` against `spline`, depth 16, rate 0.03, no clip, on the seeds that both have, by outcome "
                    "alone: a seed counts if one of the two is ok and the other is not. Supported if the spline is "
                    "significantly better in the exact sign-flip test, refuted as stated if it is significantly worse, "
                    "otherwise undecided.",
            .estimate = contest_estimate(pool, c, "splines"),
            .effect = text(pool,
                           "the spline is %s: %zu of %zu splines and %zu of %zu affine stacks are ok. With clip 1: %zu "
                           "of %zu and %zu of %zu.",
                           contest_text(pool, c), c->a_ok, c->seeds, c->b_ok, c->seeds, clip->a_ok, clip->seeds,
                           clip->b_ok, clip->seeds),
            .untested = contest_untested(pool, c, "a spline and an `affine` run without a clip at rate 0.03"),
            .rests_on = "stability",
            .decision = sign > 0 ? SUPPORTED
                      : sign < 0 ? REFUTED
                                 : UNDECIDED,
        });
}

void stability_claims(struct pieces *out, const struct stability *m)
{
    claim_survival(out, m, AFFINE, "survival-affine");
    claim_survival(out, m, LOG_SOFTPLUS, "survival-log-softplus");
    claim_survival(out, m, TWO_SIGMOID, "survival-2sigmoid");
    claim_most_reliable(out, m, 0, "most-reliable-affine");
    claim_most_reliable(out, m, 1, "most-reliable-2sigmoid");
    claim_no_nan(out, m);
    claim_self_stabilising(out, m);
}
