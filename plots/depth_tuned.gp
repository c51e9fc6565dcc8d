# depth_tuned.gp - median test log p against depth, a line per peak rate, and along the rate that the validation rows choose.
#
# A panel per data set, and on the spiral per arm.  Medians are of the ok runs; one further than SPAN nats below a panel's
# best is drawn at its foot.
# Tables: depth_tuned_rates.tsv.

SPAN = 0.7

R = "depth_tuned_rates.tsv"
eval rows_of("R")
if (members == 0) { eval nothing("no run"); exit }
eval range_of("R", 'cell("test")')
if (members == 0) { eval nothing("no run has a test score"); exit }

panels = ""; lrs = ""; depths = ""; least = 1e9; most = 0
stats R using (panels = with_word(panels, strcol("data")."/".strcol("arm")), lrs = with_word(lrs, strcol("lr")), \
               depths = with_word(depths, strcol("depth")), \
               least = column("depth") < least ? column("depth") : least, \
               most = column("depth") > most ? column("depth") : most, 0) nooutput
eval sorted("lrs"); eval sorted("depths")
n = words(panels)
across = n < 3 ? n : 3
down = (n + across - 1) / across

wide = 42 + across * 196; high = 70 + down * 175
eval canvas(larger(wide, 460), high)
set multiplot
wide = larger(wide, 460)
rate_colour(i) = word("#7FCDBB #2376B4 #3A0F63 #E69F00 #D55E00 #009E73", (i - 1) % 6 + 1)
rate_mark(i) = 4 + 2 * ((i - 1) % 5)
title_of(p) = p[1 : strstrt(p, "/") - 1].(p[strstrt(p, "/") + 1 : *] eq "width"  ? "" : \
                                          p[strstrt(p, "/") + 1 : *] eq "params" ? ", equal parameters" : \
                                          p[strstrt(p, "/") + 1 : *] eq "work"   ? ", equal work" : "")
of(p) = strcol("data")."/".strcol("arm") eq word(panels, p)

# The title and the key, in a strip of their own above the panels.
set lmargin at screen 0.02
set rmargin at screen 0.98
set tmargin at screen 1 - 30.0 / high
set bmargin at screen 1 - 50.0 / high
set label 9 "Test score against depth, at several peak rates" at screen 0.5, screen 1 - 16.0 / high center
set key center horizontal maxrows 1 font SMALL samplen 1.6 width -2
unset border; unset tics
set xrange [0 : 1]; set yrange [0 : 1]
plot for [i=1:words(lrs)] keyentry with linespoints lc rgb rate_colour(i) pt rate_mark(i) ps 0.6 lw 1.2 \
         title (i == 1 ? "rate " : "").word(lrs, i), \
     keyentry with lines lc rgb black lw 2 dt (6,4) title "tuned", \
     NaN notitle
unset label; unset key
set border 3 lc rgb "#404040" lw 1
set ytics nomirror out scale 0.6 offset 0.3,0

set logscale x 2
set xrange [least / 1.25 : most * 1.25]
set xtics nomirror out scale 0.6 offset 0,0.3 () font SMALL
set ytics font SMALL
set for [d in depths] xtics add (d real(d))
unset key
do for [p=1:n] {
    set yrange [* : *]   # what stats looks at lies in no other
    eval range_of("R", 'of(p) ? cell("test") : NaN')
    some = members > 0
    top = some ? RANGE_max : 0
    low = some ? larger(RANGE_min, top - SPAN) : -1
    if (flat(low, top)) { low = low - beside_flat(low); top = top + beside_flat(top) }
    room = 0.1 * (top - low)
    col = (p - 1) % across; row = (p - 1) / across
    set lmargin at screen (84.0 + col * 196) / wide
    set rmargin at screen (84.0 + col * 196 + 134) / wide
    set tmargin at screen 1 - (72.0 + row * 175) / high
    set bmargin at screen 1 - (72.0 + row * 175 + 118) / high
    set format y decimals(top - low)
    set ytics tick(2 * (top - low))
    unset label
    set label 1 title_of(word(panels, p)) noenhanced at graph 0, 1.09 font SMALL
    if (row == down - 1 || p + across > n) { set label 2 "blocks" at graph 0.5, -0.32 center font SMALL }
    if (col == 0) { set label 3 "test log p   [nats]" rotate center at graph -0.53, 0.5 font SMALL }
    if (!some) { set label 4 "no ok run" at graph 0.5, 0.5 center font SMALL }
    shown(y) = abs(y) < 1e300 ? (y > low ? y : low - 0.6 * room) : NaN
    # A line without a point is not drawn: gnuplot complains of one.
    drawn = ""; envelope = 0
    stats R using (drawn = of(p) && abs(cell("test")) < 1e300 ? with_word(drawn, strcol("lr")) : drawn, \
                   envelope = envelope + (of(p) && column("tuned") == 1 && abs(cell("test")) < 1e300), 0) nooutput
    set yrange [low - room : top + room] noextend
    if (words(drawn) == 0) { plot NaN notitle; continue }
    in_envelope(i) = envelope > 0 ? column("tuned") == 1 : strcol("lr") eq word(drawn, 1) # gnuplot reads it in any case
    plot for [w in drawn] R using (column("depth")):(of(p) && strcol("lr") eq w ? shown(cell("test")) : NaN) \
             with linespoints lc rgb rate_colour(place_of(w, lrs)) pt rate_mark(place_of(w, lrs)) ps 0.6 lw 1.2 notitle, \
         for [i=1:envelope > 0] R using (column("depth")):(of(p) && in_envelope(0) ? shown(cell("test")) : NaN) \
             with lines lc rgb black lw 2 dt (6,4) notitle, \
         NaN notitle
}
unset multiplot
