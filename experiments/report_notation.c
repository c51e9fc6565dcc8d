/* report_notation.c - from the symbol on paper to the function that computes it.
 *
 * One line a symbol.  Invariant, kept by a test: the file is there, and the function's name is in it.
 */
#include "report_parts.h"

const struct notation report_symbols[] = {
    {"$T$, $z = T(x)$, $\\log\\lvert\\det J\\rvert$", "the flow, data to latent, and its log-determinant",
     "fathom_flow_forward", "lib/flow.c"},
    {"$T^{-1}$", "latent to data", "fathom_flow_inverse", "lib/flow.c"},
    {"$\\log p(x)$", "log density of the flow, in nats", "fathom_flow_log_prob", "lib/flow.c"},
    {"$L$, $\\nabla L$", "mean negative log-likelihood of a batch and its gradient", "fathom_flow_nll", "lib/flow.c"},
    {"$p_Z$", "base: independent normals with trainable location and scale", "base_log_prob", "lib/kernels/base.c"},
    {"$y_A = x_A$, $y_B = f(x_B; c(x_A))$", "coupling layer", "forward", "lib/kernels/layer_coupling.c"},
    {"$c$", "conditioner: a ReLU network, as a table of straight lines (one input)", "look_up", "lib/kernels/conditioner_piecewise.c"},
    {"$c$", "conditioner: a ReLU network, dense (any number of inputs)", "forward", "lib/kernels/conditioner_dense.c"},
    {"$f$, spline", "rational-quadratic spline on $[-B, B]$, the identity outside", "forward", "lib/kernels/transformer_spline.c"},
    {"$f^{-1}$, spline", "the stable root of a quadratic", "inverse", "lib/kernels/transformer_spline.c"},
    {"$f$, affine", "$x s + \\mathrm{loc}$, $s = \\mathrm{softplus}(\\mathrm{raw} + c_1)$", "forward",
     "lib/kernels/transformer_affine.c"},
    {"$x - 2 u (u \\cdot x)$", "rotation: two Householder reflections", "reflect", "lib/kernels/layer_rotation.c"},
    {"$(x - \\mathrm{loc}) / s$", "ActNorm", "forward", "lib/kernels/layer_actnorm.c"},
    {"$\\mathrm{loc}, s$ from data", "ActNorm's data-dependent initialisation", "fathom_flow_actnorm_init",
     "lib/flow.c"},
    {"flip", "the order of coordinates reversed", "forward", "lib/kernels/layer_flip.c"},
    {"$\\theta_0$", "initial parameters", "fathom_flow_init", "lib/flow.c"},
    {"$\\eta_t$", "learning rate: one cycle of cosine arcs", "fathom_schedule", "lib/train.c"},
    {"$g \\min(1, c / \\lVert g \\rVert)$", "clip by global norm, and one step of training", "fathom_trainer_step",
     "lib/train.c"},
    {"$m, v$", "Adam", "adam", "lib/kernels/adam.c"},
    {"$\\lVert g \\rVert$", "global norm", "fathom_norm", "lib/sums.c"},
    {"key, split", "Threefry-2x32 streams", "fathom_key_split", "lib/threefry.c"},
    {"$N(0, 1)$, keyed", "standard normals of a key", "fathom_normal", "lib/normal.c"},
    {"batch", "rows of each step", "fathom_batches", "lib/batches.c"},
    {"$x_i$", "the rows: a two-armed spiral, standardised", "fathom_spiral", "lib/spiral.c"},
    {"$p^\\ast(x)$", "the density that the rows were drawn from", "fathom_spiral_log_density", "lib/spiral.c"},
    {"$x + a \\sin(b x)$", "residual map", "fathom_residual_forward", "lib/residual.c"},
    {"$x \\leftarrow y - g(x)$", "Banach's iteration", "fathom_residual_inverse", "lib/residual.c"},
    {"$D = \\sup \\lvert F_1 - F_2 \\rvert$", "Kolmogorov-Smirnov test, exact", "statistics_kolmogorov_smirnov",
     "experiments/statistics.c"},
    {"$p_{(k)} (n - k + 1)$", "Holm's correction of all tests together", "statistics_holm", "experiments/statistics.c"},
};
const size_t report_n_symbols = sizeof report_symbols / sizeof *report_symbols;

void report_notation(struct report *report)
{
    report_print(report, "## From notation to code\n\n| symbol | meaning | function | file |\n|---|---|---|---|\n");
    for (size_t i = 0; i < report_n_symbols; i++) {
        const struct notation *s = &report_symbols[i];
        report_print(report, "| %s | %s | `%s` | [%s](%s) |\n", s->symbol, s->meaning, s->function, s->file, s->file);
    }
    report_print(report, "\n`forward` is always followed by its `backward`, in the same order and the same names; the\n"
                         "kernels in `lib/kernels/` are one source, compiled once for each instruction set.\n\n");
}
