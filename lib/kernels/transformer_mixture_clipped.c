/* transformer_mixture_clipped.c - the mixture transformer with its ends clipped, as notebooks have it; an ablation:
 *
 *   z = Phi^-1(min(max(F(x), c), 1 - c)),  c = 1e-6,  log "dz/dx" = log f(x) - log phi(z),
 *
 * where the second formula ignores the clip.  Outside the range where F is in [c, 1 - c] the map is constant, so it is no
 * bijection, and the flow's density does not integrate to 1.  The gradient of z is that of a clip: 0 outside, half at an
 * end (as jnp.clip has it); log f still has its own.  The inverse takes a z outside the range to the range's end.
 *
 * The upper end is 1 - c as a double, so its tail is not c but 1 - (1 - c), 2.9e-11 more. */
#include "mixture_cdf.h"

/* log T and y = |z| of the two ends. */
static const double LOG_LOWER = -13.81551055796427414936, Y_LOWER = 4.75342430882289895734;
static const double LOG_UPPER = -13.81551055793551843959, Y_UPPER = 4.75342430881708776569;

static void forward(double *x, struct volume *volume, const double *outputs, double *saved, const fathom_config *config,
                    size_t rows)
{
    const vec none = broadcast(0.0), one = broadcast(1.0), half = broadcast(0.5);
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        const struct mixture m = mixture_of(saved, outputs, i, config);
        const struct image   image = image_of(&m, load(x + i));
        const vec            end = mask_select(image.lower, broadcast(LOG_LOWER), broadcast(LOG_UPPER));
        const vec            limit = mask_select(image.lower, broadcast(-Y_LOWER), broadcast(Y_UPPER));
        const mask           outside = less(image.log_tail, end);
        vec                  gate = mask_select(outside, none, mask_select(equal(image.log_tail, end), half, one));
        vec                  z = mask_select(outside, limit, image.z);
        vec                  ignoring = fmadd(half * limit, limit, image.top + vec_log(image.density * m.inv_n));
        keep(&m, &image, z, gate);
        store(x + i, z);
        volume_add_log(volume, i, mask_select(outside, ignoring, image.log_slope));
    }
}

static void inverse(double *x, struct volume *volume, const double *outputs, double *saved, const fathom_config *config,
                    size_t rows)
{
    const vec least = broadcast(-Y_LOWER), most = broadcast(Y_UPPER);
    for (size_t i = 0; i < rows; i += VEC_WIDTH) {
        const struct mixture m = mixture_of(saved, outputs, i, config);
        struct image         image;
        const vec            z = load(x + i);
        const mask           under = less(z, least), over = less(most, z);
        volume->flat |= mask_count(mask_or(under, over)) > 0;
        vec inside = mask_select(under, least, mask_select(over, most, z));
        store(x + i, inverse_of(&image, volume, &m, inside));
        volume_add_log(volume, i, -image.log_slope);
    }
}

MIXTURE(mixture_clipped, "mixture-clipped");
