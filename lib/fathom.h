/* fathom.h - deep coupling and residual flows: outcomes (fathom_status.h), streams (fathom_streams.h), data, flows,
 * gradients, training.
 *
 * What residual blocks are made of is in fathom_residual.h, what is certain of them in fathom_certificate.h, and a warm
 * start in fathom_warm.h.
 *
 * One direction only: streams -> dataset -> flow -> training.  The library prints nothing, opens no file, does not read
 * the environment, does not exit, and keeps no state between calls except in the objects that it returns.
 *
 * Same bits: every number that leaves this library is a function of its arguments alone.  It does not depend on the
 * instruction set that computed it (fathom_isa), the compiler, the optimisation level or the thread that called.
 *
 * Conventions.  Outputs before inputs, sizes last.  [n][D] is row-major: n rows (data points) of D coordinates.
 * Log-densities, losses and log-determinants are in nats.  A pointer is not NULL unless its comment allows it.  An
 * object is used by one thread at a time; several threads may read a const object.  A function that returns neither a
 * status nor a pointer cannot fail.
 */
#ifndef FATHOM_H
#define FATHOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "fathom_first.h"
#include "fathom_residual.h"
#include "fathom_status.h"
#include "fathom_streams.h"

#ifdef __cplusplus
extern "C" {
#endif

#define FATHOM_VERSION "2.0.0"

/* ---------------------------------------------------------------------------------------- instruction sets ---- */

/* The hot code is one source compiled for several instruction sets.  All give the same bits; "ref" is plain C. */
typedef struct fathom_isa fathom_isa;

/* Returns the set called `name` ("v4": x86-64-v4, "v3": x86-64-v3, "neon": aarch64, "ref"), or the best that this CPU
 * runs if name is NULL.  The set is static.  NULL if there is no such set, if the compiler of this library does not
 * support it, or if this CPU lacks one of its features (also for "ref": every set requires fused multiply-add
 * hardware). */
const fathom_isa *fathom_isa_find(const char *name);
const char       *fathom_isa_name(const fathom_isa *isa); /* a static string */

/* ------------------------------------------------------------------------------------------------- dataset ---- */

/* n rows of D numbers, standardised: x = (raw - mean) / sd, sd with divisor n. */
typedef struct fathom_dataset {
    size_t  n, dim;
    double *x;    /* [n][dim] */
    double *mean; /* [dim], of the raw rows, in their units */
    double *sd;   /* [dim], of the raw rows, in their units, > 0 */
} fathom_dataset;

/* The two-armed spiral: t ~ U(0.5, 3.5), arm = +-1, raw = arm t (cos 2.5t, sin 2.5t) + 0.08 N(0, I).
 * The rows are the notebook's: default_rng(seed), all t, all arms, all noise.  frame NULL: standardised by their own
 * mean and deviation; otherwise by frame's (held-out rows).  n >= 2.  The caller frees out with fathom_dataset_free.
 * FATHOM_BAD_ARGUMENT if n < 2, if a column does not vary, or if frame->dim is not 2; FATHOM_NO_MEMORY. */
fathom_status fathom_spiral(fathom_dataset *out, uint64_t seed, size_t n, const fathom_dataset *frame);

/* logp = the log density (nats) of the spiral's distribution, in frame's coordinates: the noise integrated along the
 * arms, (1/6) sum_arms int N(raw(x); arm t (cos 2.5t, sin 2.5t), 0.08^2 I) dt, by composite Gauss-Legendre quadrature
 * (absolute error below 1e-8 wherever the density exceeds 1e-12 of its peak).  logp: [n], x: [n][2]; NaN for a row
 * with NaN.  FATHOM_NO_MEMORY (it needs 140 kB); logp is then unchanged. */
fathom_status fathom_spiral_log_density(double *logp, const double *x, const fathom_dataset *frame, size_t n);

/* The data sets that have a name; N is a standard normal draw, and all choices are equally likely.
 *   spiral          fathom_spiral's
 *   two_spirals_4d  two spirals side by side, turned in four dimensions
 *   moons           t ~ U(0, pi), (cos t, sin t) or (1 - cos t, 1/2 - sin t), + 0.1 N
 *   checkerboard    uniform on the cells of side 2 of [-4, 4]^2 where floor(x/2) + floor(y/2) is even
 *   gaussians       8 centres (cos, sin)(k pi / 4) 4 / sqrt 2, + N 0.5 / sqrt 2
 *   circles         (R (cos t, sin t) + 0.08 N) 3, t ~ U(0, 2 pi), R = 1 or 1/2
 *   pinwheel        (u, v) = (1 + 0.3 N, 0.1 N), turned by 2 pi k / 5 + e^u / 4, k = 0 .. 4, times 2
 * (lib/NAME.c: order of the draws, density, source).  fathom_data_set_name returns the name of number i, from 0; a static
 * string, NULL after the last; the spiral is number 0.  fathom_data_set_find: NULL if there is none of this name. */
typedef struct fathom_data_set fathom_data_set;
const char                    *fathom_data_set_name(size_t i);
const fathom_data_set         *fathom_data_set_find(const char *name);

/* Draws n rows, as fathom_spiral does; out->dim is the data set's.  The same errors. */
fathom_status fathom_data_set_draw(fathom_dataset *out, const fathom_data_set *set, uint64_t seed, size_t n,
                                   const fathom_dataset *frame);

/* logp: [n] = the log density (nats) of the data set's distribution at the rows x, [n][D], in frame's coordinates; NaN
 * for a row with NaN, -inf where the density is 0: outside the checkerboard, and too far out for a double to square.  No
 * row that the data set draws has -inf.  Less sum_c log frame->sd[c] it is the log density in raw units.
 * FATHOM_NO_MEMORY; FATHOM_BAD_ARGUMENT if the density has no formula, which the second function asks, or if frame->dim
 * is another.  logp is then unchanged. */
fathom_status fathom_data_set_log_density(double *logp, const fathom_data_set *set, const double *x,
                                          const fathom_dataset *frame, size_t n);
bool          fathom_data_set_has_density(const fathom_data_set *set);

/* The entropy -E log p of the data set's distribution, nats, in raw units, to 9 digits after the point; NaN if the
 * density has no formula.  In a frame's coordinates it is less by sum_c log frame->sd[c]. */
double fathom_data_set_entropy(const fathom_data_set *set);

/* logp = the log density (nats) at the rows x, [n][D], of the Gaussian with the mean and the full covariance (divisor n)
 * of fit's rows, D = fit->dim (gaussian.c).  FATHOM_DEGENERATE if a column of fit is a linear function of earlier ones,
 * to 1 part in 1e10 of its variance: such a Gaussian has no density, and logp is unchanged.  FATHOM_NO_MEMORY. */
fathom_status fathom_gaussian_log_density(double *logp, const double *x, const fathom_dataset *fit, size_t n);

typedef enum fathom_header {
    FATHOM_HEADER_AUTO, /* the first line is one if no field of it is a number or looks like one ("NA", "0.1O")   */
    FATHOM_HEADER_YES,  /* the first line is one, whatever it contains                                            */
    FATHOM_HEADER_NO    /* the first line is a row                                                                */
} fathom_header;

/* How a text of rows is to be read: meaning, default, legal values. */
typedef struct fathom_read_options {
    char          separator;  /* between fields: '\t' ';' ',' '|' or ' ', any run of blanks; '\0': a tab if one of the
                                first two lines has one, else as the first shows: a semicolon, else a comma, else
                                blanks                                                            default '\0'      */
    char          decimal;    /* '.' or ','; then the comma does not separate                      default '.'       */
    fathom_header header;     /*                                                                   default AUTO      */
    size_t        skip;       /* lines left out at the start, whatever they contain                default 0         */
    const char   *columns;    /* which, and in what order: names or numbers from 1, separated by commas, none twice;
                                @1 is a number even if a name is 1; NULL: all                     default NULL      */
    size_t        most;       /* columns that are read at most, said at the first row   default FATHOM_DIM_MAX, >= 2 */
    double        heldout;    /* fraction of the rows that is held out                             default 0, [0, 1) */
    double        validation; /* another fraction, kept apart from both   default 0, [0, 1), below 1 with heldout   */
    uint64_t      seed;       /* of the choice of these rows                                       default 0         */
} fathom_read_options;

fathom_read_options fathom_read_options_default(void);

/* Reasons for a warning; no error. */
enum {
    FATHOM_NOTICE_UNNAMED = 1, /* a column that was read has no name in the header (all columns were taken)        */
    FATHOM_NOTICE_INDEX = 2,   /* the first column counts the rows: 0, 1, 2, ... or 1, 2, 3, ... (the same)        */
    FATHOM_NOTICE_FROM_0 = 4,  /* and it does so from 0                                                            */
    FATHOM_NOTICE_TRAILING = 8 /* each row ends with a separator; the empty field behind it is no column           */
};

typedef struct fathom_read_column {
    size_t place; /* in the file, from 1                                         */
    char  *name;  /* in the header, perhaps ""; NULL if the file has no header   */
} fathom_read_column;

/* What was read. */
typedef struct fathom_read_report {
    size_t              rows;         /* all rows: training, held-out and validation           */
    size_t              heldout;      /* the held-out rows                                     */
    size_t              validation;   /* the validation rows                                   */
    size_t              n_columns;    /* columns that were read; D of the datasets             */
    fathom_read_column *column;       /* [n_columns], in the order of the datasets             */
    char               *columns;      /* the choice of these as options.columns takes it       */
    size_t              file_columns; /* in each row of the file                               */
    char                separator;
    size_t              header_line;           /* 0: none                                               */
    size_t              first_line, last_line; /* of the first row; of the text                */
    unsigned            notices;               /* FATHOM_NOTICE_... or-ed together                      */
} fathom_read_report;

void fathom_read_report_free(fathom_read_report *report); /* frees the columns, clears the struct; NULL is allowed */

/* Reads rows to the end of `in`.  One separator per text; a field may be in double quotes; at most one header, of as
 * many names as there are columns; LF or CRLF; a byte-order mark of UTF-8 is left out; a first line `sep=;` declares
 * the separator.  '#' starts a comment at the start of a line or after white space; a comment that, without its '#',
 * is a row of as many numbers as there are columns is an error, not a comment.  A number is decimal and finite; the
 * exponent may be Fortran's D.
 * The error calls the source `name`.  It gives cures as options of the programs: --decimal , is decimal = ','.
 * options NULL: the defaults.
 * heldout: that fraction of the rows, rounded to nearest and chosen by a shuffle with PCG64(seed), goes into *kept
 * (which may be NULL if heldout is 0); mean and sd are those of the training rows.  The caller frees *train and *kept
 * with fathom_dataset_free, and *report (may be NULL) with fathom_read_report_free.
 * Errors, each with its line (and column): FATHOM_BAD_DATA for ragged rows, a field that is not a finite number, fewer
 * than two columns or rows, a constant column, input that is not text, columns that do not exist; FATHOM_BAD_ARGUMENT
 * for an option out of its range; FATHOM_READ_ERROR; FATHOM_NO_MEMORY.  On error nothing is allocated. */
fathom_status fathom_dataset_read(fathom_dataset *train, fathom_dataset *kept, fathom_read_report *report, FILE *in,
                                  const char *name, const fathom_read_options *options, fathom_error *error);

/* The same in three parts: training rows, held-out rows, and validation rows, which choose so that the held-out rows need
 * choose nothing.  The validation rows, rounded as well, are the next ones of the same shuffle, so that the held-out
 * rows are what they are without; *validation may be NULL if that fraction is 0. */
fathom_status fathom_dataset_read_parts(fathom_dataset *train, fathom_dataset *kept, fathom_dataset *validation,
                                        fathom_read_report *report, FILE *in, const char *name,
                                        const fathom_read_options *options, fathom_error *error);

/* order: [n] = the numbers of x's rows along Morton's curve, on which neighbours lie close together (morton.c).
 * x: [n][dim], dim 2 to 64, n 1 to 2^32 - 1.  FATHOM_OK or FATHOM_NO_MEMORY. */
fathom_status fathom_morton_order(uint32_t *order, const double *x, size_t n, size_t dim);

void fathom_dataset_free(fathom_dataset *data); /* frees the arrays, clears the struct; NULL is allowed */

/* ---------------------------------------------------------------------------------------------------- flow ---- */

typedef enum fathom_actnorm {
    FATHOM_ACTNORM_NONE,    /* no ActNorm layer                                                             */
    FATHOM_ACTNORM_DEFAULT, /* one per block, loc 0 and raw scale 0: a scale of softplus(0) = 0.6931...     */
    FATHOM_ACTNORM_DATA     /* the same, then fathom_flow_actnorm_init sets it from data                     */
} fathom_actnorm;

/* What mixes the coordinates between a block's couplings.  A coupling leaves the first floor(D / 2) coordinates
 * unchanged.  The flip behind it reverses the coordinates, so the next coupling transforms those (alternating masks:
 * Dinh, Sohl-Dickstein & Bengio 2017, sec. 3.5).  The rotation at the block's head mixes all of them.  What is left out is not
 * there: a flow without rotations lacks their parameters.  Whatever is left out, the couplings' initial parameters are
 * those of FATHOM_MIXING_FULL. */
typedef enum fathom_mixing {
    FATHOM_MIXING_FULL,         /* rotation, coupling, flip, coupling, flip                                  */
    FATHOM_MIXING_NO_FLIPS,     /* rotation, coupling, coupling: both transform the same coordinates         */
    FATHOM_MIXING_NO_ROTATIONS, /* coupling, flip, coupling, flip                                            */
    FATHOM_MIXING_NONE          /* coupling, coupling: no coupling of the flow transforms the first coordinates */
} fathom_mixing;

/* What the layer at the head of a block is that mixes all coordinates.  Each counts log |det| = 0. */
typedef enum fathom_rotation {
    FATHOM_ROTATION_HOUSEHOLDER, /* two Householder reflections whose vectors are trained                         */
    FATHOM_ROTATION_FROZEN,      /* an orthogonal matrix, which training leaves as it is: its gradient is 0       */
    FATHOM_ROTATION_FREE         /* an ablation: the same matrix trained as a free matrix.  It does not stay orthogonal,
                                    so the flow's density does not integrate to 1                                 */
} fathom_rotation;

/* The legal ranges of fathom_config. */
enum {
    FATHOM_DIM_MIN = 2,
    FATHOM_DIM_MAX = 64,
    FATHOM_DEPTH_MIN = 1,
    FATHOM_DEPTH_MAX = 1024,
    FATHOM_KNOTS_MIN = 1,
    FATHOM_KNOTS_MAX = 256,
    FATHOM_WIDTH_MIN = 1,
    FATHOM_WIDTH_MAX = 1024,
    FATHOM_HIDDEN_MAX = 8,
    FATHOM_COMPONENTS_MIN = 1,
    FATHOM_COMPONENTS_MAX = 64
};
#define FATHOM_INTERVAL_MAX 1e6
#define FATHOM_MIN_BIN 1e-3 /* width and height of the narrowest bin of a spline (Durkan et al. 2019) */

/* What a flow is.  Defaults are the notebook's; fathom_flow_new checks every range. */
typedef struct fathom_config {
    size_t          dim;        /* D, coordinates                              default 2, FATHOM_DIM_MIN to _MAX    */
    size_t          depth;      /* blocks                                      default 1, FATHOM_DEPTH_MIN to _MAX  */
    const char     *coupling;   /* a transformer's name, fathom_coupling_name  default "spline"                     */
    size_t          knots;      /* inner knots of the spline: knots + 1 bins   default 8, FATHOM_KNOTS_MIN to _MAX  */
    double          interval;   /* B: the spline acts on [-B, B]               default 4, > 0, <= FATHOM_INTERVAL_MAX,
                                 and above (knots + 1) FATHOM_MIN_BIN / 2                                         */
    size_t          width;      /* units of a hidden layer of the conditioner  default 24, FATHOM_WIDTH_MIN to _MAX */
    size_t          hidden;     /* hidden layers of the conditioner            default 2, 0 to FATHOM_HIDDEN_MAX    */
    fathom_actnorm  actnorm;    /* ActNorm at the head of each block           default none                         */
    fathom_mixing   mixing;     /* what of rotation and flips a block has      default full                         */
    size_t          components; /* K of the mixture couplings                default 8, FATHOM_COMPONENTS_MIN to _MAX */
    fathom_rotation rotation;   /* what a block's rotation is                default Householder's                */

    fathom_block      block;      /* couplings, or a residual map of `hidden` layers     default couplings       */
    double            lipschitz;  /* L of a residual block                               default 0.9, > 0, < 1   */
    fathom_activation activation; /* of its network                                      default LipSwish        */
    fathom_log_det    log_det;    /* how training computes its log |det J|               default exact           */
    size_t            terms;      /* of the series, or those that are always there       default 10, 1 to _MAX   */
    double            stop;       /* of roulette, < 1, and Poisson      default 0.1, FATHOM_STOP_MIN to _MAX     */
} fathom_config;

fathom_config fathom_config_default(void);

/* The legal values of fathom_config.coupling: "spline", "affine", and the affine map with other scales,
 * "affine-log-softplus", "affine-2sigmoid", "affine-glow", "affine-tanh", "affine-freia", "affine-bayesflow" and
 * "affine-zuko" (formula and source of each: kernels/transformer_affine_....c); "mixture", z = Phi^-1(F(x)) with F the
 * distribution function of a mixture of K Gaussians (kernels/mixture_cdf.h), a bijection of the whole line; and
 * "mixture-clipped", the same with F clipped to [1e-6, 1 - 1e-6] and a log-det that ignores the clip, which is no
 * bijection and serves as an ablation.  fathom_coupling_name returns number i, from 0; a static string, NULL if
 * i >= fathom_n_couplings(). */
size_t      fathom_n_couplings(void);
const char *fathom_coupling_name(size_t i);

/* A flow: its layers and where their parameters lie in one flat vector.  Holds no parameter.  Layout: base loc (D),
 * base raw scale (D); then block by block [ActNorm loc (D), raw scale (D)], [rotation vectors (2 x D, row-major) or
 * matrix (D x D, row-major)], coupling 1, coupling 2; a coupling is its conditioner's W0, b0, W1, b1, ..., each W
 * row-major [out][in].  A residual block: [ActNorm], W0, b0, beta0, W1, ..., Wn, bn, then buffers (fathom_certificate.h):
 * u0, v0, ..., un, vn, key (2). */
typedef struct fathom_flow fathom_flow;

/* NULL on failure.  *status (may be NULL) is then FATHOM_BAD_ARGUMENT or FATHOM_NO_MEMORY, otherwise FATHOM_OK, and
 * *error (may be NULL) is the reason in one line.  The caller frees the flow. */
fathom_flow *fathom_flow_new(const fathom_config *config, fathom_status *status, fathom_error *error);
void         fathom_flow_free(fathom_flow *flow);

/* The parameters of such a flow, without the flow: what fathom_flow_n_params would say.  0 if fathom_flow_new would
 * refuse the configuration; *error (may be NULL) says why. */
size_t fathom_n_params(const fathom_config *config, fathom_error *error);

/* How many of them training moves: all but a residual flow's buffers (fathom_certificate.h).  0 likewise. */
size_t fathom_n_trained(const fathom_config *config, fathom_error *error);

/* The number of parameters; and the configuration, which lives as long as the flow. */
size_t               fathom_flow_n_params(const fathom_flow *flow);
const fathom_config *fathom_flow_config(const fathom_flow *flow);

/* Draws the initial parameters, params: [n_params], as the reference does: split(key, depth) gives a key k per block;
 * split(k, 3) gives the keys of rotation, coupling 1 and coupling 2.  Rotation vectors are normal; a rotation's matrix
 * is the product of the reflections at the same vectors; weights and biases of conditioners are uniform on
 * +-1/sqrt(fan_in); base loc = 0, scale = 1; ActNorm loc = 0, raw scale = 0.  A residual
 * block's weights and biases are alike; its vectors of power iteration are normal, then iterated. */
void fathom_flow_init(double *params, const fathom_flow *flow, fathom_key key);

/* The memory in which one thread evaluates one flow: the layers' state and a slab of rows.  Its size does not depend on
 * the number of rows.  flow and isa must outlive it.  NULL if memory is short. */
typedef struct fathom_workspace fathom_workspace;
fathom_workspace               *fathom_workspace_new(const fathom_flow *flow, const fathom_isa *isa);
void                            fathom_workspace_free(fathom_workspace *ws);
size_t                          fathom_workspace_bytes(const fathom_workspace *ws); /* bytes that it holds now */

/* data -> latent.  z: [n][D], log_det: [n] (sum over layers of log |det J|, nats); either may be NULL.  x: [n][D];
 * params: [n_params].  (Papamakarios et al. 2021, "Normalizing flows for probabilistic modeling and inference", eq. 5.)
 * The five functions from here to fathom_flow_nll return FATHOM_OK or FATHOM_NO_MEMORY (a conditioner's table may grow
 * with its parameters), or what their comments add. */
fathom_status fathom_flow_forward(double *z, double *log_det, fathom_workspace *ws, const double *params,
                                  const double *x, size_t n);
/* latent -> data.  x: [n][D], log_det: [n] of the inverse map; either may be NULL.  z: [n][D]; x may be z.
 * A spline returns x within 256 epsilon B max(1, dx/dy), epsilon = 2^-52.  Where it is flat, dx/dy is large: with bins
 * of 0.001 in an interval of 2 B the slope falls as 1/B^2.  An untrained flow of depth 1 gives standard normal rows
 * back within 1e-12 up to B = 100, and at B = 1000 every tenth is off by more than 1e-6; one of depth 8 gives them back
 * up to B = 10, and none at 100 (build/tests/test_way_back prints the errors).  FATHOM_BAD_ARGUMENT, here and of
 * fathom_flow_sample, for a spline whose interval is above FATHOM_INVERSE_INTERVAL.
 * A flow of mixtures returns each coordinate of x to 1e-10 max(1, |x| / 40), or the outcome is FATHOM_FLAT: doubles do
 * not determine such an x.  All rows are written, and such a row's x is one of those whose latent is nearest.  Reasons:
 *   - in some coupling 2^-50 max(1, |z|) dx/dz exceeds 1e-10 max(1, |x|) for some row: a wide gap between components;
 *   - in the flow as a whole 2^-50 sum_l sum_d |dx_c/dv_ld| max(1, |v_ld|) exceeds the promise for some row and c, v_l the
 *     row after layer l: no coupling is flat by itself, but their slopes multiply.  Trained conditioners grow outside
 *     the rows, and out at |x| = 40 the latent of most rows does not determine x.  This bound is of first order, from
 *     exact Jacobians (inverse_error.c); it takes the time of D forward and D backward passes and some D^3 per row;
 *   - for "mixture-clipped": a coordinate is out of the clip's range.
 * FATHOM_NO_MEMORY also for a mixture's bound.  FATHOM_NO_CONVERGENCE, here and of fathom_flow_sample, if a
 * residual block cannot certify a row within 1e-12 max(1, |x|): its Lipschitz constant is not known to be below 1, or is so
 * near 1 that rounding hides what is left (kernels/layer_residual.c).  That row is NaN; the others are as without it. */
#define FATHOM_INVERSE_INTERVAL 100.0
fathom_status fathom_flow_inverse(double *x, double *log_det, fathom_workspace *ws, const double *params,
                                  const double *z, size_t n);
/* logp: [n], log p(x) = log base(z) + log |det dz/dx|. */
fathom_status fathom_flow_log_prob(double *logp, fathom_workspace *ws, const double *params, const double *x, size_t n);
/* x: [n][D] draws: base draws from `key`, through the inverse.  A draw where a mixture is flat is any x there: no error. */
fathom_status fathom_flow_sample(double *x, fathom_workspace *ws, const double *params, fathom_key key, size_t n);
/* loss = -mean log p (nats), and gradient: [n_params] = d loss / d params (NULL: the loss alone).  rows: [n] indices
 * into x, or NULL for the rows 0 .. n - 1; counts: [n], how often each of them counts in the mean, or NULL for once.
 * Loss and gradient may be infinite or NaN: the caller checks them.  FATHOM_BAD_ARGUMENT if n is 0 or all counts are
 * 0. */
fathom_status fathom_flow_nll(double *loss, double *gradient, fathom_workspace *ws, const double *params,
                              const double *x, const uint32_t *rows, const uint32_t *counts, size_t n);

/* Data-dependent initialisation (Kingma & Dhariwal 2018, sec. 3.1), block by block: loc = mean, scale = standard
 * deviation of the block's own input, as these rows pass through the blocks before it.  rows: as above.
 * FATHOM_BAD_ARGUMENT if the flow has no ActNorm or n is 0; FATHOM_DEGENERATE if a deviation is not above 1e-5 or not
 * finite, in any block; then the parameters must not be used.  FATHOM_NO_MEMORY. */
fathom_status fathom_flow_actnorm_init(double *params, fathom_workspace *ws, const double *x, const uint32_t *rows,
                                       size_t n);

/* jacobian: [n][D][D], jacobian[i][k][c] = dz_k / dx_c at row i, exactly, by D backward passes.  x: [n][D].  FATHOM_OK or
 * FATHOM_NO_MEMORY; an entry may be infinite or NaN. */
fathom_status fathom_flow_jacobian(double *jacobian, fathom_workspace *ws, const double *params, const double *x,
                                   size_t n);

/* values: [dim], the singular values of a, [dim][dim], descending, by one-sided Jacobi rotations (Hestenes 1958); a is
 * destroyed.  What is below 1e-100 of the greatest value is rounding.  FATHOM_NO_CONVERGENCE if an entry is not finite,
 * or if 60 sweeps do not do; values is then unchanged. */
fathom_status fathom_singular_values(double *values, double *a, size_t dim);

/* dead: [hidden], how many units of each hidden layer, over all 2 depth conditioners of width units each, are above 0
 * before their ReLU at none of the rows x, [n][D]; 0 of residual blocks.  FATHOM_OK or FATHOM_NO_MEMORY. */
fathom_status fathom_flow_dead_units(size_t *dead, fathom_workspace *ws, const double *params, const double *x,
                                     size_t n);

/* sum x_i and sqrt(sum x_i^2); x: [n]; 0 for n = 0.  The order of additions is fixed, so the bits are the same
 * everywhere. */
double fathom_sum(const double *x, size_t n);
double fathom_norm(const double *x, size_t n);

/* ------------------------------------------------------------------------------------------------ training ---- */

enum { FATHOM_STEPS_MIN = 4, FATHOM_BATCH_MIN = 1 };
#define FATHOM_LR_MAX 1000.0 /* up to here no update overflows (train.c) */

/* Every option of a run: meaning, default, legal range. */
typedef struct fathom_train_options {
    size_t      steps;   /* gradient steps                               default 1200, >= FATHOM_STEPS_MIN           */
    size_t      batch;   /* rows per step, drawn with replacement        default 512, >= FATHOM_BATCH_MIN            */
    double      peak_lr; /* peak of the one-cycle schedule               default 3e-3, > 0, <= FATHOM_LR_MAX         */
    double      clip;    /* global norm above which a gradient is scaled default 1.0, > 0, INFINITY: never; read by
                          the stabiliser "clip" alone                                                      */
    const char *stabiliser;    /* a name, fathom_stabiliser_name         default "clip"; NULL: the same         */
    bool        measure_steps; /* fill update_rms of the result          default false                          */
} fathom_train_options;

fathom_train_options fathom_train_options_default(void);

/* The legal values of fathom_train_options.stabiliser.  fathom_stabiliser_name returns number i, from 0; a static string,
 * NULL if i >= fathom_n_stabilisers().  Each acts alone; its rule and source stand in lib/stabiliser_*.c.
 *
 *   clip     a gradient whose global norm is above options.clip is scaled down to it; with INFINITY no stabiliser at all
 *   skip     a step whose loss or gradient norm is not finite is left out
 *   olmo     left out if loss or norm is above mean + 6 standard deviations of the 128 steps before, from step 64 on
 *   zclip    a norm far above the running mean of norms (z > 2.5) is cut; 25 steps of warm-up under clip 1
 *   agc      a unit's gradient is scaled down to 0.01 of the norm of the unit's parameters
 *   amsgrad  the update divides by the greatest second moment so far
 *   beta2    Adam with beta2 = 0.95
 *   rewind   at a loss or norm that is not finite back by 20 updates, the next 40 batches unused; at most ten times
 *
 * A loss or norm that is not finite ends the run, but under skip, olmo (from step 64 on) and rewind. */
size_t      fathom_n_stabilisers(void);
const char *fathom_stabiliser_name(size_t i);

/* FATHOM_OK, or FATHOM_BAD_ARGUMENT and in *error (may be NULL) which option, its value and its legal range. */
fathom_status fathom_train_options_check(const fathom_train_options *options, fathom_error *error);

/* Floating-point operations of all steps of such a run: 6 x parameters x rows of a batch x steps, two for the forward and
 * four for the backward pass of each parameter and row (Kaplan et al. 2020, "Scaling laws for neural language models",
 * section 2.1).  It counts what a dense conditioner takes; what the transformers take, and what a conditioner of one
 * input saves (conditioner_piecewise.c), is not in it.  Of residual blocks: parameters that are no buffers, and 1 + D times
 * the rows, for values and tangents.  0 if there is no such flow. */
double fathom_train_flops(const fathom_config *config, const fathom_train_options *options);

/* optax's cosine_onecycle_schedule(steps, peak): peak/25 up to peak at 30 % of the steps, down to peak/2.5e5, along
 * cosine arcs.  lr: [steps].  steps >= FATHOM_STEPS_MIN.
 * single false: the formula in double precision.  single true: as optax evaluates it within a training step, where the
 * step count is a 32-bit integer and JAX therefore takes the fraction and the cosine in single precision (up to 8e-7
 * relative on the way up, 1e-3 at the very end); training uses this one, and only so follows the reference's losses. */
void fathom_schedule(double *lr, size_t steps, double peak, bool single);

/* The batches of the steps first, first + 1, ... of a run.  batches: [steps][batch], indices of rows, each below n.  As
 * the reference draws them: key(seed); then in each step, from 0, (key, sk) = split(key), rows = randint(sk, 0, n).
 * n is 1 to 2^32 - 1. */
void fathom_batches(uint32_t *batches, uint64_t seed, size_t first, size_t steps, size_t batch, size_t n);

/* Adam (Kingma & Ba 2015, algorithm 1; beta 0.9, 0.999, eps 1e-8) under a stabiliser, by default a clip by global norm
 * (Pascanu, Mikolov & Bengio 2013, algorithm 1), one step per call. */
typedef struct fathom_trainer fathom_trainer;

/* Copies params ([n_params], finite) and options.  x: [n][D], the training rows, n 1 to 2^32 - 1.  order: [n], as
 * fathom_morton_order gives it for these rows, or NULL: the trainer sorts them itself, for the same bits.  Rows and
 * order must outlive the trainer and stay as they are; any number of trainers may share them.  NULL if memory is short,
 * or if fathom_train_options_check refuses the options. */
fathom_trainer *fathom_trainer_new(const fathom_flow *flow, const fathom_isa *isa, const double *params,
                                   const fathom_train_options *options, const double *x, const uint32_t *order,
                                   size_t n);
void            fathom_trainer_free(fathom_trainer *trainer);

/* One step on x[rows]: rows: [options.batch], each below n; their order does not matter.  loss and grad_norm (of the
 * gradient as it is, before the stabiliser) are this step's, of the parameters before it.  FATHOM_OK: the parameters were
 * updated.  FATHOM_SKIPPED: the stabiliser left the step out, and the run goes on; both numbers are NaN if it did not use
 * the batch at all (rewind).  FATHOM_DIVERGED: loss or norm is not finite, parameters (but for buffers) and moments are as
 * they were, and the run is over.  At most options.steps steps, with those that were left out (FATHOM_BAD_ARGUMENT after). */
fathom_status fathom_trainer_step(fathom_trainer *trainer, double *loss, double *grad_norm, const uint32_t *rows);

/* The current parameters, [n_params], and a workspace to evaluate them with.  Both belong to the trainer. */
const double     *fathom_trainer_params(const fathom_trainer *trainer);
fathom_workspace *fathom_trainer_workspace(fathom_trainer *trainer);

typedef struct fathom_train_result {
    fathom_status status;      /* FATHOM_OK, FATHOM_DIVERGED, FATHOM_STOPPED or FATHOM_NO_MEMORY            */
    size_t        steps;       /* steps begun: taken, left out, and the one that ended the run              */
    size_t        steps_taken; /* steps that updated the parameters, also those that a rewind undid         */
    size_t        diverged_at; /* first step, from 0, whose loss or gradient norm was not finite; else
                                  options.steps                                                             */
    size_t        skipped;     /* steps that the stabiliser left out, with the batches that it did not use  */
    size_t        acted;       /* steps on which it acted: clip, zclip, agc: the norm was above what is
                                  allowed; skip, olmo: left out; rewind: went back; amsgrad, beta2: all
                                  updates                                                                   */
    fathom_first  first;       /* what was not finite first, at step diverged_at                            */
    double        update_rms;  /* effective step: root mean square, over all parameters and all updates, of the change
                                  divided by the rate of its step; NaN unless options.measure_steps, or without an
                                  update                                                                    */
} fathom_train_result;

/* What became of the steps so far, for a caller that makes them one by one. */
fathom_train_result fathom_trainer_result(const fathom_trainer *trainer);

/* Called after each step: its number from 0, its loss and gradient norm (before the stabiliser; one of the two is not
 * finite at a step that ends the run; both are NaN if the batch was not used).  Nonzero ends the training: the status is
 * FATHOM_STOPPED, unless the same step ended the run by itself.  It may read fathom_trainer_params, and use nothing else
 * of the trainer. */
typedef int fathom_train_progress(void *context, size_t step, double loss, double grad_norm);

/* Makes all steps.  batches: [steps][batch], as from fathom_batches; a run ends with the last of them, whether or not it
 * used them all.  loss (nats), grad_norm: [steps] or NULL; NaN for the steps after the end of a run that ended early, and
 * for those whose batch was not used.  progress: NULL, or called with `context`. */
fathom_train_result fathom_train(fathom_trainer *trainer, double *loss, double *grad_norm, const uint32_t *batches,
                                 fathom_train_progress *progress, void *context);

#ifdef __cplusplus
}
#endif
#endif
