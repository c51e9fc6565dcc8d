# stability.gp - which scale of the affine coupling, how deep: a map of depth against peak rate for each, under clip 1.
#
# A cell says how many of its runs are ruined or diverged, and the median held-out log p of the others, which is also its
# colour; a black cell has no other.  A frame marks the rate that the validation rows choose.  The title is the table's.
# Tables: stability_scales.tsv, stability_title.tsv.

SPAN = 1.0      # nats of the colour scale, at most: what is farther below the best is as dark

S = "stability_scales.tsv"; W = "stability_title.tsv"
eval rows_of("S")
if (members == 0) { eval nothing("no run of an affine coupling under the clip"); exit }
top = 0.0; low = -1.0
eval range_of("S", 'cell("heldout")')
if (members > 0) { top = RANGE_max; low = larger(RANGE_min, top - SPAN) }
if (!(low < top) || flat(low, top)) { low = top - 0.1 * larger(1, abs(top)) }

title_1 = ""; title_2 = ""
eval rows_of("W")
if (members > 0) {
    stats W using (column("line") == 1 ? (title_1 = strcol("words"), 0) : (title_2 = strcol("words"), 0)) nooutput
}
scales = ""; depths = ""; rates = ""
stats S using (scales = with_word(scales, strcol("coupling")), depths = with_word(depths, strcol("depth")), \
               rates = with_word(rates, strcol("lr")), 0) nooutput
eval sorted("depths")
eval sorted("rates")
n_scales = words(scales); n_depths = words(depths); n_rates = words(rates)

# All in units of the page.
across = n_scales < 2 ? 1 : 2; down = ceil(n_scales / real(across))
cell_high = 22; head = 26; left = 52; gap = 14; first = 46; bottom = 116
panel_width = (500.0 - left - 10 - (across - 1) * gap) / across
panel_height = cell_high * n_depths
high = first + down * (head + panel_height) + bottom
eval canvas(500, high)
set multiplot
unset grid
unset key
set border 15 lw 0.8
set tics scale 0
set xrange [0.5 : n_rates + 0.5] noextend
set yrange [0.5 : n_depths + 0.5] noextend
set cbrange [low : top]
set style fill solid 1 noborder

of(s)     = strcol("coupling") eq word(scales, s)
held(s)   = of(s) && column("ok") > 0 && abs(cell("heldout")) < 1e300
gone(s)   = of(s) && column("ok") == 0
shade(i)  = cell("heldout") > low ? cell("heldout") : low
ink(v)    = (v - low) / (top - low) < 0.6 ? 0xFFFFFF : 0
score(v)  = gprintf(abs(v) < 100 ? "%.2f" : "%.0e", v)
lost(i)   = column("runs") - column("ok")
words_(i) = sprintf("%d/%d  %s", lost(0), column("runs"), score(cell("heldout")))
rung(i)   = place_of(strcol("depth"), depths)
# The place of a rate; off the panel for other rows: a plot of no points at all would be a complaint.
at(chosen) = chosen ? place_of(strcol("lr"), rates) : -9

do for [s=1:n_scales] {
    x0 = left + ((s - 1) % across) * (panel_width + gap)
    y0 = first + ((s - 1) / across) * (head + panel_height) + head
    set lmargin at screen x0 / 500
    set rmargin at screen (x0 + panel_width) / 500
    set tmargin at screen 1 - y0 * 1.0 / high
    set bmargin at screen 1 - (y0 + panel_height) * 1.0 / high
    unset xtics
    unset ytics
    unset label
    unset colorbox
    set label 1 word(scales, s) at screen x0 / 500.0, 1 - (y0 - 10.0) / high font SMALL
    if (s + across > n_scales) {
        set xtics () font SMALL offset 0,0.5
        do for [r=1:n_rates] { set xtics add (word(rates, r) r) }
    }
    if ((s - 1) % across == 0) {
        set ytics () font SMALL offset 0.8,0
        do for [d=1:n_depths] { set ytics add (word(depths, d) d) }
    }
    if (s == 1) {
        set label 2 title_1 at screen 12.0 / 500, 1 - 14.0 / high
        set label 3 title_2 at screen 12.0 / 500, 1 - 33.0 / high
        set label 4 "number of coupling blocks" rotate center \
            at screen 14.0 / 500, 1 - (first + 0.5 * down * (head + panel_height)) / high
        set label 5 "peak learning rate" center at screen 0.5 + 0.5 * (left - 10) / 500, 82.0 / high
        set colorbox horizontal user origin left / 500.0, 50.0 / high size 170.0 / 500, 12.0 / high front
        step = tick(2 * (top - low))
        set cbtics step font SMALL offset 0,0.5 scale 0.4
        set format cb decimals(top - low)
        set label 6 "held-out log p, median   [nats]" font SMALL at screen left / 500.0, 16.0 / high
        set label 7 "k/n: ruined or diverged, of n" font SMALL at screen 252.0 / 500, 56.0 / high
        set label 8 "black: no run is ok" font SMALL at screen 252.0 / 500, 36.0 / high
        set label 9 "framed: chosen on validation rows" font SMALL at screen 252.0 / 500, 16.0 / high
    }
    plot S using (at(held(s))):(rung(0)):(0.5):(0.5):(shade(0)) with boxxyerror lc palette notitle, \
         S using (at(gone(s))):(rung(0)):(0.5):(0.5) with boxxyerror lc rgb black notitle, \
         S using (at(of(s) && column("best") == 1)):(rung(0)):(0.47):(0.42) \
             with boxxyerror lc rgb "white" lw 3.5 fs empty notitle, \
         S using (at(of(s) && column("best") == 1)):(rung(0)):(0.47):(0.42) \
             with boxxyerror lc rgb black lw 1.5 fs empty notitle, \
         S using (at(held(s))):(rung(0)):(words_(0)):(ink(shade(0))) \
             with labels font TINY tc rgb variable notitle, \
         S using (at(gone(s))):(rung(0)):(sprintf("%d/%d", lost(0), column("runs"))) \
             with labels font TINY tc rgb "white" notitle
}
unset multiplot
