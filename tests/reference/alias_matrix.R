# Alias matrices by R: Rscript tests/reference/alias_matrix.R > tests/reference/alias_matrix.json
# (R 4.2, jsonlite), in the repository's root. Each interaction outside the model is regressed on the model by lm:
# its coefficients are the interaction's column of the alias matrix, NA for what lm drops.
#
# fatigue.csv: a 12-run Plackett-Burman design; its source is told in lm.R.
# Cases: the whole design; two runs lost; the same with weights; blocks, and an interaction in the model; too few runs
# for all terms.
coded <- read.csv("tests/reference/fatigue.csv")[, c("A", "B", "C", "D", "E", "F", "G")]
pairs <- combn(names(coded), 2)

alias <- function(formula, rows, weights = NULL, block = NULL) {
  x <- coded[rows, ]
  if (!is.null(block)) x$block <- factor(block)
  held <- attr(terms(formula), "term.labels")
  x$w <- if (is.null(weights)) 1 else weights
  columns <- list()
  for (i in seq_len(ncol(pairs))) {
    name <- paste(pairs[, i], collapse = ":")
    if (name %in% held) next
    x$z <- x[[pairs[1, i]]] * x[[pairs[2, i]]]
    columns[[name]] <- unname(coef(lm(update(formula, z ~ .), x, weights = w)))
    names <- names(coef(lm(update(formula, z ~ .), x)))
  }
  list(rows = rows, weights = weights, block = block, formula = deparse1(formula), names = names, alias = columns)
}

mains <- ~ A + B + C + D + E + F + G
all <- 1:12
cat(jsonlite::toJSON(list(
  complete = alias(mains, all),
  lost = alias(mains, all[-c(3, 8)]),
  weighted = alias(mains, all[-c(3, 8)], weights = c(1, 2, 1, 4, 1, 0.5, 3, 1, 1, 2)),
  blocked = alias(~ block + A + B + C + F + F:G, all, block = rep(c("1", "2"), 6)),
  deficient = alias(mains, all[1:6])
), digits = I(17), auto_unbox = TRUE, null = "null", na = "null", pretty = TRUE), "\n")
