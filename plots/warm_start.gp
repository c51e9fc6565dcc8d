# warm_start.gp - the loss of a batch against step, from a cold and from a warm start, a panel per rate.
#
# Lines: median over the seeds; bands: quartiles.  The loss is cut off above the cold start's first median.
# Tables: warm_start_loss.tsv.

T = "warm_start_loss.tsv"
eval rows_of("T")
if (members == 0) { eval nothing("no run"); exit }
eval range_of("T", 'cell("median")')
if (members == 0) { eval nothing("no run has a loss"); exit }
rates = ""; arms = ""
stats T using (rates = with_word(rates, strcol("lr")), arms = with_word(arms, strcol("arm")), 0) nooutput
eval sorted("rates")
low = RANGE_min; top = smaller(RANGE_max, RANGE_min + 8)
if (flat(low, top)) { low = low - beside_flat(low); top = top + beside_flat(top) }
room = 0.06 * (top - low)
shown(y) = abs(y) < 1e300 ? larger(low - room, smaller(top + room, y)) : NaN
stats T using "step" nooutput name "S"

n = words(rates)
panel = 200; first = 34; bottom = 56
high = first + n * panel + bottom
eval canvas(500, high)
set multiplot
set lmargin at screen 0.145
set rmargin at screen 0.975
set format y decimals(top - low)
hue(a) = a eq "warm" ? red : blue
dash(a) = a eq "warm" ? 1 : 2
do for [k=1:n] {
    set tmargin at screen 1 - (first + (k - 1) * panel) * 1.0 / high
    set bmargin at screen 1 - (first + k * panel - 18) * 1.0 / high
    unset label 3
    if (k == 1) { set label 3 "Loss of a batch from a cold and a warm start" center at screen 0.5, 1 - 14.0 / high }
    set xlabel (k == n ? "step" : "") offset 0,0.7
    set format x (k == n ? "%g" : "")
    set ylabel "batch loss   [nats]" offset 0.4,0
    set label 1 "rate ".word(rates, k) at graph 0.5, 0.92 center font SMALL
    if (k == 1) { set key top right } else { unset key }
    rate = word(rates, k)
    mine(a) = strcol("lr") eq rate && strcol("arm") eq a
    drawn = ""
    set xrange [* : *]; set yrange [* : *]   # what stats looks at lies in no other
    stats T using (drawn = strcol("lr") eq rate && abs(cell("median")) < 1e300 ? \
                   with_word(drawn, strcol("arm")) : drawn, 0) nooutput
    set xrange [0 : larger(1, S_max)] noextend
    set yrange [low - room : top + room] noextend
    if (words(drawn) == 0) { set label 2 "no number" at graph 0.5, 0.5 center; plot NaN notitle; unset label 2; continue }
    plot for [a in drawn] T using (mine(a) ? column("step") : NaN):(shown(cell("q1"))):(shown(cell("q3"))) \
             with filledcurves lc rgb faint(hue(a)) fs transparent solid 0.6 notitle, \
         for [a in drawn] T using (mine(a) ? column("step") : NaN):(shown(cell("median"))) \
             with lines lc rgb hue(a) lw 1.6 dt dash(a) title a
}
unset multiplot
