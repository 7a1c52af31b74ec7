/** A transaction as a producer writes it (contract, section 2), before it is made JSON. */
export interface Payment {
  readonly schemaVersion: 1;
  readonly transactionId: string;
  readonly rail: string;
  readonly userId: string;
  readonly merchantId: string;
  readonly merchantCategoryCode: string;
  readonly amount: { readonly value: string; readonly currency: string };
  readonly deviceFingerprint: string;
  readonly geolocation: { readonly latitude: number; readonly longitude: number };
  readonly occurredAt: string;
  readonly metadata: Readonly<Record<string, string>>;
}
