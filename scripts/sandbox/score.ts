import { draw } from "./draw.ts";
import type { BizContent } from "./parse-biz-content.ts";

/** What the risk API finds about one transaction. */
export interface Detection {
  /** 0.01 to 0.99, two decimals. */
  readonly riskScore: number;
  readonly ruleCodes: readonly string[];
  /** The API gives most scores as text and some as numbers; the same transaction always the same way. */
  readonly isScoreText: boolean;
}

/** How much a rule adds to the risk of a transaction, 0 where it does not fire, below 1. */
type Rule = (content: BizContent) => number;

/**
 * Each rule hashes what it looks at, so the same device, place or transaction always gets the same answer, with
 * no state and no seed. Rates and strengths are chosen so that ordinary payments come out as roughly 85 %
 * below 0.5, 10 % from 0.5 and 5 % from 0.8 on.
 */
const RULES: readonly (readonly [code: string, rule: Rule])[] = [
  ["AMOUNT_HIGH", ({ amount }) => (Number(amount) >= 10_000 ? 0.1 * Math.log10(Number(amount)) - 0.15 : 0)],
  ["MCC_HIGH_RISK", ({ merchant_category_code: mcc }) => RISKY_CATEGORIES[mcc] ?? 0],
  ["DEVICE_VELOCITY", (content) => rarely(0.03, 0.35, 0.65, "velocity", deviceOf(content))],
  ["DEVICE_BLOCKLISTED", (content) => rarely(0.015, 0.75, 0.95, "blocklist", deviceOf(content))],
  ["LOCATION_UNUSUAL", (content) => rarely(0.04, 0.3, 0.6, "location", deviceOf(content) + cellOf(content))],
  ["BEHAVIOUR_ANOMALY", (content) => rarely(0.11, 0.3, 0.95, "behaviour", content.transaction_id)],
];

/** ISO 18245 categories that card schemes rank as high risk. */
const RISKY_CATEGORIES: Readonly<Record<string, number>> = {
  "4829": 0.3, // money transfer
  "5933": 0.3, // pawn shops
  "5944": 0.2, // jewellery
  "5967": 0.4, // inbound teleservices
  "6051": 0.45, // quasi cash, crypto currency
  "7273": 0.35, // dating services
  "7995": 0.45, // gambling
};

/** Scores a transaction: the risks of all rules that fire on top of what every payment has, as if independent. */
export function detect(content: BizContent): Detection {
  const fired = RULES.map(([code, rule]) => ({ code, risk: rule(content) })).filter(({ risk }) => risk > 0);
  const background = 0.3 * draw("background", identityOf(content));
  const risk = 1 - fired.reduce((safety, rule) => safety * (1 - rule.risk), 1 - background);
  return {
    riskScore: Math.min(0.99, Math.max(0.01, Math.round(risk * 100) / 100)),
    ruleCodes: fired.map(({ code }) => code),
    isScoreText: draw("spelling", content.transaction_id) >= 0.1,
  };
}

/** Fires for a share of all subjects, each with its own risk between the two bounds. */
function rarely(share: number, least: number, most: number, purpose: string, subject: string): number {
  const position = draw(purpose, subject) / share;
  return position < 1 ? least + (most - least) * position : 0;
}

const deviceOf = ({ device_fingerprint: device }: BizContent): string => device;

/** Places about a kilometre apart are the same place. */
const cellOf = ({ geolocation: { latitude, longitude } }: BizContent): string =>
  `${latitude.toFixed(2)} ${longitude.toFixed(2)}`;

const identityOf = (content: BizContent): string =>
  [content.transaction_id, content.amount, content.currency, deviceOf(content), cellOf(content)].join("\n");
