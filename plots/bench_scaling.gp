# bench_scaling.gp - the time of a training step against depth, batch, width and dimension, with the fitted exponents;
# against depth also of dense networks, in four dimensions.  Tables: scaling.tsv, exponents.tsv (of `make bench`).

eval canvas(500, 520)
T = "scaling.tsv"
E = "exponents.tsv"

of(axis) = strcol("axis") eq axis ? column("value") : NaN
set logscale xy 2
set logscale y 10
set format y "10^{%T}"
set multiplot layout 2,2 margins screen 0.14,0.94,0.11,0.94 spacing screen 0.15,0.20
do for [axis in "depth batch width dimension"] {
    exponent = NaN
    stats E using (strcol("axis") eq axis ? (exponent = column("exponent"), 0) : 0) nooutput
    set xlabel axis eq "depth" ? "blocks" : axis eq "batch" ? "rows per batch" : \
               axis eq "width" ? "hidden units per layer" : "dimension" offset 0,0.5
    set ylabel axis eq "depth" || axis eq "width" ? "time per step   [µs]" : "" offset 1,0
    set title sprintf("%s: exponent %.2f", axis, exponent) font SMALL
    set xtics auto
    if (axis eq "batch") { set xtics 64, 16 }
    if (axis eq "depth") {
        stats E using (strcol("axis") eq "depth_dense" ? (dense = column("exponent"), 0) : 0) nooutput
        set title sprintf("depth: exponent %.2f; dense, %.2f", exponent, dense) font SMALL
        plot T using (of(axis)):(column("microseconds")) with linespoints ls OURS notitle, \
             T using (of("depth_dense")):(column("microseconds")) with linespoints ls OURS lc rgb 0x767676 notitle, \
             T using (of("depth_dense")):(column("microseconds")):(column("value") == 4 ? "dense" : "") \
               with labels right offset char -0.6,0.6 tc rgb 0x767676 font SMALL notitle
    } else {
        plot T using (of(axis)):(column("microseconds")) with linespoints ls OURS notitle
    }
}
unset multiplot
