# residual_certificate.gp - Lipschitz numbers of a residual flow over its training: power iteration's, the true one, the certificate's.
# The greatest over the blocks. Power iteration is never above the truth; the certificate never below what is scored.
# Table: residual_certificate.tsv (a row per look).

C = "residual_certificate.tsv"
eval rows_of("C")
if (members < 2) { eval nothing("no residual run that trained"); exit }
eval range_of("C", 'cell("before")')
if (members == 0) { eval nothing("no residual run that trained"); exit }
low = RANGE_min; high = RANGE_max
eval range_of("C", 'cell("by_power")')
if (members > 0) { low = smaller(low, RANGE_min) }

eval canvas(500, 440)
set multiplot
set lmargin at screen 0.165
set rmargin at screen 0.96
set tmargin at screen 0.78
set bmargin at screen 0.42
set label 1 "What power iteration says, and what is true" center at screen 0.5, 1 - 16.0 / 440
set label 2 "Lipschitz number" rotate center at screen 14.0 / 500, 0.6
set xrange [0 : *]
set format x ""
set yrange [0 : larger(1, 1.05 * high)]
set ytics 0.2
set key at screen 0.165, 1 - 28.0 / 440 top left Left reverse maxrows 3
plot C using (column("step")):(cell("before")) with lines lc rgb red lw 3 title "true: product of singular values", \
     C using (column("step")):(cell("by_power")) with lines lc rgb blue lw 1.6 dt (6,4) title "power iteration", \
     C using (column("step")):(cell("certified")) with points pt 7 ps 0.35 lc rgb green title "certified, as scored", \
     NaN notitle
set tmargin at screen 0.36
set bmargin at screen 0.13
unset label
set format x "%g"
set xlabel "training step" offset 0,0.7
set label 2 "true − power" rotate center at screen 14.0 / 500, 0.245
set yrange [* : *]   # what stats looks at lies in no other
eval range_of("C", 'cell("before") - cell("by_power")')
low = members > 0 ? smaller(0, RANGE_min) : 0; top = members > 0 && RANGE_max > 1e-6 ? 1.1 * RANGE_max : 1
set yrange [low : top]
set ytics tick(1.5 * (top - low))
set key off
plot C using (column("step")):(cell("before") - cell("by_power")) with impulses lc rgb red lw 1.5 notitle, NaN notitle
unset multiplot
