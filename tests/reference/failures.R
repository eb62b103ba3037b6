# Reference numbers for tests/qim_stats/failures/: Rscript failures.R > failures.json  (R 4.2.2, brglm2 0.9, jsonlite)
#
# endometrial  79 women, histology of the endometrium; Heinze and Schemper (2002), Statistics in Medicine 21, 2409-2419,
#              as brglm2's endometrial: NV separates the outcomes.
# separated    12 runs of Plackett and Burman, five factors; trials fail exactly at the high level of the first.
# pair         the same design; trials fail where the first two factors are high.
# Coefficients, standard errors: brglm2's brglmFit, type AS_mean (Firth's penalty for logistic regression).
# Tests and limits: no package here has them, so the penalized likelihood log L + log det(X'WX) / 2 is maximized directly
# (optim, from several starts) and its profile solved by uniroot.
# fisher       R's own fisher.test, two-sided, of failed/ok at low and high.
# inflation    diag(solve(crossprod(X))) of the 12 runs and of what is left without runs 2, 5 and 9.
suppressPackageStartupMessages({library(brglm2); library(jsonlite)})
height <- function(b, x, y) {
  eta <- drop(x %*% b)
  w <- plogis(eta) * plogis(-eta)
  d <- determinant(crossprod(x * sqrt(w)), logarithm = TRUE)
  if (!is.finite(d$modulus) || d$sign <= 0) return(-1e10)
  sum(y * plogis(eta, log.p = TRUE) + (1 - y) * plogis(-eta, log.p = TRUE)) + as.numeric(d$modulus) / 2
}
profile_at <- function(v, j, x, y, start) {
  p <- ncol(x)
  f <- function(b) { full <- numeric(p); full[-j] <- b; full[j] <- v; -height(full, x, y) }
  starts <- c(list(start[-j], rep(0, p - 1)), lapply(1:3, function(i) start[-j] + rnorm(p - 1) * 0.5))
  best <- Inf
  for (s in starts) {
    o <- optim(s, f, method = "BFGS", control = list(reltol = 1e-15, maxit = 2000))
    o <- optim(o$par, f, method = "BFGS", control = list(reltol = 1e-15, maxit = 2000))
    best <- min(best, o$value)
  }
  -best
}
firth <- function(name, x, y) {
  set.seed(1)
  m <- glm(y ~ x[, -1], family = binomial(), method = "brglmFit", type = "AS_mean", epsilon = 1e-12, maxit = 10000)
  b <- as.numeric(m$coefficients)
  pi <- plogis(drop(x %*% b))
  se <- sqrt(diag(solve(crossprod(x * sqrt(pi * (1 - pi))))))
  top <- height(b, x, y)
  p <- ncol(x)
  q <- qchisq(0.95, 1) / 2
  p_value <- sapply(1:p, function(j) pchisq(2 * (top - profile_at(0, j, x, y, b)), 1, lower.tail = FALSE))
  limit <- function(j, side) uniroot(function(v) profile_at(v, j, x, y, b) - (top - q), sort(b[j] + side * se[j] * c(0.5, 8)), tol = 1e-9)$root
  list(name = unbox(name), x = unname(x), y = as.numeric(y), coefficients = b, std_errors = unname(se), p_values = p_value,
       conf_low = sapply(1:p, limit, side = -1), conf_high = sapply(1:p, limit, side = 1), log_likelihood = unbox(top))
}
data(endometrial)
first <- c(1, 1, -1, 1, 1, 1, -1, -1, -1, 1, -1)
pb <- t(sapply(0:10, function(i) first[(0:10 - i) %% 11 + 1]))
pb <- rbind(pb, -1)[, 1:5]
x <- cbind(1, pb)
tables <- list(c(0, 6, 6, 6), c(0, 6, 3, 6), c(1, 8, 5, 8), c(2, 16, 9, 12), c(30, 1000, 55, 900), c(3, 3, 0, 7), c(4, 10, 4, 10))
left <- x[-c(2, 5, 9), ]
cat(toJSON(list(
  firth = list(
    firth("endometrial", cbind(1, as.matrix(endometrial[, c("NV", "PI", "EH")])), endometrial$HG),
    firth("separated", x, as.numeric(pb[, 1] > 0)),
    firth("pair", x, as.numeric(pb[, 1] > 0 & pb[, 2] > 0))),
  fisher = lapply(tables, function(t) list(table = t, p_value = unbox(fisher.test(matrix(c(t[1], t[2] - t[1], t[3], t[4] - t[3]), 2))$p.value))),
  inflation = list(x = x, lost = c(2, 5, 9), ratio = sqrt(diag(solve(crossprod(left))) / diag(solve(crossprod(x)))))
), digits = NA, pretty = 1))
cat("\n")
