# Reference numbers for the error estimates and the simultaneous tests:  Rscript errors.R > errors.json
# (R 4.2.2, multcomp 1.4, jsonlite; data as in lm.R)
#
# foldover      filtration holds the mirror of each run: residual SD of half the differences on the factors, by lm
#               without an intercept, times sqrt(2). "shifted": with an intercept, the two halves by the sign of ABC being two
#               blocks.
# pure          etch, one trial lost: residual SD and degrees of freedom of lm on the cells.
# max_t         multcomp: glht of all factors, summary with single-step p, confint; coefficients as -1/+1 columns.
#               fatigue is orthogonal; of etch three trials are lost, so that the estimates are correlated.
suppressPackageStartupMessages({library(jsonlite); library(multcomp)})
set.seed(1)

code <- function(x) ifelse(x == max(x), 1, -1)
read <- function(file, factors) {
  d <- read.csv(file)
  for (f in factors) d[[f]] <- code(d[[f]])
  d
}

filtration <- read("filtration.csv", c("A", "B", "C", "D"))
half <- filtration[filtration$A * filtration$B * filtration$C == 1, ]
key <- function(d) paste(d$A, d$B, d$C, d$D)
mirror <- filtration[match(key(-half[c("A", "B", "C", "D")]), key(filtration)), ]
half$d <- (half$y - mirror$y) / 2
plain <- lm(d ~ 0 + A + B + C + D, half)
shifted <- lm(d ~ 1 + A + B + C + D, half)

etch <- read("etch.csv", c("gap", "flow", "power"))[-5, ]
cells <- lm(y ~ factor(paste(gap, flow, power)), etch)

max_t <- function(formula, data, factors) {
  fit <- lm(formula, data)
  k <- diag(length(coef(fit)))[match(factors, names(coef(fit))), ]
  rownames(k) <- factors
  test <- glht(fit, linfct = k)
  p <- summary(test, test = adjusted("single-step", maxpts = 5e6, abseps = 1e-6))$test$pvalues
  ci <- confint(test, level = 0.95)$confint
  list(terms = factors, p_adjusted = as.numeric(p), conf_low = ci[, "lwr"], conf_high = ci[, "upr"])
}
fatigue <- read("fatigue.csv", LETTERS[1:7])
lost <- read("etch.csv", c("gap", "flow", "power"))[-c(1, 5, 6), ]

cat(toJSON(list(
  foldover = list(sigma = sqrt(2) * summary(plain)$sigma, df = df.residual(plain)),
  shifted = list(sigma = sqrt(2) * summary(shifted)$sigma, df = df.residual(shifted)),
  pure = list(sigma = summary(cells)$sigma, df = df.residual(cells)),
  max_t = list(
    fatigue = max_t(y ~ A + B + C + D + E + F + G, fatigue, LETTERS[1:7]),
    etch = max_t(y ~ gap * flow * power, lost, c("gap", "flow", "power", "gap:flow", "gap:power", "flow:power", "gap:flow:power"))
  )
), digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
