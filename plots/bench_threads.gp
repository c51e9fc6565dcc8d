# bench_threads.gp - whole runs over threads: how many times faster than on one.  Table: threads.tsv (of `make bench`).

eval canvas(500, 300)
T = "threads.tsv"

most = 1
stats T using (column("threads") > most ? (most = column("threads"), 0) : 0) nooutput
speed(what) = strcol("what") eq what ? column("speedup") : NaN
set lmargin at screen 0.17
set rmargin at screen 0.95
set tmargin at screen 0.90
set bmargin at screen 0.21
set title "Runs in parallel"
set xlabel "threads" offset 0,0.5
set ylabel "times as fast as one" offset 0.5,0
set xrange [0.9 : most + 0.1]
set yrange [0 : most + 0.2]
set xtics 1
set key bottom right
plot x with lines ls IDENTITY title "perfect", \
     T using (column("threads")):(speed("ensemble")) with linespoints ls SPLINE title "ensemble of 32, four depths", \
     T using (column("threads")):(speed("sweep")) with linespoints ls AFFINE title "one depth sweep (four runs)"
