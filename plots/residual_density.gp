# residual_density.gp - Densities of a coupling flow and a residual flow of four blocks beside the truth, in one colour scale.
# Equal parameters, peak rate 0.03, the first seed.
# Table: residual_density.tsv (a square grid per kind, one after the other).

D = "residual_density.tsv"
eval rows_of("D")
if (members == 0) { eval nothing("no density: every run failed, or the rows are not of a plane"); exit }
kinds = ""
stats D using (kinds = with_word(kinds, strcol("kind")), 0) nooutput
n = words(kinds)
cells = members / n
side = int(sqrt(cells) + 0.5)
stats D using "x" nooutput name "G"
half = 0.5 * (G_max - G_min) / (side - 1)
# The scale ends at the truth's greatest density, or, where that is not known, at the greatest of all.
eval range_of("D", has_word(kinds, "truth") ? 'strcol("kind") eq "truth" ? cell("density") : NaN' : 'cell("density")')
greatest = members > 0 && RANGE_max > 0 ? RANGE_max : 1
shade(y) = abs(y) < greatest ? sqrt(y) : sqrt(greatest)
name(w) = w eq "coupling" ? "coupling flow (spline)" : w eq "residual" ? "residual flow" : "truth"

left = 46; gap = 8; panel = (490.0 - left - 2 * gap) / 3; top = 56; bottom = 122 # in units of the page
high = top + panel + bottom
eval canvas(500, high)
set multiplot
unset grid
set border 15
set xrange [G_min - half : G_max + half] noextend
set yrange [G_min - half : G_max + half] noextend
set cbrange [0 : sqrt(greatest)]
step = tick(2 * (G_max - G_min)) # room for the numbers of three panels
set xtics step font SMALL
set ytics step font SMALL
set tics front
set tmargin at screen 1 - top / high
set bmargin at screen bottom / high
set colorbox horizontal user origin 0.2, 50.0 / high size 0.6, 12.0 / high front
set cbtics () font SMALL offset 0,0.3
set for [d in "0 0.1 0.5 1 2 4"] cbtics add (d sqrt(real(d)))
set cblabel "density (colour even in its square root)" offset 0,0.3 font SMALL
set xlabel "x_1" offset 0,1
set label 1 "Densities of four blocks and the truth" center at screen 0.5, 1 - 16.0 / high
do for [i=1:n] {
    set lmargin at screen (left + (i - 1) * (panel + gap)) / 500.0
    set rmargin at screen (left + (i - 1) * (panel + gap) + panel) / 500.0
    set title "{/*0.9 ".name(word(kinds, i))."}" offset 0,-0.7
    set ylabel i == 1 ? "x_2" : "" offset 1.5,0
    set format y i == 1 ? "%g" : ""
    if (i > 1) { unset colorbox; unset label 1 }
    plot D every ::((i - 1) * cells)::(i * cells - 1) \
             using (column("x")):(column("y")):(shade(cell("density"))) with image notitle
}
unset multiplot
