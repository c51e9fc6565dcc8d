/* judges.h - the claims' judges, a line each: report/<name>.c, of the same name as experiments/<name>.c.
 *
 * Their order is that of the lists at the head of the report.
 */
JUDGE(depth_sweep)
JUDGE(density)
JUDGE(depth_tuned)
JUDGE(rows)
JUDGE(depth_truth)
JUDGE(roundoff)
JUDGE(gradient_norm)
JUDGE(gradient_depth)
JUDGE(effective_step)
JUDGE(inverse_depth)
JUDGE(stability)
JUDGE(stability_4d)
JUDGE(divergence)
JUDGE(actnorm)
JUDGE(masks)
JUDGE(residual_inverse)
JUDGE(residual_flow)
JUDGE(log_det_estimators)
JUDGE(conditioner)
