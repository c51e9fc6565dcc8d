# stability_remedies.gp - each remedy of the optimiser alone: the held-out log p of every ok run, its median, and how many
# are ok.
#
# A panel per scale; depth 16, rate 0.01.  A score below the panel is drawn at its foot.
# Tables: stability.tsv, stability_cells.tsv.

SPAN = 2.0      # nats below the best median

T = "stability.tsv"; C = "stability_cells.tsv"
in_cell(i) = strcol("lr") eq "0.01" && column("depth") == 16 && strcol("coupling") ne "spline"
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }
eval range_of("C", 'in_cell(0) ? cell("heldout") : NaN')
if (members == 0) { eval nothing("no run of depth 16 at rate 0.01 has a held-out score"); exit }
top = RANGE_max; low = larger(RANGE_min, top - SPAN)
if (flat(low, top)) { low = low - beside_flat(low); top = top + beside_flat(top) }
room = 0.12 * (top - low)

# Scales that have a remedy beside the clip; with none, all.
scales = ""; all_scales = ""; arms = ""
other(a) = a ne "none" && a ne "clip"
stats C using (in_cell(0) ? (all_scales = with_word(all_scales, strcol("coupling")), \
               arms = with_word(arms, strcol("arm")), \
               scales = other(strcol("arm")) ? with_word(scales, strcol("coupling")) : scales, 0) : 0) nooutput
if (words(scales) == 0) { scales = all_scales }
n_scales = words(scales); n_arms = words(arms)

panel = 170; first = 34; gap = 18; bottom = 62
high = first + n_scales * (panel + gap) + bottom - gap
eval canvas(500, high)
set multiplot
unset key
set lmargin at screen 74.0 / 500
set rmargin at screen 490.0 / 500
set xrange [0.4 : n_arms + 0.6] noextend
set yrange [low - room : top + 3 * room] noextend
set ytics tick(2 * (top - low)) font SMALL
set format y decimals(top - low)
of(s) = in_cell(0) && strcol("coupling") eq word(scales, s)
run(s) = of(s) && strcol("status") eq "ok" && abs(cell("heldout_logp")) < 1e300
at(chosen) = chosen ? place_of(strcol("arm"), arms) : -9
shown(y) = y > low - 0.5 * room ? smaller(y, top + room) : low - 0.5 * room
beside(i) = 0.24 * (int(column("seed")) % 5 - 2) / 2.0
do for [s=1:n_scales] {
    y0 = first + (s - 1) * (panel + gap)
    set tmargin at screen 1 - (y0 + 18.0) / high
    set bmargin at screen 1 - (y0 + panel) * 1.0 / high
    unset label
    set label 1 word(scales, s) at screen 74.0 / 500, 1 - (y0 + 8.0) / high font SMALL
    set xtics () font SMALL
    do for [a=1:n_arms] { set xtics add ((s == n_scales ? word(arms, a) : "") a) rotate by 35 right }
    if (s == 1) { set label 3 "Each remedy alone: held-out log p of every ok run" center at screen 0.5, 1 - 14.0 / high }
    if (s == 1) { set label 2 "held-out log p   [nats]" rotate center at screen 14.0 / 500, 0.5 + 0.5 * bottom / high }
    plot T using (at(run(s)) + beside(0)):(shown(cell("heldout_logp"))) with points pt 6 ps 0.5 lc rgb purple notitle, \
         C using (at(of(s) && abs(cell("heldout")) < 1e300) - 0.32):(shown(cell("heldout"))):(0.64):(0) \
             with vectors nohead lc rgb black lw 2.5 notitle, \
         C using (at(of(s))):(top + 2.2 * room):(sprintf("%d/%d", column("ok"), column("runs"))) \
             with labels font SMALL notitle
}
unset multiplot
