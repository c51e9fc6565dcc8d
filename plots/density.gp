# density.gp - the trained flow's density on the plane, a panel per depth, one colour scale, a third of the data on top.
# Tables: density.tsv (a square grid per depth, one after the other), density_integral.tsv (a row per panel), and
# spiral.tsv (the training rows, columns x0 and x1) if it is there.

I = "density_integral.tsv"
D = "density.tsv"
eval rows_of("I")
if (members == 0) { eval nothing("every run failed: no density"); exit }
depths = ""; integrals = ""; coarse = ""; means = ""
stats I using (depths = depths." ".strcol("depth"), integrals = integrals." ".strcol("integral"), \
               coarse = coarse." ".strcol("coarse_integral"), means = means." ".strcol("train_logp"), 0) nooutput
# Two integrals that differ (density.c) are not a check of the density, and the text does not show one as such.
resolved(i) = abs(number_in(integrals, i) - number_in(coarse, i)) <= 1e-3
n = words(depths)
columns = n < 2 ? 1 : 2
rows = (n + columns - 1) / columns

eval rows_of("D")
cells = members / n      # of one panel
side = int(sqrt(cells) + 0.5)
stats D using "x" nooutput name "G"
half = 0.5 * (G_max - G_min) / (side - 1)
eval range_of("D", 'cell("density")')
greatest = members > 0 ? RANGE_max : 0

step = tick(G_max - G_min + 2 * half)
# All in units of the page: square panels, a colour bar below.
wide = step >= 100 ? 20 : 0      # more room for the labels of far rows
panel = columns == 2 ? 219 - wide / 2 : 380; gap = 8; left = 46 + wide; top = 34; bottom = 126
high = top + rows * panel + (rows - 1) * gap + bottom
eval canvas(500, high)

# The ticks of the colour bar: of densities from about 0.3 to 40 as always, else of its own power of ten.
unit = greatest > 0 ? 10.0**floor(log10(greatest)) : 1
ticks = greatest > 0.3 && greatest < 40 ? "0 0.1 0.2 0.5 1 2 5 10 20" : greatest > 0 ? "0 0.1 0.5 1 2 5" : "0"
unit = greatest > 0.3 && greatest < 40 ? 1 : unit

# A density that is no number, or too great for one, has the colour of the greatest; so the grid has no hole.
shade(y) = abs(y) < 1e300 ? sqrt(y) : greatest > 0 ? sqrt(greatest) : 1

# A number in a panel: in full while it is of a common size.
number(y, form) = y == y ? gprintf(abs(y) < 1e4 ? form : "%.3g", y) : "not finite"

set multiplot
unset grid
set xrange [G_min - half : G_max + half] noextend
set yrange [G_min - half : G_max + half] noextend
set cbrange [0 : greatest > 0 ? sqrt(greatest) : 1]
set cbtics () font SMALL offset 0,0.4
set for [d in ticks] cbtics add (sprintf("%g", unit * real(d)) sqrt(unit * real(d)))
set border 15
set tics front
if (wide && columns == 2) { step = 2 * step }
set xtics step
set ytics step
do for [i=1:n] {
    c = (i - 1) % columns; r = (i - 1) / columns
    set lmargin at screen (left + c * (panel + gap)) / 500.0
    set rmargin at screen (left + c * (panel + gap) + panel) / 500.0
    set tmargin at screen 1 - (top + r * (panel + gap)) * 1.0 / high
    set bmargin at screen 1 - (top + r * (panel + gap) + panel) * 1.0 / high
    set format x (r == rows - 1 ? "%g" : "")
    set format y (c == 0 ? "%g" : "")
    set xlabel (r == rows - 1 ? "x_1" : "") offset 0,0.5
    set ylabel (c == 0 ? "x_2" : "") offset 1.5,0
    set label 1 "depth ".word(depths, i) at graph 0.04, 0.93 tc rgb "white" front
    set label 2 (resolved(i) ? "∫p = ".number(number_in(integrals, i), "%.5f") : "∫p not resolved") \
        at graph 0.04, 0.06 font SMALL tc rgb "white" front
    set label 3 "log p = ".number(number_in(means, i), "%.3f") at graph 0.96, 0.06 right font SMALL tc rgb "white" front
    eval range_of("D", 'column("depth") == number_in(depths, i) && strcol("density") ne "0" ? 1 : NaN')
    if (members == 0) { set label 4 "0 in every cell" at graph 0.5, 0.5 center tc rgb "white" front }
    if (i == 1) {
        set label 5 "Density of the trained flow" center at screen 0.5, 1 - 16.0 / high
        set colorbox horizontal user origin 0.2, 50.0 / high size 0.6, 12.0 / high front
        set cblabel "density (colour even in its square root)" offset 0,0.7 font SMALL
    } else {
        unset colorbox
    }
    plot D every ::((i - 1) * cells)::(i * cells - 1) \
             using (column("x")):(column("y")):(shade(cell("density"))) with image notitle, \
         "spiral.tsv" using "x0":"x1" every 3 with dots lc rgb "#A0FFFFFF" notitle
    unset label 4
    unset label 5
}
unset multiplot
