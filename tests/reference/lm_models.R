# Reference numbers for tests/qim_stats/model/test_lm_models.py:  Rscript lm_models.R > lm_models.json
# (R 4.2.2, broom 1.0, car 3.1, sandwich 3.0, jsonlite 1.8; it also writes the tables from R's own `datasets` package)
#
# npk         Yates (1937), as in Venables and Ripley, Modern Applied Statistics with S (4th ed., 2002), section 6.7: yield
#             of peas by nitrogen, phosphate and potash, 2^3 in six blocks of four plots; N:P:K is confounded with blocks.
# toothgrowth Crampton (1947), Journal of Nutrition 33, 491-504: length of odontoblasts by supplement and dose of vitamin C.
# warpbreaks  Tippett (1950), Technological Applications of Statistics, as in McNeil (1977): breaks by wool and tension.
# mtcars      Henderson and Velleman (1981), Biometrics 37, 391-411: miles per gallon of 32 cars; unbalanced.
# longley     Longley (1967), JASA 62, 819-841: the classic ill-conditioned regression.
# centre      Montgomery, Design and Analysis of Experiments, example 6.7: yield of a 2^2 design with five centre points.
# etch, chemical, filtration: as in lm.R.
suppressPackageStartupMessages({library(broom); library(jsonlite); library(car); library(sandwich)})

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
keep <- function(d, name) write.csv(d, file.path(here, name), row.names = FALSE, quote = FALSE)
keep(transform(npk, block = as.integer(block)), "npk.csv")
keep(ToothGrowth, "toothgrowth.csv")
keep(warpbreaks, "warpbreaks.csv")
keep(mtcars[, c("mpg", "am", "vs", "wt", "hp", "qsec", "cyl")], "mtcars.csv")
keep(longley, "longley.csv")

code <- function(x) { x <- as.numeric(factor(x)); ifelse(x == max(x), 1, -1) }
read <- function(table, factors, drop = integer(0), classes = character(0)) {
  d <- read.csv(file.path(here, table))
  if (length(drop)) d <- d[-drop, ]
  for (column in factors) d[[column]] <- code(d[[column]])
  for (column in classes) d[[column]] <- factor(d[[column]], levels = sort(unique(d[[column]])))
  d
}
frame <- function(a) {
  f <- a[["F value"]]; p <- a[["Pr(>F)"]]
  ss <- a[["Sum Sq"]]
  data.frame(term = trimws(rownames(a)), df = a$Df, sum_sq = ss, statistic = f, p_value = p)
}
reference <- function(name, table, factors, formula, response, drop = integer(0), classes = character(0), weights = NULL,
                      block = NULL, blockless = TRUE, cells = NULL) {
  d <- read(table, factors, drop, classes)
  d$w_ <- if (is.null(weights)) rep(1, nrow(d)) else d[[weights]]
  m <- if (is.null(weights)) lm(formula, d) else lm(formula, d, weights = w_)
  aliased <- any(is.na(coef(m)))
  sums <- if (length(classes)) setNames(rep(list("contr.sum"), length(classes)), classes) else NULL
  m3 <- if (is.null(weights)) lm(formula, d, contrasts = sums) else lm(formula, d, weights = w_, contrasts = sums)
  lof <- if (is.null(cells)) NULL else {
    full <- if (is.null(weights)) lm(cells, d) else lm(cells, d, weights = w_)
    a <- anova(m, full)
    list(df = unbox(a$Df[2]), sum_sq = unbox(a[["Sum of Sq"]][2]), pure_df = unbox(a$Res.Df[2]),
         pure_ss = unbox(a$RSS[2]), statistic = unbox(a$F[2]), p_value = unbox(a[["Pr(>F)"]][2]))
  }
  v <- if (aliased || any(hatvalues(m) > 1 - 1e-10)) NULL else vcovHC(m, type = "HC3")
  list(
    name = unbox(name), table = unbox(table), factors = factors, formula = unbox(deparse1(formula)),
    response = unbox(response), drop = drop, weights = if (is.null(weights)) NULL else unbox(weights),
    block = if (is.null(block)) NULL else unbox(block),
    tidy = as.data.frame(tidy(m, conf.int = TRUE)), glance = as.data.frame(glance(m)),
    augment = as.data.frame(augment(m, data = d))[, c(".fitted", ".resid", ".std.resid", ".hat", ".cooksd")],
    anova = list(I = frame(anova(m)), II = if (aliased) NULL else frame(Anova(m, type = 2)),
                 III = if (aliased) NULL else frame(Anova(m3, type = 3))),
    hc3 = v, lack_of_fit = lof
  )
}
x <- c("N", "P", "K")
cases <- list(
  reference("npk, blocks, N:P:K aliased", "npk.csv", x, yield ~ block + N * P * K, "yield", classes = "block"),
  reference("npk, blocks", "npk.csv", x, yield ~ block + (N + P + K)^2, "yield", classes = "block"),
  reference("npk, four plots missing", "npk.csv", x, yield ~ block + N * K + P, "yield", drop = c(2L, 3L, 11L, 24L),
            classes = "block"),
  reference("etch, lack of fit", "etch.csv", c("gap", "flow", "power"), y ~ gap + power, "y",
            cells = y ~ factor(gap) * factor(flow) * factor(power)),
  reference("toothgrowth, dose as a covariate", "toothgrowth.csv", "supp", len ~ supp * dose, "len",
            cells = len ~ factor(supp) * factor(dose)),
  reference("toothgrowth, logarithms", "toothgrowth.csv", "supp", log(len) ~ supp + log(dose) + I(dose^2):supp, "len",
            drop = c(1L, 7L, 33L)),
  reference("toothgrowth, ranks", "toothgrowth.csv", "supp", rank(len) ~ supp + sqrt(dose), "len"),
  reference("warpbreaks, interaction with a category", "warpbreaks.csv", "wool", log(breaks) ~ wool * tension, "breaks",
            drop = c(4L, 5L, 20L, 54L), classes = "tension"),
  reference("mtcars, unbalanced", "mtcars.csv", c("am", "vs"), mpg ~ am * vs + wt, "mpg"),
  reference("mtcars, weighted", "mtcars.csv", c("am", "vs"), mpg ~ am * vs + log(wt) + am:log(wt), "mpg", weights = "hp"),
  reference("mtcars, weighted, a category", "mtcars.csv", c("am", "vs"), mpg ~ am + cyl + vs + am:vs, "mpg",
            weights = "qsec", classes = "cyl", cells = mpg ~ factor(am):factor(vs):cyl),
  reference("etch, weighted", "etch.csv", c("gap", "flow", "power"), y ~ gap * power + flow, "y", weights = "run",
            cells = y ~ factor(gap) * factor(flow) * factor(power)),
  reference("chemical, blocks last, a run missing", "chemical.csv", c("A", "B"), y ~ A * B + block, "y", drop = 5L,
            classes = "block"),
  reference("chemical, two trials fitted exactly", "chemical.csv", c("A", "B"), y ~ block * A + B, "y", drop = c(2L, 5L),
            classes = "block"),
  reference("filtration, no intercept", "filtration.csv", c("A", "B", "C", "D"), y ~ 0 + A + B * C + D, "y", drop = 9L)
)
l <- lm(Employed ~ ., longley)
centre <- read.csv(file.path(here, "centre.csv"))
flat <- lm(y ~ A * B, centre)
curved <- lm(y ~ A * B + I(A == 0), centre)
tooth <- lm(log(len) ~ supp + dose, read("toothgrowth.csv", "supp"))
at <- mean(ToothGrowth$dose)
scale <- deltaMethod(tooth, sprintf("exp(b0 + b1 + b2 * %.17g) - exp(b0 - b1 + b2 * %.17g)", at, at),
                     parameterNames = c("b0", "b1", "b2"))
cat(toJSON(list(
  cases = cases,
  longley = list(coefficients = unname(coef(l)), std_error = unname(sqrt(diag(vcov(l)))), hat = unname(hatvalues(l))),
  curvature = list(
    estimate = unbox(unname(coef(curved)[4])), std_error = unbox(sqrt(vcov(curved)[4, 4])),
    sum_sq = unbox(anova(flat, curved)[["Sum of Sq"]][2]), statistic = unbox(anova(flat, curved)$F[2]),
    p_value = unbox(anova(flat, curved)[["Pr(>F)"]][2]), df = unbox(curved$df.residual)),
  original_scale = list(effect = unbox(scale$Estimate), std_error = unbox(scale$SE))
), digits = NA, na = "null"))
cat("\n")
