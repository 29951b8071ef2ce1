// Seeded chance: the same seed gives the same stream on every machine.

export type Random = () => number;

/** sfc32 (Doty-Humphrey): uniform in [0, 1). */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = 0xb7e15162;
  let counter = seed | 0;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 4294967296;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Exact by exponential gaps below a mean of 100, rounded normal above. */
export function poisson(random: Random, mean: number): number {
  if (mean >= 100) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  const floor = Math.exp(-mean);
  let count = -1;
  for (let product = 1; product > floor; count++) product *= random();
  return mean > 0 ? count : 0;
}

/** Exact by geometric gaps while fewer than 100 are expected, rounded normal above. */
export function binomial(random: Random, n: number, p: number): number {
  if (n <= 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(random, n, 1 - p);
  const mean = n * p;
  if (mean >= 100) return Math.min(n, Math.max(0, Math.round(mean + Math.sqrt(mean * (1 - p)) * normal(random))));
  const log = Math.log1p(-p);
  let count = 0;
  for (let at = gap(random, log); at <= n; at += gap(random, log)) count++;
  return count;
}

/** Geometric on 1, 2, …; mean 1/p when `log` = ln(1 - p). */
function gap(random: Random, log: number): number {
  return 1 + Math.floor(Math.log(1 - random()) / log);
}

export function geometric(random: Random, mean: number): number {
  return gap(random, Math.log(1 - 1 / mean));
}

export function beta(random: Random, a: number, b: number): number {
  const x = gamma(random, a);
  return x / (x + gamma(random, b));
}

/** Marsaglia and Tsang 2000. */
function gamma(random: Random, shape: number): number {
  if (shape < 1) return gamma(random, shape + 1) * (1 - random()) ** (1 / shape);
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = normal(random);
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - random()) < 0.5 * x * x + d - d * v + d * Math.log(v)) return d * v;
  }
}
