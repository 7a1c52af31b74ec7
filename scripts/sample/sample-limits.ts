/** What demo and sample take where nothing is said: about half a minute at the demo's quota. */
export const SAMPLE_DEFAULTS = { rows: 4_000, seed: 1 };

export const SAMPLE_LIMITS = { rows: 1_000_000, seed: 2 ** 32 - 1 };
