# Reference numbers for tests/qim_stats/model/test_reference.py:  Rscript lm.R > lm.json   (R 4.2.2, broom 1.0, jsonlite)
#
# fatigue     Hunter, Hodi and Eagar (1982), Metallurgical Transactions 13A, 1589-1594: log life of repaired castings,
#             12-run Plackett-Burman design; as in Hamada and Wu (1992), Journal of Quality Technology 24, 130-137.
# filtration  Montgomery, Design and Analysis of Experiments, example 6.2: filtration rate, unreplicated 2^4.
# etch        the same, example 6.1: plasma etch rate, 2^3 with two replicates.
# chemical    the same, example 7.1: yield, 2^2 with three replicates, each in a block.
# pilot       Box, Hunter and Hunter, Statistics for Experimenters (2nd ed., 2005), table 5.1: yield of a pilot plant by
#             temperature T, concentration C and catalyst K, 2^3 in genuine replicates.
# process     the same, table 5.10a: conversion in process development, unreplicated 2^4.
# reactor     the same, chapter 6: percent reacted, 2^5; the runs with ABCDE = +1 are its half fraction.
# drill       Daniel (1976), Applications of Statistics to Industrial Experimentation: advance rate of a drill, 2^4.
suppressPackageStartupMessages({library(broom); library(jsonlite)})

code <- function(x) ifelse(x == max(x), 1, -1)
read <- function(name, drop = integer(0)) {
  d <- read.csv(file.path(dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE))), name))
  if (length(drop)) d <- d[-drop, ]
  for (column in setdiff(names(d), c("y", "block", "run", "replicate"))) d[[column]] <- code(d[[column]])
  if ("block" %in% names(d)) d$block <- factor(d$block)
  d
}
reference <- function(name, table, formula, drop = integer(0)) {
  m <- lm(formula, read(table, drop))
  saturated <- m$df.residual == 0
  a <- suppressWarnings(anova(m))
  list(
    name = unbox(name), table = unbox(table), formula = unbox(deparse1(formula)), drop = drop,
    tidy = suppressWarnings(as.data.frame(tidy(m, conf.int = !saturated))),
    glance = as.data.frame(suppressWarnings(glance(m))),
    anova = data.frame(term = rownames(a), df = a$Df, sum_sq = a[["Sum Sq"]], mean_sq = a[["Mean Sq"]],
                       statistic = if (saturated) NA else a[["F value"]], p_value = if (saturated) NA else a[["Pr(>F)"]]),
    augment = if (saturated) NULL else as.data.frame(augment(m))[, c(".fitted", ".resid", ".std.resid", ".hat", ".cooksd")]
  )
}
half <- which(with(read("reactor.csv"), A * B * C * D * E) == -1)
cat(toJSON(list(
  reference("fatigue, main effects", "fatigue.csv", y ~ A + B + C + D + E + F + G),
  reference("fatigue, F and G", "fatigue.csv", y ~ F * G),
  reference("fatigue, saturated", "fatigue.csv", y ~ A + B + C + D + E + F + G + e1 + e2 + e3 + e4),
  reference("filtration, two-factor interactions", "filtration.csv", y ~ (A + B + C + D)^2),
  reference("filtration, without runs 3 and 14", "filtration.csv", y ~ A + C + D + A:C + A:D + B, drop = c(3L, 14L)),
  reference("etch, full model", "etch.csv", y ~ gap * flow * power),
  reference("chemical, blocks", "chemical.csv", y ~ block + A * B),
  reference("chemical, blocks last, a run missing", "chemical.csv", y ~ A * B + block, drop = 5L),
  reference("pilot plant, full model", "pilot.csv", y ~ T * C * K),
  reference("pilot plant, no intercept", "pilot.csv", y ~ 0 + T + C),
  reference("process, chosen terms", "process.csv", y ~ a + b + d + b:d),
  reference("process, saturated", "process.csv", y ~ a * b * c * d),
  reference("drill, chosen terms", "drill.csv", y ~ A + B + C + D + B:C + B:D + C:D),
  reference("reactor, two-factor interactions", "reactor.csv", y ~ (A + B + C + D + E)^2),
  reference("reactor, half fraction", "reactor.csv", y ~ A + B + C + D + E, drop = half)
), digits = NA, na = "null", pretty = 1))
cat("\n")
