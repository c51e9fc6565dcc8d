# rows.gp - KL to the true density and the over-fitting gap against the number of training rows, a line per depth.
#
# Filled marks: trained to the end; open ones: the parameters that fit the validation rows best; squares: four times the
# steps.  Medians over the seeds.
# Tables: rows_summary.tsv.

S = "rows_summary.tsv"
eval rows_of("S")
if (members == 0) { eval nothing("no run"); exit }
eval range_of("S", 'cell("median")')
if (members == 0) { eval nothing("no run has a score"); exit }
sizes = ""; depths = ""; arms = ""
stats S using (sizes = with_word(sizes, strcol("rows")), depths = with_word(depths, strcol("depth")), \
               arms = with_word(arms, strcol("arm")), 0) nooutput
eval sorted("sizes"); eval sorted("depths")

eval canvas(500, 560)
set multiplot
set lmargin at screen 0.14
set rmargin at screen 0.975
set logscale x
set xrange [number_in(sizes, 1) / 1.5 : number_in(sizes, words(sizes)) * 1.5]
set xtics ()
set for [s in sizes] xtics add (s real(s))
mark(a) = a eq "end" ? 7 : a eq "best" ? 6 : a eq "end-x4" ? 5 : 4
size(a) = strstrt(a, "x4") > 0 ? 1.0 : 0.8
name(a) = a eq "end" ? "to the end" : a eq "best" ? "best of validation" : \
          a eq "end-x4" ? "four times the steps" : "the same, best of validation"
do for [k=1:2] {
    set yrange [* : *]   # what stats looks at lies in no other
    quantity = k == 1 ? "kl" : "gap"
    set title (k == 1 ? "KL and over-fitting against training rows" : "")
    eval range_of("S", 'strcol("of") eq quantity ? cell("median") : NaN')
    some = members > 0
    low = some ? smaller(0, RANGE_min) : 0; top = some ? RANGE_max : 1
    if (flat(low, top)) { top = top + beside_flat(top) }
    set tmargin at screen (k == 1 ? 0.945 : 0.49)
    set bmargin at screen (k == 1 ? 0.56 : 0.11)
    set format y decimals(top - low)
    set ylabel (k == 1 ? "KL(truth || flow)   [nats]" : "over-fitting gap   [nats]") offset 0.8,0
    set xlabel (k == 2 ? "training rows" : "") offset 0,0.9
    unset label
    if (!some) { set label 1 "no number" at graph 0.5, 0.5 center }
    set key top right font SMALL
    if (k == 2) { unset key }
    # A line without a point is not drawn: gnuplot complains of one.
    mine(w) = strcol("of") eq quantity && strcol("depth")."/".strcol("arm") eq w ? finite(cell("median")) : NaN
    drawn = ""
    stats S using (drawn = strcol("of") eq quantity && abs(cell("median")) < 1e300 ? \
                   with_word(drawn, strcol("depth")."/".strcol("arm")) : drawn, 0) nooutput
    depth_in(w) = w[1 : strstrt(w, "/") - 1]
    arm_in(w) = w[strstrt(w, "/") + 1 : *]
    set yrange [low - 0.05 * (top - low) : top + 0.1 * (top - low)] noextend
    if (words(drawn) == 0) { plot NaN notitle; continue }
    plot for [w in drawn] S using (column("rows")):(mine(w)) \
             with linespoints lc rgb depth_colour(value_of(depth_in(w))) lw (arm_in(w) eq "end" ? 2 : 1) \
             pt mark(arm_in(w)) ps size(arm_in(w)) notitle, \
         for [d in depths] keyentry with lines lc rgb depth_colour(value_of(d)) lw 2 title "depth ".d, \
         for [a in arms] keyentry with points lc rgb black pt mark(a) ps size(a) title name(a), \
         NaN notitle
}
unset multiplot
