# Reference numbers for tests/qim_stats/power/: Rscript power.R > power.json  (R 4.2.2, stats, jsonlite)
#
# balanced  power.t.test, strict = TRUE (both tails): a balanced two-level factor in n trials is a t test of n / 2 against n / 2.
# delta     power.t.test solved for delta.
# shifted   any design and error estimate: |T(df, ncp)| beyond Bonferroni's quantile, from qt and pt.
# sd        limits of a standard deviation from its chi-squared distribution, data: datasets::morley by Expt.
suppressPackageStartupMessages(library(jsonlite))
balanced <- lapply(list(c(4, 1), c(6, 1.5), c(6, 0.2), c(12, 1), c(24, 0.8)), function(v) {
  p <- power.t.test(n = v[1], delta = v[2], sd = 1, sig.level = 0.05, strict = TRUE)
  list(n = unbox(2 * v[1]), effect = unbox(v[2]), power = unbox(p$power))
})
delta <- lapply(list(c(4, 0.8), c(6, 0.8), c(12, 0.9), c(24, 0.5)), function(v) {
  p <- power.t.test(n = v[1], power = v[2], sd = 1, sig.level = 0.05, strict = TRUE, tol = 1e-13)
  list(n = unbox(2 * v[1]), power = unbox(v[2]), effect = unbox(p$delta))
})
grid <- expand.grid(df = c(1, 2, 3, 8 / 3, 12, 120), shift = c(0, 0.5, 2, 5, 12, 30), tests = c(1, 8, 11))
shifted <- lapply(seq_len(nrow(grid)), function(i) {
  g <- grid[i, ]
  q <- qt(1 - 0.05 / (2 * g$tests), g$df)
  p <- pt(q, g$df, g$shift, lower.tail = FALSE) + suppressWarnings(pt(-q, g$df, g$shift))
  list(df = unbox(g$df), shift = unbox(g$shift), tests = unbox(g$tests), critical = unbox(q), power = unbox(p))
})
fit <- lm(Speed ~ factor(Expt), morley)
s <- summary(fit)$sigma
d <- fit$df.residual
sd <- list(values = unname(split(morley$Speed, morley$Expt)), sd = unbox(s), df = unbox(d),
           low = unbox(s * sqrt(d / qchisq(0.975, d))), high = unbox(s * sqrt(d / qchisq(0.025, d))))
cat(toJSON(list(balanced = balanced, delta = delta, shifted = shifted, sd = sd), digits = NA, pretty = 1))
cat("\n")
