# depth20.gp - deep stacks bare, clipped, with ActNorm from data, and with both: each run's two scores, and those lost.
#
# The bars are medians of the finite scores.  Scores more than SPAN nats below the best are drawn at the foot, as
# triangles that point down; a run that ended with a score that is not finite, at the foot too.
# Tables: depth20.tsv, depth20_summary.tsv.

SPAN = 1.2

T = "depth20.tsv"; S = "depth20_summary.tsv"
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }
couplings = ""; depths = ""; arms = ""; seeds = ""; first_depth = NaN
stats T using (couplings = with_word(couplings, strcol("coupling")), depths = with_word(depths, strcol("depth")), \
               arms = with_word(arms, strcol("arm")), seeds = with_word(seeds, strcol("seed")), 0) nooutput
eval sorted("depths")
n_arms = words(arms); n_seeds = words(seeds)
arm_name(a) = a eq "none" ? "bare" : a eq "clip" ? "clip" : a eq "actnorm" ? "ActNorm" : a
# The score of a run that ended is a number for this also where the flow's density overflowed.
scored(name_) = finite(trained(name_)) == trained(name_) ? trained(name_) : -1e299

eval range_of("T", 'trained("heldout_logp")');  has_heldout = members > 0
top = -1e300
if (has_heldout) { top = RANGE_max }
eval range_of("T", 'trained("train_logp")');    has_train = members > 0
if (has_train && RANGE_max > top) { top = RANGE_max }
if (!has_heldout && !has_train) { top = 0.0 }
foot = top
eval range_of("T", 'trained("train_logp") > top - SPAN ? trained("train_logp") : NaN')
if (members > 0 && RANGE_min < foot) { foot = RANGE_min }
eval range_of("T", 'trained("heldout_logp") > top - SPAN ? trained("heldout_logp") : NaN')
if (members > 0 && RANGE_min < foot) { foot = RANGE_min }
if (foot == top || flat(foot, top)) { foot = top - 0.1 * larger(1, abs(top)) }
pad = 0.16 * (top - foot + 0.02)
foot = foot - pad
inside(y) = y > foot ? y : -1e9
under(y)  = y > foot ? -1e9 : foot

# The medians, the runs that failed, and what lies under the foot: a row a panel and arm.
set print $medians
print "panel\tarm\ttrain\theldout"
panels = 0; lost_of = ""; runs_of = ""
do for [d in depths] { do for [c in couplings] {
    panels = panels + 1
    D = real(d)
    do for [a in arms] {
        here(name_) = strcol("coupling") eq c && column("depth") == D && strcol("arm") eq a && strcol("of") eq name_
        eval look_up("S", 'here("train_logp")', "runs");          runs = found == found ? found : 0
        eval look_up("S", 'here("train_logp")', "ok");            lost = found == found ? runs - found : 0
        runs_of = runs_of.sprintf(" %d", runs); lost_of = lost_of.sprintf(" %d", lost)
        eval look_up("S", 'here("train_logp")', "median");        train = found == found ? found : -1e299
        eval look_up("S", 'here("heldout_logp")', "median");      heldout = found == found ? found : -1e299
        print sprintf("%d\t%d\t%.17g\t%.17g", panels, place_of(a, arms), train, heldout)
    }
}}
set print

# All in units of the page; a row of panels a depth.
rows = words(depths); columns = words(couplings)
left = 76; gap = 14; first = 34; panel_height = rows == 1 ? 250 : 190; between = 50; bottom = 88
panel_width = (500.0 - left - 10 - (columns - 1) * gap) / columns
high = first + rows * panel_height + (rows - 1) * between + bottom
eval canvas(500, high)
set multiplot
unset key
set xrange [0.5 : n_arms + 0.5]
set yrange [foot - 0.15 * pad : top + 0.35 * pad]
set xtics () font SMALL
set ytics autofreq
set for [i=1:n_arms] xtics add (arm_name(word(arms, i)) i)
spread_(i) = n_seeds > 1 ? 0.24 * ((place_of(strcol("seed"), seeds) - 1.0) / (n_seeds - 1) - 0.5) : 0
spot(c, d, side) = strcol("coupling") eq c && column("depth") == d && strcol("status") eq "ok" \
    ? place_of(strcol("arm"), arms) + side + spread_(0) : -9
panel(p) = column("panel") == p ? column("arm") : -9
TRAINED = -0.2; NEW = 0.2

p = 0
do for [r=1:rows] { do for [k=1:columns] {
    p = p + 1
    c = word(couplings, k); D = number_in(depths, r)
    x0 = left + (k - 1) * (panel_width + gap); y0 = first + (r - 1) * (panel_height + between)
    set lmargin at screen x0 / 500.0
    set rmargin at screen (x0 + panel_width) / 500.0
    set tmargin at screen 1 - y0 * 1.0 / high
    set bmargin at screen 1 - (y0 + panel_height) * 1.0 / high
    set title (c eq "spline" ? "RQ spline" : c).", depth ".word(depths, r)
    set ylabel (k == 1 ? "mean log p(x)   [nats]" : "") offset 0.8,0
    set format y (k == 1 ? decimals(top - foot) : "")
    do for [i=1:n_arms] {
        unset label i
        lost = word(lost_of, (p - 1) * n_arms + i)
        if (real(lost) > 0) {
            set label i "× ".lost."/".word(runs_of, (p - 1) * n_arms + i) at first i, graph 0.1 center font SMALL
        }
    }
    if (p == rows * columns) {      # the key of them all
        set label 101 "training rows" at screen 0.18, 42.0 / high point ls TRAIN ps 0.8 offset 1,-0.4 font SMALL
        set label 102 "held-out rows" at screen 0.45, 42.0 / high point ls HELDOUT ps 0.8 offset 1,-0.4 font SMALL
        set label 103 "off the scale" \
            at screen 0.73, 42.0 / high point pt 10 lc rgb black lw 1.3 ps 0.8 offset 1,-0.4 font SMALL
        set label 104 "bars: medians of the finite scores;  × k/n: k of n failed" \
            at screen 0.53, 17.0 / high center font SMALL
        if (!has_heldout) { unset label 102 }
    }
    plot T using (spot(c, D, TRAINED)):(inside(scored("train_logp"))) \
             with points ls TRAIN lc rgb faint(green) ps 0.6 notitle, \
         for [i=1:has_heldout] T using (spot(c, D, NEW)):(inside(scored("heldout_logp"))) \
             with points ls HELDOUT lc rgb faint(purple) ps 0.6 notitle, \
         T using (spot(c, D, TRAINED)):(under(scored("train_logp"))) \
             with points pt 10 lc rgb green lw 1.3 ps 0.8 notitle, \
         for [i=1:has_heldout] T using (spot(c, D, NEW)):(under(scored("heldout_logp"))) \
             with points pt 10 lc rgb purple lw 1.3 ps 0.8 notitle, \
         $medians using (panel(p) + TRAINED - 0.17):(inside(column("train"))):(0.34):(0) \
             with vectors nohead lc rgb green lw 2.5 notitle, \
         $medians using (panel(p) + NEW - 0.17):(inside(column("heldout"))):(0.34):(0) \
             with vectors nohead lc rgb purple lw 2.5 notitle
}}
unset multiplot
