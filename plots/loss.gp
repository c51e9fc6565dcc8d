# loss.gp - the batch loss of training against the step, a line a depth; raw, and its running mean.
# Table: loss.tsv.

eval canvas(500, 380)
T = "loss.tsv"
WINDOW = 25   # steps of the running mean, an odd number

eval rows_of("T")
if (members == 0) { eval nothing("no run has a loss"); exit }
depths = ""; last = 0
stats T using (depths = with_word(depths, strcol("depth")), \
               last = column("step") > last ? column("step") : last, 0) nooutput

eval sorted("depths")

# The depths that have any loss, and between which all losses lie.
some = ""; lone = ""
do for [d in depths] {
    eval summary("T", 'column("depth") == real(d) ? cell("loss") : NaN')
    if (members > 0) { some = with_word(some, d) }
    if (members == 1) { lone = with_word(lone, d) }     # a point, as no line has one end
}
if (words(some) == 0) { eval nothing("no run has a loss"); exit }
eval summary("T", 'cell("loss")')

# The mean of a depth's last WINDOW finite losses (of all, while they are fewer), drawn at the middle of their steps.
array recent[WINDOW]
total = 0.0; seen = 0; held = 0
start(row) = row == 0 ? (total = 0.0, seen = 0) : 0
enter(loss) = (k = seen % WINDOW + 1, total = total + loss - (seen < WINDOW ? 0 : recent[k]), recent[k] = loss, \
               seen = seen + 1, held = seen < WINDOW ? seen : WINDOW)
middle(d, step, loss) = (start(column(0)), column("depth") == d && loss == loss) \
                        ? (enter(loss), step - 0.5 * (held - 1)) : NaN
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
if (flat(GROUP_min, GROUP_max)) {
    set yrange [GROUP_min - beside_flat(GROUP_min) : GROUP_max + beside_flat(GROUP_max)]
    set format y "%g"
} else {
    set format y decimals(GROUP_max - GROUP_min)
}
set key top right reverse Left
if (last < 8) { set xtics 1 }
if (words(lone) > 0) {
    room = 0.08 * (GROUP_max - GROUP_min)
    if (!flat(GROUP_min, GROUP_max)) { set yrange [GROUP_min - room : GROUP_max + room] }
    set multiplot
    set label 1 "a point: the only loss before the run diverged" at graph 0.03, 0.05 font SMALL
    plot for [d in lone] T using (column("step")):(raw(real(d))) \
        with points pt 7 ps 0.8 lc rgb depth_colour(real(d)) notitle
    unset label 1
}
plot for [d in some] T using (column("step")):(raw(real(d))) \
         with lines lc rgb faint(depth_colour(real(d))) lw 0.6 notitle, \
     for [d in some] T using (middle(real(d), column("step"), finite(cell("loss")))):(total / held) \
         with lines lc rgb depth_colour(real(d)) lw 2 title "depth ".d
if (words(lone) > 0) { unset multiplot }
