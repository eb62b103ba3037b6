# More published tables through the whole road, for tests/qim_stats/test_published.py:  Rscript others.R > others.json
# (R 4.2.2, broom 1.0, car 3.1, MASS 7.3, carData 3.0, jsonlite 1.8; it also writes the tables into others/)
#
# toollife   Montgomery, Design and Analysis of Experiments, problem 6.1: tool life by speed, geometry and angle; 2^3, three
#            replicates.
# bottling   Montgomery, example 6.1 of earlier editions (soft drink fill heights): carbonation, pressure, speed; 2^3, two
#            replicates.
# circuits   Montgomery, example 8.2: yield of integrated circuits, 2^(5-1) with I = ABCDE.
# plackett   the 12 runs of a Plackett-Burman design within the 2^5 of reactor.csv (Box, Hunter and Hunter, Statistics for
#            Experimenters, as in lm.R), its six other columns as dummies; selected as Box and Meyer (1993), JQT 25, 94-105.
# admissions Bickel, Hammel and O'Connell (1975), Science 187, 398-404 (datasets::UCBAdmissions): counts, departments as blocks.
# sleep      "Student" (1908), Biometrika 6, 1-25 (datasets::sleep): hours of extra sleep, two drugs, patients as blocks.
# shoes      Box, Hunter and Hunter (1978), table 4.3 (MASS::shoes): wear of two materials, boys as blocks.
# co2        Potvin, Lechowicz and Tardif (1990), Ecology 71, 1389-1400 (datasets::CO2): uptake by type, treatment, concentration.
# whiteside  MASS::whiteside (Hand et al., 1993, set 88): gas consumption before and after insulation, by temperature.
# birthwt    Hosmer and Lemeshow (1989), appendix 1 (MASS::birthwt): birth weight, 189 mothers; unbalanced.
# moore      Moore and Krupat (1971), Sociometry 34, 122-131 (carData::Moore): conformity; unbalanced 2 x 3.
# salaries   carData::Salaries (Fox and Weisberg, An R Companion to Applied Regression, 2019): 397 professors; unbalanced.
# cats       Fisher (1947), Biometrics 3, 65-68 (MASS::cats): heart by body weight and sex.
# quine      Aitkin (1978), JRSS A 141, 195-223 (MASS::quine): days absent from school; an empty cell.
suppressPackageStartupMessages({library(broom); library(jsonlite); library(car); library(MASS)})
Sys.setlocale("LC_COLLATE", "C") -> quiet

here <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
folder <- file.path(here, "others")
dir.create(folder, showWarnings = FALSE)
two <- function(names) setNames(do.call(expand.grid, rep(list(c(-1, 1)), length(names))), names)

toollife <- two(c("speed", "geometry", "angle"))[rep(1:8, each = 3), ]
toollife$hours <- c(22, 31, 25, 32, 43, 29, 35, 34, 50, 55, 47, 46, 44, 45, 38, 40, 37, 36, 60, 50, 54, 39, 41, 47)
bottling <- two(c("carbonation", "pressure", "speed"))[rep(1:8, each = 2), ]
bottling$deviation <- c(-3, -1, 0, 1, -1, 0, 2, 3, -1, 0, 2, 1, 1, 1, 6, 5)
circuits <- two(c("A", "B", "C", "D"))
circuits$E <- with(circuits, A * B * C * D)
circuits$y <- c(8, 9, 34, 52, 16, 22, 45, 60, 6, 10, 30, 50, 15, 21, 44, 63)
row1 <- c(1, -1, 1, -1, -1, -1, 1, 1, 1, -1, 1)
pb <- rbind(t(sapply(0:10, function(i) row1[(seq_along(row1) - 1 + i) %% 11 + 1])), rep(-1, 11))
colnames(pb) <- c(LETTERS[1:5], paste0("e", 1:6))
reactor <- read.csv(file.path(here, "reactor.csv"))
key <- function(d) do.call(paste, d[, LETTERS[1:5]])
plackett <- as.data.frame(pb)
plackett$y <- reactor$y[match(key(plackett), key(reactor))]
tables <- list(
  toollife = toollife, bottling = bottling, circuits = circuits, plackett = plackett,
  admissions = as.data.frame(UCBAdmissions), sleep = sleep,
  shoes = data.frame(material = rep(c("A", "B"), each = 10), boy = rep(1:10, 2), wear = c(shoes$A, shoes$B)),
  co2 = as.data.frame(CO2)[, c("Type", "Treatment", "conc", "uptake")], whiteside = whiteside,
  birthwt = birthwt[, c("age", "lwt", "race", "smoke", "ht", "ui", "bwt")], moore = Moore, salaries = Salaries, cats = cats,
  quine = quine
)
for (name in names(tables)) {
  write.csv(tables[[name]], file.path(folder, paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
}

code <- function(x) { x <- if (is.numeric(x)) x else as.character(x); ifelse(x == sort(unique(x))[2], 1, -1) }
frame <- function(a) {
  data.frame(term = trimws(rownames(a)), df = a$Df, sum_sq = a[["Sum Sq"]], mean_sq = a[["Sum Sq"]] / a$Df,
             statistic = a[["F value"]], p_value = a[["Pr(>F)"]])
}
case <- function(name, table, formula, factors, response, arguments = character(0), drop = integer(0),
                 classes = character(0), weights = NULL) {
  d <- read.csv(file.path(folder, paste0(table, ".csv")))
  if (length(drop)) d <- d[-drop, ]
  for (column in factors) d[[column]] <- code(d[[column]])
  for (column in classes) d[[column]] <- factor(d[[column]], levels = sort(unique(d[[column]])))
  d$w_ <- if (is.null(weights)) 1 else d[[weights]]
  fit <- function(...) if (is.null(weights)) lm(formula, d, ...) else lm(formula, d, weights = w_, ...)
  m <- fit()
  aliased <- any(is.na(coef(m)))
  sums <- if (length(classes)) setNames(rep(list("contr.sum"), length(classes)), classes) else NULL
  t <- as.data.frame(tidy(m, conf.int = TRUE))
  list(
    name = unbox(name), table = unbox(table), drop = drop, response = unbox(response),
    arguments = I(c("--factors", paste(factors, collapse = ","), arguments,
                    if (is.null(weights)) NULL else c("--weights", weights))),
    tidy = t, glance = as.data.frame(glance(m)),
    augment = as.data.frame(augment(m, data = d))[seq_len(min(nrow(d), 30)), c(".fitted", ".resid", ".std.resid", ".hat", ".cooksd")],
    anova = list(I = frame(anova(m)), II = if (aliased) NULL else frame(Anova(m, type = 2)),
                 III = if (aliased) NULL else frame(Anova(fit(contrasts = sums), type = 3)))
  )
}
model <- function(formula) c("--formula", formula)
abc <- c("speed", "geometry", "angle")
bot <- c("carbonation", "pressure", "speed")
abcde <- LETTERS[1:5]
cases <- list(
  case("toollife, replicated 2^3, all interactions", "toollife", hours ~ speed * geometry * angle, abc, "hours",
       model("hours ~ speed * geometry * angle")),
  case("toollife, default call", "toollife", hours ~ speed + geometry + angle, abc, "hours"),
  case("toollife, five runs missing", "toollife", log(hours) ~ (speed + geometry + angle)^2, abc, "hours",
       model("log(hours) ~ (speed + geometry + angle)^2"), drop = c(1L, 2L, 9L, 17L, 24L)),
  case("bottling, replicated 2^3", "bottling", deviation ~ carbonation * pressure + speed, bot, "deviation",
       model("deviation ~ carbonation * pressure + speed")),
  case("circuits, 2^(5-1), default call", "circuits", y ~ A + B + C + D + E, abcde, "y"),
  case("circuits, 2^(5-1), one interaction", "circuits", y ~ A * B + C, c("A", "B", "C"), "y", model("y ~ A * B + C")),
  case("circuits, two runs missing", "circuits", y ~ A * B + C + D, abcde, "y", model("y ~ A * B + C + D"), drop = c(5L, 12L)),
  case("plackett, dummies, default call", "plackett", y ~ A + B + C + D + E, abcde, "y"),
  case("plackett, interactions", "plackett", y ~ B * D + D * E, abcde, "y", model("y ~ B * D + D * E")),
  case("plackett, a run missing, interactions", "plackett", y ~ A + C + B * D + D:E + E, abcde, "y",
       model("y ~ A + C + B * D + D:E + E"), drop = 4L),
  case("admissions, blocks, words as levels", "admissions", log(Freq) ~ Dept + Admit * Gender, c("Admit", "Gender"), "Freq",
       c("--block", "Dept", model("log(Freq) ~ Dept + Admit * Gender")), classes = "Dept"),
  case("sleep, blocks, default call", "sleep", extra ~ ID + group, "group", "extra", c("--block", "ID"), classes = "ID"),
  case("shoes, blocks, two shoes lost", "shoes", wear ~ boy + material, "material", "wear", c("--block", "boy"),
       drop = c(3L, 17L), classes = "boy"),
  case("co2, a covariate", "co2", uptake ~ Type * Treatment + log(conc) + Type:log(conc), c("Type", "Treatment"), "uptake",
       model("uptake ~ Type * Treatment + log(conc) + Type:log(conc)")),
  case("whiteside, a covariate and its square", "whiteside", Gas ~ Insul * Temp + I(Temp^2), "Insul", "Gas",
       model("Gas ~ Insul * Temp + I(Temp^2)")),
  case("birthwt, unbalanced, a category, covariates", "birthwt", bwt ~ smoke * ht + ui + race + lwt + age,
       c("smoke", "ht", "ui"), "bwt", model("bwt ~ smoke * ht + ui + C(race) + lwt + age"), classes = "race"),
  case("birthwt, weighted, an empty cell", "birthwt", bwt ~ smoke + ht * ui + age, c("smoke", "ht", "ui"), "bwt",
       c(model("bwt ~ smoke + ht * ui + age"), "--aliased", "drop"), weights = "lwt"),
  case("moore, unbalanced", "moore", conformity ~ fcategory * partner.status, "partner.status", "conformity",
       model("conformity ~ fcategory * partner.status"), classes = "fcategory"),
  case("salaries, unbalanced, logarithms", "salaries", log10(salary) ~ sex * discipline + rank + yrs.service,
       c("discipline", "sex"), "salary", model("log10(salary) ~ sex * discipline + rank + yrs.service"), classes = "rank"),
  case("cats, no intercept", "cats", Hwt ~ 0 + Sex + Bwt + Sex:Bwt, "Sex", "Hwt", model("Hwt ~ 0 + Sex + Bwt + Sex:Bwt")),
  case("quine, an empty cell", "quine", sqrt(Days) ~ Eth * Sex + Age * Lrn, c("Eth", "Sex", "Lrn"), "Days",
       c(model("sqrt(Days) ~ Eth * Sex + Age * Lrn"), "--aliased", "drop"), classes = "Age")
)
cat(toJSON(cases, digits = NA, na = "null"))
cat("\n")
