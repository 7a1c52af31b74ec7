import type { LedgerOverview } from "../../../shared/redis/ledger/ledger-overview.ts";
import type { PeriodFigures } from "../../../shared/redis/journal/read-books.ts";
import type { Report } from "../../sandbox/report.ts";
import type { Balance } from "./row-accounts.ts";

/** What the demo shows while it runs. */
export interface LiveView {
  readonly seconds: number;
  readonly rows: number;
  readonly balance: Balance;
  /** What the gateway saw. */
  readonly gateway: Report;
  /** Undefined while the broker does not tell. */
  readonly queued: number | undefined;
  /** Undefined while Redis does not tell. */
  readonly ledger: LedgerOverview | undefined;
  /** Today's. */
  readonly spend: Pick<PeriodFigures, "tenThousandths"> | undefined;
}
