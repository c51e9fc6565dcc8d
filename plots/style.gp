# style.gp - what every figure shares: page, fonts, and one colour and mark for one meaning.
#
# Loaded before each figure, in the folder of the tables, with these variables set by the program that draws:
#   format    "svg", "png" or "pdf"
#   home      the folder that holds plots/, reference/ and tests/reference/
#   notebook  1 if the tables are of the notebook's own configuration (then its numbers are drawn beside ours)
# By hand, from results/:  gnuplot ../plots/style.gp ../plots/depth_sweep.gp > depth_sweep.svg
#
# A new figure is a file NAME.gp beside this one: eval canvas(width, height), then plots of tables by their names, every
# curve with a title or notitle (gnuplot's own title would be a file name).  Anything gnuplot says, be it a warning that
# a curve has no valid point, makes the figure fail; so what may be missing is asked for first (see depth_sweep.gp).
#
# Colours are Okabe & Ito's (2008, "Color universal design"), told apart with any colour vision; in grey the marks
# and dashes tell.  Sizes are for print at column width (85 mm): 500 units wide, text of 14 is then 6.7 points.

if (!exists("format"))   format = "svg"
if (!exists("home"))     home = ".."
if (!exists("notebook")) notebook = 1

set encoding utf8
set minussign
set datafile separator "\t"
set datafile columnheaders        # (of an array it would drop the first element: plot datablocks instead)
set datafile missing NaN          # a row that a filter leaves out does not break a line

PRINTED  = home."/reference/printed.tsv"         # columns quantity, coupling, depth, value
ENSEMBLE = home."/tests/reference/ensemble.tsv"  # no header line: depth, member, mean log p

# First line of a figure: eval canvas(width, height)
canvas(w, h) = \
    format eq "svg" ? sprintf('set terminal svg size %d,%d enhanced font "sans-serif,14" ', w, h).\
                      'background "#ffffff"' : \
    format eq "png" ? sprintf('set terminal pngcairo size %d,%d enhanced font "Sans,10.5" ', 2*w, 2*h).\
                      'fontscale 2 linewidth 2 pointscale 3 background "#ffffff"' : \
                      sprintf('set terminal pdfcairo size %g in,%g in enhanced font "Sans,10.5" ', w/96., h/96.).\
                      'linewidth 0.7 pointscale 0.8'
SMALL = format eq "svg" ? ",12" : ",9"    # font of what is written inside a panel
TINY  = format eq "svg" ? ",11" : ",8.2"

# ---- lines and marks by meaning: with linespoints ls SPLINE ----------------------------------------------------
SPLINE = 1; AFFINE = 2; TRUTH = 3; TRAIN = 4; HELDOUT = 5; PRINTED_MARK = 6; REFERENCE = 7
MONOTONE = 8; FOLDED = 9; IDENTITY = 10; BOUND = 11; DIVERGED = 12; OURS = 13; ZERO = 14
OVER_FIT = 15; ACTNORM_NONE = 16; ACTNORM_DEFAULT = 17; ACTNORM_DATA = 18

green  = "#009E73"; red   = "#D55E00"; purple = "#CC79A7"; blue = "#0072B2"
orange = "#E69F00"; black = "#000000"; grey   = "#767676"; pale = "#D9D9D9"

set style line SPLINE       lc rgb green  lw 2   dt 1       pt 5 ps 0.9      # filled squares
set style line AFFINE       lc rgb red    lw 2   dt (12,5)  pt 7 ps 0.9      # filled circles, long dashes
set style line OURS         lc rgb green  lw 2   dt 1       pt 7 ps 0.9      # the notebook's line: filled circles
set style line TRUTH        lc rgb black  lw 1.5 dt (8,5)
set style line TRAIN        lc rgb green  lw 2   dt 1       pt 7 ps 0.9
set style line HELDOUT      lc rgb purple lw 2   dt (12,5)  pt 9 ps 1.0      # filled triangles
set style line PRINTED_MARK lc rgb black  lw 1.5 dt 1       pt 2 ps 1.1      # x
set style line REFERENCE    lc rgb grey   lw 1.2 dt 1       pt 6 ps 0.5      # open circles
set style line MONOTONE     lc rgb green  lw 2.5 dt 1       pt 7 ps 0.6
set style line FOLDED       lc rgb red    lw 2.5 dt 1       pt 5 ps 0.6
set style line IDENTITY     lc rgb black  lw 1.2 dt (6,5)
set style line BOUND        lc rgb black  lw 1.5 dt (6,5)
set style line DIVERGED     lc rgb black  lw 2   dt 1       pt 2 ps 1.1
set style line ZERO         lc rgb black  lw 1   dt 1
set style line OVER_FIT     lc rgb orange lw 2   dt (3,3)   pt 13 ps 1.0     # filled diamonds
set style line ACTNORM_NONE    lc rgb black  lw 1.5 dt 1      pt 6 ps 0.8   # open circles
set style line ACTNORM_DEFAULT lc rgb orange lw 2   dt (3,3)  pt 9 ps 0.8   # filled triangles
set style line ACTNORM_DATA    lc rgb blue   lw 2   dt (12,5) pt 5 ps 0.7   # filled squares

# Depths are an order, so their colours are one (after ColorBrewer's YlGnBu): deeper is darker, also in grey.
depth_colour(d) = d <= 1 ? "#7FCDBB" : d <= 2 ? "#35A7C4" : d <= 4 ? "#2376B4" : d <= 8 ? "#263C94" : \
                  d <= 16 ? "#3A0F63" : d <= 20 ? "#26083F" : "#000000"

# The same colour two thirds of the way to white, for raw data behind its mean.
channel(c, k) = int("0x".substr(c, k, k + 1))
paler(c, k) = 255 - (255 - channel(c, k)) / 3
faint(c) = sprintf("#%02X%02X%02X", paler(c, 2), paler(c, 4), paler(c, 6))

# A density or another size that starts at nothing: viridis (van der Walt & Smith 2015), perceptually even.
set palette defined (0 "#440154", 1 "#482878", 2 "#3E4A89", 3 "#31688E", 4 "#26828E", 5 "#1F9E89", \
                     6 "#35B779", 7 "#6DCD59", 8 "#B4DE2C", 9 "#FDE725") maxcolors 256

# ---- axes --------------------------------------------------------------------------------------------------------
set border 3 lc rgb "#404040" lw 1
set tics nomirror out scale 0.6
set xtics offset 0,0.3
set ytics offset 0.3,0
set grid lt 1 lc rgb pale lw 0.7
set key font SMALL noopaque nobox samplen 2.2 spacing 1.1
set title offset 0,-0.4

# ---- tables ------------------------------------------------------------------------------------------------------
# The distinct words of a column, in their order:
#   depths = ""; stats T using (depths = with_word(depths, strcol("depth")), 0) nooutput
with_word(list, w) = strstrt(list." ", " ".w." ") ? list : list." ".w
# Their ticks: set for [d in depths] xtics add (d real(d))

# Medians and spreads of a table's rows, which may be few, not numbers, or none:
#   eval summary("T", 'column("depth") == 8 ? cell("grad_norm") : NaN')
# leaves in `members` how many finite values that expression has, and of them, if there are any, GROUP_min,
# GROUP_lo_quartile, GROUP_median, GROUP_up_quartile, GROUP_max, GROUP_mean and GROUP_sd (0 of one value).
# cell() is column(), but not for a number that is none: column() would leave out its row, whatever was asked of it, and
# complain if no row is left.
no_number(text) = text eq "nan" || text eq "inf" || text eq "-inf"
cell(name_) = no_number(strcol(name_)) ? NaN : real(strcol(name_))
finite(y) = abs(y) < 1e300 ? y : NaN
summary(table, y) = \
    'members = 0; stats '.table.' using (members = members + (abs('.y.') < 1e300), 0) nooutput; '. \
    'if (members > 0) { stats '.table.' using (finite('.y.')) nooutput name "GROUP"; '. \
    'GROUP_sd = members > 1 ? GROUP_ssd : 0 }'
# How many rows meet a condition, in `members`: eval count("T", 'strcol("status") ne "ok"')
count(table, condition) = \
    'members = 0; stats '.table.' using (members = members + (('.condition.') ? 1 : 0), 0) nooutput'

# The score of a run that ended is a number for this also where the flow's density overflowed: scored("heldout_logp").
scored(name_) = no_number(strcol(name_)) ? -1e299 : real(strcol(name_))

# Decimals for the ticks of an axis that spans so much: set format y decimals(high - low)
decimals(span) = span > 0.6 ? "%.1f" : span > 0.06 ? "%.2f" : "%.3f"

has_word(list, w) = strstrt(list." ", " ".w." ") > 0
number_in(list, i) = real(word(list, int(i)))
