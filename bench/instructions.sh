#!/bin/sh
# instructions.sh BUILD - the loops of the hot kernels of a build for aarch64, from their disassembly: how many
# instructions one turn takes.
#
# A loop is what lies between a branch backward and its target; its instructions are those that no loop inside has, so
# the four turns of the root in Adam of ref come on top.  One turn of neon computes two doubles where one of ref computes
# one, but for matrix, whose loop is a block of sums: there the lanes of fused multiply-adds count.  Columns: file, set of kernels, function, instructions, lanes of fused
# multiply-adds, lanes of these and of other floating-point operations.
build=${1:?usage: bench/instructions.sh BUILD}
objdump=${OBJDUMP:-aarch64-linux-gnu-objdump}
echo "file set function instructions fused lanes"
for file in matrix adam transformer_spline; do
    for set in neon ref; do
        "$objdump" -d --no-show-raw-insn "$build/lib/kernels/$file.$set.o" | awk -v head="$file $set" '
            function of_hex(text,  i, value) {
                for (i = 1; i <= length(text); i++)
                    value = 16 * value + index("0123456789abcdef", substr(text, i, 1)) - 1
                return value
            }
            /^[0-9a-f]+ <.*>:$/ { name = substr($2, 2, length($2) - 3); split("", at); n = 0; next }
            /^ *[0-9a-f]+:/ {
                n++
                address = of_hex(substr($1, 1, length($1) - 1))
                at[address] = n
                inside[n] = 0
                wide = $0 ~ /\.2d/ ? 2 : 1
                fused[n] = $2 ~ /^(fmla|fmls|fn?madd|fn?msub)$/ ? wide : 0
                lanes[n] = fused[n] || $2 ~ /^(fadd|fsub|fn?mul|fdiv|fneg|fcsel|fcm(gt|eq|pe?)|bsl|bit|bif)$/ ? wide : 0
                if ($2 !~ /^(b|b\..*|cbn?z|tbn?z)$/)
                    next
                for (i = NF; i > 2 && $i !~ /^[0-9a-f]+$/; i--)
                    ;
                target = of_hex($i)
                if (!(target in at) || target > address)
                    next
                own = own_fused = own_lanes = 0
                for (i = at[target]; i <= n; i++) {
                    if (inside[i])
                        continue
                    own++
                    own_fused += fused[i]
                    own_lanes += lanes[i]
                    inside[i] = 1
                }
                if (own_lanes && name ~ /^(matrix_(add_)?product|adam|forward|backward)/)
                    print head, name, own, own_fused, own_lanes
            }'
    done
done
