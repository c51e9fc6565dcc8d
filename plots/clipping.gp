# clipping.gp - which runs a stabiliser holds: maps of depth against peak rate, a row of panels for a stabiliser, a
# column for a coupling.
#
# A cell's colour is the survivors' median held-out score.  The black bar along its foot is the part that failed,
# k/n of its runs; a black cell with a white cross has no survivor.  A median below the scale, and the cell of survivors
# without a finite score, have the colour of its lower end.
# Table: clipping_summary.tsv.  Without held-out rows the training score stands in.

SPAN = 1.5      # nats of the colour scale, at most; a flow that has learned nothing lies about as far down

S = "clipping_summary.tsv"
eval rows_of("S")
if (members == 0) { eval nothing("no run"); exit }
eval range_of("S", 'strcol("of") eq "heldout_logp" ? cell("max") : NaN')
score = members > 0 ? "heldout_logp" : "train_logp"
named_score = members > 0 ? "held-out log p" : "training log p"
top = 0.0; floor_ = -1.0
eval range_of("S", 'strcol("of") eq score ? cell("max") : NaN')
if (members > 0) { top = RANGE_max }
eval range_of("S", 'strcol("of") eq score ? cell("min") : NaN')
if (members > 0) { floor_ = RANGE_min }
if (floor_ < top - SPAN) { floor_ = ceil((top - SPAN) * 10) / 10.0 - 0.1 }
if (!(floor_ < top) || flat(floor_, top)) { floor_ = top - 0.1 * larger(1, abs(top)) }

couplings = ""; depths = ""; rates = ""; stabilisers = ""
stabiliser(i) = strcol("clip")."/".strcol("guard")
most_runs = 0
stats S using (most_runs = larger(most_runs, column("runs")), couplings = with_word(couplings, strcol("coupling")), \
               depths = with_word(depths, strcol("depth")), rates = with_word(rates, strcol("lr")), \
               stabilisers = with_word(stabilisers, stabiliser(0)), 0) nooutput
eval sorted("depths")
eval sorted("rates")
n_rates = words(rates); n_depths = words(depths); n_couplings = words(couplings); n_stabilisers = words(stabilisers)
clip_of(l)  = l[1 : strstrt(l, "/") - 1]
guard_of(l) = l[strstrt(l, "/") + 1 : *]
stabiliser_name(l) = (clip_of(l) eq "none" ? "no clip" : "clip ".clip_of(l)). \
                (guard_of(l) eq "none" ? "" : guard_of(l) eq "skip" ? ", but steps that are not finite are left out" \
                                            : ", guard: ".guard_of(l))

# All in units of the page.
cell_high = n_depths > 4 ? 20 : 25; head = 24; left = 52; gap = 12; first = 26; bottom = 126
panel_width = (500.0 - left - 10 - (n_couplings - 1) * gap) / n_couplings
panel_height = cell_high * n_depths
high = first + n_stabilisers * (head + panel_height) + bottom
eval canvas(500, high)
set multiplot
unset grid
unset key
set border 15 lw 0.8
set tics scale 0
set xrange [0.5 : n_rates + 0.5] noextend
set yrange [0.5 : n_depths + 0.5] noextend
set cbrange [floor_ : top]
set palette maxcolors 256
set style fill solid 1 noborder
set object 1 rect from screen 310.0 / 500, 50.0 / high to screen 340.0 / 500, 74.0 / high \
    fc rgb "white" fs solid 1 border lc rgb black lw 0.8
set object 2 rect from screen 310.0 / 500, 50.0 / high to screen 322.0 / 500, 55.0 / high \
    fc rgb black fs solid 1 noborder
set object 3 rect from screen 310.0 / 500, 16.0 / high to screen 340.0 / 500, 40.0 / high \
    fc rgb black fs solid 1 noborder
set arrow 1 from screen 316.0 / 500, 21.0 / high to screen 334.0 / 500, 35.0 / high nohead lc rgb "white" lw 2
set arrow 2 from screen 316.0 / 500, 35.0 / high to screen 334.0 / 500, 21.0 / high nohead lc rgb "white" lw 2
panel(c, l) = strcol("of") eq score && strcol("coupling") eq word(couplings, c) && stabiliser(0) eq word(stabilisers, l)
held(c, l) = panel(c, l) && column("ok") > 0
part(c, l) = held(c, l) && lost(0) > 0
all(c, l)  = panel(c, l) && column("ok") == 0
lost(i)    = column("runs") - column("ok")
share(i)   = lost(0) / column("runs")
rung(i)    = place_of(strcol("depth"), depths)
median(i)  = column("n") > 0 && cell("median") > floor_ ? cell("median") : floor_
# The place of a rate; off the panel for other rows: a plot of no points at all would be a complaint.
at(chosen) = chosen ? place_of(strcol("lr"), rates) : -9
COUNT = most_runs < 10 ? TINY : format eq "svg" ? ",9" : ",6.7"    # "10/12" in a cell of 39 units
k_of_n(i) = sprintf("%d/%d", lost(0), column("runs"))
dark(v) = (v - floor_) / (top - floor_) < 0.6
do for [c=1:n_couplings] { do for [l=1:n_stabilisers] {
    x0 = left + (c - 1) * (panel_width + gap)
    y0 = first + (l - 1) * (head + panel_height) + head
    set lmargin at screen x0 / 500
    set rmargin at screen (x0 + panel_width) / 500
    set tmargin at screen 1 - y0 * 1.0 / high
    set bmargin at screen 1 - (y0 + panel_height) * 1.0 / high
    unset xtics
    unset ytics
    unset label
    if (l == n_stabilisers) {
        set xtics () font SMALL offset 0,0.5
        do for [r=1:n_rates] { set xtics add (sprintf("%g", 1000 * number_in(rates, r)) r) }
    }
    if (c == 1) {
        set ytics () font SMALL offset 0.8,0
        do for [d=1:n_depths] { set ytics add (word(depths, d) d) }
        set label 3 stabiliser_name(word(stabilisers, l)) at screen x0 / 500.0, 1 - (y0 - 9.0) / high font SMALL
    }
    if (l == 1) {
        set label 2 (word(couplings, c) eq "spline" ? "RQ spline" : word(couplings, c)) \
            at screen (x0 + panel_width / 2.0) / 500, 1 - 14.0 / high center
    }
    unset colorbox
    if (c == 1 && l == 1) {
        set label 1 "number of coupling blocks" rotate center \
            at screen 14.0 / 500, 1 - (first + 0.5 * n_stabilisers * (head + panel_height)) / high
        set label 4 "peak learning rate   [10^{−3}]" center at screen 0.5 + 0.5 * (left - 10) / 500, 92.0 / high
        # The key: the colours, and right of them the marks.
        set colorbox horizontal user origin left / 500.0, 55.0 / high size 200.0 / 500, 14.0 / high front
        step = top - floor_ > 3 || top - floor_ < 0.6 ? tick(top - floor_) : 0.5
        set cbtics step font SMALL offset 0,0.5 scale 0.4
        set format cb decimals(top - floor_)
        set label 5 "survivors' median ".named_score."   [nats]" font SMALL at screen left / 500.0, 20.0 / high
        set label 6 "k of n runs failed" font SMALL at screen 348.0 / 500, 62.0 / high
        set label 7 "all failed" font SMALL at screen 348.0 / 500, 28.0 / high
        set label 8 "k/n" center font TINY at screen 325.0 / 500, 65.0 / high
    }
    plot S using (at(held(c, l))):(rung(0)):(0.5):(0.5):(median(0)) with boxxyerror lc palette notitle, \
         S using (at(part(c, l)) - 0.5):(rung(0) - 0.5):(at(part(c, l)) - 0.5): \
                 (at(part(c, l)) - 0.5 + share(0)):(rung(0) - 0.5):(rung(0) - 0.28) \
             with boxxyerror lc rgb black fs solid 1 border lc rgb "white" notitle, \
         S using (at(all(c, l))):(rung(0)):(0.5):(0.5) with boxxyerror lc rgb black notitle, \
         S using (at(all(c, l)) - 0.3):(rung(0) - 0.3):(0.6):(0.6) \
             with vectors nohead lc rgb "white" lw 2 notitle, \
         S using (at(all(c, l)) - 0.3):(rung(0) + 0.3):(0.6):(-0.6) \
             with vectors nohead lc rgb "white" lw 2 notitle, \
         S using (at(part(c, l))):(rung(0) + 0.1):(k_of_n(0)):(dark(median(0)) ? 0xFFFFFF : 0) \
             with labels font COUNT tc rgb variable notitle
    unset object
    unset arrow
}}
unset multiplot
