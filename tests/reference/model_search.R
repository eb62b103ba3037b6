# Reference numbers for tests/qim_stats/screening/test_model_search.py:  Rscript model_search.R > model_search.json
# (R 4.2.2, jsonlite). Every set of up to `most` main effects and two-factor interactions that respects heredity is
# fitted with lm(); AICc from AIC() without the constant n log(2 pi) + n.
#
# fatigue, filtration, reactor: as in lm.R.
# blocked: filtration in two blocks that are confounded with ABCD.
suppressPackageStartupMessages(library(jsonlite))

folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(), value = TRUE)))
code <- function(x) ifelse(x == max(x), 1, -1)
read <- function(name, factors) {
  d <- read.csv(file.path(folder, name))
  for (f in factors) d[[f]] <- code(d[[f]])
  d
}
search <- function(name, table, factors, heredity, most, data, block = NULL) {
  pairs <- combn(factors, 2, simplify = FALSE)
  words <- c(as.list(factors), pairs)
  terms <- sapply(words, paste, collapse = ":")
  legal <- function(set) all(sapply(words[set], function(w) length(w) == 1 || {
    held <- sum(w %in% terms[set])
    if (heredity == "strong") held == 2 else held >= 1
  }))
  sets <- list(integer(0))
  for (size in seq_len(most)) sets <- c(sets, Filter(legal, combn(length(terms), size, simplify = FALSE)))
  n <- nrow(data)
  fits <- lapply(sets, function(set) {
    m <- lm(reformulate(c("1", block, terms[set]), "y"), data)
    k <- attr(logLik(m), "df")
    list(aicc = AIC(m) - n * log(2 * pi) - n + 2 * k * (k + 1) / (n - k - 1), sigma = sigma(m),
         r_squared = summary(m)$r.squared)
  })
  aicc <- sapply(fits, `[[`, "aicc")
  weight <- exp(-(aicc - min(aicc)) / 2) / sum(exp(-(aicc - min(aicc)) / 2))
  top <- order(aicc)[1:10]
  list(
    name = unbox(name), table = unbox(table), factors = factors, heredity = unbox(heredity), most = unbox(most),
    blocked = unbox(!is.null(block)), count = unbox(length(sets)), close = unbox(sum(aicc <= min(aicc) + 2)),
    models = lapply(top, function(i) list(
      terms = terms[sets[[i]]], aicc = unbox(aicc[i]), weight = unbox(weight[i]), sigma = unbox(fits[[i]]$sigma),
      r_squared = unbox(fits[[i]]$r_squared))),
    importance = as.list(sapply(setNames(seq_along(terms), terms), function(j)
      sum(weight[sapply(sets, function(set) j %in% set)])) |> lapply(unbox))
  )
}
fatigue <- read("fatigue.csv", LETTERS[1:7])
filtration <- read("filtration.csv", LETTERS[1:4])
reactor <- read("reactor.csv", LETTERS[1:5])
blocked <- transform(filtration, block = A * B * C * D)
cat(toJSON(list(
  search("fatigue, weak", "fatigue.csv", LETTERS[1:7], "weak", 4, fatigue),
  search("fatigue, strong", "fatigue.csv", LETTERS[1:7], "strong", 5, fatigue),
  search("filtration, weak", "filtration.csv", LETTERS[1:4], "weak", 6, filtration),
  search("filtration, strong, blocked", "filtration.csv", LETTERS[1:4], "strong", 6, blocked, "block"),
  search("reactor, strong", "reactor.csv", LETTERS[1:5], "strong", 6, reactor)
), digits = NA, pretty = FALSE))
