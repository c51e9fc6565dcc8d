# density.gp - the trained flow's density on the plane, a panel a depth, one colour scale, a third of the data on top.
# Tables: density.tsv (a square grid a depth, one after the other), density_integral.tsv (a row a panel), and
# spiral.tsv (the training rows, columns x0 and x1) if it is there.

I = "density_integral.tsv"
depths = ""; integrals = ""; coarse = ""; means = ""
stats I using (depths = depths." ".strcol("depth"), integrals = integrals." ".strcol("integral"), \
               coarse = coarse." ".strcol("coarse_integral"), means = means." ".strcol("mean_logp"), 0) nooutput
# Two integrals that differ (density.c) are not a check of the density, and the text does not show one as such.
resolved(i) = no_number(word(integrals, i)) || no_number(word(coarse, i)) ? 0 \
            : abs(real(word(integrals, i)) - real(word(coarse, i))) <= 1e-3
n = words(depths)
columns = n < 2 ? 1 : 2
rows = (n + columns - 1) / columns

# All in units of the page: square panels, a colour bar below.
panel = columns == 2 ? 219 : 380; gap = 8; left = 46; top = 12; bottom = 126
high = top + rows * panel + (rows - 1) * gap + bottom
eval canvas(500, high)

stats "density.tsv" using (column("x")):(column("density")) nooutput name "G"
cells = int(G_records) / n      # of one panel
side = int(sqrt(cells) + 0.5)
half = 0.5 * (G_max_x - G_min_x) / (side - 1)

set multiplot
unset grid
set xrange [G_min_x - half : G_max_x + half] noextend
set yrange [G_min_x - half : G_max_x + half] noextend
set cbrange [0 : sqrt(G_max_y)]
set cbtics () font SMALL offset 0,0.4
set for [d in "0 0.1 0.2 0.5 1 2 5 10 20"] cbtics add (d sqrt(real(d)))
set border 15
set tics front
if (G_max_x > 12 || G_max_x < 2) { set xtics autofreq; set ytics autofreq } else { set xtics 2; set ytics 2 }
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
    set label 2 (resolved(i) ? gprintf("∫p = %.5f", real(word(integrals, i))) : "∫p not resolved") at graph 0.04, 0.06 font SMALL tc rgb "white" front
    set label 3 gprintf("log p = %.3f", real(word(means, i))) at graph 0.96, 0.06 right font SMALL tc rgb "white" front
    if (i == 1) {
        set colorbox horizontal user origin 0.2, 50.0 / high size 0.6, 12.0 / high front
        set cblabel "density (colour even in its square root)" offset 0,0.7 font SMALL
    } else {
        unset colorbox
    }
    plot "density.tsv" every ::((i - 1) * cells)::(i * cells - 1) \
             using (column("x")):(column("y")):(sqrt(column("density"))) with image notitle, \
         "spiral.tsv" using "x0":"x1" every 3 with dots lc rgb "#A0FFFFFF" notitle
}
unset multiplot
