# residual_inverse.gp - T(x) = x + a sin(b x) beside the identity: a contraction's map and one that folds.
# A green map rises everywhere, so it has an inverse; a red one does not.
# Tables: residual_inverse.tsv (a row per panel), residual_map.tsv (the curves).

eval canvas(500, 330)
T = "residual_inverse.tsv"

eval rows_of("T")
if (members == 0) { eval nothing("no map"); exit }
as = ""; bs = ""; lips = ""; folds = ""; errors = ""
stats T using (as = as." ".strcol("a"), bs = bs." ".strcol("b"), lips = lips." ".strcol("lipschitz"), \
               folds = folds." ".strcol("nonincreasing_steps"), \
               errors = errors." ".strcol("banach_max_err"), 0) nooutput
n = words(as)
number(list, i) = real(word(list, i))
mine(i)   = column("a") == number(as, i) && column("b") == number(bs, i)
rises(i)  = number(folds, i) == 0
sine(a, b) = "x + ".a." sin ".(real(b) == 1 ? "x" : b."x")
versus(l) = l < 1 ? "< 1" : l > 1 ? "> 1" : "= 1"

set multiplot
set tmargin at screen 0.84
set bmargin at screen 0.17
left = 0.105; gap = 0.03; width = (0.985 - left - (n - 1) * gap) / n
set xrange [-3 : 3]
set yrange [-4 : 4]
set xtics 2
set ytics 2
set xlabel "x" offset 0,0.5
set key bottom right Left reverse
do for [i=1:n] {
    set lmargin at screen left + (i - 1) * (width + gap)
    set rmargin at screen left + (i - 1) * (width + gap) + width
    set title "T(x) = ".sine(word(as, i), word(bs, i))."\n".sprintf("{/*0.9 Lip(g) = %.2f %s: %s}", number(lips, i), \
              versus(number(lips, i)), rises(i) ? "invertible" : "not invertible")
    set ylabel i == 1 ? "T(x)" : "" offset 1.5,0
    set format y i == 1 ? "%g" : ""
    unset label
    if (rises(i)) {
        set label gprintf("Banach round trip\nmax. error %.1t·10^{%T}", number(errors, i)) at graph 0.04, 0.93 \
            font SMALL tc rgb green
    }
    plot x with lines ls IDENTITY title "identity", \
         "residual_map.tsv" using (mine(i) ? column("x") : NaN):(column("y")) \
             with lines ls (rises(i) ? MONOTONE : FOLDED) title "T"
}
unset multiplot
