# residual_cobweb.gp - Cobwebs of Banach's iteration x <- y - g(x), for g(x) = L sin x: two that converge and one that does not.
# Each step goes up or down to the curve y - g(x) and across to the diagonal. The circle is the point that is sought.
# Table: residual_cobweb.tsv (curves, corners of the path, and the point).

eval canvas(500, 250)
T = "residual_cobweb.tsv"

eval rows_of("T")
if (members == 0) { eval nothing("no map"); exit }
lips = ""
stats T using (lips = with_word(lips, strcol("lipschitz")), 0) nooutput
n = words(lips)
mine(w, kind) = column("lipschitz") == value_of(w) && strcol("kind") eq kind

set multiplot
set tmargin at screen 0.86
set bmargin at screen 0.21
left = 0.11; gap = 0.03; width = (0.985 - left - (n - 1) * gap) / n
set xrange [-1 : 2]
set yrange [-1 : 2]
set xtics ("−1" -1, "0" 0, "1" 1)
set ytics 1
set xlabel "x" offset 0,0.8
set key off
do for [i=1:n] {
    w = word(lips, i)
    set lmargin at screen left + (i - 1) * (width + gap)
    set rmargin at screen left + (i - 1) * (width + gap) + width
    set title "{/*0.9 L = ".w.(value_of(w) < 1 ? ": converges" : ": does not").'}' offset 0,-0.7
    set ylabel i == 1 ? "y − g(x)" : "" offset 1.5,0
    set format y i == 1 ? "%g" : ""
    plot x with lines ls IDENTITY notitle, \
         T using (cell("x")):(mine(w, "h") ? cell("y") : NaN) with lines lc rgb blue lw 2 notitle, \
         T using (cell("x")):(mine(w, "path") ? cell("y") : NaN) with lines \
             lc rgb (value_of(w) < 1 ? green : red) lw 1.2 notitle, \
         T using (cell("x")):(mine(w, "x") ? cell("y") : NaN) with points pt 6 ps 1.2 lw 1.5 lc rgb black notitle
}
unset multiplot
