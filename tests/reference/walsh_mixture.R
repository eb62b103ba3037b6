# The alias-aware posterior by brute force: every interaction a column, every trial a row, nothing collapsed.
# Rscript tests/reference/walsh_mixture.R > tests/reference/walsh_mixture.json
library(jsonlite)

x <- matrix(c(
  -1, -1, -1,
   1, -1,  1,
   1,  1, -1,
  -1,  1,  1,
   1,  1,  1,
   1,  1,  1,
  -1, -1,  1,
   1,  1,  1
), ncol = 3, byrow = TRUE)
block <- c(0, 0, 0, 0, 1, 1, 1, 0)
y <- c(3.1, 5.4, 4.2, 0.7, 6.3, 6.9, 1.8, 5.5)

n <- nrow(x)
k <- ncol(x)
sets <- as.matrix(expand.grid(rep(list(c(0, 1)), k)))[-1, ]
z <- apply(sets, 1, function(s) apply(x[, s == 1, drop = FALSE], 1, prod))
b <- cbind(1, block)
lam <- c(0.03, 0.1, 0.3, 0.8, 2, 5, 16)
p_lam <- c(0.27, 0.24, 0.19, 0.14, 0.1, 0.04, 0.02)
rho <- c(0.03, 0.3, 0.9)
inherited <- expand.grid(lam = lam, eta = 0.2, rho = rho)
# Interactions that do not ask whether their parents are active.
orphans <- data.frame(lam = lam, eta = 0.9, rho = 0.9)
# Trials that differ by their noise alone: effects of a hundredth of it.
none <- data.frame(lam = 1e4, eta = 0.2, rho = 0.03)
grid <- rbind(cbind(inherited, heredity = 1, share = 0.995 * 0.98 * rep(p_lam, length(rho)) / length(rho)),
              cbind(orphans, heredity = 0, share = 0.995 * 0.02 * p_lam),
              cbind(none, heredity = 1, share = 0.005))

component <- function(y, active, rho, eta, lam, heredity, share) {
  r2 <- ifelse(active == 1, 1, 0.8^2)
  size <- rowSums(sets)
  scale <- ifelse(size == 1, 1, ifelse(size == 2, rho^2, eta^(2 * (size - 1))))
  parents <- apply(sets, 1, function(s) prod(r2[s == 1]))
  v <- scale * ifelse(size == 1 | heredity == 1, parents, 1)
  r <- z %*% (v * t(z)) + lam * diag(n)
  ri <- solve(r)
  w <- ri - ri %*% b %*% solve(t(b) %*% ri %*% b) %*% t(b) %*% ri
  q <- drop(t(y) %*% w %*% y)
  df <- n - ncol(b)
  log_weight <- log(share) + sum(ifelse(active == 1, log(0.6), log(0.4))) -
    (determinant(r)$modulus + determinant(t(b) %*% ri %*% b)$modulus + df * log(q)) / 2
  main <- match(1:k, apply(sets, 1, function(s) if (sum(s) == 1) which(s == 1) else 0))
  mean <- (v * (t(z) %*% w %*% y))[main]
  shape <- q * (diag(v) - (v * (t(z) %*% w %*% z)) %*% diag(v))[main, main]
  list(active = active, rho = rho, eta = eta, lam = lam, heredity = heredity, log_weight = as.numeric(log_weight),
       mean = mean, shape = shape)
}

# The scales a response may be simpler on: values, and the sum of the log slopes.
left <- residuals(lm(y ~ block))
standard <- left / sqrt(mean(left^2))
scales <- list(list(standard, 0))
for (a in c(-1, -0.5, 0.5, 1)) {
  scales[[length(scales) + 1]] <- list((exp(a * standard) - 1) / a, sum(a * standard))
}
scales[[length(scales) + 1]] <- list(sinh(standard), sum(log(cosh(standard))))
for (beyond in list(c(0.15, 1), c(1, 0.15), c(0.15, 0.15), c(0.5, 0.5))) {
  width <- diff(range(standard))
  low <- min(standard) - beyond[1] * width
  high <- max(standard) + beyond[2] * width
  scales[[length(scales) + 1]] <- list(
    log((standard - low) / (high - standard)),
    sum(log(1 / (standard - low) + 1 / (high - standard)))
  )
}

# The response as given has a probability of its own; the other scales share the rest.
p_scale <- c(0.95, rep(0.05 / (length(scales) - 1), length(scales) - 1))

every <- function(y) {
  found <- list()
  for (a in 0:(2^k - 1)) {
    active <- as.integer(intToBits(a))[1:k]
    for (g in seq_len(nrow(grid))) {
      found[[length(found) + 1]] <- do.call(component, c(list(y, active), grid[g, ]))
    }
  }
  found
}
found <- every(y)
logs <- sapply(found, `[[`, "log_weight")
curved <- sapply(seq_along(scales), function(i) {
  sapply(every(scales[[i]][[1]]), `[[`, "log_weight") + scales[[i]][[2]] + log(p_scale[i])
})
curved <- exp(curved - max(curved))
curved <- curved / sum(curved)
p <- exp(logs - max(logs))
p <- p / sum(p)
df <- n - ncol(b)
mean <- rowSums(sapply(seq_along(found), function(i) p[i] * found[[i]]$mean))
second <- rowSums(sapply(seq_along(found), function(i) {
  p[i] * (diag(found[[i]]$shape) / (df - 2) + found[[i]]$mean^2)
}))
cat(toJSON(list(
  x = x, block = block, y = y, r = R.version.string,
  mean = mean, sd = sqrt(second - mean^2),
  p_active = rowSums(sapply(seq_along(found), function(i) p[i] * found[[i]]$active)),
  p_scale = colSums(curved),
  p_active_curved = colSums(sapply(1:k, function(i) rowSums(curved) * sapply(found, function(f) f$active[i]))),
  components = lapply(found[c(1, 50, 77, 120, 199, 230, 232)], function(f) {
    f$log_weight <- f$log_weight - logs[1]
    f
  })
), digits = NA, auto_unbox = TRUE, pretty = TRUE), "\n")
