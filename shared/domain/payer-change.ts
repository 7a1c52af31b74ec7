import type { Money } from "./money.ts";
import type { Transaction } from "./transaction.ts";

/** What may differ from the payment that a payer's stored score was given for. */
export const CHANGES = ["device", "amount", "place"] as const;
export type Change = (typeof CHANGES)[number];

/** Which changes make a stored score useless, and how large they must be. */
export interface ChangeRules {
  readonly alwaysScoreOn: readonly Change[];
  /** An amount that is more than so many times the scored one is a jump. */
  readonly amountJump: number;
  /** A place that is farther away than so many kilometres is one. */
  readonly placeJumpKm: number;
}

interface Place {
  readonly latitude: number;
  readonly longitude: number;
}

/** What is compared. Nothing in it names a person, a device or an address. */
interface Traits {
  /** A keyed hash of the device, another one for each payer. */
  readonly device: string;
  readonly amount: Pick<Money, "currency" | "minorUnits">;
  /** To a tenth of a degree, about eleven kilometres. */
  readonly place: Place;
}

/** The payment that a score was given for: of its traits, those that the rules in force compare. */
export type ScoredPayment = { readonly [C in Change]?: Traits[C] | undefined };

interface Payment {
  readonly transaction: Transaction;
  readonly claim: { readonly device: () => string };
}

type RuleTable = {
  readonly [C in Change]: {
    readonly traitOf: (payment: Payment) => Traits[C];
    readonly isChange: (before: Traits[C], now: Traits[C], rules: ChangeRules) => boolean;
  };
};

const RULES: RuleTable = {
  device: {
    traitOf: ({ claim }) => claim.device(),
    isChange: (before, now) => before !== now,
  },
  amount: {
    traitOf: ({ transaction: { amount } }) => ({ currency: amount.currency, minorUnits: amount.minorUnits }),
    // Amounts of two currencies cannot be compared here.
    isChange: (before, now, { amountJump }) =>
      before.currency !== now.currency || now.minorUnits > before.minorUnits * amountJump,
  },
  place: {
    traitOf: ({ transaction: { geolocation } }) => ({
      latitude: coarse(geolocation.latitude),
      longitude: coarse(geolocation.longitude),
    }),
    isChange: (before, now, { placeJumpKm }) => distanceKm(before, now) > placeJumpKm,
  },
};

/** What to keep of a payment beside its score: only what a rule compares. */
export function scoredPayment(payment: Payment, { alwaysScoreOn }: ChangeRules): ScoredPayment {
  return Object.fromEntries(alwaysScoreOn.map((change) => [change, RULES[change].traitOf(payment)]));
}

/**
 * The first rule by which the payer's stored score says nothing about this payment, if there is one. What was not kept
 * (a rule is new, or an older version kept the score) counts as changed.
 */
export function changeSince(
  before: ScoredPayment | undefined,
  payment: Payment,
  rules: ChangeRules,
): Change | undefined {
  return rules.alwaysScoreOn.find((change) => isChanged(change, before?.[change], payment, rules));
}

function isChanged<C extends Change>(
  change: C,
  before: Traits[C] | undefined,
  payment: Payment,
  rules: ChangeRules,
): boolean {
  const { traitOf, isChange } = RULES[change];
  return before === undefined || isChange(before, traitOf(payment), rules);
}

const coarse = (degrees: number): number => Math.round(degrees * 10) / 10;

const EARTH_RADIUS_KM = 6_371;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Along the surface of a sphere (haversine). */
function distanceKm(a: Place, b: Place): number {
  const north = Math.sin(radians(b.latitude - a.latitude) / 2) ** 2;
  const east = Math.sin(radians(b.longitude - a.longitude) / 2) ** 2;
  const chord = north + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * east;
  return 2 * EARTH_RADIUS_KM * Math.asin(Math.sqrt(Math.min(1, chord)));
}
