# Formulas as R reads them, for tests/qim_stats/model/test_lm_models.py:  Rscript lm_formulas.R > lm_formulas.json
# (R 4.2.2, jsonlite 1.8; mtcars.csv as in lm_models.R, am and vs coded -1/+1, cyl a category, wt and hp numbers)
suppressPackageStartupMessages(library(jsonlite))

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
code <- function(x) ifelse(x == max(x), 1, -1)
d <- read.csv(file.path(here, "mtcars.csv"))
d$am <- code(d$am)
d$vs <- code(d$vs)
d$cyl <- factor(d$cyl)
formulas <- c(
  "mpg ~ 0 + cyl + am",
  "mpg ~ cyl:am",
  "mpg ~ 0 + cyl:am",
  "mpg ~ am/cyl",
  "mpg ~ am + cyl:wt",
  "mpg ~ wt:cyl + am - 1",
  "mpg ~ (am + vs + wt)^2 - am:vs",
  "mpg ~ am*vs*wt - am:vs:wt",
  "mpg ~ am + I(wt^2)*cyl",
  "mpg ~ cyl %in% am + am",
  "mpg ~ am + vs:am + cyl*am",
  "mpg ~ log(wt)*am + I(hp/100)",
  "mpg ~ am + wt:wt",
  "mpg ~ cyl/am",
  "mpg ~ am:vs + am",
  "mpg ~ am + vs %in% cyl",
  "mpg ~ I(wt + hp * 2) + exp(-wt) + am",
  "mpg ~ am + I((wt - 3)^2) + I(-wt^2 + hp) + log10(1e3 * wt)",
  "mpg ~ 1 + am + cyl:vs"
)
fitted <- lapply(formulas, function(formula) {
  m <- lm(as.formula(formula), d)
  a <- anova(m)
  list(formula = unbox(formula), names = names(coef(m)), coefficients = unname(coef(m)),
       terms = trimws(rownames(a)), sum_sq = a[["Sum Sq"]])
})
cat(toJSON(fitted, digits = NA, na = "null"))
cat("\n")
