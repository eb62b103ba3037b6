# Reference numbers for tests/qim_stats/studies/: Rscript meta.R > meta.json  (R 4.2.2, metafor 3.8, jsonlite)
#
# bcg        13 trials of the BCG vaccine: log relative risk; Colditz et al. (1994), JAMA 271, 698-702, as metafor's dat.bcg.
# normand    9 studies of length of stay; Normand (1999), Statistics in Medicine 18, 321-359, as metafor's dat.normand1999.
# two, same  made up: two studies; three studies with nearly the same effect (tau = 0, Hartung and Knapp's factor below 1).
# Kendall's W: friedman.test on ranks; anxiety data of Gamer's package irr are not needed, the tables are given in full.
suppressPackageStartupMessages({library(metafor); library(jsonlite)})
pool <- function(name, yi, sei) {
  m <- rma(yi = yi, sei = sei, method = "PM", test = "adhoc", control = list(tol = 1e-14, maxiter = 1000))
  f <- rma(yi = yi, sei = sei, method = "FE")
  list(name = unbox(name), effects = yi, std_errors = sei, effect = unbox(as.numeric(m$beta)), std_error = unbox(m$se),
       conf_low = unbox(m$ci.lb), conf_high = unbox(m$ci.ub), p_value = unbox(m$pval), tau = unbox(sqrt(m$tau2)),
       q = unbox(f$QE), q_p_value = unbox(f$QEp))
}
bcg <- escalc(measure = "RR", ai = tpos, bi = tneg, ci = cpos, di = cneg, data = dat.bcg)
nor <- escalc(measure = "MD", m1i = m1i, sd1i = sd1i, n1i = n1i, m2i = m2i, sd2i = sd2i, n2i = n2i, data = dat.normand1999)
w <- function(name, ranks) {
  f <- friedman.test(ranks)
  m <- nrow(ranks); k <- ncol(ranks)
  list(name = unbox(name), ranks = ranks, chi2 = unbox(as.numeric(f$statistic)), w = unbox(as.numeric(f$statistic) / (m * (k - 1))),
       p_value = unbox(f$p.value))
}
set.seed(1)
cat(toJSON(list(
  pooled = list(
    pool("bcg", as.numeric(bcg$yi), sqrt(as.numeric(bcg$vi))),
    pool("normand", as.numeric(nor$yi), sqrt(as.numeric(nor$vi))),
    pool("two", c(0.10, 0.35), c(0.05, 0.08)),
    pool("same", c(0.200, 0.201, 0.199), c(0.05, 0.04, 0.06))),
  concordance = list(
    w("no ties", rbind(c(1, 2, 3, 4, 5), c(2, 1, 3, 5, 4), c(1, 3, 2, 4, 5))),
    w("ties", rbind(c(1, 2.5, 2.5, 4, 5, 6), c(1.5, 1.5, 3, 4, 5.5, 5.5), c(2, 1, 3, 4, 6, 5), c(1, 2, 4, 4, 4, 6))))
), digits = NA, pretty = 1))
cat("\n")
