/** ISO 4217, all currencies whose number of decimals is not two. */
const CURRENCIES_BY_DECIMALS: readonly (readonly [decimals: number, currencies: string])[] = [
  [0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"],
  [3, "BHD IQD JOD KWD LYD OMR TND"],
  [4, "CLF UYW"],
];

const DECIMALS: ReadonlyMap<string, number> = new Map(
  CURRENCIES_BY_DECIMALS.flatMap(([decimals, currencies]) =>
    currencies.split(" ").map((currency) => [currency, decimals] as const),
  ),
);

/** How many decimals an amount in this currency may have. */
export const decimalsOf = (currency: string): number => DECIMALS.get(currency) ?? 2;
