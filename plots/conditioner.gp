# conditioner.gp - a trained conditioner of one input, as the straight lines that it is.
#
# Above: three of its outputs against its input.  In the middle: their slopes, constant within a segment.  Below: how
# many training rows lie in each segment.  A dot and a vertical line are a breakpoint.
# Table: conditioner.tsv (a row a segment and output).

T = "conditioner.tsv"
eval rows_of("T")
if (members == 0) { eval nothing("the run failed: no conditioner"); exit }
eval canvas(500, 640)

outputs = ""; n = 0; batch = 0; occupied = 0; most_rows = 1; low = 1e300; high = -1e300
edges = ""; least = 1e300; greatest = -1e300; flattest = 1e300; steepest = -1e300
finite_row(i) = abs(cell("low_value")) < 1e300 && abs(cell("high_value")) < 1e300 && abs(cell("slope")) < 1e300
stats T using (finite_row(0) ? (outputs = with_word(outputs, strcol("output")), 0) : 0) nooutput
if (words(outputs) == 0) { eval nothing("no output of the conditioner is finite"); exit }
first_output = word(outputs, 1)
first_only(y) = strcol("output") eq first_output ? y : NaN
stats T using (strcol("output") eq first_output \
               ? (n = n + 1, batch = batch + column("batch_rows"), occupied = occupied + (column("batch_rows") > 0), \
                  most_rows = larger(most_rows, column("rows")), \
                  edges = n > 1 ? edges." ".strcol("low") : edges, \
                  low = smaller(low, column("low")), high = larger(high, column("high"))) : 0, 0) nooutput
stats T using (finite_row(0) ? (least = smaller(smaller(least, column("low_value")), column("high_value")), \
               greatest = larger(larger(greatest, column("low_value")), column("high_value")), \
               flattest = smaller(flattest, column("slope")), \
               steepest = larger(steepest, column("slope")), 0) : 0) nooutput

room(low, high) = flat(low, high) ? larger(1, abs(low)) : high - low
spaced(low, high) = tick(flat(low, high) ? larger(1, abs(low)) : high - low)

# Each line by its two ends, one polyline an output: so dashes run on from segment to segment.
set print $lines
print "output\tx\tvalue\tslope"
do for [o in outputs] {
    text = ""
    stats T using (strcol("output") eq o && finite_row(0) \
        ? (text = text.sprintf("%s\t%.17g\t%.17g\t%.17g\n%s\t%.17g\t%.17g\t%.17g\n", \
                               o, column("low"), column("low_value"), column("slope"), \
                               o, column("high"), column("high_value"), column("slope"))) : 0, 0) nooutput
    print text[1 : strlen(text) - 1]
}
set print

meaning(o) = o eq "raw_width" ? "raw width of the middle bin" : o eq "raw_height" ? "raw height of the middle bin" : \
             o eq "raw_slope" ? "raw slope at its left knot" : o eq "raw_scale" ? "raw scale" : o
of(o, y) = strcol("output") eq o ? y : NaN
margin = high > low ? 0.02 * (high - low) : 1
dot(x) = x > low ? x : low - 9 * margin      # where the data begins is no breakpoint: off the figure
FIRST_LINE = 100                                          # style of output i: FIRST_LINE + i
set style line 101 lc rgb blue   lw 1.8 dt 1      pt 7 ps (n > 100 ? 0.1 : 0.35)
set style line 102 lc rgb red    lw 1.8 dt (12,4) pt 7 ps (n > 100 ? 0.1 : 0.35)
set style line 103 lc rgb black  lw 1.5 dt (3,3)  pt 7 ps (n > 100 ? 0.1 : 0.35)

set multiplot
set lmargin at screen 0.15
set rmargin at screen 0.965
set xrange [low - margin : high + margin]
set format x ""
set format y "%g"
set grid noxtics
do for [x in edges] {
    set arrow from first real(x), graph 0 to first real(x), graph 1 nohead back lc rgb pale lw 0.7
}

set tmargin at screen 0.905
set bmargin at screen 0.575
set title sprintf("A trained conditioner: %d straight line%s over the data\n", n, n == 1 ? "" : "s"). \
          sprintf("{/*0.85 a batch of %d rows lies on %d: at most the matrix work of %d rows}", batch, occupied, \
                  2 * occupied) offset 0,-0.2
set label 1 "output" at screen 0.022, graph 0.5 center rotate
set ytics spaced(least, greatest)
set yrange [least - 0.75 * room(least, greatest) : greatest + 0.1 * room(least, greatest)]
set key bottom left Left reverse opaque
plot for [i=1:words(outputs)] $lines using (column("x")):(of(word(outputs, i), column("value"))) \
         with lines ls FIRST_LINE + i title meaning(word(outputs, i)), \
     for [i=1:words(outputs)] T using (dot(column("low"))):(of(word(outputs, i), finite(cell("low_value")))) \
         with points ls FIRST_LINE + i notitle

unset title
unset key
set tmargin at screen 0.55
set bmargin at screen 0.33
set label 1 "slope"
set ytics spaced(flattest, steepest)
set yrange [flattest - 0.1 * room(flattest, steepest) : steepest + 0.1 * room(flattest, steepest)]
plot for [i=1:words(outputs)] $lines using (column("x")):(of(word(outputs, i), column("slope"))) \
         with lines ls FIRST_LINE + i notitle

set tmargin at screen 0.305
set bmargin at screen 0.10
set format x "%g"
set xlabel "input: the coupling's first coordinate" offset 0,0.3
set label 1 "training rows"
set ytics larger(1, tick(most_rows))
set yrange [0 : 1.08 * most_rows]
set style fill solid 0.55 border lc rgb "#404040"
plot T using (0.5 * (column("low") + column("high"))):(first_only(column("rows"))):(column("high") - column("low")) \
         with boxes lc rgb grey lw 0.5 notitle
unset multiplot
