# bench_split.gp - where the time of a coupling goes: the piecewise network's parts, the spline, the update; beside them
# the dense network of the same shape.  Table: split.tsv (of `make bench`, in a folder of its own).

eval canvas(500, 330)
T = "split.tsv"

set lmargin at screen 0.39
set rmargin at screen 0.95
set tmargin at screen 0.90
set bmargin at screen 0.20
set title "One coupling, 512 rows, forward and backward" offset -10,-0.4
set xlabel "time   [µs]" offset 0,0.4
set border 1
unset grid
set grid xtics lt 1 lc rgb pale lw 0.7
set style fill solid 1 noborder

# Longest names last would be clipped: the words of the table, its underlines as blanks, the network before it if dense.
blank(w) = strstrt(w, "_") ? blank(w[1:strstrt(w, "_") - 1]." ".w[strstrt(w, "_") + 1:*]) : w
label(network, part) = (network eq "dense" ? "dense " : "").blank(part)
colour(network) = network eq "dense" ? 0x767676 : 0x009E73
rows = 0
stats T using (rows = rows + 1, 0) nooutput
set yrange [rows - 0.4 : -0.6]
set xrange [0 : *]
set ytics scale 0
plot T using (0.5 * column("microseconds")):0:(0.5 * column("microseconds")):(0.36):(colour(strcol("network"))): \
             ytic(label(strcol("network"), strcol("part"))) with boxxyerror lc rgb variable notitle, \
     T using (column("microseconds")):0:(sprintf("%.1f", column("microseconds"))) \
             with labels left offset char 0.4,0 font SMALL notitle
