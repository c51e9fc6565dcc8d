# warm_start_density.gp - the density of the warm flow at its start, the diagonal solution, and after training; one colour
# scale.
# Tables: warm_start_density.tsv (a square grid per step, one after the other).

D = "warm_start_density.tsv"
eval rows_of("D")
if (members == 0) { eval nothing("no warm flow: no density"); exit }
eval range_of("D", 'cell("density")')
greatest = members > 0 ? RANGE_max : 0
steps = ""
stats D using (steps = with_word(steps, strcol("step")), 0) nooutput
n = words(steps)
eval rows_of("D")
cells = members / n
side = int(sqrt(cells) + 0.5)
stats D using "x" nooutput name "G"
half = side > 1 ? 0.5 * (G_max - G_min) / (side - 1) : 0.5
shade(y) = abs(y) < 1e300 ? sqrt(y) : greatest > 0 ? sqrt(greatest) : 1

panel = n == 1 ? 380 : 219; left = 46; gap = 8; top = 34; bottom = 126
high = top + panel + bottom
eval canvas(500, high)
set multiplot
unset grid
set xrange [G_min - half : G_max + half] noextend
set yrange [G_min - half : G_max + half] noextend
set cbrange [0 : greatest > 0 ? sqrt(greatest) : 1]
set cbtics () font SMALL offset 0,0.4
unit = greatest > 0 ? 10.0**floor(log10(greatest)) : 1
set for [d in "0 0.1 0.5 1 2 5"] cbtics add (sprintf("%g", unit * real(d)) sqrt(unit * real(d)))
set border 15
set tics front
set xtics tick(G_max - G_min + 2 * half)
set ytics tick(G_max - G_min + 2 * half)
do for [i=1:smaller(n, 2)] {
    set lmargin at screen (left + (i - 1) * (panel + gap)) / 500.0
    set rmargin at screen (left + (i - 1) * (panel + gap) + panel) / 500.0
    set tmargin at screen 1 - top * 1.0 / high
    set bmargin at screen 1 - (top + panel) * 1.0 / high
    set format y (i == 1 ? "%g" : "")
    set xlabel "x_1" offset 0,1
    set ylabel (i == 1 ? "x_2" : "") offset 1.5,0
    set label 1 (word(steps, i) eq "0" ? "start: diagonal solution" : "after ".word(steps, i)." steps") \
        at graph 0.04, 0.93 tc rgb "white" front font SMALL
    if (i == 1) {
        set label 5 "Density of the warm flow at its start and after training" center at screen 0.5, 1 - 16.0 / high
        set colorbox horizontal user origin 0.2, 50.0 / high size 0.6, 12.0 / high front
        set cblabel "density (colour even in its square root)" offset 0,0.3 font SMALL
    } else {
        unset colorbox
        unset label 5
    }
    plot D every ::((i - 1) * cells)::(i * cells - 1) \
             using (column("x")):(column("y")):(shade(cell("density"))) with image notitle
}
unset multiplot
