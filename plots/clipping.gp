# clipping.gp - which runs a stabiliser holds: maps of depth against peak rate, a row of panels a stabiliser, a column a coupling.
#
# A cell's colour is the survivors' median held-out score.  The black bar along its foot is the part that diverged,
# k/n of its runs; a black cell with a white cross has no survivor.  Scores below the scale, and survivors
# whose score is not finite, count as its lower end.
# Table: clipping.tsv.  Without held-out rows the training score stands in.

SPAN = 1.5      # nats of the colour scale, at most; a flow that has learned nothing lies about as far down

T = "clipping.tsv"
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }
eval summary("T", 'cell("heldout_logp")')
score = members > 0 ? "heldout_logp" : "train_logp"
named_score = members > 0 ? "held-out log p" : "training log p"
top = 0.0; floor_ = -1.0
eval summary("T", 'cell(score)')
if (members > 0) { top = GROUP_max; floor_ = GROUP_min }
if (floor_ < top - SPAN) { floor_ = ceil((top - SPAN) * 10) / 10.0 - 0.1 }
if (!(floor_ < top) || flat(floor_, top)) { floor_ = top - 0.1 * larger(1, abs(top)) }
lowest(y) = y > floor_ ? y : floor_

couplings = ""; depths = ""; rates = ""; stabilisers = ""
stabiliser(i) = strcol("clip")."/".strcol("guard")
stats T using (couplings = with_word(couplings, strcol("coupling")), depths = with_word(depths, strcol("depth")), \
               rates = with_word(rates, strcol("lr")), stabilisers = with_word(stabilisers, stabiliser(0)), 0) nooutput
eval sorted("depths")
eval sorted("rates")
n_rates = words(rates); n_depths = words(depths); n_couplings = words(couplings); n_stabiliseres = words(stabilisers)
clip_of(l)  = l[1 : strstrt(l, "/") - 1]
guard_of(l) = l[strstrt(l, "/") + 1 : *]
stabiliser_name(l) = (clip_of(l) eq "none" ? "no clip" : "clip ".clip_of(l)). \
                (guard_of(l) eq "none" ? "" : guard_of(l) eq "skip" ? ", but steps that are not finite are left out" \
                                            : ", guard: ".guard_of(l))

# A row a cell: its panel, its place there from 1, its runs, those of them that diverged, the others' median score.
most_runs = 0
set print $cells
print "coupling\tstabiliser\trate\tdepth\truns\tlost\tvalue"
do for [c=1:n_couplings] { do for [l=1:n_stabiliseres] { do for [d=1:n_depths] { do for [r=1:n_rates] {
    here(i) = strcol("coupling") eq word(couplings, c) && stabiliser(0) eq word(stabilisers, l) && \
              column("depth") == number_in(depths, d) && column("lr") == number_in(rates, r)
    eval count("T", 'here(0)')
    runs = members
    eval summary("T", 'here(0) && strcol("status") eq "ok" ? lowest(scored(score)) : NaN')
    most_runs = runs > most_runs ? runs : most_runs
    if (runs > 0) {
        print sprintf("%d\t%d\t%d\t%d\t%d\t%d\t%.6g", c, l, r, d, \
            runs, runs - members, members > 0 ? GROUP_median : floor_)
    }
} } } }
set print

# All in units of the page.
cell_high = n_depths > 4 ? 20 : 25; head = 24; left = 52; gap = 12; first = 26; bottom = 126
panel_width = (500.0 - left - 10 - (n_couplings - 1) * gap) / n_couplings
panel_height = cell_high * n_depths
high = first + n_stabiliseres * (head + panel_height) + bottom
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
panel(c, l) = column("coupling") == c && column("stabiliser") == l
held(c, l) = panel(c, l) && column("lost") < column("runs")
part(c, l) = held(c, l) && column("lost") > 0
all(c, l)  = panel(c, l) && column("lost") == column("runs")
at(chosen) = chosen ? column("rate") : -9      # off the panel: a plot of no points at all would be a complaint
share(i)  = column("lost") / column("runs")
COUNT = most_runs < 10 ? TINY : format eq "svg" ? ",9" : ",6.7"    # "10/12" in a cell of 39 units
k_of_n(i) = sprintf("%d/%d", column("lost"), column("runs"))
dark(v) = (v - floor_) / (top - floor_) < 0.6
do for [c=1:n_couplings] { do for [l=1:n_stabiliseres] {
    x0 = left + (c - 1) * (panel_width + gap)
    y0 = first + (l - 1) * (head + panel_height) + head
    set lmargin at screen x0 / 500
    set rmargin at screen (x0 + panel_width) / 500
    set tmargin at screen 1 - y0 * 1.0 / high
    set bmargin at screen 1 - (y0 + panel_height) * 1.0 / high
    unset xtics
    unset ytics
    unset label
    if (l == n_stabiliseres) {
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
            at screen 14.0 / 500, 1 - (first + 0.5 * n_stabiliseres * (head + panel_height)) / high
        set label 4 "peak learning rate   [10^{−3}]" center at screen 0.5 + 0.5 * (left - 10) / 500, 92.0 / high
        # The key: the colours, and right of them the marks.
        set colorbox horizontal user origin left / 500.0, 55.0 / high size 200.0 / 500, 14.0 / high front
        step = top - floor_ > 3 || top - floor_ < 0.6 ? tick(top - floor_) : 0.5
        set cbtics step font SMALL offset 0,0.5 scale 0.4
        set format cb decimals(top - floor_)
        set label 5 "survivors' median ".named_score."   [nats]" font SMALL at screen left / 500.0, 20.0 / high
        set label 6 "k of n runs diverged" font SMALL at screen 348.0 / 500, 62.0 / high
        set label 7 "all diverged" font SMALL at screen 348.0 / 500, 28.0 / high
        set label 8 "k/n" center font TINY at screen 325.0 / 500, 65.0 / high
    }
    plot $cells using (at(held(c, l))):"depth":(0.5):(0.5):"value" with boxxyerror lc palette notitle, \
         $cells using (at(part(c, l)) - 0.5):(column("depth") - 0.5):(at(part(c, l)) - 0.5): \
                 (at(part(c, l)) - 0.5 + share(0)):(column("depth") - 0.5):(column("depth") - 0.28) \
             with boxxyerror lc rgb black fs solid 1 border lc rgb "white" notitle, \
         $cells using (at(all(c, l))):"depth":(0.5):(0.5) with boxxyerror lc rgb black notitle, \
         $cells using (at(all(c, l)) - 0.3):(column("depth") - 0.3):(0.6):(0.6) \
             with vectors nohead lc rgb "white" lw 2 notitle, \
         $cells using (at(all(c, l)) - 0.3):(column("depth") + 0.3):(0.6):(-0.6) \
             with vectors nohead lc rgb "white" lw 2 notitle, \
         $cells using (at(part(c, l))):(column("depth") + 0.1):(k_of_n(0)):(dark(column("value")) ? 0xFFFFFF : 0) \
             with labels font COUNT tc rgb variable notitle
    unset object
    unset arrow
}}
unset multiplot
