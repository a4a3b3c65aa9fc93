/**
 * Welch's t of two sets of samples: how far their means are apart, in standard errors. Above 4.5 in absolute value
 * the two are told apart by those who look for leaks in time (Goodwill et al., TVLA; Reparaz et al., dudect).
 */
export function welchT(one: readonly number[], other: readonly number[]): number {
  const [a, b] = [momentsOf(one), momentsOf(other)];
  return (a.mean - b.mean) / Math.sqrt(a.variance / one.length + b.variance / other.length);
}

function momentsOf(samples: readonly number[]): { readonly mean: number; readonly variance: number } {
  const mean = samples.reduce((sum, value) => sum + value, 0) / samples.length;
  const squares = samples.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / (samples.length - 1) };
}
