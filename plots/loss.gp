# loss.gp - the batch loss of training against the step, a line per depth; raw, and its running mean.
# Tables: loss.tsv, loss_mean.tsv.

eval canvas(500, 380)
T = "loss.tsv"; M = "loss_mean.tsv"

eval rows_of("T")
if (members == 0) { eval nothing("no run has a loss"); exit }
depths = ""; last = 0
stats T using (depths = with_word(depths, strcol("depth")), \
               last = column("step") > last ? column("step") : last, 0) nooutput

eval sorted("depths")

# The depths that have any loss, and between which all losses lie.
some = ""; lone = ""; averaged = ""
do for [d in depths] {
    eval range_of("T", 'column("depth") == real(d) ? cell("loss") : NaN')
    if (members > 0) { some = with_word(some, d) }
    if (members == 1) { lone = with_word(lone, d) }     # a point, as no line has one end
    if (members > 0) {
        eval range_of("M", 'column("depth") == real(d) ? cell("loss") : NaN')
        if (members > 0) { averaged = with_word(averaged, d) }      # the mean of huge losses may overflow
    }
}
if (words(some) == 0) { eval nothing("no run has a loss"); exit }
eval range_of("T", 'cell("loss")')

raw(d)  = column("depth") == d ? finite(cell("loss")) : NaN

set lmargin at screen 0.13
set rmargin at screen 0.955
set tmargin at screen 0.92
set bmargin at screen 0.15
set title "Training loss"
set xlabel "training step" offset 0,0.5
set ylabel "batch loss, −mean log p   [nats]" offset 1,0
set xrange [0 : last + 1]
set yrange [* : *]
if (flat(RANGE_min, RANGE_max)) {
    set yrange [RANGE_min - beside_flat(RANGE_min) : RANGE_max + beside_flat(RANGE_max)]
    set format y "%g"
} else {
    set format y decimals(RANGE_max - RANGE_min)
}
set key top right reverse Left
if (last < 8) { set xtics 1 }
if (words(lone) > 0) {
    room = 0.08 * (RANGE_max - RANGE_min)
    if (!flat(RANGE_min, RANGE_max)) { set yrange [RANGE_min - room : RANGE_max + room] }
    set multiplot
    set label 1 "a point: the only loss before the run diverged" at graph 0.03, 0.05 font SMALL
    plot for [d in lone] T using (column("step")):(raw(real(d))) \
        with points pt 7 ps 0.8 lc rgb depth_colour(real(d)) notitle
    unset label 1
}
if (words(averaged) > 0) {        # gnuplot runs once through a list of no words
    plot for [d in some] T using (column("step")):(raw(real(d))) \
             with lines lc rgb faint(depth_colour(real(d))) lw 0.6 notitle, \
         for [d in averaged] M using (column("step")):(raw(real(d))) \
             with lines lc rgb depth_colour(real(d)) lw 2 title "depth ".d
} else {
    plot for [d in some] T using (column("step")):(raw(real(d))) \
             with lines lc rgb faint(depth_colour(real(d))) lw 0.6 title "depth ".d
}
if (words(lone) > 0) { unset multiplot }
