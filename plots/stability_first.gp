# stability_first.gp - runs on the way to where they diverge: loss, gradient norm, and the least and greatest log scale of
# all couplings over the batch, against the step.
#
# A column per run; a dashed line marks its last step, whose batch was not finite.  What is not finite is not drawn.
# The axes of loss and log scale are linear about 0 and logarithmic far from it: the height is asinh of the number.
# Table: stability_first.tsv.

T = "stability_first.tsv"
eval rows_of("T")
if (members == 0) { eval nothing("no run of this cell diverged"); exit }
seeds = ""
stats T using (seeds = with_word(seeds, strcol("seed")), 0) nooutput
n = words(seeds)
quantities = "loss grad_norm least_log_scale greatest_log_scale"

# The extent of each quantity over all runs.
eval range_of("T", 'cell("loss")')
loss_low = members > 0 ? RANGE_min : 0; loss_high = members > 0 ? RANGE_max : 1
eval range_of("T", 'cell("grad_norm") > 1e-30 ? cell("grad_norm") : NaN')
norm_low = members > 0 ? RANGE_min : 1; norm_high = members > 0 ? RANGE_max : 10
eval range_of("T", 'cell("least_log_scale")')
log_low = members > 0 ? RANGE_min : -1
eval range_of("T", 'cell("greatest_log_scale")')
log_high = members > 0 ? RANGE_max : 1
if (flat(log_low, log_high)) { log_low = log_low - beside_flat(log_low); log_high = log_low + 2 * beside_flat(log_low) }
if (flat(loss_low, loss_high)) { loss_low = loss_low - beside_flat(loss_low); loss_high = loss_low + 2 * beside_flat(loss_low) }
norm_low = 10.0**floor(log10(norm_low)); norm_high = 10.0**ceil(log10(norm_high))
if (!(norm_low < norm_high)) { norm_high = 10 * norm_low }

# Which quantities of which runs have a point to draw, as words.  (stats would keep to the ranges that are set below.)
of(r) = strcol("seed") eq word(seeds, r)
above_0(q, y) = q == 2 && !(y > 1e-30) ? NaN : y
drawn = ""; lasts = ""
do for [r=1:n] {
    last = 0
    stats T using (of(r) ? (last = larger(last, column("step")), 0) : 0) nooutput
    lasts = lasts.sprintf(" %d", last)
}
do for [r=1:n] { do for [q=1:4] {
    eval range_of("T", 'of(r) ? above_0(q, cell(word(quantities, q))) : NaN')
    if (members > 0) { drawn = drawn.sprintf(" %d/%d", r, q) }
}}
has(r, q) = has_word(drawn, sprintf("%d/%d", r, q))

# The numbers that may be labelled, the first before the others: each as far as its label touches none.
heights = "0 1 3 5 10 2 100 1e4 1e6 1e10 1e15 1e20 1e25 1e30 1e40 1e60 1e100 1e200 "
heights = heights."-1 -10 -100 -3 -1e4 -1e6 -1e10 -1e15 -1e20 -1e25 -1e30 -1e40 -1e60 -1e100 -1e200"
called(w) = !strstrt(w, "e") ? w : (w[1:1] eq "-" ? "-" : "")."10^{".exponent(w)[2 : *]."}"
left = 70; gap = 20; first = 54; row = 130; between = 14; bottom = 66
width = (500.0 - left - 12 - (n - 1) * gap) / n
high = first + 3 * row + 2 * between + bottom
eval canvas(500, high)
set multiplot
unset key
at(r) = of(r) ? column("step") : NaN
do for [r=1:n] {
    x0 = left + (r - 1) * (width + gap)
    set lmargin at screen x0 / 500
    set rmargin at screen (x0 + width) / 500
    last = value_of(word(lasts, r))
    set xrange [0 : larger(1, 1.05 * last)] noextend
    set arrow 1 from last, graph 0 to last, graph 1 nohead lc rgb black lw 1.2 dt (6,5)
    do for [q=1:3] {
        y0 = first + (q - 1) * (row + between)
        set tmargin at screen 1 - y0 * 1.0 / high
        set bmargin at screen 1 - (y0 + row) * 1.0 / high
        unset label
        unset logscale y
        set xtics tick(2 * larger(2, last)) format (q == 3 ? "%g" : "") font SMALL
        if (q == 1) {
            set label 1 "seed ".word(seeds, r) center at screen (x0 + width / 2) / 500, 1 - 40.0 / high font SMALL
        }
        if (r == 1 && q == 1) { set label 6 "Runs on the way to where they diverge" center at screen 0.5, 1 - 14.0 / high }
        if (r == 1) {
            set label 3 (q == 1 ? "batch loss [nats]" : q == 2 ? "gradient norm" : "log scale [nats]") rotate center \
                at screen 14.0 / 500, 1 - (y0 + row / 2.0) / high
        }
        if (r == 1 && q == 3) {
            set label 2 "step" center at screen 0.5 + 0.5 * left / 500, 30.0 / high
            set label 4 "log scale: solid, the least; dashed, the greatest" font SMALL \
                center at screen 0.5 + 0.5 * left / 500, 11.0 / high
        }
        if (q == 2) {
            set logscale y
            set yrange [norm_low : norm_high] noextend
            set format y "10^{%T}"
            eval powers("y", norm_low, norm_high)
            if (r > 1) {
                set ytics ()
                do for [k=int(log10(norm_low)):int(log10(norm_high)):apart(norm_low, norm_high)] { set ytics add ("" 10.0**k) }
            }
        } else {
            a = asinh(q == 1 ? loss_low : log_low); b = asinh(q == 1 ? loss_high : log_high)
            set yrange [a - 0.05 * (b - a) : b + 0.05 * (b - a)] noextend
            set ytics () font SMALL
            taken = ""
            do for [w in heights] {
                y = asinh(value_of(w)); free = y >= a && y <= b
                do for [other in taken] { free = free && abs(y - value_of(other)) > 16 * 1.1 * (b - a) / row }
                if (free) { taken = taken.sprintf(" %.6f", y); set ytics add ((r > 1 ? "" : called(w)) y) }
            }
        }
        if (!has(r, q) || (q == 3 && !has(r, 4))) {
            set label 5 "not finite" center at graph 0.5, 0.5 font SMALL
            plot NaN notitle
        } else { if (q < 3) {
            plot T using (at(r)):(q == 1 ? asinh(cell("loss")) : above_0(q, cell("grad_norm"))) with lines lc rgb black lw 1 notitle
        } else {
            plot T using (at(r)):(asinh(cell("least_log_scale"))) with lines lc rgb red lw 1.5 notitle, \
                 T using (at(r)):(asinh(cell("greatest_log_scale"))) with lines lc rgb blue lw 1.5 dt (8,4) notitle
        }}
    }
}
unset multiplot
