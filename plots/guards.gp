# guards.gp - stacks of depth 20 with none of four guards, with all, and with each left out: the held-out log p of every ok
# run, its median, and how many are ok.
#
# A panel per coupling; rate 0.01.  A score below the panel is drawn at its foot.
# Tables: guards.tsv, guards_cells.tsv.

SPAN = 2.0      # nats below the best median

T = "guards.tsv"; C = "guards_cells.tsv"
guarded(i) = strcol("lr") eq "0.01"
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }
eval range_of("C", 'guarded(0) ? cell("heldout") : NaN')
if (members == 0) { eval nothing("no run at rate 0.01 has a held-out score"); exit }
top = RANGE_max; low = larger(RANGE_min, top - SPAN)
if (flat(low, top)) { low = low - beside_flat(low); top = top + beside_flat(top) }
room = 0.12 * (top - low)
scales = ""; arms = ""
stats C using (guarded(0) ? (scales = with_word(scales, strcol("coupling")), arms = with_word(arms, strcol("arm")), 0) : 0) \
    nooutput
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
of(s) = guarded(0) && strcol("coupling") eq word(scales, s)
run(s) = of(s) && strcol("status") eq "ok" && abs(cell("heldout_logp")) < 1e300
at(chosen) = chosen ? place_of(strcol("arm"), arms) : -9
shown(y) = y > low - 0.5 * room ? smaller(y, top + room) : low - 0.5 * room
beside(i) = 0.24 * (int(column("seed")) % 5 - 2) / 2.0
do for [s=1:n_scales] {
    y0 = first + (s - 1) * (panel + gap)
    set tmargin at screen 1 - (y0 + 18.0) / high
    set bmargin at screen 1 - (y0 + panel) * 1.0 / high
    unset label
    set label 1 word(scales, s).(s == 1 ? "        numbers: how many runs are ok; line: their median" : "") at screen 74.0 / 500, 1 - (y0 + 8.0) / high font SMALL
    set xtics () font SMALL
    do for [a=1:n_arms] { set xtics add ((s == n_scales ? word(arms, a) : "") a) rotate by 35 right }
    if (s == 1) { set label 3 "Depth 20 with and without each guard: held-out log p" center at screen 0.5, 1 - 14.0 / high }
    if (s == 1) { set label 2 "held-out log p   [nats]" rotate center at screen 14.0 / 500, 0.5 + 0.5 * bottom / high }
    plot T using (at(run(s)) + beside(0)):(shown(cell("heldout_logp"))) with points pt 7 ps 0.5 lc rgb purple notitle, \
         C using (at(of(s) && abs(cell("heldout")) < 1e300) - 0.32):(shown(cell("heldout"))):(0.64):(0) \
             with vectors nohead lc rgb black lw 2.5 notitle, \
         C using (at(of(s))):(top + 2.2 * room):(sprintf("%d/%d", column("ok"), column("runs"))) \
             with labels font SMALL notitle
}
unset multiplot
