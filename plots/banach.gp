# banach.gp - how far Banach's iterate is from x, against the iteration, beside the bound Lip(g)^k of its first error.
# Tables: residual_banach.tsv (the iterates), residual_inverse.tsv (which maps are contractions, which rise).

eval canvas(500, 350)
T = "residual_inverse.tsv"

eval rows_of("T")
if (members == 0) { eval nothing("no map"); exit }
as = ""; bs = ""; lips = ""; folds = ""
stats T using (as = as." ".strcol("a"), bs = bs." ".strcol("b"), lips = lips." ".strcol("lipschitz"), \
               folds = folds." ".strcol("nonincreasing_steps"), 0) nooutput
number(list, i) = real(word(list, i))
mine(i, y) = column("a") == number(as, i) && column("b") == number(bs, i) && y > 0 ? y : NaN
rises(i) = number(folds, i) == 0

set lmargin at screen 0.185
set rmargin at screen 0.975
set tmargin at screen 0.91
set bmargin at screen 0.16
set title "Banach's iteration converges where g contracts"
set xlabel "iteration k" offset 0,0.5
set ylabel "largest error of x after k iterations" offset 0.5,0
set logscale y
set yrange [1e-18 : 1e4]
set ytics 1e4
set mytics 1
set format y "10^{%T}"
set xrange [0 : *]
set key at graph 0.99, 0.62 right top
epsilon = 2.0**-52
set label 1 "machine epsilon, 2^{−52}" at graph 0.99, first epsilon right offset 0,-0.7 font SMALL tc rgb grey
plot epsilon with lines lc rgb grey lw 1 dt (3,4) notitle, \
     for [i=1:words(as)] "residual_banach.tsv" using (column("iteration")):(mine(i, column("bound"))) \
         with lines ls BOUND lc rgb (rises(i) ? green : red) notitle, \
     for [i=1:words(as)] "residual_banach.tsv" using (column("iteration")):(mine(i, column("max_err"))) \
         with linespoints ls (rises(i) ? MONOTONE : FOLDED) lw 1.5 ps 0.45 \
         title sprintf("a = %s, b = %s: Lip(g) = %.2f", word(as, i), word(bs, i), number(lips, i)), \
     NaN with lines ls BOUND title "bound: Lip(g)^k  × first error"
